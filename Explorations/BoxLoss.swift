import Shared

/// The loss of the box offsets that a detector predicts: smooth L1, for the regions that show something and for the offset
/// of its class only.
///
/// Computes `L = (1 / R) · Σᵣ Σ꜀ h(oᵣ꜀ − tᵣ꜀)` over the regions r whose class u is not the background, where `oᵣ` is
/// row u of the prediction for region r, and
///
///     h(d) = d² / 2      where |d| < 1
///     h(d) = |d| − 1/2   elsewhere
///
/// - `R`: number of regions in the batch, those of the background included
/// - `o`: predicted offsets, `[R, K, 4]`: one for each of the K classes
/// - `t`: right offsets, `[R, 4]`: dx, dy, dw, dh
/// - `u`: the class of each region, from 0 to K − 1; K stands for the background, whose row of `t` does not count
///
/// Gradient: `dO[r, u, c] = clip(oᵣ꜀ − tᵣ꜀, −1, 1) / R`, and 0 for all other classes and for the background.
///
///     var loss = BoxLoss()
///     let offsets = Tensor([[[0.5, 0, 0, 0], [9, 9, 9, 9]]])                  // one region, two classes
///     loss.forward(offsets, classes: [0], targets: [[0, 0, 3, 0]])           // 2.625 = 0.125 + 2.5
///     loss.backward()                                                        // [[[0.5, 0, -1, 0], [0, 0, 0, 0]]]
///
/// - Complexity: O(R).
/// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*, equations 2 and 3. Task: Protocols/Explorations.md, 5.5.
public struct BoxLoss: Sendable {
  private var kept = Kept<(offsets: Tensor, classes: [Int], targets: Tensor)>()

  /// Creates the loss.
  public init() {}

  /// The loss of a batch of regions.
  public mutating func forward(_ offsets: Tensor, classes: [Int], targets: Tensor) -> Float {
    check(offsets, classes, targets)
    kept.set((offsets, classes, targets), in: .training)
    let (regions, classCount) = (offsets.shape[0], offsets.shape[1])
    // TODO(5.5): the sum of h(o − t) over the regions whose class is below classCount, divided by `regions`.
    // BEGIN SOLUTION
    var sum: Float = 0
    for region in 0..<regions where classes[region] < classCount {
      for c in 0..<4 {
        let distance = Swift.abs(offsets[region, classes[region], c] - targets[region, c])
        sum += distance < 1 ? distance * distance / 2 : distance - 0.5
      }
    }
    return sum / Float(regions)
    // END SOLUTION
  }

  /// `dO`, `[R, K, 4]`.
  public mutating func backward() -> Tensor {
    let (offsets, classes, targets) = kept.take(for: "BoxLoss")
    let (regions, classCount) = (offsets.shape[0], offsets.shape[1])
    // TODO(5.5): zeros, and for the class of each region clip(o − t, −1, 1) / regions.
    // BEGIN SOLUTION
    var gradient = Tensor(zeros: offsets.shape)
    for region in 0..<regions where classes[region] < classCount {
      for c in 0..<4 {
        let distance = offsets[region, classes[region], c] - targets[region, c]
        gradient[region, classes[region], c] =
          Swift.min(Swift.max(distance, -1), 1) / Float(regions)
      }
    }
    return gradient
    // END SOLUTION
  }

  private func check(_ offsets: Tensor, _ classes: [Int], _ targets: Tensor) {
    guard offsets.rank == 3, offsets.shape[0] > 0, offsets.shape[2] == 4,
      classes.count == offsets.shape[0], targets.shape == [classes.count, 4],
      classes.allSatisfy((0...offsets.shape[1]).contains)
    else {
      stop(
        "BoxLoss.forward",
        expected: "offsets [R, K, 4], R classes from 0 to K, and targets [R, 4]",
        received: "\(offsets.shape), classes \(classes), \(targets.shape)")
    }
  }
}
