import CourseCommandLine
import CourseTraining
import Networks
import Pictures

/// The errors of each number that a network predicts of a series, beside those of persistence, "tomorrow as today".
struct SeriesErrors {
  struct Row: Encodable, Sendable {
    /// The name of the number.
    var target: String
    /// The place of the predicted row after the last one, from 1.
    var step: Int
    var rmse: Double
    var mae: Double
    var r2: Double?
    var persistenceRMSE: Double
    var persistenceMAE: Double
  }

  let rows: [Row]

  /// `nil` for a network that does not predict a series.
  init?(_ predictions: Tensor, on data: Dataset, _ network: NeuralNetwork) {
    guard let preparation = network.preparation, let window = preparation.window,
      case .values(let truth) = data.targets, truth.shape == predictions.shape,
      let naive = preparation.persistence(data.features), naive.shape == truth.shape
    else { return nil }
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
      let (own, usual) = (errors(predictions), errors(naive))
      return Row(
        target: names[column % names.count], step: column / names.count + 1, rmse: own.rmse,
        mae: own.mae, r2: own.r2, persistenceRMSE: usual.rmse, persistenceMAE: usual.mae)
    }
    isLong = window.horizon > 1
  }

  private let isLong: Bool
  private static let titles = ["RMSE", "MAE", "R2", "persistence: RMSE", "MAE"]

  private func cells(_ row: Row) -> [String] {
    [row.rmse, row.mae].map(metricText) + [row.r2.map(metricText) ?? "-"]
      + [row.persistenceRMSE, row.persistenceMAE].map(metricText)
  }

  private func name(_ row: Row) -> String {
    row.target.printable + (isLong ? ", \(row.step) ahead" : "")
  }

  /// A table in characters.
  func text(style: Style) -> String {
    let width = rows.map { name($0).count }.max() ?? 0
    func line(_ name: String, _ cells: [String]) -> String {
      name.padded(right: width)
        + zip(cells, [12, 12, 9, 21, 12]).map { $0.padded(left: $1) }.joined()
    }
    return ([style.bold(line("", Self.titles))] + rows.map { line(name($0), cells($0)) })
      .joined(separator: "\n")
  }

  /// A table of a page.
  var table: TextTable {
    TextTable(
      title: "Each predicted number, beside the last row as the prediction (persistence)",
      columns: [.init("")]
        + ["RMSE", "MAE", "R²", "RMSE of persistence", "MAE of persistence"].map { .number($0) },
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
