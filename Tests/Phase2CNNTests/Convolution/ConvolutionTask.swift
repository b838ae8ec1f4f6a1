import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// A layer of tasks 2.1 to 2.3, as their steps need it.
protocol ConvolutionLayer: Layer, TwoBodied {
  var weights: Parameter { get set }
  var bias: Parameter? { get set }
}

extension Conv1D: ConvolutionLayer {}
extension Conv2D: ConvolutionLayer {}

/// A convolution that a step of a task computes.
///
/// The sizes leave room where a window ends: the usual mistakes stay inside of the image and show as wrong
/// numbers, which the oracle recognises.
struct ConvolutionExample: Sendable {
  /// The first words of the test: "simple" belongs to `simpleForward()` and `simpleBackward()`.
  let name: String
  /// What messages call it.
  let words: String
  let oracle: ConvolutionOracle
  /// Whether the layer is told `.same`, and computes the amounts itself.
  var isSame = false

  var outputGradient: Tensor { patterned(oracle.outputShape, 13, 5, 2) }
}

/// Tasks 2.1 and 2.2, or 2.3: what comes first in their tests.
struct ConvolutionTask: Sendable, CustomTestStringConvertible {
  let name: String
  let examples: [ConvolutionExample]
  /// A layer with the readable body and the oracle's weights.
  let layer: @Sendable (ConvolutionExample) -> any ConvolutionLayer

  var testDescription: String { name }

  /// The steps of a suite; `process` runs them as an exit test.
  func steps(process: @escaping @Sendable () async -> ExitTest.Result?) -> FirstSteps {
    var all: [FirstSteps.Step] = examples.map { example in
      ("\(example.name)Forward()", { try forward(example) })
    }
    all.append(("anyConfigurationForward()", { for each in randomExamples { try forward(each) } }))
    all += examples.map { example in ("\(example.name)Backward()", { try backward(example) }) }
    all.append(("anyConfigurationBackward()", { try everything() }))
    return FirstSteps(of: name, all, hints: hints, process: process)
  }

  /// What a message may come from, for the text that it contains.
  private var hints: [String: String] {
    let isSignal = examples[0].oracle.x.rank == 3
    let axis = isSignal ? "axis" : "rows"
    let index =
      isSignal
      ? """
      The padded input has axis.before + axis.input + axis.after places, and x * axis.stride + \
      j * axis.dilation is one of them: is it the padded one that is read? Signals and weights have \
      three axes: [N, C, L], [O, C, k].
      """
      : """
      The padded input has rows.before + rows.input + rows.after rows, and y * rows.stride + \
      i * rows.dilation is one of them: is it the padded one that is read, and are rows and columns, \
      i and j, o and c where they belong?
      """
    return [
      "Tensor subscript": index,
      "Tensor.padded": "\(axis).before is in front and \(axis).after behind: paddedInput does it.",
      "unwrapping an Optional":
        "A layer with bias: false has no bias: `bias?[o] ?? 0`, and `bias?.accumulate(db)`.",
      "Parameter.accumulate":
        "dW has the shape of weights.value, and db has one element for each output channel.",
      "Tensor slice": """
      The gradient of the padded input has \(axis).before + \(axis).input + \(axis).after places, \
      and dX is a part of it.
      """,
    ]
  }

  // MARK: The steps

  private func forward(_ example: ConvolutionExample) throws {
    var layer = layer(example)
    let y = try run(&layer, example.oracle.x)
    tell(example, "forward", [("", y, \.y)])
  }

  private func backward(_ example: ConvolutionExample) throws {
    var layer = layer(example)
    let (weights, bias) = (layer.weights.value, layer.bias?.value)
    let dX = try run(&layer, example.oracle.x, example.outputGradient)
    let dW = try require(
      layer.weights.gradient, "\(name).backward: weights.accumulate was not called")
    var values: Values = [("dX", dX, \.dX), ("dW", dW, \.dW)]
    if bias != nil {
      let db = try require(
        layer.bias?.gradient, "\(name).backward: bias?.accumulate was not called")
      values.append(("db", db, \.db))
    }
    tell(example, "backward", values)
    try require(
      layer.weights.value == weights && layer.bias?.value == bias,
      "\(name).backward changes the weights: only the optimizer may, after the whole backward pass")
  }

