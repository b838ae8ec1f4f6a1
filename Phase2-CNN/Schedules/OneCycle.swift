import Shared

/// Raises the learning rate to a peak and lowers it far below where it began, each along half a cosine.
///
/// With `k` steps passed, `T` steps in all, the peak after `p = r T − 1` steps and the end after `T − 1`:
/// - k ≤ p: from `η₀ / d` to `η₀`
/// - then: from `η₀` to `η₀ / (d · f)`, where it stays
///
/// where
/// - `η₀`: the optimizer's rate, which is the *largest* of the cycle
/// - `T`: `duration`; `r`: `rise`; `d`: `startDivisor`; `f`: `endDivisor`
///
///     let steps = 20 * 500   // epochs · steps in an epoch
///     try network.fit(data, epochs: 20, schedule: OneCycle(over: steps))
///
/// PyTorch's `OneCycleLR` with `cycle_momentum=False`: momentum stays as it is.
///
/// - Reference: Smith, Topin (2018), *Super-convergence: very fast training of neural networks using large
///   learning rates*.
public struct OneCycle: LearningRateSchedule {
  private let duration: Int
  private let rise: Double
  private let startDivisor: Float
  private let endDivisor: Float
  private let unit: ScheduleUnit

  /// Creates the schedule.
  /// - Parameters:
  ///   - duration: the number of steps (or epochs) of the cycle, at least 2
  ///   - rise: the share of them before the peak, above 0 and below 1
  ///   - startDivisor: how many times smaller than the peak the first rate is, at least 1
  ///   - endDivisor: how many times smaller than the first rate the last one is, at least 1
  ///   - unit: what is counted
  public init(
    over duration: Int, rise: Float = 0.3, startDivisor: Float = 25, endDivisor: Float = 10_000,
    unit: ScheduleUnit = .step
  ) {
    guard duration >= 2, rise > 0, rise < 1 else {
      stop(
        "OneCycle", expected: "a duration of at least 2 and a rise between 0 and 1",
        received: "\(duration) and \(rise)")
    }
    guard startDivisor >= 1, startDivisor.isFinite, endDivisor >= 1, endDivisor.isFinite else {
      stop(
        "OneCycle", expected: "finite divisors of at least 1",
        received: "\(startDivisor) and \(endDivisor)")
    }
    self.duration = duration
    self.rise = Double(rise)
    self.startDivisor = startDivisor
    self.endDivisor = endDivisor
    self.unit = unit
  }

  /// The rate on the way up or down.
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    let passed = unit.elapsed(step: step, epoch: epoch)
    let (first, last) = (base / startDivisor, base / startDivisor / endDivisor)
    let peak = rise * Double(duration) - 1
    let end = Double(duration - 1)
    // A rise shorter than a step has no way up.
    if passed <= peak && peak > 0 { return cosine(from: first, to: base, part: passed / peak) }
    return cosine(from: base, to: last, part: (passed - peak) / (end - peak))
  }
}
