import Shared

/// One minus the Dice coefficient, with probabilities in place of yes and no: a loss of segmentations in which a small
/// object counts as much as a large one.
///
/// Computes, for image n and class c, with the softmax p of the scores over the channels,
/// `Dₙ꜀ = (2 Σ m p t + ε) / (Σ m p + Σ m t + ε)`, sums over the pixels of the image, and `L = Σₙ (1 − mean꜀ Dₙ꜀)`,
/// divided by the number of images for the mean.
/// - scores: `[N, C, H, W]`, a channel for each class
/// - `t`: 1 where a pixel is of class c (`Target.classSequences`, N sequences of H·W classes), else 0
/// - `m`: 0 where the class is `Target.ignored`, else 1; `ε`: `smoothing`, which also makes D nearly 1 for a class that
///   is neither there nor predicted
///
/// Gradient: `dP = −m (2 t (Σ m p + Σ m t + ε) − (2 Σ m p t + ε)) / (K (Σ m p + Σ m t + ε)²)` for each of the K classes
/// that count, 0 for the others, divided likewise; and `dX = p (dP − Σ꜀ p dP)`.
///
///     var loss = SoftDiceLoss()
///     let scores = Tensor([[[[9, -9]], [[-9, 9]]]])          // two classes of an image of two pixels
///     loss.forward(scores, target: .classSequences([0, 1], length: 2))   // nearly 0
///     loss.forward(scores, target: .classSequences([0, 0], length: 2))   // 0.375
///
/// Its slope is small and rough while nothing is found yet; many add a cross-entropy to it.
///
/// - Complexity: O(N·C·H·W).
/// - Reference: Milletari, Navab, Ahmadi (2016), *V-Net*, 3DV, section 3; with sums of p and t in the denominator, where
///   that paper has sums of their squares, as in Drozdzal, Vorontsov, Chartrand, Kadoury, Pal (2016), DLMIA.
public struct SoftDiceLoss: Loss {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// How the losses of a batch are combined.
    public var reduction: Reduction
    /// The number ε added to both sides of the fraction.
    public var smoothing: Float
    /// The class that does not count; `nil` where all do.
    public var background: Int?

    /// Creates a configuration.
    public init(reduction: Reduction = .mean, smoothing: Float = 1, background: Int? = nil) {
      self.reduction = reduction
      self.smoothing = smoothing
      self.background = background
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }

  private struct Pass: Sendable {
    /// p, t and m, `[N, C, P]` and `[N, 1, P]` with P pixels.
    let probabilities: Tensor, truth: Tensor, counts: Tensor
    /// `2 Σ m p t + ε` and `Σ m p + Σ m t + ε`, `[N, C, 1]`.
    let numerator: Tensor, denominator: Tensor
    /// The share of each class of each image in the loss, `[N, C, 1]`.
    let share: Tensor
    let shape: [Int]
  }
  private var kept = Kept<Pass>()

  /// Creates the loss, averaged over the images by default.
  /// - Parameters:
  ///   - smoothing: the number ε added to both sides of the fraction, above 0
  ///   - background: the class that does not count; `nil` where all do
  public init(reduction: Reduction = .mean, smoothing: Float = 1, background: Int? = nil) {
    let configuration = Configuration(
      reduction: reduction, smoothing: smoothing, background: background)
    self = orStop { try SoftDiceLoss(configuration: configuration) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    guard configuration.smoothing > 0, configuration.smoothing.isFinite,
      configuration.background ?? 0 >= 0
    else {
      throw CourseError(
        .invalidArgument, "SoftDiceLoss: argument out of range",
        expected: "a finite smoothing above 0, a background of at least 0",
        received: "\(configuration.smoothing) and \(configuration.background ?? 0)")
    }
    self.configuration = configuration
  }

  /// Scores.
  public var inputKind: OutputKind { .scores }
  /// True.
  public var takesWeights: Bool { true }
  /// Pixel accuracy and mean IoU.
  public var metrics: [any Metric] {
    [PixelAccuracy(), MeanIoU(background: configuration.background)]
  }

  /// The weights of the images together; their number where all count alike.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    weights.map { Double($0.sum()) } ?? Double(target.count)
  }

