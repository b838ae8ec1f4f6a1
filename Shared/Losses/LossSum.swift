/// A weighted sum of losses of the same output.
///
/// Computes `L = Σᵢ wᵢ Lᵢ(X, T)`, with the gradient `dX = Σᵢ wᵢ dXᵢ`.
/// - `X`: the output of the network, `T`: the targets, as every one of the losses takes them
/// - `w`: a finite number above 0 for each loss
///
/// Cross-entropy and Dice, for example: the first learns fast while nothing is found yet, the second counts a small
/// object as much as a large one.
///
///     network.loss = LossSum([SoftDiceLoss(background: 0), PixelCrossEntropyLoss()])
///
/// The first loss says what an output means: its metrics are reported, its predictions and classes are those of the
/// network. Over several batches, the mean is weighted by the answers that it counts.
///
/// - Complexity: that of the losses.
/// - Reference: Isensee, Jaeger, Kohl, Petersen, Maier-Hein (2021), *nnU-Net*, Nature Methods 18: the sum of
///   cross-entropy and Dice loss.
public struct LossSum: Loss {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let losses: [SavedPart<LossRole>]
    /// The weight of each loss.
    public var weights: [Float]

    /// Takes over the arguments of the losses.
    public init(losses: [any Loss], weights: [Float]) {
      self.losses = losses.map { SavedPart($0) }
      self.weights = weights
    }
  }

  /// "LossSum"
  public static let typeName = "LossSum"
  /// The losses.
  public private(set) var losses: [any Loss]
  /// The weight of each loss.
  public let weights: [Float]

  /// The constructor arguments.
  public var configuration: Configuration { Configuration(losses: losses, weights: weights) }

  /// Creates the sum.
  /// - Parameters:
  ///   - losses: at least one, all with the same reduction, and all of scores or all of probabilities
  ///   - weights: the weight of each, a finite number above 0; 1 for all unless given
  public init(_ losses: [any Loss], weights: [Float]? = nil) {
    self = orStop {
      try LossSum(checking: losses, weights: weights ?? losses.map { _ in 1 })
    }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    try self.init(
      // Made of types among `KnownTypes.losses`, or of losses.
      checking: configuration.losses.compactMap { try $0.make() as! (any Loss)? },
      weights: configuration.weights)
  }

  private init(checking losses: [any Loss], weights: [Float]) throws {
    guard let first = losses.first, weights.count == losses.count,
      weights.allSatisfy({ $0 > 0 && $0.isFinite })
    else {
      throw CourseError(
        .invalidArgument, "LossSum: argument out of range",
        expected: "at least one loss, and for each a finite weight above 0",
        received: "\(losses.count) losses with the weights \(weights)")
    }
    if let other = losses.first(where: { $0.reduction != first.reduction }) {
      throw CourseError(
        .invalidArgument, "LossSum: losses of different reductions",
        expected: "\(first.reduction.rawValue), as \(type(of: first).typeName)",
        received: "\(other.reduction.rawValue) in \(type(of: other).typeName)",
        remedy: "Give all of them the same reduction.")
    }
    if let scores = losses.first(where: { $0.inputKind == .scores }),
      let others = losses.first(where: { $0.inputKind.areProbabilities })
    {
      throw CourseError(
        .invalidArgument, "LossSum: losses of different outputs",
        expected: "all of scores, or all of probabilities",
        received: "\(type(of: scores).typeName) of scores, \(type(of: others).typeName) of "
          + "probabilities",
        remedy: "Take those that take the same output.")
    }
    (self.losses, self.weights) = (losses, weights)
  }

  private var first: any Loss { losses[0] }

  /// How the losses of a batch are combined: as all of the losses do.
  public var reduction: Reduction { first.reduction }
  /// Scores or probabilities where one of the losses takes these; else that of the first loss.
  public var inputKind: OutputKind {
    losses.map(\.inputKind).first { $0 != .numbers } ?? first.inputKind
  }
  /// As the first loss.
  public var isClassification: Bool { first.isClassification }
  /// As the first loss.
  public func answerClassCount(outputShape: [Int]) -> Int? {
    first.answerClassCount(outputShape: outputShape)
  }
  /// As the first loss.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    first.count(output, target: target, in: &matrix)
  }
  /// Those of the first loss.
  public var metrics: [any Metric] { first.metrics }
  /// As the first loss.
  public func prediction(from output: Tensor) -> Tensor { first.prediction(from: output) }
  /// Whether all of the losses do.
  public var takesWeights: Bool { losses.allSatisfy(\.takesWeights) }
  /// As the first loss.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    first.totalWeight(of: target, weights: weights)
  }

  /// The loss of a batch.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The loss of a batch whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    var sum: Float = 0
    for index in losses.indices {
      sum +=
        self.weights[index]
        * losses[index].forward(prediction, target: target, weights: weights)
    }
    return sum
  }

  /// `dX = Σᵢ wᵢ dXᵢ`, added in the order of the losses.
  public mutating func backward() -> Tensor {
    var sum = losses[0].backward() * weights[0]
    for index in losses.indices.dropFirst() {
      sum = sum + losses[index].backward() * weights[index]
    }
    return sum
  }

  /// Throws when an output does not fit such targets for one of the losses.
  public func check(outputShape: [Int], target: Target) throws {
    for loss in losses { try loss.check(outputShape: outputShape, target: target) }
  }
}
