/// How the rows of a table in order of time become examples: `history` rows tell the numbers of the `horizon` rows
/// after them.
///
/// Each window begins one row later than the one before; n rows make `N = n − history − horizon + 1` of them:
///
///     row        0  1  2  3  4  5
///     window 0   x  x  x  t            history 3, horizon 1
///     window 1      x  x  x  t
///     window 2         x  x  x  t
///
/// - input: `[history, F]`, the features of the rows, the past of the targets among them
/// - target: `[horizon · K]`, the K numbers to predict, row by row
///
/// A network counts the targets from the last row of the history: it learns their change, and so follows a trend beyond
/// the numbers of training. Its predictions are in the unit of the data.
///
/// Parts are cut by time (`parts`): no target of one part is seen in training by another, while the history of a window
/// may reach back into the part before.
///
///     var options = PreparationOptions()
///     options.window = try SeriesWindow(history: 14)
///     options.usesCalendar = true
///     let (parts, preparation) = try CSVTable(contentsOf: "seattle-weather.csv")
///       .split(values: ["temp_max"], options: options, seed: 1)
///     parts.train.inputShape        // [14, 13]
public struct SeriesWindow: Codable, Sendable, Equatable {
  /// The number of past rows that a network sees.
  public let history: Int
  /// The number of rows that it predicts.
  public let horizon: Int
  /// The column that tells the time of the rows; `nil` where there is none.
  public internal(set) var clock: SeriesClock?

  /// The remedy for a missing number to predict: without its row, the series would have a hole.
  static let gapRemedy = "Fill it in, for example with the number of the row before."

  /// Windows of so many rows.
  /// - Throws: unless both numbers are from 1 to 65 536.
  public init(history: Int, horizon: Int = 1) throws {
    (self.history, self.horizon) = (history, horizon)
    try check()
  }

  /// Throws when a number is out of range.
  func check() throws {
    for (name, value) in [("history", history), ("horizon", horizon)]
    where !(1...65_536).contains(value) {
      throw CourseError(
        .invalidArgument, "SeriesWindow: \(name) out of range", expected: "1 to 65536 rows",
        received: "\(value)")
    }
  }

  /// The number of windows in so many rows.
  func count(inRows rows: Int) -> Int { max(0, rows - history - horizon + 1) }

  /// Throws when a table has no window, or more of them than fit into memory.
  func requireWindows(in table: CSVTable, featureCount: Int = 1) throws {
    let rows = table.rowCount
    guard count(inRows: rows) > 0 else {
      throw CourseError(
        .invalidData, "the table is too short for a window",
        expected: "at least \(history + horizon) rows: \(history) of history, and "
          + "\(horizon) to predict", received: counted(rows, "row"), location: table.name,
        remedy: "Add rows, or make the window shorter (`history`).")
    }
    let bytes = 4 * Double(count(inRows: rows)) * Double(history) * Double(featureCount)
    guard bytes < SystemMemory.bytes / 2 else {
      throw CourseError(
        .invalidData, "the windows of the table do not fit into memory",
        expected: "at most \(SystemMemory.text(SystemMemory.bytes / 2))",
        received:
          "\(SystemMemory.text(bytes)) for \(count(inRows: rows)) windows of \(history) rows",
        location: table.name, remedy: "Make the window shorter (`history`), or use fewer columns.")
    }
  }

  /// The inputs: `[N, history, F]` of the features of all rows, `[n, F]`.
  /// - Parameter withoutTargets: whether the windows may reach up to the last row, so that the last of them tells the
  ///   rows after the table
  func inputs(_ rows: Tensor, withoutTargets: Bool = false) -> Tensor {
    let (count, size) = (
      count(inRows: rows.shape[0]) + (withoutTargets ? horizon : 0), rows.shape[1]
    )
    return Tensor(shape: [count, history, size]) { out in
      rows.read { row in
        for window in 0..<count {
          (out + window * history * size).update(
            from: row + window * size, count: history * size)
        }
      }
    }
  }

  /// The targets: `[N, horizon · K]` of the numbers of all rows, `[n, K]`.
  func targets(_ rows: Tensor) -> Tensor {
    let (count, size) = (count(inRows: rows.shape[0]), rows.shape[1])
    return Tensor(shape: [count, horizon * size]) { out in
      rows.read { row in
        for window in 0..<count {
          (out + window * horizon * size).update(
            from: row + (window + history) * size, count: horizon * size)
        }
      }
    }
  }

