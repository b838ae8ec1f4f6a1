import Shared

/// `BoxLoss` for a network that predicts the offsets of R regions in each image: one task of a detector.
///
/// - `Y`: output, `[N, R, 4 K]`: dx, dy, dw, dh for each of the K classes
/// - target: `Target.values`, `[N, R, 5]`: the class of each region, and its right offset dx, dy, dw, dh. K stands for the
///   background, and `Target.ignored`, −1, for a region that does not count, such as one that fills up a batch
///
/// Computes the loss of all regions that count in the batch as `BoxLoss` does, divided by their number; 0 where none
/// counts.
///
///     network.loss = MultiTaskLoss([
///       .init("class", outputs: 0..<4, loss: SequenceCrossEntropyLoss()),      // three classes, and the background
///       .init("box", outputs: 4..<16, loss: RegionBoxLoss()),
///     ])
///
/// - Errors: `fit` refuses targets of other shapes, and classes that are none.
/// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*, equations 1 to 3.
public struct RegionBoxLoss: Loss {
  /// "RegionBoxLoss"
  public static let typeName = "RegionBoxLoss"
  private var loss = BoxLoss()
  private var kept = Kept<(rows: [Int], shape: [Int])>()

  /// Creates the loss.
  public init() {}
  /// Creates the loss.
  public init(configuration: NoConfiguration) {}
  /// Nothing.
  public var configuration: NoConfiguration { NoConfiguration() }
  /// The mean over the regions that count.
  public var reduction: Reduction { .mean }

  /// The loss of a batch.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    guard case .values(let truth) = target, prediction.rank == 3, prediction.shape[2] % 4 == 0,
      truth.shape == Array(prediction.shape.dropLast()) + [5]
    else {
      stop(
        "RegionBoxLoss.forward",
        expected: "an output [N, R, 4 K], and target values [N, R, 5]",
        received: "\(prediction.shape) and \(target.summary)")
    }
    let all = truth.reshaped(to: [-1, 5])
    let classCount = prediction.shape[2] / 4
    let classes = all[0..., 0..<1].scalars.map { Int(exactly: $0) ?? classCount + 1 }
    guard classes.allSatisfy((Target.ignored...classCount).contains) else {
      stop(
        "RegionBoxLoss.forward", expected: "whole numbers from \(Target.ignored) to \(classCount)",
        received: "the classes \(all[0..., 0..<1].scalars)")
    }
    let rows = classes.indices.filter { classes[$0] != Target.ignored }
    kept.set((rows, prediction.shape), in: .training)
    guard !rows.isEmpty else { return 0 }
    let offsets = prediction.reshaped(to: [classes.count, -1]).rows(at: rows)
    return loss.forward(
      offsets.reshaped(to: [rows.count, -1, 4]), classes: rows.map { classes[$0] },
      targets: all.rows(at: rows)[0..., 1...])
  }

  /// `dY`, `[N, R, 4 K]`.
  public mutating func backward() -> Tensor {
    let (rows, shape) = kept.take(for: Self.typeName)
    var gradient = Tensor(zeros: [shape[0] * shape[1], shape[2]])
    if !rows.isEmpty {
      gradient.add(rows: loss.backward().reshaped(to: [rows.count, -1]), at: rows)
    }
    return gradient.reshaped(to: shape)
  }

  /// Throws unless the targets are classes and offsets of the regions of the network.
  public func check(outputShape: [Int], target: Target) throws {
    guard case .values(let truth) = target, outputShape.count == 2, outputShape[1] % 4 == 0,
      Array(truth.shape.dropFirst()) == [outputShape[0], 5]
    else {
      throw CourseError(
        .shapeMismatch, "RegionBoxLoss: targets that do not fit the network",
        expected:
          "an output [R, 4 K], and values [N, R, 5]: the class of each region and its offset",
        received: "an output \(outputShape) and \(target.summary)")
    }
    let classes = truth[0..., 0..., 0..<1].scalars
    let classCount = outputShape[1] / 4
    if let wrong = classes.firstIndex(where: {
      !(-1...Float(classCount)).contains($0) || $0 != $0.rounded()
    }) {
      throw CourseError(
        .invalidData, "the class of a region is none",
        expected: "0 to \(classCount - 1), \(classCount) for the background, or −1 to leave it out",
        received: "\(classes[wrong])",
        location: "example \(wrong / outputShape[0]), region \(wrong % outputShape[0])")
    }
  }
}
