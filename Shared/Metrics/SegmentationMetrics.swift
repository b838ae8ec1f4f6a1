// Metrics of networks that name a class for every pixel.

/// The fraction of pixels whose highest score is that of the right class, over all images together.
///
///     var accuracy = PixelAccuracy()
///     accuracy.update(                                  // scores [N, C, H, W] of one row of two pixels
///       prediction: Tensor([[[[2, 0]], [[1, 3]]]]), target: .classSequences([0, 0], length: 2))
///     accuracy.value   // 0.5
///
/// Pixels of class `Target.ignored` do not count. Where most of an image is background, the pixel accuracy of a network
/// that finds nothing else is high: see `MeanIoU`.
public struct PixelAccuracy: Metric {
  /// "pixel accuracy"
  public var name: String { "pixel accuracy" }
  /// The number of right pixels, and of all that count.
  public var sums = MetricSums()

  /// Starts without answers.
  public init() {}

  /// Collects one batch of scores or probabilities, `[N, C, H, W]`.
  public mutating func update(prediction: Tensor, target: Target) {
    let pairs = pixelPairs(prediction: prediction, target: target, metric: "PixelAccuracy")
    let right = zip(pairs.predicted, pairs.actual).count { $0 == $1 }
    sums.add(Double(right), count: pairs.actual.count)
  }
}

/// The mean intersection over union: how well the area of each class is met, the usual measure of a segmentation.
///
/// `IoU_c = |P_c ∩ T_c| / |P_c ∪ T_c|`, where T_c are the pixels of class c and P_c those taken for it, summed over
/// *all* images before the division; then the mean over the classes. A class that is neither there nor predicted does not
/// count, nor do pixels of class `Target.ignored`.
///
///     var iou = MeanIoU()
///     iou.update(                                       // scores [N, C, H, W] of one row of three pixels
///       prediction: Tensor([[[[2, 0, 0]], [[1, 3, 1]]]]),
///       target: .classSequences([0, 1, 0], length: 3))
///     iou.values    // [0.5, 0.5]: of two pixels that are or were taken for a class, one is right
///     iou.value     // 0.5
///
/// The mean over images of their own IoU is another number, which counts a small object as much as a large one.
///
/// - Reference: Everingham, Van Gool, Williams, Winn, Zisserman (2010), *The PASCAL visual object classes challenge*,
///   section 4.4; Jaccard (1901).
public struct MeanIoU: Metric {
  /// The class that the mean leaves out; `nil` where all count.
  public let background: Int?
  /// "mean IoU", and whether the background is left out.
  public var name: String { background == nil ? "mean IoU" : "mean IoU without background" }
  /// For each class the number of right pixels, and of those that are of the class or were taken for it and not both.
  public var sums = MetricSums()

  /// Starts without answers.
  /// - Parameter background: the class of the background, which the mean leaves out: it is large, easy and seldom
  ///   asked for; `nil` where all classes count
  public init(background: Int? = nil) { self.background = background }

  /// The IoU of each class, without that of the background where it is left out; NaN for one that did not occur.
  public var values: [Float] {
    sums.columns.map { Float($0.sum / ($0.sum + $0.errors)) }
  }

  /// Collects one batch of scores or probabilities, `[N, C, H, W]`.
  public mutating func update(prediction: Tensor, target: Target) {
    let pairs = pixelPairs(prediction: prediction, target: target, metric: "MeanIoU")
    let classCount = prediction.shape[1]
    if let background, !(0..<classCount).contains(background) {
      stop(
        "MeanIoU", expected: "a background below \(classCount), the number of classes",
        received: "\(background)")
    }
    var right = [Int](repeating: 0, count: classCount)
    var errors = right
    for (predicted, actual) in zip(pairs.predicted, pairs.actual) {
      if predicted == actual {
        right[actual] += 1
      } else {
        errors[actual] += 1
        errors[predicted] += 1
      }
    }
    let classes = (0..<classCount).filter { $0 != background }
    sums.form = .intersectionOverUnion
    while sums.columns.count < classes.count { sums.columns.append(.init()) }
    for (column, index) in classes.enumerated() {
      sums.columns[column].sum += Double(right[index])
      sums.columns[column].errors += Double(errors[index])
    }
    sums.add(0, count: pairs.actual.count)
  }
}

/// The predicted and the right class of each pixel that counts, after a check of their sizes.
private func pixelPairs(
  prediction: Tensor, target: Target, metric: String
) -> (predicted: [Int], actual: [Int]) {
  let area = prediction.shape.dropFirst(2).reduce(1, *)
  guard prediction.rank >= 3, prediction.shape[1] > 0, area > 0 else {
    stop(metric, expected: "predictions [N, classes, H, W]", received: "shape \(prediction.shape)")
  }
  guard case .classSequences(let labels, area) = target,
    labels.count == prediction.shape[0] * area
  else {
    stop(
      metric, expected: "\(prediction.shape[0]) sequences of \(area) classes, one for each pixel",
      received: target.summary)
  }
  if let wrong = labels.first(where: { $0 < Target.ignored || $0 >= prediction.shape[1] }) {
    stop(metric, expected: "labels below \(prediction.shape[1])", received: "\(wrong)")
  }
  let predicted = prediction.argmax(axis: 1)
  let asked = labels.indices.filter { labels[$0] != Target.ignored }
  return (asked.map { predicted[$0] }, asked.map { labels[$0] })
}
