/// The settings of a training.
///
///     try network.fit(data, options: TrainingOptions(epochs: 20, batchSize: 50))
///
/// A checkpoint stores them. A training that is resumed must have the same, but for the number of epochs and
/// the schedule.
public struct TrainingOptions: Codable, Sendable, Equatable {
  /// The number of epochs in all; a resumed training does those that are left.
  public var epochs: Int
  /// The number of examples whose gradients are computed together; all of them where there are fewer.
  public var batchSize: Int
  /// Whether each epoch has its own random order.
  public var shuffle: Bool
  /// The number of batches whose gradients add up to one step: the step of a larger batch, in the memory of a
  /// small one.
  public var accumulationSteps: Int
  /// The limit of the gradients in each step; `nil` for none.
  public var clipping: GradientClipping?
  /// The learning rate of each step. A resumed training may have another one, which then applies to the steps
  /// that are left.
  public var schedule: any LearningRateSchedule {
    get { storedSchedule.schedule }
    set { storedSchedule = AnySchedule(newValue) }
  }
  private var storedSchedule: AnySchedule

  private enum CodingKeys: String, CodingKey {
    case epochs, batchSize, shuffle, accumulationSteps, clipping
    case storedSchedule = "schedule"
  }

  /// Creates options.
  public init(
    epochs: Int, batchSize: Int = 32, shuffle: Bool = true, accumulationSteps: Int = 1,
    clipping: GradientClipping? = nil, schedule: any LearningRateSchedule = ConstantSchedule()
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.accumulationSteps = accumulationSteps
    self.clipping = clipping
    storedSchedule = AnySchedule(schedule)
  }
}

extension TrainingProgress {
  /// Throws unless a training with the settings of `new` may go on from here: only the number of epochs and
  /// the schedule may change.
  func requireSameSettings(as new: TrainingProgress) throws {
    var comparable = options
    comparable.epochs = new.options.epochs
    comparable.schedule = new.options.schedule
    guard comparable == new.options, exampleCount == new.exampleCount, batches == new.batches else {
      throw CourseError(
        .invalidArgument, "a resumed training must have the settings it started with",
        expected: settingsText, received: new.settingsText,
        remedy: "Use the same data and settings, or begin a new training.")
    }
  }

  private var settingsText: String {
    "\(exampleCount) examples, batch size \(options.batchSize), "
      + "\(options.shuffle ? "" : "not ")shuffled"
      + (options.accumulationSteps > 1 ? ", \(options.accumulationSteps) accumulation steps" : "")
      + (options.clipping.map { ", gradients clipped \($0)" } ?? "")
      + (batches.map { ", \($0)" } ?? "")
  }
}
