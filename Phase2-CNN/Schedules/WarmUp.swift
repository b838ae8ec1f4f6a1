import Shared

/// Raises the learning rate in a straight line before another schedule rules alone.
///
/// `η = η' · min(1, a + (1 − a) k / n)`
/// - `η'`: the rate of the other schedule, whose clock runs from the start of training and not from the end
///   of the warm-up
/// - `k`: steps (or epochs) that have passed; `n`: `duration`; `a`: `start`
///
///     let schedule = WarmUp(over: 500, then: CosineDecay(over: 20))
///     try network.fit(data, options: TrainingOptions(epochs: 20, schedule: schedule))
///
/// Adam's second moment and batch norm's statistics are poor in the first steps; small steps spare the
/// weights until they are better. PyTorch's `LinearLR`, multiplied with the other schedule as
/// `ChainedScheduler` does.
///
/// - Reference: Goyal et al. (2017), *Accurate, large minibatch SGD*, section 2.2.
public struct WarmUp: LearningRateSchedule {
  private let duration: Int
  private let start: Float
  private let unit: ScheduleUnit
  private let schedule: AnySchedule

  /// Creates the schedule.
  /// - Parameters:
  ///   - duration: the number of steps (or epochs) until the full rate, at least 1
  ///   - start: the share of the rate in the first step, above 0 and at most 1
  ///   - unit: the unit of the duration
  ///   - schedule: the schedule that is warmed up
  public init(
    over duration: Int, from start: Float = 0.1, unit: ScheduleUnit = .step,
    then schedule: any LearningRateSchedule = ConstantSchedule()
  ) {
    (self.duration, self.start, self.unit) = (duration, start, unit)
    self.schedule = AnySchedule(schedule)
    orStop { try checkArguments() }
  }

  /// Throws when the duration or the start is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("duration", Float(duration), .count(atLeast: 1)),
      ("start", start, .upToOne))
  }

  /// The other schedule's rate times `min(1, start + (1 − start) k / duration)`
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    let rate = schedule.schedule.learningRate(step: step, epoch: epoch, base: base)
    let start = Double(start)
    let part = unit.elapsed(step: step, epoch: epoch) / Double(duration)
    return part < 1 ? Float(Double(rate) * (start + (1 - start) * part)) : rate
  }
}
