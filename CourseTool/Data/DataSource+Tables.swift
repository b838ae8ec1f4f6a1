import Foundation
import Networks

// Every command reads tables through these functions. `Preparation` (Shared) has the rules.

/// The columns and classes that a trained network expects in data.
struct ExpectedData {
  var preparation: Preparation
  /// The classes; `nil` when they have no names.
  var classNames: [String]?

  /// What a network expects; one without a preparation takes plain numbers.
  init(of network: NeuralNetwork, _ recipe: Recipe?) {
    classNames = network.classNames.isEmpty ? nil : network.classNames
    let count = network.inputShape.reduce(1, *)
    let bundled = DataSource.bundled.first { $0.name == recipe?.data }
    // Notes of networks that were trained before preparations were saved.
    let place = bundled == nil ? network.notes["label place"].flatMap { Int($0) } : count
    preparation =
      network.preparation
      ?? Preparation(
        numbersNamed: network.featureNames, count: count,
        target: place.flatMap { place in
          (0...count).contains(place)
            ? .init(name: network.notes["label name"] ?? bundled?.label, place: place) : nil
        })
  }
}

/// How a training table is prepared: the user's decisions, and its training rows.
struct TableTraining {
  /// The columns with numbers to predict; `nil` for classes.
  var values: [LabelColumn]?
  var options = PreparationOptions()
  var rows: (Target) throws -> [Int] = { Array(0..<$0.count) }
}

extension DataSource {
  /// A table; its first row is the header if it has the expected names.
  static func table(_ path: String, expecting names: [String]) throws -> CSVTable {
    if PixelImage.looksLikeImage(path) {
      throw CourseError(
        .format, "not a data set", expected: "a table, or a folder of images",
        received: "a single image", location: path, remedy: "Give the folder of the image.")
    }
    return try CSVTable(contentsOf: path, expecting: names)
  }

  /// A table for a trained network.
  static func table(
    _ path: String, label: LabelColumn?, expected: ExpectedData
  ) throws -> CSVTable {
    let names = expected.preparation.isNamed ? expected.preparation.columns.map(\.name) : []
    return try table(path, expecting: names.isEmpty ? label?.names ?? [] : names)
  }

  /// The examples in a table for a trained network.
  static func loadTable(
    _ path: String, label: LabelColumn?, expected: ExpectedData
  ) throws -> Loaded {
    let table = try table(path, label: label, expected: expected)
    let (data, reading) = try expected.preparation.examples(
      in: table, classNames: expected.classNames, label: label)
    var loaded = Loaded(examples: data)
    let columns = try expected.preparation.find(
      in: table, classNames: expected.classNames ?? [], label: label, needsTargets: true)
    loaded.remarks.notes =
      encodingNotes(table) + unusedNote(columns, of: table, for: expected.preparation)
      + reading.notes + droppedNote(reading, of: table)
    loaded.examples.name = name(ofTable: path)
    return loaded
  }

  /// The examples in a table to train on, and its preparation.
  static func loadTable(
    _ path: String, targets: [LabelColumn], training: TableTraining
  ) throws -> Loaded {
    let table = try table(path, expecting: targets.flatMap(\.names))
    let prepared = try table.prepared(
      targets: targets, areNumbers: training.values != nil, options: training.options,
      trainingRows: training.rows)
    var loaded = Loaded(examples: prepared.data)
    loaded.preparation = prepared.preparation
    loaded.remarks.notes =
      encodingNotes(table) + digitNotes(table, prepared.preparation) + prepared.reading.notes
      + droppedNote(prepared.reading, of: table)
    loaded.examples.name = name(ofTable: path)
    return loaded
  }

  private static func name(ofTable path: String) -> String {
    isStandardInput(path)
      ? "standard input" : URL(filePath: path).deletingPathExtension().lastPathComponent
  }

  /// A note on an encoding that is a guess.
  static func encodingNotes(_ table: CSVTable) -> [String] {
    table.encoding == .utf8 ? [] : ["\(table.name) was read as \(table.encoding.rawValue)"]
  }

  private static func droppedNote(_ reading: PreparedRows, of table: CSVTable) -> [String] {
    let dropped = table.rowCount - reading.rows.count
    return dropped == 0 ? [] : ["left out \(counted(dropped, "row")) with gaps"]
  }

  /// A note on columns of numbers such as 1e8 + 0.1, which single precision rounds to 1e8.
  private static func digitNotes(_ table: CSVTable, _ preparation: Preparation) -> [String] {
    let numbers = preparation.columns.filter { $0.kind == .number(style: NumberStyle()) }
    return table.columnsThatLoseDigits(numbers.map(\.place)).prefix(8).map { column in
      "the numbers in column \(table.columnNames.map { "\"\($0[column])\"" } ?? "\(column)") differ "
        + "only beyond the seven digits of single precision: subtract their common offset first"
    }
  }

  /// A note on the columns that a network does not know.
  static func unusedNote(
    _ columns: TableColumns, of table: CSVTable, for preparation: Preparation
  ) -> [String] {
    guard let names = table.columnNames else { return [] }
    // Those that training left out are no surprise.
    let known = Set(preparation.leftOut.map(\.name))
    let unused = columns.unused.map { names[$0] }.filter { !known.contains($0) }
    guard !unused.isEmpty else { return [] }
    let shown = unused.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
    let rest = unused.count - 8
    return [
      "ignored columns of \(table.name) that are unknown to the network: \(shown)"
        + (rest > 0 ? " and \(rest) more" : "")
    ]
  }

  static func isStandardInput(_ path: String) -> Bool { path == "-" || path == "/dev/stdin" }

  /// Whether the file at a path can be read only once.
  static func isPipe(_ path: String) -> Bool {
    if isStandardInput(path) || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/") {
      return true
    }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Whether a text is the path of a file and not the name of a data set.
  static func isPath(_ source: String) -> Bool {
    source == "-" || source.contains("/") || source.contains(".")
      || FileManager.default.fileExists(atPath: source)
  }
}