  /// The loss of a batch of scores.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The loss of a batch of scores whose images count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    requirePixels(prediction, target, of: Self.typeName)
    let (count, classCount) = (prediction.shape[0], prediction.shape[1])
    let background = configuration.background
    if background ?? 0 >= classCount {
      stop(
        "SoftDiceLoss.forward", expected: "more classes than the background \(background ?? 0)",
        received: "scores \(prediction.shape)")
    }
    let area = prediction.shape[2] * prediction.shape[3]
    let labels = target.classIndices
    let counts = Tensor(labels.map { $0 == Target.ignored ? 0 : 1 }).reshaped(to: [count, 1, area])
    let truth =
      Tensor(oneHot: labels.map { Swift.max($0, 0) }, classCount: classCount)
      .reshaped(to: [count, area, classCount]).transposed(axes: [0, 2, 1]) * counts
    let probabilities = softmaxOfChannels(prediction).reshaped(to: truth.shape)
    func sums(_ x: Tensor) -> Tensor { x.sum(axis: 2, keepDims: true) }
    let numerator = 2 * sums(probabilities * truth) + configuration.smoothing
    let denominator = sums(probabilities * counts) + sums(truth) + configuration.smoothing
    let share = share(count, classCount, weights)
    kept.set(
      Pass(
        probabilities: probabilities, truth: truth, counts: counts, numerator: numerator,
        denominator: denominator, share: share, shape: prediction.shape), in: .training)
    return (share * (1 - numerator / denominator)).sum()
  }

  /// The gradient with respect to the scores.
  public mutating func backward() -> Tensor {
    let pass = kept.take(for: Self.typeName)
    let slope =
      pass.counts * pass.share * (pass.numerator - 2 * pass.truth * pass.denominator)
      / square(pass.denominator)
    let weighted = pass.probabilities * slope
    return (weighted - pass.probabilities * weighted.sum(axis: 1, keepDims: true))
      .reshaped(to: pass.shape)
  }

  /// `1 / K` for each class that counts and 0 for the background, times the weight of the image, divided by the weight of
  /// all for the mean.
  private func share(_ count: Int, _ classCount: Int, _ weights: Tensor?) -> Tensor {
    if let weights { requireWeights(weights, count: count, place: "SoftDiceLoss.forward") }
    let images = weights ?? Tensor(ones: [count])
    let total = configuration.reduction == .mean ? images.sum() : 1
    var classes = Tensor(ones: [1, classCount, 1])
    if let background = configuration.background { classes[0, background, 0] = 0 }
    let number = Swift.max(classes.sum(), 1)
    return images.reshaped(to: [count, 1, 1]) * classes * (total > 0 ? 1 / (total * number) : 0)
  }

  /// The probabilities that such scores stand for, pixel by pixel.
  public func prediction(from output: Tensor) -> Tensor { softmaxOfChannels(output) }

  /// Throws when the targets are no images of the network's size, or a class is out of range.
  public func check(outputShape: [Int], target: Target) throws {
    try checkPixels(outputShape: outputShape, target: target, of: Self.typeName)
    if let background = configuration.background, background >= outputShape[0] {
      throw CourseError(
        .shapeMismatch, "SoftDiceLoss: a background that the network does not know",
        expected: "a class below \(outputShape[0]), the number of channels",
        received: "\(background)")
    }
  }

  /// The number of channels.
  public func answerClassCount(outputShape: [Int]) -> Int? { outputShape.first }

  /// Takes the channel with the largest score for the answer of a pixel.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    countPixels(output, target: target, in: &matrix)
  }
}
