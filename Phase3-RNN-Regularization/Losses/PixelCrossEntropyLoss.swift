import Shared

/// Softmax and cross-entropy at each pixel, on raw scores: for networks that name a class for every pixel.
///
/// Computes `L = −Σₙ Σ_p mₙₚ ln pₙₚ[kₙₚ]`, divided by `Σₙ Σ_p mₙₚ` for the mean, where the probabilities of a pixel are
/// the softmax of its scores over the channels.
/// - scores: `[N, C, H, W]`, a channel for each class
/// - `k`: the class of each pixel, row by row, from 0 to C − 1: `Target.classSequences`, N sequences of H·W classes
/// - `m`: 1 for a pixel that counts, 0 for one whose class is `Target.ignored`: a border between objects, say, or what
///   was not labelled
///
/// Gradient: `dXₙₚ = mₙₚ (pₙₚ − tₙₚ)`, where t is 1 at the right class and 0 elsewhere, divided likewise. Where all pixels
/// are ignored, loss and gradient are 0.
///
///     var loss = PixelCrossEntropyLoss()
///     let scores = Tensor([[[[0, 5]], [[0, 9]]]])            // two classes of an image of two pixels
///     loss.forward(scores, target: .classSequences([0, Target.ignored], length: 2))   // 0.6931 = ln 2
///     loss.backward()                                        // [[[[-0.5, 0]], [[0.5, 0]]]]
///
/// Class weights, weights of the images and label smoothing are those of `SequenceCrossEntropyLoss`, which takes the
/// classes last.
///
/// - Complexity: O(N·C·H·W).
/// - Reference: Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*, CVPR; as
///   `torch.nn.CrossEntropyLoss(ignore_index=-1)`.
public struct PixelCrossEntropyLoss: Loss {
  /// The same of the pixels of an image as a sequence, with the classes last.
  private var sequences: SequenceCrossEntropyLoss
  private var shape: [Int] = []

  /// The constructor arguments.
  public var configuration: ClassificationLossConfiguration { sequences.configuration }
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }

  /// Creates the loss, averaged over the pixels that count by default.
  /// - Parameters:
  ///   - classWeights: how much each class counts, a finite number of at least 0; `nil` where all count alike
  ///   - labelSmoothing: the share of the truth that is spread over all classes, at least 0 and below 1
  public init(
    reduction: Reduction = .mean, classWeights: [Float]? = nil, labelSmoothing: Float = 0
  ) {
    let configuration = ClassificationLossConfiguration(
      reduction: reduction, classWeights: classWeights, labelSmoothing: labelSmoothing)
    self = orStop { try PixelCrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: ClassificationLossConfiguration) throws {
    try configuration.check(of: Self.typeName)
    sequences = try SequenceCrossEntropyLoss(configuration: configuration)
  }

  /// Scores.
  public var inputKind: OutputKind { .scores }
  /// True.
  public var takesWeights: Bool { true }
  /// Pixel accuracy and mean IoU.
  public var metrics: [any Metric] { [PixelAccuracy(), MeanIoU()] }

  /// The weights of the pixels that count together; their number where all count alike.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    sequences.totalWeight(of: target, weights: weights)
  }

  /// The loss of a batch of scores.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The loss of a batch of scores whose images count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    requirePixels(prediction, target, of: Self.typeName)
    shape = prediction.shape
    let pixels = prediction.transposed(axes: [0, 2, 3, 1])
    return sequences.forward(
      pixels.reshaped(to: [shape[0], shape[2] * shape[3], shape[1]]), target: target,
      weights: weights)
  }

  /// `dX = m (p − t)`, divided by the number of pixels that count for the mean.
  public mutating func backward() -> Tensor {
    sequences.backward().reshaped(to: [shape[0], shape[2], shape[3], shape[1]])
      .transposed(axes: [0, 3, 1, 2])
  }

  /// The probabilities that such scores stand for, pixel by pixel.
  public func prediction(from output: Tensor) -> Tensor { softmaxOfChannels(output) }

  /// Throws when the targets are no images of the network's size, or a class is out of range.
  public func check(outputShape: [Int], target: Target) throws {
    try checkPixels(outputShape: outputShape, target: target, of: Self.typeName)
    try configuration.checkClassWeights(of: Self.typeName, classCount: outputShape[0])
  }

  /// The number of channels.
  public func answerClassCount(outputShape: [Int]) -> Int? { outputShape.first }

  /// Takes the channel with the largest score for the answer of a pixel.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    countPixels(output, target: target, in: &matrix)
  }
}