  /// The windows of three parts, by time: the first ones for training, the last ones for the test. Where several rows
  /// are predicted, the windows whose targets would lie in two parts are left out.
  /// - Parameter name: the name of the data in errors
  /// - Throws: when a part would be empty although its fraction is not 0.
  package func parts(
    of count: Int, validation: Double, test: Double, name: String
  ) throws -> (train: [Int], validation: [Int], test: [Int]) {
    let testStart = count - Int((Double(count) * test).rounded())
    let validationStart = testStart - Int((Double(count) * validation).rounded())
    let gap = horizon - 1
    let training = 0..<max(0, validationStart - (validationStart < count ? gap : 0))
    let middle = validationStart..<max(validationStart, testStart - (testStart < count ? gap : 0))
    let last = testStart..<count
    for (part, range, share) in [
      ("training", training, 1), ("validation", middle, validation), ("test", last, test),
    ] where range.isEmpty && share > 0 {
      throw CourseError(
        .invalidData, "too few rows for a \(part) part",
        expected: "windows of \(history) + \(horizon) rows in every part",
        received: "\(counted(count, "window")) in all", location: name,
        remedy: "Add rows, or make the window shorter (`history`).")
    }
    return (Array(training), Array(middle), Array(last))
  }

  /// The rows of the table that the first so many windows see.
  func rows(ofFirst windows: Int) -> [Int] { Array(0..<(windows + history + horizon - 1)) }
}

extension Preparation {
  /// The predictions of persistence, "tomorrow as today": the numbers to predict stay those of the last row of the
  /// history, `[N, horizon · K]`. A forecast has to be better than this to be of use.
  ///
  /// - Parameter features: raw windows, `[N, history, F]`
  /// - Returns: `nil` where there are no windows
  public func persistence(_ features: Tensor) -> Tensor? {
    guard let window, let sources = targetFeatures,
      features.shape.dropFirst().reduce(1, *) == window.history * featureCount, features.rank > 1
    else { return nil }
    let last = features.reshaped(to: [features.shape[0], window.history, featureCount])
      .slice(axis: 1, at: window.history - 1)
    let (count, size) = (last.shape[0], featureCount)
    return Tensor(shape: [count, window.horizon * sources.count]) { out in
      last.read { last in
        for row in 0..<count {
          for step in 0..<window.horizon {
            for (place, source) in sources.enumerated() {
              out[(row * window.horizon + step) * sources.count + place] = last[row * size + source]
            }
          }
        }
      }
    }
  }

  /// The features that hold the past of the targets.
  private var targetFeatures: [Int]? {
    var starts: [Int: Int] = [:]
    var start = 0
    for column in columns {
      starts[column.place] = start
      start += column.featureCount
    }
    let found = targets.compactMap { starts[$0.place] }
    return found.count == targets.count ? found : nil
  }

  /// Mean 0 and standard deviation 1 for each number to predict, on the training part: a network's `targetScaling`.
  /// Those of a series are counted from the last row of the history.
  public func standardizingTargets(_ training: Dataset) throws -> FeatureScaler {
    guard case .values(let values) = training.targets,
      let reference = persistence(training.features), reference.shape == values.shape
    else { return try .standardizingTargets(training) }
    let changes = values - reference
    // A series that grows by the same amount from row to row.
    if (changes.max(axis: 0) .== changes.min(axis: 0)).max() > 0 {
      return try FeatureScaler(
        offset: changes.mean(axis: 0).scalars,
        scale: [Float](repeating: 1, count: changes.shape[1]))
    }
    return try .standardizingTargets(
      Dataset(name: training.name, features: changes, targets: .values(changes)))
  }

  /// Root mean squared error, mean absolute error and R² of persistence, by name; `nil` where there are no windows.
  package func persistenceErrors(on data: Dataset) -> [String: Double]? {
    guard data.count > 0, let prediction = persistence(data.features) else { return nil }
    var metrics: [any Metric] = [RootMeanSquaredError(), MeanAbsoluteError(), R2()]
    for index in metrics.indices {
      metrics[index].update(prediction: prediction, target: data.targets)
    }
    return Dictionary(
      metrics.compactMap { metric in metric.sums.value.map { (metric.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }
}
