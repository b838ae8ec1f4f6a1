import Foundation
import Shared

/// Multiplies the learning rate by a factor each epoch or step: `η = η₀ · γᵏ`
/// - `k`: epochs (or steps) that have passed; `γ`: `factor`; `η₀`: the optimizer's rate
///
///     try network.fit(
///       data, options: TrainingOptions(epochs: 20, schedule: ExponentialDecay(factor: 0.9)))
///
/// PyTorch's `ExponentialLR`.
public struct ExponentialDecay: LearningRateSchedule {
  private let factor: Float
  private let unit: ScheduleUnit

  /// Creates the schedule.
  /// - Parameters:
  ///   - factor: the factor between one epoch (or step) and the next, above 0
  ///   - unit: whether it applies each epoch or each step
  public init(factor: Float, unit: ScheduleUnit = .epoch) {
    (self.factor, self.unit) = (factor, unit)
    orStop { try checkArguments() }
  }

  /// Throws when the factor is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(of: Self.typeName, ("factor", factor, .positive))
  }

  /// `base · factor^k`
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    Float(Double(base) * pow(Double(factor), unit.elapsed(step: step, epoch: epoch)))
  }
}

/// Lowers the learning rate along half a cosine: slowly at first, fast in the middle, slowly at the end.
///
/// `η = ηₘᵢₙ + (η₀ − ηₘᵢₙ) (1 + cos(π k / T)) / 2` for k < T, then `ηₘᵢₙ`
/// - `k`: epochs (or steps) that have passed; `T`: `duration`; `η₀`: the optimizer's rate;
///   `ηₘᵢₙ`: `minimum`
///
///     try network.fit(
///       data, options: TrainingOptions(epochs: 20, schedule: CosineDecay(over: 20)))
///
/// PyTorch's `CosineAnnealingLR` up to T; that one rises again afterwards.
///
/// - Reference: Loshchilov, Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*,
///   equation 5, without restarts.
public struct CosineDecay: LearningRateSchedule {
  private let duration: Int
  private let minimum: Float
  private let unit: ScheduleUnit

  /// Creates the schedule.
  /// - Parameters:
  ///   - duration: the number of epochs (or steps) until the minimum, at least 1
  ///   - minimum: the last rate, at least 0
  ///   - unit: the unit of the duration
  public init(over duration: Int, minimum: Float = 0, unit: ScheduleUnit = .epoch) {
    (self.duration, self.minimum, self.unit) = (duration, minimum, unit)
    orStop { try checkArguments() }
  }

  /// Throws when the duration or the minimum is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("duration", Float(duration), .count(atLeast: 1)),
      ("minimum", minimum, .notNegative))
  }

  /// `minimum + (base − minimum) (1 + cos(π k / duration)) / 2`
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    let part = unit.elapsed(step: step, epoch: epoch) / Double(duration)
    return cosine(from: base, to: minimum, part: part)
  }
}

/// Half a cosine from `start` (part 0) to `end` (part 1 and beyond).
func cosine(from start: Float, to end: Float, part: Double) -> Float {
  guard part < 1 else { return end }
  let (start, end) = (Double(start), Double(end))
  return Float(end + (start - end) * (1 + cos(.pi * part)) / 2)
}
