import CourseCommandLine
import CourseTraining
import Foundation
import Networks

// Predicted numbers, and the rows of a series that are still to come.

extension PredictCommand {
  /// The numbers that a regression predicts for a row.
  struct Numbers: Encodable {
    var file: String
    var row: Int
    /// The time of a row of a series that is still to come.
    var time: String?
    var values: [Float]
  }

  private struct NumbersRecord: Encodable {
    var model: String
    var targets: [String]
    var predictions: [Numbers]
  }

  /// The rows that follow those of a table.
  static func forecast(
    of file: String, by network: NeuralNetwork, _ preparation: Preparation
  ) throws -> (rows: [Numbers], notes: [String]) {
    let expected = ExpectedData(of: network, nil)
    guard DataSource.isTable(file), !file.lowercased().hasSuffix(".npy") else {
      throw CourseError(
        .invalidArgument, "the network reads the rows of a series", expected: "a table (.csv)",
        received: file)
    }
    let table = try DataSource.table(file, label: nil, expected: expected)
    guard let last = try preparation.lastWindow(of: table) else { return ([], []) }
    let values = try network.predict(last.reading.features.reshaped(to: [1] + network.inputShape))
    let names = preparation.targets.map { $0.name ?? "column \($0.place)" }
    try requireFinite(values, file: file, classNames: names)
    let numbers = values.scalars
    let rows = (0..<(numbers.count / names.count)).map { step in
      Numbers(
        file: file, row: table.rowCount + step + 1,
        time: last.times.indices.contains(step) ? last.times[step] : nil,
        values: Array(numbers[(step * names.count)..<((step + 1) * names.count)]))
    }
    return (rows, DataSource.encodingNotes(table) + last.notes + last.reading.notes)
  }

  /// Predicted numbers, as CSV or JSON.
  static func text(
    of numbers: [Numbers], network: NeuralNetwork, path: String, _ arguments: Arguments
  ) throws -> String {
    let targets = network.preparation?.targets ?? []
    let names = targets.map { $0.name ?? "column \($0.place)" }
    if arguments[CommonOptions.json] {
      return try JSONCoding.text(
        NumbersRecord(model: path, targets: names, predictions: numbers), isPretty: true) + "\n"
    }
    let clock = numbers.contains { $0.time != nil } ? network.preparation?.window?.clock?.name : nil
    let rows = numbers.map { prediction in
      [prediction.file, "\(prediction.row)"] + (clock == nil ? [] : [prediction.time ?? ""])
        + prediction.values.map { String(format: "%.6g", Double($0)) }
    }
    return ([["file", "row"] + (clock.map { [$0] } ?? []) + names] + rows).map {
      $0.map(csvField).joined(separator: ",") + "\n"
    }.joined()
  }
}
