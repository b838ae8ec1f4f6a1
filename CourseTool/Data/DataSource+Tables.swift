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
  /// The columns to predict; `nil` for the label column.
  var targets: [LabelColumn]?
  var kind = TargetKind.classes
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
      + reading.notes + droppedNotes(reading.rows, of: table)
    loaded.examples.name = name(ofTable: path)
    return loaded
  }

  /// The examples in a table to train on, and its preparation.
  static func loadTable(
    _ path: String, targets: [LabelColumn], training: TableTraining
  ) throws -> Loaded {
    let table = try table(path, expecting: targets.flatMap(\.names))
    let prepared: (data: Dataset, preparation: Preparation, reading: PreparedRows)
    do {
      prepared = try table.prepared(
        targets: targets, training.kind, options: training.options,
        trainingRows: training.rows)
    } catch var error as CourseError {
      // Texts alone are no features, but another network reads them.
      guard error.what == "the table has no features", training.kind == .classes,
        let label = try? table.column(targets[0]),
        let text = table.textColumns(besides: label).first
      else { throw error }
      error.remedy =
        "For texts use '\(table.textTraining(column: text, label: label, data: path))'."
      throw error
    }
    var loaded = Loaded(examples: prepared.data)
    loaded.preparation = prepared.preparation
    loaded.remarks.notes =
      encodingNotes(table) + labelNotes(prepared.preparation, prepared.data)
      + seriesNotes(prepared.preparation)
      + digitNotes(table, prepared.preparation) + prepared.reading.notes
      + (training.kind == .classes ? leftOutTexts(table, prepared.preparation, targets) : [])
      + droppedNotes(prepared.reading.rows, of: table)
    loaded.examples.name = name(ofTable: path)
    return loaded
  }

  /// The name of a table in messages: its file as the user gave it.
  static func name(ofTable path: String) -> String {
    isStandardInput(path) ? "standard input" : path
  }

  /// A note on an encoding that is a guess.
  static func encodingNotes(_ table: CSVTable) -> [String] {
    table.encoding == .utf8 ? [] : ["\(table.name) was read as \(table.encoding.rawValue)"]
  }

  /// How labels are listed, and labels that no or every row has.
  private static func labelNotes(_ preparation: Preparation, _ data: Dataset) -> [String] {
    guard let labels = preparation.labels, case .values(let truth) = data.targets else { return [] }
    var notes: [String] = []
    if let separator = labels.separator {
      notes.append(
        "\(counted(labels.names.count, "label")), separated by "
          + (separator == " " ? "spaces" : "\"\(separator)\"")
          + " in \"\(preparation.targets[0].name ?? "column \(preparation.targets[0].place)")\"")
    }
    let counts = truth.sum(axis: 0).scalars.map { Int($0) }
    let idle = zip(labels.names, counts).filter { $0.1 == 0 || $0.1 == data.count }
    for (name, count) in idle.prefix(5) {
      notes.append("\(count == 0 ? "no row has" : "every row has") the label \"\(name)\"")
    }
    return notes
  }

  /// The column that tells the time of the rows of a series.
  private static func seriesNotes(_ preparation: Preparation) -> [String] {
    guard let window = preparation.window else { return [] }
    let rows =
      "\(counted(window.history, "row")) predict the next "
      + (window.horizon == 1 ? "one" : "\(window.horizon)")
    guard let clock = window.clock else {
      return [rows + "; no column tells their time, so they are taken in their order"]
    }
    return [
      clock.stepText.map { "\(rows); \"\(clock.name)\" tells their time, \($0) from row to row" }
        ?? "\(rows); \"\(clock.name)\" tells their time, but not in equal steps, so predictions have none"
    ]
  }

  /// Notes on the rows of a table that do not become examples.
  static func droppedNotes(
    _ rows: CompleteRows, of table: CSVTable, verb: String = "left out"
  ) -> [String] {
    [(rows.withoutTarget, "without a value to learn"), (rows.withGap, "with gaps")]
      .filter { !$0.0.isEmpty }
      .map { rows, problem in
        "\(verb) \(counted(rows.count, "row")) \(problem): \(table.lines(ofRows: rows))"
      }
  }

  /// Notes on columns of texts that this kind of network does not read.
  private static func leftOutTexts(
    _ table: CSVTable, _ preparation: Preparation, _ targets: [LabelColumn]
  ) -> [String] {
    let label = targets.first.flatMap { try? table.column($0) }
    let leftOut = Set(preparation.leftOut.map(\.name))
    return table.textColumns(besides: label).filter { leftOut.contains(table.title($0)) }
      .prefix(4).map { column in
        "\"\(table.title(column))\" holds texts, which are left out here and learned from with '"
          + table.textTraining(column: column, label: label) + "'"
      }
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
