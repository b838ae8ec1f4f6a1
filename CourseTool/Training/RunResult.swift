import CourseTraining
import Networks

/// The results of one run of a series: of a seed, of a fold, of a trial of a search.
struct RunResult: Encodable {
  /// What tells the run apart from the others of its series.
  var seed: UInt64?
  var fold: Int?
  var settings: [String: String]?
  var epochs: Int?
  /// The epoch whose weights the network has, from 0.
  var keptEpoch: Int?
  /// The learning rate, where a range test found it.
  var learningRate: Float?
  var seconds: Double?
  var train: PartReport?
  var validation: PartReport?
  var test: PartReport?
  /// The reason why there are no results.
  var problem: String?

  /// Takes over the results of a training; a divergence is one.
  /// - Throws: all other errors
  mutating func take(_ result: Result<RunSeries.Outcome, any Error>) throws {
    do {
      let outcome = try result.get()
      (epochs, keptEpoch, seconds) = (outcome.epochs, outcome.keptEpoch, outcome.seconds)
      learningRate = outcome.foundLearningRate
      (train, validation, test) = (outcome.train, outcome.validation, outcome.test)
    } catch let error as CourseError where error.kind == .diverged {
      problem = error.oneLine
    }
  }

  /// The parts of the data, with their names in JSON, in CSV files and in tables.
  struct Part: Sendable {
    let key, title, short: String
    let get: @Sendable (RunResult) -> PartReport?
    let set: @Sendable (inout RunResult, PartReport) -> Void
  }

  static let parts = [
    Part(
      key: "train", title: "training", short: "training", get: { $0.train },
      set: { $0.train = $1 }),
    Part(
      key: "validation", title: "validation", short: "val.", get: { $0.validation },
      set: { $0.validation = $1 }),
    Part(key: "test", title: "test", short: "test", get: { $0.test }, set: { $0.test = $1 }),
  ]
}

extension PartReport {
  /// A score, with its name in JSON and its title.
  struct Score: Sendable {
    let key, title: String
    /// Whether a larger value is better.
    var isHigherBetter = false
    let get: @Sendable (PartReport) -> Double?
    let set: @Sendable (inout PartReport, Double) -> Void
  }

  /// Every score; the first that a report has, apart from the loss, compares networks.
  static let scores = [
    Score(key: "loss", title: "loss", get: { $0.loss }, set: { $0.loss = $1 }),
    Score(
      key: "accuracy", title: "accuracy", isHigherBetter: true, get: { $0.accuracy },
      set: { $0.accuracy = $1 }),
    Score(
      key: "meanAveragePrecision", title: "mAP", isHigherBetter: true,
      get: { $0.meanAveragePrecision }, set: { $0.meanAveragePrecision = $1 }),
    Score(
      key: "meanIoU", title: "mean IoU", isHigherBetter: true, get: { $0.meanIoU },
      set: { $0.meanIoU = $1 }),
    Score(
      key: "pixelAccuracy", title: "pixel accuracy", isHigherBetter: true,
      get: { $0.pixelAccuracy }, set: { $0.pixelAccuracy = $1 }),
    Score(key: "rmse", title: "RMSE", get: { $0.rmse }, set: { $0.rmse = $1 }),
    Score(key: "mae", title: "MAE", get: { $0.mae }, set: { $0.mae = $1 }),
    Score(
      key: "r2", title: "R2", isHigherBetter: true, get: { $0.r2 }, set: { $0.r2 = $1 }),
    Score(
      key: "perplexity", title: "perplexity", get: { $0.perplexity },
      set: { $0.perplexity = $1 }),
  ]
}
