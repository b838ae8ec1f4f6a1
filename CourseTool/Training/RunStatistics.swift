import CourseCommandLine
import CourseTraining
import Networks

/// Mean and standard deviation of the scores of several runs.
struct RunStatistics {
  let results: [RunResult]
  /// Of each part, and in it of each score that all runs have.
  private(set) var mean: [String: [String: Double]] = [:]
  private(set) var standardDeviation: [String: [String: Double]] = [:]

  init(_ results: [RunResult]) {
    self.results = results
    for part in RunResult.parts {
      for score in PartReport.scores {
        let values = results.compactMap { part.get($0).flatMap(score.get) }
        guard !values.isEmpty, values.count == results.count else { continue }
        let (mean, deviation) = Self.meanAndDeviation(values)
        self.mean[part.key, default: [:]][score.key] = mean
        standardDeviation[part.key, default: [:]][score.key] = deviation
      }
    }
  }

  /// The mean, and the standard deviation of a sample: `√(Σ (x − x̄)² / (n − 1))`, which one value does not have.
  static func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double?) {
    let mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return (mean, nil) }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }

  /// A row for each run, then the mean and the deviation.
  /// - Parameters:
  ///   - title: the title of the first column
  ///   - label: its text for a run
  func table(_ title: String, _ label: (RunResult) -> String) -> StudyTable {
    // The parts that were not trained on fill a line of 80 columns.
    let parts = RunResult.parts.filter { mean[$0.key] != nil }
    let shown = parts.count > 1 ? Array(parts.dropFirst()) : parts
    let columns = shown.flatMap { part in
      PartReport.scores.filter { score in
        // The loss of numbers is that of scaled ones, and means little.
        mean[part.key]?[score.key] != nil
          && !(score.key == "loss" && mean[part.key]?["rmse"] != nil)
      }.map { (part: part, score: $0) }
    }
    let hasRates = results.contains { $0.learningRate != nil }
    var table = StudyTable(
      columns: [title] + (hasRates ? ["rate"] : []) + ["epochs"]
        + columns.map { "\($0.part.short) \($0.score.title)" })
    for result in results {
      let rate = hasRates ? [StudyTable.Cell.text(result.learningRate.map(shortNumber) ?? "")] : []
      let scores = columns.map { column in
        StudyTable.Cell.text(
          column.part.get(result).flatMap(column.score.get).map(metricText) ?? "-")
      }
      table.rows.append([.text(label(result))] + rate + [.count(result.epochs ?? 0)] + scores)
    }
    let epochs = Self.meanAndDeviation(results.map { Double($0.epochs ?? 0) })
    for (name, numbers, epochs) in [
      ("mean", mean, epochs.mean as Double?), ("deviation", standardDeviation, epochs.deviation),
    ] {
      let scores = columns.map { column in
        StudyTable.Cell.text(
          numbers[column.part.key]?[column.score.key].map(metricText) ?? "-")
      }
      table.rows.append(
        [.text(name)] + (hasRates ? [.text("")] : [])
          + [epochs.map { StudyTable.Cell.number($0, digits: 1) } ?? .missing("-")] + scores)
    }
    return table
  }
}
