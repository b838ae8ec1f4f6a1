/// The kind of numbers that a network hands to its loss.
///
/// A loss states the kind that it takes, a layer the kind that it returns. So `fit` can name a softmax in front
/// of a loss that applies one itself, and scores in front of a loss that takes their logarithm.
public enum OutputKind: Sendable, Equatable {
  /// Any numbers, as a regression has them. The kind of a layer that states no other.
  case numbers
  /// Any numbers, of which the loss makes probabilities itself ("logits").
  case scores
  /// Numbers from 0 to 1, each for itself.
  case probabilities
  /// Numbers from 0 to 1 that sum to 1 along the last axis.
  case distributions

  /// Whether the numbers lie between 0 and 1.
  var areProbabilities: Bool { self == .probabilities || self == .distributions }
}

extension NeuralNetwork {
  /// The kind of numbers that the network is known to return.
  public var outputKind: OutputKind { body.outputKind(for: .numbers) }

  /// Throws when the last layers make probabilities of which the loss would make probabilities again, or a
  /// distribution over a single class, which is always 1.
  func checkOutputKind() throws {
    guard let loss else { return }
    guard let tasks = (loss as? MultiTaskLoss)?.tasks else {
      return try body.checkOutputKind(path: "", shape: outputShape, loss: loss)
    }
    for (path, head, shape, outputs) in heads {
      guard let task = tasks.first(where: { $0.outputs == outputs }) else { continue }
      try Sequential([head]).checkOutputKind(path: path, shape: shape, loss: task.loss)
    }
  }

  /// The branches whose outputs are concatenated to that of the network: the path of the branches and each one's shape
  /// and place in the output.
  private var heads: [(path: String, layer: any Layer, shape: [Int], outputs: Range<Int>)] {
    guard let branches = layers.last as? Branches, branches.merge == .concatenate,
      branches.axis == -1 || branches.axis == outputShape.count
    else { return [] }
    let shape = layers.count > 1 ? layerOutputShapes[layers.count - 2] : inputShape
    var end = 0
    // They were checked when the layer was appended.
    return branches.branches.enumerated().map { number, head in
      let shape = orStop { try head.outputShape(for: shape) }
      defer { end += shape[shape.count - 1] }
      return ("\(layers.count - 1).\(number)", head, shape, end..<(end + shape[shape.count - 1]))
    }
  }

  /// Throws unless the output of a batch is of the kind that the loss takes: of a number below 0 or above 1 it
  /// would make a loss below 0, and of rows that do not sum to 1 one that falls without any learning.
  /// - Parameter batch: its number, from 0
  func check(output: Tensor, batch: Int) throws {
    guard let loss, output.count > 0 else { return }
    guard let tasks = (loss as? MultiTaskLoss)?.tasks else {
      return try loss.check(predictions: output, place: "batch \(batch + 1)")
    }
    for task in tasks where task.loss.inputKind.areProbabilities {
      do {
        try task.loss.check(
          predictions: task.part(of: output), place: "batch \(batch + 1), task \"\(task.name)\"")
      } catch var error as CourseError {
        // The outputs of other tasks would not stay what they are.
        error.remedy = error.remedy?.replacing("End the network", with: "End the head of the task")
        throw error
      }
    }
  }
}

extension Loss {
  /// Throws unless predictions are of the kind that the loss takes.
  fileprivate func check(predictions output: Tensor, place: String) throws {
    guard inputKind.areProbabilities else { return }
    // A sum or an average of probabilities may be off by rounding.
    let tolerance: Float = 1e-4
    let (low, high) = (output.min(), output.max())
    if low < -tolerance || high > 1 + tolerance {
      throw CourseError(
        .invalidArgument, "predictions that are no probabilities",
        expected: "numbers from 0 to 1 for \(Self.typeName)",
        received: "\(low < -tolerance ? low : high)", location: place,
        remedy: inputKind == .distributions
          ? "End the network with Softmax, or use SoftmaxCrossEntropyLoss, which takes scores."
          : "End the network with Sigmoid, or use BinaryCrossEntropyLoss(on: .logits), which takes scores."
      )
    }
    guard inputKind == .distributions else { return }
    let sums = output.sum(axis: -1)
    if let wrong = sums.scalars.first(where: { Swift.abs($0 - 1) > 0.01 }) {
      throw CourseError(
        .invalidArgument, "predictions that are no distribution over the classes",
        expected: "rows that sum to 1 for \(Self.typeName)",
        received: "a sum of \(wrong)", location: place,
        remedy:
          "End the network with Softmax, or use SoftmaxCrossEntropyLoss, which takes scores. For "
          + "questions of yes or no use BinaryCrossEntropyLoss.")
    }
  }
}

extension Sequential {
  /// Throws when these layers make probabilities of which the loss would make probabilities again, or a distribution
  /// over a single class.
  /// - Parameters:
  ///   - path: the path of the only layer; empty for the layers of a network
  ///   - shape: the shape of the output
  fileprivate func checkOutputKind(path: String, shape: [Int], loss: any Loss) throws {
    let kind = outputKind(for: .numbers)
    guard kind.areProbabilities else { return }
    let source = sourceOfProbabilities
    let inside = path.isEmpty ? source.path : path + source.path.dropFirst()
    let place = "layer \(inside) (\(type(of: source.layer).typeName))"
    if loss.inputKind == .scores {
      throw CourseError(
        .invalidArgument, "probabilities before a loss that makes them itself",
        expected: "scores, any numbers, for \(type(of: loss).typeName)",
        received: "numbers from 0 to 1", location: place,
        remedy:
          "Leave out the softmax or sigmoid of that layer, or take a loss of probabilities. Applied twice, "
          + "it leaves next to no slope to learn from.")
    }
    if kind == .distributions, shape.last == 1, loss.inputKind != .numbers {
      throw CourseError(
        .invalidArgument, "a softmax over a single class", expected: "at least two classes",
        received: "an output \(shape), which is always 1", location: place,
        remedy: "Use Sigmoid for one question of yes or no.")
    }
  }
}

extension Sequential {
  /// The layer that the probabilities of the output come from, with its path; those after it leave them as they are.
  fileprivate var sourceOfProbabilities: (path: String, layer: any Layer) {
    let index = layers.lastIndex { $0.outputKind(for: .numbers).areProbabilities } ?? 0
    guard let inside = (layers[index] as? Sequential)?.sourceOfProbabilities else {
      return ("\(index)", layers[index])
    }
    return ("\(index).\(inside.path)", inside.layer)
  }
}