  private func run(_ layer: inout some ConvolutionLayer, _ x: Tensor) throws -> Tensor {
    try forwardPass(&layer, input: x)
  }

  private func run(_ layer: inout some ConvolutionLayer, _ x: Tensor, _ dY: Tensor) throws
    -> Tensor
  {
    try trainingPass(&layer, input: x, outputGradient: dY).inputGradient
  }

  /// What a layer returned, and where the oracle has the same.
  typealias Values = [(
    name: String, value: Tensor, path: KeyPath<ConvolutionOracle.Result, Tensor>
  )]

  /// Records an issue for each value that is wrong, in the words of the mistake whose answer it is.
  func tell(
    _ example: ConvolutionExample, _ pass: String, _ values: Values,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let dY = example.outputGradient
    let right = example.oracle(outputGradient: dY)
    for (part, value, path) in values where !areClose(value, right[keyPath: path]) {
      let subject = "\(name).\(pass)\(part.isEmpty ? "" : ", \(part)"), \(example.words)"
      let fault = fault(example, value, path)?.rawValue
      let words = fault ?? (abs(value).sum() == 0 ? "it is zero" : nil)
      expectClose(
        value, right[keyPath: path], subject,
        mistakes: [words ?? "": words == nil ? Tensor(zeros: [0]) : value],
        sourceLocation: sourceLocation)
    }
  }

  /// The mistake whose answer a value is.
  func fault(
    _ example: ConvolutionExample, _ value: Tensor,
    _ path: KeyPath<ConvolutionOracle.Result, Tensor>
  ) -> ConvolutionFault? {
    ConvolutionFault.mistakes(rank: example.oracle.x.rank).first {
      areClose(value, example.oracle($0, outputGradient: example.outputGradient)[keyPath: path])
    }
  }

  // MARK: Configurations

  /// Random configurations, and those with which the layer decides whether the kernels run.
  private func everything() throws {
    for example in randomExamples { try backward(example) }
    try require(
      type(of: layer(examples[0])).bodiesAgree,
      "\(name): networks train with its loops, slowly, since they differ from the kernels")
  }

  /// Sizes, strides, paddings of each axis on its own.
  var randomExamples: [ConvolutionExample] {
    let rank = examples[0].oracle.x.rank - 2
    var draw = RandomKey(seed: varied(8)).folded("examples").generator
    return (0..<60).map { _ -> ConvolutionExample in
      func sizes(_ range: ClosedRange<Int>) -> [Int] {
        (0..<rank).map { _ in Int.random(in: range, using: &draw) }
      }
      let (kernel, stride, dilation) = (sizes(1...3), sizes(1...3), sizes(1...2))
      let (before, after, more) = (sizes(0...2), sizes(0...2), sizes(0...3))
      let groups = Int.random(in: 1...2, using: &draw)
      let inputChannels = groups * Int.random(in: 1...2, using: &draw)
      let outputChannels = groups * Int.random(in: 1...3, using: &draw)
      let size = (0..<rank).map { axis -> Int in
        dilation[axis] * (kernel[axis] - 1) + 1 + more[axis]
      }
      let batch = Int.random(in: 1...2, using: &draw)
      let hasBias = Bool.random(using: &draw)
      let oracle = ConvolutionOracle(
        x: patterned([batch, inputChannels] + size, 11, 7, 4),
        weights: patterned([outputChannels, inputChannels / groups] + kernel, 9, 5, 8),
        bias: hasBias ? patterned([outputChannels], 5, 3, 2) : nil, stride: stride,
        dilation: dilation, before: before, after: after, groups: groups)
      return ConvolutionExample(
        name: "any",
        words: """
          input \(oracle.x.shape), weights \(oracle.weights.shape), stride \(stride), dilation \
          \(dilation), padding \(before) before and \(after) after, \(groups) group(s), \
          \(hasBias ? "with" : "without") bias
          """, oracle: oracle)
    }
  }
}
