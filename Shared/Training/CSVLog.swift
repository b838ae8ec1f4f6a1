import Foundation

/// Logs a training as CSV: a header and one row an epoch, as soon as it ends.
///
///     try network.fit(data, options: options, callbacks: [CSVLog(url: URL(filePath: "history.csv"))])
///
///     epoch,learning rate,training loss,training accuracy,validation loss,validation accuracy,seconds
///     1,0.1,0.93,0.61,0.72,0.78,0.052
///
/// Epochs are counted from 1. The columns are those of the first row: the metrics in the order of their names, and
/// no validation columns without validation data. `seconds` is the time of the epoch with its validation. A
/// resumed training logs its earlier epochs as well, without their times. A number has as many digits as it takes
/// to read the same number back.
public struct CSVLog: TrainingCallback {
  private let url: URL?
  private let write: (String) throws -> Void
  private var metrics: [String]?
  private var hasValidation = false
  private var start = ContinuousClock.now

  /// Creates a callback that hands each line, with its line break, to `write`.
  public init(_ write: @escaping (String) throws -> Void) {
    (url, self.write) = (nil, write)
  }

  /// Creates a callback that writes a file, in place of one that is there.
  public init(url: URL) {
    self.url = url
    write = { line in
      do {
        let file = try FileHandle(forWritingTo: url)
        try file.seekToEnd()
        try file.write(contentsOf: Data(line.utf8))
        try file.close()
      } catch {
        throw CourseError(
          .file, "cannot write the log", received: error.localizedDescription, location: url.path)
      }
    }
  }

  /// Empties the file, and logs the epochs before a resume.
  public mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    start = .now
    metrics = nil
    if let url { try AtomicFile.write(Data(), to: url) }
    for report in network.progress?.history.epochs ?? [] { try log(report, seconds: nil) }
  }

  /// Logs the epoch.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let now = ContinuousClock.now
    try log(report, seconds: (now - start) / .seconds(1))
    start = now
    return .proceed
  }

  private mutating func log(_ report: EpochReport, seconds: Double?) throws {
    if metrics == nil {
      metrics = report.training.metrics.keys.sorted()
      hasValidation = report.validation != nil
      let parts = hasValidation ? ["training", "validation"] : ["training"]
      let names = parts.flatMap { part in (["loss"] + metrics!).map { "\(part) \($0)" } }
      try write(line(["epoch", "learning rate"] + names + ["seconds"]))
    }
    try write(
      line(
        ["\(report.epoch + 1)", "\(report.learningRate)"] + values(report.training)
          + (hasValidation ? values(report.validation) : [])
          + [seconds.map { String(format: "%.3f", $0) } ?? ""]))
  }

  private func values(_ scores: Scores?) -> [String] {
    [scores.map { "\($0.loss)" } ?? ""]
      + (metrics ?? []).map { name in scores?.metrics[name].map { "\($0)" } ?? "" }
  }

  private func line(_ fields: [String]) -> String {
    fields.map(csvField).joined(separator: ",") + "\n"
  }
}
