import CourseCommandLine
import CourseTraining
import Networks
import Pictures

/// The errors of each number that a network predicts in tables, in its own unit; of a series, beside those of persistence,
/// "tomorrow as today".
struct TargetErrors {
  struct Row: Encodable, Sendable {
    /// The name of the number.
    var target: String
    /// In a series the place of the predicted row after the last one, from 1.
    var step: Int?
    var rmse: Double
    var mae: Double
    var r2: Double?
    var persistenceRMSE: Double?
    var persistenceMAE: Double?
  }

  let rows: [Row]

  /// `nil` for a network that predicts a single number of each row, whose errors are those of all, or none.
  init?(_ predictions: Tensor, on data: Dataset, _ network: NeuralNetwork) {
    guard let preparation = network.preparation, preparation.predictsNumbers,
      preparation.window != nil || preparation.targets.count > 1,
      case .values(let truth) = data.targets, truth.shape == predictions.shape, truth.rank == 2
    else { return nil }
    let naive = preparation.persistence(data.features)
    let names = preparation.targets.map { $0.name ?? "column \($0.place)" }
    rows = (0..<truth.shape[1]).map { column in
      func errors(_ prediction: Tensor) -> (rmse: Double, mae: Double, r2: Double?) {
        let (predicted, actual) = (
          prediction.slice(axis: 1, at: column).reshaped(to: [-1, 1]),
          Target.values(truth.slice(axis: 1, at: column).reshaped(to: [-1, 1]))
        )
        var (rmse, mae, r2) = (RootMeanSquaredError(), MeanAbsoluteError(), R2())
        rmse.update(prediction: predicted, target: actual)
        mae.update(prediction: predicted, target: actual)
        r2.update(prediction: predicted, target: actual)
        return (rmse.sums.value ?? .nan, mae.sums.value ?? .nan, r2.sums.value)
      }
      let (own, usual) = (errors(predictions), naive.map(errors))
      return Row(
        target: names[column % names.count],
        step: preparation.window == nil ? nil : column / names.count + 1, rmse: own.rmse,
        mae: own.mae, r2: own.r2, persistenceRMSE: usual?.rmse, persistenceMAE: usual?.mae)
    }
    isLong = preparation.window.map { $0.horizon > 1 } ?? false
    isBesidePersistence = naive != nil
  }

  private let isLong: Bool
  private let isBesidePersistence: Bool

  private func cells(_ row: Row) -> [String] {
    [row.rmse, row.mae].map(metricText) + [row.r2.map(metricText) ?? "-"]
      + [row.persistenceRMSE, row.persistenceMAE].compactMap { $0.map(metricText) }
  }

  private func name(_ row: Row) -> String {
    row.target.printable + (isLong ? ", \(row.step ?? 1) ahead" : "")
  }

  /// A table in characters.
  func text(style: Style) -> String {
    let width = rows.map { name($0).count }.max() ?? 0
    func line(_ name: String, _ cells: [String]) -> String {
      name.padded(right: width)
        + zip(cells, [12, 12, 9, 21, 12]).map { $0.padded(left: $1) }.joined()
    }
    let titles = ["RMSE", "MAE", "R2"] + (isBesidePersistence ? ["persistence: RMSE", "MAE"] : [])
    return ([style.bold(line("", titles))] + rows.map { line(name($0), cells($0)) })
      .joined(separator: "\n")
  }

  /// A table of a page.
  var table: TextTable {
    let persistence = ["RMSE of persistence", "MAE of persistence"]
    return TextTable(
      title: "Each predicted number"
        + (isBesidePersistence ? ", beside the last row as the prediction (persistence)" : ""),
      columns: [.init("")]
        + (["RMSE", "MAE", "R²"] + (isBesidePersistence ? persistence : [])).map { .number($0) },
      rows: rows.map { [name($0)] + cells($0) })
  }
}

/// Predictions and truth of a series over time, a figure for each number.
func series(of predictions: Tensor, on data: Dataset, _ network: NeuralNetwork) -> [Figure] {
  guard let preparation = network.preparation, let window = preparation.window,
    case .values(let truth) = data.targets, truth.shape == predictions.shape
  else { return [] }
  let count = preparation.targets.count
  func column(_ values: Tensor, _ place: Int) -> [Float] {
    values.slice(axis: 1, at: place).scalars
  }
  return preparation.targets.enumerated().map { place, target in
    let last = (window.horizon - 1) * count + place
    var lines = [(window.horizon == 1 ? "predicted" : "1 row ahead", 0, column(predictions, place))]
    if window.horizon > 1 {
      lines.append(("\(window.horizon) rows ahead", window.horizon - 1, column(predictions, last)))
    }
    return Figure.series(
      lines, truth: column(truth, place), times: data.times,
      areDates: !data.times.isEmpty && window.clock?.style != nil, name: target.name ?? "")
  }
}
