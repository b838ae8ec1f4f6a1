/// A rule for the learning rate of each step.
///
/// A schedule is a function of where training is and has no memory, so a resumed run finds the same
/// rates.
public protocol LearningRateSchedule: Sendable {
  /// The learning rate for a step.
  /// - Parameters:
  ///   - step: steps already taken since the start of training
  ///   - epoch: epochs already finished
  ///   - base: the learning rate that the optimizer was created with
  func learningRate(step: Int, epoch: Int, base: Float) -> Float
}

/// The same learning rate throughout.
public struct ConstantSchedule: LearningRateSchedule {
  /// Creates the schedule.
  public init() {}
  /// `base`
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float { base }
}

/// A learning rate given by a closure: `ScheduleFunction { step, epoch, base in ... }`.
public struct ScheduleFunction: LearningRateSchedule {
  private let rate: @Sendable (_ step: Int, _ epoch: Int, _ base: Float) -> Float

  /// Creates a schedule from a function of step, epoch and base rate.
  public init(_ rate: @escaping @Sendable (_ step: Int, _ epoch: Int, _ base: Float) -> Float) {
    self.rate = rate
  }

  /// What the function returns.
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float { rate(step, epoch, base) }
}
