/// A rule for the learning rate of each step.
///
/// A schedule is a function of the place in the training and keeps nothing, so a resumed training finds the
/// same rates. It consists of its arguments, which checkpoints store:
///
///     struct Halving: LearningRateSchedule {
///       var interval: Int
///       func learningRate(step: Int, epoch: Int, base: Float) -> Float {
///         base / Float(1 << (epoch / interval))
///       }
///     }
public protocol LearningRateSchedule: SelfConfigured {
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

/// A schedule of any type, as files store it: the name of the type and the arguments.
package struct AnySchedule: Codable, Sendable, Equatable {
  package let schedule: any LearningRateSchedule

  package init(_ schedule: any LearningRateSchedule) { self.schedule = schedule }

  package init(from decoder: any Decoder) throws {
    let part = try SavedPart<ScheduleRole>(from: decoder).make()
    schedule = part as? any LearningRateSchedule ?? ConstantSchedule()
  }

  package func encode(to encoder: any Encoder) throws {
    try SavedPart<ScheduleRole>(schedule).encode(to: encoder)
  }

  package static func == (a: AnySchedule, b: AnySchedule) -> Bool {
    func equals<Schedule: LearningRateSchedule>(_ schedule: Schedule) -> Bool {
      schedule == b.schedule as? Schedule
    }
    return equals(a.schedule)
  }
}
