import Foundation
import Networks

// Every command reads tables through these functions. `TableSchema` (Shared) has the rule.

extension DataSource {
  /// The columns that a network expects in tables.
  static func schema(of network: NeuralNetwork, _ recipe: Recipe?) -> TableSchema {
    let count = network.inputShape.reduce(1, *)
    var schema = TableSchema(
      featureNames: network.featureNames, featureCount: count, classNames: network.classNames)
    let bundled = bundled.first { $0.name == recipe?.data }
    schema.labelName = network.notes[labelNameNote] ?? bundled?.label
    schema.labelPlace =
      bundled == nil ? network.notes[labelPlaceNote].flatMap { Int($0) } : count
    return schema
  }

  private static let labelNameNote = "label name"
  private static let labelPlaceNote = "label place"

  /// Notes the label column of the training data, for later tables.
  static func noteLabel(_ label: Loaded.Label?, in network: inout NeuralNetwork) {
    network.notes[labelNameNote] = label?.name
    network.notes[labelPlaceNote] = label.map { "\($0.place)" }
  }

  /// A table; its first row is the header if it has the expected names.
  static func table(
    _ path: String, label: LabelColumn?, schema: TableSchema? = nil
  ) throws -> CSVTable {
    if PixelImage.looksLikeImage(path) {
      throw CourseError(
        .format, "not a data set", expected: "a table, or a folder of images",
        received: "a single image", location: path, remedy: "Give the folder of the image.")
    }
    let features = schema?.featureNames ?? []
    return try CSVTable(
      contentsOf: path, expecting: features.isEmpty ? label?.names ?? [] : features)
  }

  /// The examples in a table.
  /// - Parameter schema: the columns that a trained network expects; `nil` for training
  static func loadTable(
    _ path: String, label: LabelColumn?, schema: TableSchema?
  ) throws -> Loaded {
    guard label != nil || schema != nil else { throw labelIsMissing(path) }
    let table = try table(path, label: label, schema: schema)
    var loaded: Loaded
    if let schema {
      let columns = try table.columns(for: schema, label: label, needsLabel: true)
      loaded = Loaded(examples: try Dataset(table, for: schema, label: label))
      loaded.remarks.notes = unusedNote(columns, of: table)
    } else {
      let label = label ?? -1
      let place = try table.column(label)
      loaded = Loaded(examples: try Dataset(table, label: label))
      loaded.label = Loaded.Label(name: table.columnNames?[place], place: place)
      loaded.remarks.notes = digitNotes(table, label: place)
    }
    loaded.examples.name =
      isStandardInput(path)
      ? "standard input" : URL(filePath: path).deletingPathExtension().lastPathComponent
    return loaded
  }

  /// A note on columns of numbers such as 1e8 + 0.1, which single precision rounds to 1e8.
  private static func digitNotes(_ table: CSVTable, label: Int) -> [String] {
    let columns = (0..<table.columnCount).filter { $0 != label }
    return table.columnsThatLoseDigits(columns).prefix(8).map { column in
      "the numbers in column \(table.columnNames.map { "\"\($0[column])\"" } ?? "\(column)") differ "
        + "only beyond the seven digits of single precision: subtract their common offset first"
    }
  }

  /// A note on the columns that a network does not know.
  static func unusedNote(_ columns: TableColumns, of table: CSVTable) -> [String] {
    guard !columns.unused.isEmpty, let names = table.columnNames else { return [] }
    let shown = columns.unused.prefix(8).map { "\"\(names[$0])\"" }.joined(separator: ", ")
    let rest = columns.unused.count - 8
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
