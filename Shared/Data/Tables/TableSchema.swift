/// The columns of a table that a trained network needs, and the one rule by which they are found.
///
///     let schema = TableSchema(featureNames: ["x", "y"], labelName: "kind")
///     let table = try CSVTable(contentsOf: "points.csv", expecting: schema.featureNames)
///     let columns = try table.columns(for: schema)
///     try table.numbers(inColumns: columns.features)
///
/// - A table with a header is read **by name**, in any order of its columns; capitals and blanks around a
///   name do not matter where no name is the same. A feature that is missing is an error. Columns that
///   the network does not know are left out (`TableColumns.unused`).
/// - A table without one, or a network without names, is read **by place**: as many columns as features, or one
///   more, the label.
/// - The label column is the one that the caller names; or that of this name; or, by place, the one where it stood
///   in training; or the only one left; or the only one that holds nothing but class names.
public struct TableSchema: Sendable, Equatable {
  /// The names of the features, in the order of the network's inputs; empty when they have none.
  public var featureNames: [String]
  /// The number of features.
  public var featureCount: Int
  /// The classes; empty when they have no names.
  public var classNames: [String]
  /// The name of the label column in training; `nil` when it had none.
  public var labelName: String?
  /// The number of the label column in training, from 0.
  public var labelPlace: Int?
  /// The number of columns beside the label in training, of which some may not have been used.
  package var otherCount: Int
  /// Where the features stood among those columns.
  package var ordinals: [Int]

  /// A schema from its parts.
  /// - Parameter featureCount: the number of names unless given
  public init(
    featureNames: [String], featureCount: Int? = nil, classNames: [String] = [],
    labelName: String? = nil, labelPlace: Int? = nil
  ) {
    self.featureCount = featureCount ?? featureNames.count
    self.featureNames = featureNames.count == self.featureCount ? featureNames : []
    self.classNames = classNames
    self.labelName = labelName
    self.labelPlace = labelPlace
    otherCount = self.featureCount
    ordinals = Array(0..<Swift.max(0, self.featureCount))
  }
}

/// The roles of the columns of a table.
package struct TableColumns: Sendable, Equatable {
  /// The features, in the order of the network's inputs.
  package var features: [Int]
  /// The label column; `nil` when there is none.
  package var label: Int?
  /// Further columns to predict.
  package var otherTargets: [Int] = []
  /// The other columns.
  package var unused: [Int]
}

extension CSVTable {
  /// The columns that a network looks for; see `TableSchema` for the rule.
  /// - Parameters:
  ///   - label: the label column, if the caller knows it
  ///   - needsLabel: whether a table without label column is an error
  package func columns(
    for schema: TableSchema, label: LabelColumn? = nil, needsLabel: Bool = false
  ) throws -> TableColumns {
    let given = try label.map { try column($0) }
    var columns =
      columnNames != nil && !schema.featureNames.isEmpty
      ? try columnsByName(schema, label: given)
      : try columnsByPlace(schema, label: given, needsLabel: needsLabel)
    if columns.label == nil, needsLabel {
      columns.label = try labelAmong(columns.unused, schema: schema)
      columns.unused.removeAll { $0 == columns.label }
    }
    return columns
  }

  private func columnsByName(_ schema: TableSchema, label given: Int?) throws -> TableColumns {
    let names = columnNames ?? []
    let found = places(of: schema.featureNames, among: names)
    let missing = schema.featureNames.indices.filter { found[$0] == nil }
    guard missing.isEmpty else {
      throw CourseError(
        .invalidData, "columns are missing", expected: quotedList(schema.featureNames),
        received: "no \(quotedList(missing.map { schema.featureNames[$0] })) among "
          + quotedList(names),
        location: name,
        remedy: "Name the columns as in training; or remove the header, and they are taken in "
          + "their order.")
    }
    let features = found.compactMap { $0 }
    if let given, let place = features.firstIndex(of: given) {
      throw CourseError(
        .invalidArgument, "a column cannot be feature and label",
        expected: "a column beside \(quotedList(schema.featureNames))",
        received: "\"\(schema.featureNames[place])\"", location: name,
        remedy: "Name the column that holds the class.")
    }
    let own = schema.labelName.flatMap { places(of: [$0], among: names)[0] }
    let label = given ?? own.flatMap { features.contains($0) ? nil : $0 }
    let used = Set(features + [label].compactMap { $0 })
    return TableColumns(
      features: features, label: label,
      unused: names.indices.filter { !used.contains($0) })
  }

  private func columnsByPlace(
    _ schema: TableSchema, label given: Int?, needsLabel: Bool
  ) throws -> TableColumns {
    let (width, all) = (schema.otherCount, Array(0..<columnCount))
    if columnCount == width, given == nil, !needsLabel {
      return TableColumns(features: schema.ordinals, label: nil, unused: [])
    }
    guard columnCount == width + 1 else {
      let needed = needsLabel || given != nil
      throw CourseError(
        .invalidData, "wrong number of columns",
        expected: needed
          ? "\(width) and the label" : "\(width), or \(width + 1) with the label",
        received: "\(columnCount)", location: name,
        remedy: schema.featureNames.isEmpty
          ? nil
          : "Other columns may be there when a header names those that count: "
            + "\(quotedList(schema.featureNames)).")
    }
    let named = columnNames.flatMap { names in
      schema.labelName.flatMap { places(of: [$0], among: names)[0] }
    }
    let place = schema.labelPlace.flatMap { all.contains($0) ? $0 : nil }
    let label = try given ?? named ?? place ?? labelAmong(all, schema: schema)
    let others = all.filter { $0 != label }
    return TableColumns(features: schema.ordinals.map { others[$0] }, label: label, unused: [])
  }

  /// The label column among those that may be it: the only one, or the only one of class names.
  private func labelAmong(_ candidates: [Int], schema: TableSchema) throws -> Int {
    // A label that has a name has it in every table with a header.
    var left = columnNames != nil && schema.labelName != nil ? [] : candidates
    if left.count > 1 {
      let classes = Set(schema.classNames)
      var fields: [CSVField] = []
      for row in 0..<rowCount where !left.isEmpty {
        readFields(ofRow: row, into: &fields)
        left.removeAll { !classes.contains(scanner.text(fields[$0])) }
      }
    }
    if left.count == 1 { return left[0] }
    throw CourseError(
      .invalidData,
      schema.labelName.map { "there is no label column \"\($0)\"" }
        ?? "the label column cannot be told from the others",
      expected: "a column of classes",
      received: columnNames.map(quotedList) ?? "\(columnCount) columns without names",
      location: name, remedy: "Say which column holds the class (`label`).")
  }
}
