import Shared

/// A loss without labels as the loss of a network: it compares the embeddings of two views of each image.
///
/// - prediction: `[N, 2, D]`, as `Siamese` returns it: the embeddings of the first and the second view of each image
/// - targets: whatever they are, they do not count
///
/// The loss of two batches is not that of both together: variances, covariances and other images are those of one batch. So a
/// loss is comparable with losses of batches as large only. A single image has no variance and no other image: it has no loss
/// and no gradient, and weighs nothing in a mean over batches.
///
///     network.loss = TwoViewLoss(.vicReg)
///     network.loss = TwoViewLoss(.ntXent(temperature: 0.2))
///
/// Besides the loss it reports the `EmbeddingDeviation`, which shows a collapse.
public struct TwoViewLoss: Loss {
  /// The way to compare embeddings.
  public enum Method: Sendable, Equatable, Codable {
    /// `VICRegLoss`, task 5.7.
    case vicReg
    /// `NTXentLoss`.
    case ntXent(temperature: Float)
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    let method: Method

    /// Takes over the method.
    public init(method: Method) { self.method = method }
  }

  /// "TwoViewLoss"
  public static let typeName = "TwoViewLoss"
  /// The way to compare embeddings.
  public let method: Method
  private var vicReg = VICRegLoss()
  private var ntXent: NTXentLoss
  private var kept = Kept<[Int]>()

  /// The constructor arguments.
  public var configuration: Configuration { Configuration(method: method) }
  /// The mean: the size of the batch does not change the size of the gradient.
  public var reduction: Reduction { .mean }

  /// Creates the loss.
  public init(_ method: Method) {
    self = orStop { try TwoViewLoss(configuration: Configuration(method: method)) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    method = configuration.method
    switch method {
    case .vicReg: ntXent = NTXentLoss()
    case .ntXent(let temperature):
      guard temperature > 0, temperature.isFinite else {
        throw CourseError(
          .invalidArgument, "TwoViewLoss: temperature", expected: "a finite number above 0",
          received: "\(temperature)")
      }
      ntXent = NTXentLoss(temperature: temperature)
    }
  }

  /// The loss of a batch; 0 for a single image.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let (a, b) = Self.views(prediction, in: "TwoViewLoss.forward")
    kept.set(prediction.shape, in: .training)
    guard a.shape[0] > 1 else { return 0 }
    return method == .vicReg ? vicReg.forward(a, b) : ntXent.forward(a, b)
  }

  /// The gradient of both views, `[N, 2, D]`; 0 for a single image.
  public mutating func backward() -> Tensor {
    let shape = kept.take(for: Self.typeName)
    guard shape[0] > 1 else { return Tensor(zeros: shape) }
    let (a, b) = method == .vicReg ? vicReg.backward() : ntXent.backward()
    return Tensor(stacking: [a, b], axis: 1)
  }

  /// The number of images, 0 where there is one alone.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    target.count > 1 ? Double(target.count) : 0
  }

  /// The deviation of the embeddings.
  public var metrics: [any Metric] { [EmbeddingDeviation(ofDirections: method != .vicReg)] }

  /// Throws unless the network returns the embeddings of two views.
  public func check(outputShape: [Int], target: Target) throws {
    guard outputShape.count == 2, outputShape[0] == 2 else {
      throw CourseError(
        .shapeMismatch, "TwoViewLoss: an output that is not a pair of embeddings",
        expected: "[2, D], as Siamese(..., views: 2) returns it", received: "\(outputShape)")
    }
  }

  /// The embeddings of the first views and of the second, `[N, D]` each.
  static func views(_ prediction: Tensor, in place: String) -> (Tensor, Tensor) {
    guard prediction.rank == 3, prediction.shape[1] == 2 else {
      stop(
        place, expected: "the embeddings of two views, [N, 2, D]", received: "\(prediction.shape)")
    }
    return (prediction.slice(axis: 1, at: 0), prediction.slice(axis: 1, at: 1))
  }
}

/// How much the embeddings of a batch differ: the standard deviation of each feature, averaged over the features.
///
/// `σ̄ = 1/D Σⱼ √(Σₙ (zₙⱼ − z̄ⱼ)² / (N − 1))`
///
/// Where it falls to 0, all images have the same embedding: the representation has *collapsed*. The variance term of
/// `VICRegLoss` holds it near 1. NT-Xent does not see the lengths of embeddings, so there `σ̄ √D` of the embeddings of
/// length 1 is taken: 1 where they point in all directions alike.
///
/// The value over several batches is the mean over their images.
public struct EmbeddingDeviation: Metric {
  /// Whether the lengths of embeddings do not count.
  public let ofDirections: Bool
  /// "embedding deviation"
  public var name: String { "embedding deviation" }
  /// The sum over the images.
  public var sums = MetricSums()

  /// Starts without images.
  public init(ofDirections: Bool = false) { self.ofDirections = ofDirections }

  /// Collects the embeddings of the views of a batch, `[N, 2, D]`; a single image says nothing.
  public mutating func update(prediction: Tensor, target: Target) {
    let (a, b) = TwoViewLoss.views(prediction, in: "EmbeddingDeviation")
    let count = a.shape[0]
    guard count > 1 else { return }
    let both = [a, b].map { view in
      guard ofDirections else {
        return sqrt(view.variance(axis: 0, unbiased: true)).mean()
      }
      let lengths = Tensor.maximum(sqrt(square(view).sum(axis: 1, keepDims: true)), 1e-12)
      return sqrt((view / lengths).variance(axis: 0, unbiased: true)).mean()
        * Float(view.shape[1]).squareRoot()
    }
    sums.add(Double(both[0] + both[1]) / 2 * Double(count), count: count)
  }
}
