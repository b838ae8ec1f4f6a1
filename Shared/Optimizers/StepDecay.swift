/// The unit in which a schedule counts: steps or epochs.
public enum ScheduleUnit: String, Codable, Sendable {
  /// The rate may change with every step.
  case step
  /// The rate stays the same for an epoch.
  case epoch

  /// The number of them that have passed.
  package func elapsed(step: Int, epoch: Int) -> Double { Double(self == .step ? step : epoch) }
}

/// Multiplies the learning rate by a factor at regular intervals: `η = η₀ · γ^⌊k / n⌋`
/// - `k`: epochs (or steps) that have passed; `n`: `interval`; `γ`: `factor`; `η₀`: the optimizer's rate
///
///     try network.fit(
///       data, options: TrainingOptions(epochs: 90, schedule: StepDecay(every: 30, factor: 0.1)))
///     // with a rate of 0.1: 0.1 for 30 epochs, 0.01 for 30, 0.001 for 30
///
/// PyTorch's `StepLR`.
public struct StepDecay: LearningRateSchedule {
  private let interval: Int
  private let factor: Float
  private let unit: ScheduleUnit

  /// Creates the schedule.
  /// - Parameters:
  ///   - interval: the number of epochs (or steps) with the same rate, at least 1
  ///   - factor: the factor between one interval and the next, above 0
  ///   - unit: the unit of the interval
  public init(every interval: Int, factor: Float = 0.1, unit: ScheduleUnit = .epoch) {
    (self.interval, self.factor, self.unit) = (interval, factor, unit)
    orStop { try checkArguments() }
  }

  /// Throws when the interval or the factor is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("decay interval", Float(interval), .count(atLeast: 1)),
      ("factor", factor, .positive))
  }

  /// `base · factor^⌊k / interval⌋`
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    // By multiplication, so that no mathematics library decides on the last bit.
    let decays = Int(unit.elapsed(step: step, epoch: epoch)) / interval
    return (0..<decays).reduce(base) { rate, _ in rate * factor }
  }
}
