import Foundation
import Shared

/// The mixing of the images of a batch.
struct Mixing: Sendable {
  /// The evenness of the shares: 0.2 mostly leaves one image nearly alone, 1 makes all shares equally likely.
  var alpha: Float

  /// The batch, each image mixed with its neighbour by one share that is drawn for all of them.
  func mixed(_ batch: Batch, classCount: Int, key: RandomKey) -> Batch {
    var draws = RandomDraws(key: key)
    let share = draws.beta(alpha)
    let neighbours = batch.labels.indices.map { ($0 + 1) % batch.labels.count }
    let targets = Tensor(oneHot: batch.labels, classCount: classCount)
    var result = batch
    result.images = batch.images * share + batch.images.rows(at: neighbours) * (1 - share)
    result.targets = .values(targets * share + targets.rows(at: neighbours) * (1 - share))
    return result
  }
}

extension Augmentation {
  /// Each image of a batch mixed with another one, and its target in the same way.
  ///
  /// `X' = λ · X + (1 - λ) · X_next`, `Y' = λ · Y + (1 - λ) · Y_next`, where `Y` are one-hot rows, `next`
  /// is the image after each in the batch (the first after the last) and λ is drawn from Beta(α, α), once
  /// a batch. `Batch.labels` stay those of `X`; train on `Batch.targets`.
  ///
  /// Masks and boxes are not mixed.
  /// - Reference: Zhang, Cissé, Dauphin, Lopez-Paz (2018), *mixup: beyond empirical risk minimization*.
  public static func mixup(alpha: Float) -> Augmentation {
    require(alpha > 0 && alpha.isFinite, "mixup", "an alpha above 0", "\(alpha)")
    return Augmentation(
      "mixup", commandText(alpha), stage: .batch, mixing: Mixing(alpha: alpha)
    ) { _, _ in }
  }
}

extension RandomDraws {
  /// A number from 0 to 1 with the distribution Beta(α, α).
  mutating func beta(_ alpha: Float) -> Float {
    let (a, b) = (gamma(Double(alpha)), gamma(Double(alpha)))
    // Both vanish for tiny α, where the share is 0 or 1.
    return a + b > 0 ? Float(a / (a + b)) : (happens(with: 0.5) ? 1 : 0)
  }

  /// A number with the distribution Gamma(shape, 1).
  ///
  /// - Reference: Marsaglia, Tsang (2000), *A simple method for generating gamma variables*.
  private mutating func gamma(_ shape: Double) -> Double {
    if shape < 1 {
      let scaled = gamma(shape + 1)
      return scaled * pow(unit(), 1 / shape)
    }
    let d = shape - 1 / 3.0
    let c = 1 / (9 * d).squareRoot()
    while true {
      let normal = (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit())
      let v = pow(1 + c * normal, 3)
      if v > 0, log(unit()) < normal * normal / 2 + d - d * v + d * log(v) { return d * v }
    }
  }

  /// Above 0 and at most 1.
  private mutating func unit() -> Double { 1 - Double(number(in: 0...0.999_999_94)) }
}
