/// The constructor arguments of a classification loss.
public struct ClassificationLossConfiguration: Codable, Sendable, Equatable {
  /// How the losses of a batch are combined.
  public var reduction: Reduction
  /// The smallest probability that counts, for a loss that takes logarithms of probabilities; `nil` for its
  /// usual one.
  public var epsilon: Float?
  /// How much each class counts; `nil` where all count alike.
  public var classWeights: [Float]?
  /// The share of the truth that is spread over all classes; `nil` for none.
  public var labelSmoothing: Float?

  /// Creates a configuration.
  public init(
    reduction: Reduction, epsilon: Float? = nil, classWeights: [Float]? = nil,
    labelSmoothing: Float? = nil
  ) {
    self.reduction = reduction
    self.epsilon = epsilon
    self.classWeights = classWeights
    self.labelSmoothing = labelSmoothing == 0 ? nil : labelSmoothing
  }

  /// Whether all classes count alike and labels are taken as they are.
  package var isPlain: Bool { classWeights == nil && labelSmoothing == nil }

  /// Throws when a number is out of its range.
  package func check(of loss: String) throws {
    func require(_ condition: Bool, _ what: String, _ expected: String, _ received: String) throws {
      guard condition else {
        throw CourseError(
          .invalidArgument, "\(loss): \(what) out of range", expected: expected, received: received)
      }
    }
    if let epsilon {
      try require(
        epsilon > 0 && epsilon < 1, "epsilon",
        "the smallest probability that counts, above 0 and below 1", "\(epsilon)")
    }
    if let classWeights {
      try require(
        classWeights.contains { $0 > 0 } && classWeights.allSatisfy { $0 >= 0 && $0.isFinite },
        "class weights", "a finite number of at least 0 for each class, and one above 0",
        "\(classWeights)")
    }
    if let labelSmoothing {
      try require(
        labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", "at least 0 and below 1",
        "\(labelSmoothing)")
    }
  }
}

/// A loss that compares `[N, C]` predictions with classes: the common part of all such losses.
public protocol ClassificationLoss: Loss where Configuration == ClassificationLossConfiguration {
  /// Creates the loss.
  init(reduction: Reduction)
}

extension ClassificationLoss {
  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) { self.init(reduction: configuration.reduction) }
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  /// True: predictions are classes, so accuracy means something.
  public var isClassification: Bool { true }

  /// The factor of the summed loss and of its gradient: 1 / N for the mean, 1 for the sum.
  /// - Parameter truth: the truth of the batch, `[N, C]` or `[..., C]`
  public func scale(for truth: Tensor) -> Float {
    guard reduction == .mean, let classCount = truth.shape.last, truth.count > 0 else { return 1 }
    return Float(classCount) / Float(truth.count)
  }

  /// Throws when the classes do not fit a network with such an output: a wrong number of columns, a
  /// class out of range, or rows that are not probabilities.
  public func check(outputShape: [Int], target: Target) throws {
    guard let classCount = outputShape.last else {
      throw CourseError(
        .shapeMismatch, Self.typeName, expected: "an output [..., C] with a class axis",
        received: "\(outputShape)")
    }
    try configuration.checkClassWeights(of: Self.typeName, classCount: classCount)
    switch target {
    case .classes(let indices):
      if let wrong = indices.firstIndex(where: { !(0..<classCount).contains($0) }) {
        throw CourseError(
          .invalidData, "label out of range",
          expected: "0 to \(classCount - 1), since the network has \(classCount) outputs",
          received: "\(indices[wrong])", location: "example \(wrong)",
          remedy: "Correct the label, or give the last layer as many outputs as there are classes.")
      }
    case .classSequences:
      throw CourseError(
        .invalidArgument, "\(Self.typeName) does not know sequences",
        expected: "a class for each example", received: "a class for each step of a sequence",
        remedy: "Use SequenceCrossEntropyLoss.")
    case .tasks:
      throw CourseError(
        .invalidArgument, "\(Self.typeName) knows a single task",
        expected: "a class for each example", received: "targets of tasks: \(target.summary)",
        remedy: "Use MultiTaskLoss.")
    case .values(let rows):
      guard Array(rows.shape.dropFirst()) == outputShape else {
        throw CourseError(
          .shapeMismatch, "class count of the targets",
          expected: "rows of shape \(outputShape), as the network returns",
          received: "\(Array(rows.shape.dropFirst()))",
          remedy: "Give the last layer as many outputs as there are classes.")
      }
      // A row of a sequence belongs to the example that the sequence is.
      let rowsPerExample = Swift.max(1, outputShape.dropLast().reduce(1, *))
      let remedy = "Use one-hot rows or probabilities, or pass class indices."
      let sums = rows.sum(axis: -1).scalars
      if let wrong = sums.firstIndex(where: { !(Swift.abs($0 - 1) < 1e-3) }) {
        throw CourseError(
          .invalidData, "target row is not a distribution over classes",
          expected: "a sum of 1", received: "\(sums[wrong])",
          location: "example \(wrong / rowsPerExample)", remedy: remedy)
      }
      if rows.count > 0, rows.min() < 0 {
        let wrong = (rows .< 0).argmax()
        throw CourseError(
          .invalidData, "target row is not a distribution over classes",
          expected: "no negative number", received: "\(rows.scalars[wrong])",
          location: "example \(wrong / (rowsPerExample * classCount))", remedy: remedy)
      }
    }
  }
}

extension ClassificationLossConfiguration {
  /// Throws unless there is a weight for each class of the network, where classes have weights.
  package func checkClassWeights(of loss: String, classCount: Int) throws {
    guard let classWeights, classWeights.count != classCount else { return }
    throw CourseError(
      .shapeMismatch, "\(loss): class weights that do not fit the network",
      expected: "a weight for each of \(classCount) classes", received: "\(classWeights.count)")
  }
}

extension ClassificationLoss {
  /// The weights of all answers together, `Σₙ sₙ Σⱼ wⱼ tₙⱼ`; their number where all count alike.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    target.totalWeight(ofExamples: weights, ofClasses: configuration.classWeights)
  }
}

extension Target {
  /// The truth as one row for each prediction: one-hot rows for class indices, given rows as they are.
  ///
  ///     Target.classes([1]).truth(for: [[0.2, 0.8]], place: "MyLoss.forward")   // [[0, 1]]
  public func truth(for prediction: Tensor, place: String) -> Tensor {
    guard let classCount = prediction.shape.last, classCount > 0 else {
      stop(place, expected: "predictions [N, C]", received: "\(prediction.shape)")
    }
    switch self {
    case .classes(let indices):
      guard indices.count * classCount == prediction.count else {
        stop(
          place, expected: "\(prediction.count / classCount) class indices",
          received: "\(indices.count)")
      }
      return Tensor(oneHot: indices, classCount: classCount).reshaped(to: prediction.shape)
    case .classSequences:
      stop(place, expected: "a class for each prediction", received: "sequences of classes")
    case .tasks:
      stop(place, expected: "the targets of one task", received: summary)
    case .values(let rows):
      guard rows.shape == prediction.shape else {
        stop(place, expected: "targets of shape \(prediction.shape)", received: "\(rows.shape)")
      }
      return rows
    }
  }
}
