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
///     try network.fit(data, options: TrainingOptions(epochs: 20, schedule: OneCycle(over: steps)))
///
/// PyTorch's `OneCycleLR` with `cycle_momentum=False`: momentum stays as it is.
///
/// - Reference: Smith, Topin (2018), *Super-convergence: very fast training of neural networks using large
///   learning rates*.
public struct OneCycle: LearningRateSchedule {
  private let duration: Int
  private let rise: Float
  private let startDivisor: Float
  private let endDivisor: Float
  private let unit: ScheduleUnit

  /// Creates the schedule.
  /// - Parameters:
  ///   - duration: the number of steps (or epochs) of the cycle, at least 2
  ///   - rise: the share of them before the peak, above 0 and below 1
  ///   - startDivisor: the peak divided by the first rate, at least 1
  ///   - endDivisor: the first rate divided by the last one, at least 1
  ///   - unit: the unit of the duration
  public init(
    over duration: Int, rise: Float = 0.3, startDivisor: Float = 25, endDivisor: Float = 10_000,
    unit: ScheduleUnit = .step
  ) {
    (self.duration, self.rise, self.unit) = (duration, rise, unit)
    (self.startDivisor, self.endDivisor) = (startDivisor, endDivisor)
    orStop { try checkArguments() }
  }

  /// Throws when an argument is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("duration", Float(duration), .count(atLeast: 2)),
      ("rise", rise, .betweenZeroAndOne), ("start divisor", startDivisor, .atLeastOne),
      ("end divisor", endDivisor, .atLeastOne))
  }

  /// The rate on the way up or down.
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    let passed = unit.elapsed(step: step, epoch: epoch)
    let (first, last) = (base / startDivisor, base / startDivisor / endDivisor)
    let peak = Double(rise) * Double(duration) - 1
    let end = Double(duration - 1)
    // A rise shorter than a step has no way up.
    if passed <= peak && peak > 0 { return cosine(from: first, to: base, part: passed / peak) }
    return cosine(from: base, to: last, part: (passed - peak) / (end - peak))
  }
}
