import Foundation
import Networks

// The door through which every command reads a table. `TableSchema` (Shared) has the rule.

extension DataSource {
  /// What a network's tables look like, as far as its file says.
  static func schema(of network: NeuralNetwork, _ recipe: Recipe?) -> TableSchema {
    let count = network.inputShape.reduce(1, *)
    var schema = TableSchema(
      featureNames: network.featureNames, featureCount: count, classNames: network.classNames)
    // Files of the first version have the setting only. In training, every column beside the label is a feature.
    let setting = recipe?.label.map { LabelColumn(argument: $0) }
    let bundled = bundled.first { $0.name == recipe?.data }
    schema.labelName = network.notes[labelNameNote] ?? bundled?.label
    if case .name(let name) = setting { schema.labelName = name }
    schema.labelPlace = network.notes[labelPlaceNote].flatMap { Int($0) }
    if case .index(let index) = setting, schema.labelPlace == nil {
      schema.labelPlace = index < 0 ? count + 1 + index : index
    }
    if bundled != nil { schema.labelPlace = count }
    return schema
  }

  private static let labelNameNote = "label name"
  private static let labelPlaceNote = "label place"

  /// Where the label of training is, for tables to come.
  static func noteLabel(_ label: Loaded.Label?, in network: inout NeuralNetwork) {
    network.notes[labelNameNote] = label?.name
    network.notes[labelPlaceNote] = label.map { "\($0.place)" }
  }

  /// A table; its first row is the header when it has the names that are looked for.
  static func table(
    _ path: String, label: LabelColumn?, schema: TableSchema? = nil
  ) throws -> CSVTable {
    if PixelImage.looksLikeImage(path) {
      throw CourseError(
        .format, "one image is no data set", expected: "a table, or a folder of images",
        received: "an image", location: path, remedy: "Give the folder that it lies in.")
    }
    let features = schema?.featureNames ?? []
    return try CSVTable(
      contentsOf: path, expecting: features.isEmpty ? label?.names ?? [] : features)
  }

  /// The examples in a table.
  /// - Parameter schema: of a trained network, which takes its columns only
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

  /// A word about columns of numbers such as 1e8 + 0.1, of which single precision leaves 1e8.
  private static func digitNotes(_ table: CSVTable, label: Int) -> [String] {
    let columns = (0..<table.columnCount).filter { $0 != label }
    return table.columnsThatLoseDigits(columns).prefix(8).map { column in
      "the numbers in column \(table.columnNames.map { "\"\($0[column])\"" } ?? "\(column)") differ in "
        + "digits that single precision, which keeps seven, loses: subtract what they have in common first"
    }
  }

  /// A word about the columns that a network does not know.
  static func unusedNote(_ columns: TableColumns, of table: CSVTable) -> [String] {
    guard !columns.unused.isEmpty, let names = table.columnNames else { return [] }
    let shown = columns.unused.prefix(8).map { "\"\(names[$0])\"" }.joined(separator: ", ")
    let rest = columns.unused.count - 8
    return [
      "\(table.name) has columns that the network does not know, and they are left out: \(shown)"
        + (rest > 0 ? " and \(rest) more" : "")
    ]
  }

  static func isStandardInput(_ path: String) -> Bool { path == "-" || path == "/dev/stdin" }

  /// Whether what is at a path can be read once only.
  static func isPipe(_ path: String) -> Bool {
    if isStandardInput(path) || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/") {
      return true
    }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Whether a text is the path of a file rather than a name.
  static func isPath(_ source: String) -> Bool {
    source == "-" || source.contains("/") || source.contains(".")
      || FileManager.default.fileExists(atPath: source)
  }
}
