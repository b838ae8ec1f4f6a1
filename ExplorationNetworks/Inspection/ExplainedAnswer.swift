import Networks
import Shared

/// An answer of a network to one example, whose reasons a map is to show: a class and its probability.
///
/// - For classes, `[C]`, it is one of them.
/// - For the class of each pixel, `[C, H, W]`, it is a class at all pixels of which it is the most probable.
/// - For the next token at each step, `[T, V]`, it is a token after the last step.
/// - For a probability alone, `[1]`, it is class 1 or class 0; for other numbers, `[M]`, one of them.
public struct ExplainedAnswer: Sendable {
  /// The class, or the token.
  public let label: Int
  /// Its probability, for pixels the mean of them; of numbers, the number itself.
  public let probability: Float
  /// The numbers of the output that the answer is made of, and their weights in it, `[1] + outputShape`.
  package let selection: Tensor
  /// The side inputs that it was given for.
  package let sideInputs: [String: Tensor]
}

extension NeuralNetwork {
  /// The answer of the network to one example.
  /// - Parameters:
  ///   - example: raw, `inputShape`, or `[t]` tokens for a network that predicts the next one
  ///   - label: the class to ask for; `nil` for the most probable one
  ///   - sideInputs: the side inputs that the layers ask for, `[1]` + shape each
  /// - Throws: `CourseError` when the example does not fit the network, or there is no such class.
  public func answer(
    to example: Tensor, label: Int? = nil, sideInputs: [String: Tensor] = [:]
  ) throws -> ExplainedAnswer {
    try requireExample(example, sideInputs: sideInputs)
    let prediction = predictions(for: Tensor(stacking: [example]), sideInputs: sideInputs)
    guard prediction.isFinite else {
      throw CourseError(
        .invalidData, "the prediction for this example is not finite", expected: "numbers",
        received: "NaN or infinity")
    }
    let shape = Array(prediction.shape.dropFirst())
    let count = shape == [1] ? 2 : shape.count == 2 ? shape[1] : shape[0]
    if let label, !(0..<count).contains(label) {
      throw CourseError(
        .invalidArgument, "no such class", expected: "0 to \(count - 1)", received: "\(label)")
    }
    switch shape.count {
    case 1 where shape == [1]:
      let chosen = label ?? (prediction[0, 0] >= 0.5 ? 1 : 0)
      let probability = chosen == 1 ? prediction[0, 0] : 1 - prediction[0, 0]
      return ExplainedAnswer(
        label: chosen, probability: probability, selection: [[chosen == 1 ? 1 : -1]],
        sideInputs: sideInputs)
    case 1, 2:
      let last = prediction.reshaped(to: [-1, count])
      let scores = last.rows(at: [last.shape[0] - 1])
      let chosen = label ?? scores.argmax(axis: -1)[0]
      var selection = Tensor(zeros: last.shape)
      selection[last.shape[0] - 1, chosen] = 1
      return ExplainedAnswer(
        label: chosen, probability: scores[0, chosen],
        selection: selection.reshaped(to: prediction.shape), sideInputs: sideInputs)
    default:
      return try pixels(of: label, in: prediction, sideInputs)
    }
  }

  /// The pixels of which a class is the most probable one.
  private func pixels(
    of label: Int?, in prediction: Tensor, _ sideInputs: [String: Tensor]
  ) throws -> ExplainedAnswer {
    let (count, area) = (prediction.shape[1], prediction.shape[2] * prediction.shape[3])
    let pixels = prediction.reshaped(to: [count, area])
    let labels = pixels.argmax(axis: 0)
    // Of a scene the background is rarely what is asked for: the largest class but the first, where there is one.
    let sizes = (0..<count).map { number in labels.count { $0 == number } }
    let things = sizes.indices.dropFirst().filter { sizes[$0] > 0 }
    let chosen = label ?? (things.max { sizes[$0] < sizes[$1] } ?? 0)
    guard sizes[chosen] > 0 else {
      throw CourseError(
        .invalidArgument, "no pixel of this class in the answer",
        expected: "a class that is found: "
          + sizes.indices.filter { sizes[$0] > 0 }.map { name(of: $0) }.joined(separator: ", "),
        received: name(of: chosen))
    }
    var selection = Tensor(zeros: [count, area])
    for (place, label) in labels.enumerated() where label == chosen {
      selection[chosen, place] = 1 / Float(sizes[chosen])
    }
    return ExplainedAnswer(
      label: chosen, probability: (selection * pixels).sum(),
      selection: selection.reshaped(to: prediction.shape), sideInputs: sideInputs)
  }

  /// The name of a class, or its number.
  package func name(of label: Int) -> String {
    classNames.indices.contains(label) ? classNames[label] : "\(label)"
  }

  /// The predictions for examples of one shape, of another length than the network's input where the layers take it.
  /// - Parameter sideInputs: those of one example, which all of the batch get
  func predictions(for batch: Tensor, sideInputs: [String: Tensor] = [:]) -> Tensor {
    var sequence = fresh
    let same = [Int](repeating: 0, count: batch.shape[0])
    sequence.take(sideInputs: sideInputs.mapValues { $0.rows(at: same) })
    let output = sequence.forward(preprocessing?(batch) ?? batch, mode: .inference)
    return loss?.prediction(from: output) ?? output
  }

  /// The layers without a state from earlier batches.
  var fresh: Sequential {
    var sequence = Sequential(layers)
    sequence.resetState()
    return sequence
  }

  /// Throws unless the network answers such an example.
  func requireExample(_ example: Tensor, sideInputs: [String: Tensor] = [:]) throws {
    let (asked, given) = (sideInputShapes.keys.sorted(), sideInputs.keys.sorted())
    guard asked == given else {
      func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.joined(separator: ", ")
      }
      throw CourseError(
        .invalidArgument, "side inputs of the example", expected: list(asked), received: list(given)
      )
    }
    // Some layers, such as RegionPooling, take other sizes than in training.
    for (name, shape) in sideInputShapes.sorted(by: { $0.key < $1.key }) {
      guard let values = sideInputs[name], values.shape.first != 1 || values.rank != shape.count + 1
      else { continue }
      throw CourseError(
        .shapeMismatch, "side input \"\(name)\" does not fit the example",
        expected: "\([1] + shape)", received: "\(values.shape)")
    }
    let isText = readsTokens && inputShape.count == 1 && outputShape.count == 2
    let fits =
      isText
      ? example.rank == 1 && (1...inputShape[0]).contains(example.shape[0])
      : example.shape == inputShape
    guard fits else {
      throw CourseError(
        .shapeMismatch, "the example does not fit the network",
        expected: isText ? "1 to \(inputShape[0]) tokens" : "shape \(inputShape)",
        received: "shape \(example.shape)")
    }
    try fresh.check(batchShape: [1] + example.shape, mode: .inference)
    try fresh.check(sideInputs: sideInputs, inputShape: example.shape, firstExample: 0)
    let batch = Tensor(stacking: [example])
    try checkInputs { check in try check(preprocessing?(batch) ?? batch, 0) }
  }
}
