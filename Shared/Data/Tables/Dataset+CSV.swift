import CCourseData
import Foundation

extension Dataset {
  /// Reads a CSV file whose label column holds classes: words or whole numbers, as they are written. All other columns are
  /// features and hold numbers.
  ///
  ///     let flowers = try Dataset(csv: "flowers.csv", label: "species")
  ///
  /// - Parameters:
  ///   - label: the label column by name, or by number from 0 (-1 is the last)
  ///   - header: whether the first row names the columns; one that has the label's name does
  ///   - delimiter: `nil` to detect it: tab, semicolon or comma
  ///   - classNames: the classes of a trained network, to which the labels then refer; `nil` to take
  ///     those of the file, sorted (as numbers when all are)
  public init(
    csv path: String, label: LabelColumn, header: CSVHeader = .automatic,
    delimiter: Character? = nil, classNames: [String]? = nil
  ) throws {
    let table = try CSVTable(
      contentsOf: path, header: header, delimiter: delimiter, expecting: label.names)
    try self.init(table, label: label, classNames: classNames)
    name = URL(filePath: path).deletingPathExtension().lastPathComponent
  }

  /// The dataset in a table; see `init(csv:label:header:delimiter:classNames:)`.
  public init(_ table: CSVTable, label: LabelColumn, classNames: [String]? = nil) throws {
    let labelColumn = try table.column(label)
    let columns = (0..<table.columnCount).filter { $0 != labelColumn }
    guard !columns.isEmpty else {
      throw CourseError(
        .invalidData, "the table has no features", expected: "columns beside the label",
        received: "one column", location: table.name,
        remedy: "If there are more, give the delimiter.")
    }
    try self.init(table, features: columns, label: labelColumn, classNames: classNames)
  }

  /// The examples that a trained network finds in a table; see `TableSchema`.
  public init(_ table: CSVTable, for schema: TableSchema, label: LabelColumn? = nil) throws {
    let columns = try table.columns(for: schema, label: label, needsLabel: true)
    guard let label = columns.label else { stop("TableSchema: no label column") }
    try self.init(
      table, features: columns.features, label: label,
      classNames: schema.classNames.isEmpty ? nil : schema.classNames)
    if !schema.featureNames.isEmpty { featureNames = schema.featureNames }
  }

  private init(
    _ table: CSVTable, features columns: [Int], label: Int, classNames: [String]?
  ) throws {
    let classes = try table.classes(inColumn: label, classNames: classNames)
    try self.init(
      name: table.name, features: table.numbers(inColumns: columns),
      targets: .classes(classes.indices),
      featureNames: table.columnNames.map { names in columns.map { names[$0] } } ?? [],
      classNames: classes.names)
  }

  // MARK: Bundled data

  /// Fisher's Iris flowers (1936): 150 examples of 4 lengths in cm, 3 species of 50 each.
  public static var iris: Dataset { bundledIris }

  /// Handwritten digits, 8 x 8 pixels of 0 to 16: 1797 examples of 64 numbers, 10 classes (the test
  /// part of Alpaydin and Kaynak's *Optical Recognition of Handwritten Digits*, 1998).
  public static var digits: Dataset { bundledDigits }

  private static let bundledIris = bundled(
    "iris", label: "species", bundled_iris_csv, bundled_iris_csv_size)
  private static let bundledDigits = bundled(
    "digits", label: "digit", bundled_digits_csv, bundled_digits_csv_size)

  private static func bundled(
    _ name: String, label: LabelColumn, _ text: UnsafePointer<CChar>, _ size: Int
  ) -> Dataset {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: text, count: size))
    do {
      let table = try CSVTable(bytes: bytes, name: name, header: .present, delimiter: ",")
      return try Dataset(table, label: label)
    } catch {
      stop("the bundled \(name) data cannot be read: \(error)")
    }
  }
}
