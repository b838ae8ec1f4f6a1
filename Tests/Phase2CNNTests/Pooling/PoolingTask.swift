import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// A layer of tasks 2.4 and 2.5.
typealias PoolingLayer = Layer & TwoBodied

/// A pooling that a step of a task computes.
struct PoolingExample: Sendable {
  /// The first words of the test: "simple" belongs to `simpleForward()` and `simpleBackward()`.
  let name: String
  /// What messages call it.
  let words: String
  let oracle: PoolingOracle

  /// No two elements are equal, so that a mistake about places shows.
  var outputGradient: Tensor {
    let shape = oracle.outputShape
    return Tensor(arange: 1, to: Float(shape.reduce(1, *)) + 1).reshaped(to: shape)
  }
}

/// Task 2.4 or 2.5: what comes first in its tests.
struct PoolingTask: Sendable, CustomTestStringConvertible {
  let name: String
  let examples: [PoolingExample]
  /// A layer with the readable body.
  let layer: @Sendable (PoolingOracle) -> any PoolingLayer

  var testDescription: String { name }

  /// The steps of a suite; `process` runs them as an exit test.
  func steps(process: @escaping @Sendable () async -> ExitTest.Result?) -> FirstSteps {
    var all: [FirstSteps.Step] = examples.map { example in
      ("\(example.name)Forward()", { try forward(example) })
    }
    all.append(("anyConfigurationForward()", { for each in randomExamples { try forward(each) } }))
    all += examples.map { example in ("\(example.name)Backward()", { try backward(example) }) }
    all.append(("anyConfigurationBackward()", { try everything() }))
    return FirstSteps(
      of: name, all,
      hints: [
        "Tensor subscript": """
        Window (y, x) has the rows geometry.rows.inside(y) and the columns \
        geometry.columns.inside(x) of the input.
        """
      ], process: process)
  }

  // MARK: The steps

  private func forward(_ example: PoolingExample) throws {
    var layer = layer(example.oracle)
    let y = try forwardOnly(&layer, example.oracle.x)
    tell(example, "forward", y, \.y)
  }

  private func forwardOnly(_ layer: inout some PoolingLayer, _ x: Tensor) throws -> Tensor {
    try forwardPass(&layer, input: x)
  }

  private func backward(_ example: PoolingExample) throws {
    var layer = layer(example.oracle)
    tell(example, "backward", try both(&layer, example), \.dX)
  }

  private func both(_ layer: inout some PoolingLayer, _ example: PoolingExample) throws -> Tensor {
    try trainingPass(&layer, input: example.oracle.x, outputGradient: example.outputGradient)
      .inputGradient
  }

  /// Records an issue unless a value is right, in the words of the mistake whose answer it is.
  func tell(
    _ example: PoolingExample, _ pass: String, _ value: Tensor,
    _ path: KeyPath<PoolingOracle.Result, Tensor>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let right = example.oracle(outputGradient: example.outputGradient)[keyPath: path]
    if areClose(value, right, nanMatches: true) { return }
    let subject = "\(name).\(pass), \(example.words)"
    let fault = fault(example, value, path)?.rawValue
    guard let words = fault ?? (abs(value).sum() == 0 ? "it is zero" : nil) else {
      return expectClose(
        value, right, subject, nanMatches: true, sourceLocation: sourceLocation)
    }
    // Not by expectClose, which never recognises a mistake with NaN.
    fail(
      """
      \(subject): \(words)
        expected \(right.scalars)
        got      \(value.scalars)
      """, sourceLocation: sourceLocation)
  }

  /// The mistake whose answer a value is.
  func fault(
    _ example: PoolingExample, _ value: Tensor, _ path: KeyPath<PoolingOracle.Result, Tensor>
  ) -> PoolingFault? {
    PoolingFault.mistakes(isMaximum: example.oracle.isMaximum).first {
      let wrong = example.oracle($0, outputGradient: example.outputGradient)
      return areClose(value, wrong[keyPath: path], nanMatches: true)
    }
  }

  // MARK: Configurations

  /// Random configurations, and those with which the layer decides whether the kernels run.
  private func everything() throws {
    for example in randomExamples { try backward(example) }
    try require(
      type(of: layer(examples[0].oracle)).bodiesAgree,
      "\(name): networks train with its loops, slowly, since they differ from the kernels")
  }

  /// Few different values, so that ties are frequent.
  var randomExamples: [PoolingExample] {
    var draw = RandomKey(seed: varied(8)).folded("examples").generator
    return (0..<60).map { _ in
      let window = (0..<2).map { _ in Int.random(in: 1...4, using: &draw) }
      var oracle = examples[0].oracle
      oracle.window = window
      oracle.stride = (0..<2).map { _ in Int.random(in: 1...4, using: &draw) }
      oracle.before = window.map { Int.random(in: 0..<$0, using: &draw) }
      oracle.after = window.map { Int.random(in: 0..<$0, using: &draw) }
      oracle.countIncludePad = Bool.random(using: &draw)
      let shape =
        (0..<2).map { _ in Int.random(in: 1...2, using: &draw) }
        + window.map { $0 + Int.random(in: 0...4, using: &draw) }
      oracle.x = Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in Float(Int.random(in: -4...3, using: &draw)) })
      return PoolingExample(
        name: "any",
        words: """
          input \(shape), window \(window), stride \(oracle.stride), padding \(oracle.before) before \
          and \(oracle.after) after\(oracle.isMaximum ? "" : ", countIncludePad \(oracle.countIncludePad)")
          """, oracle: oracle)
    }
  }
}
