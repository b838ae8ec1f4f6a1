import Networks

extension DataOverview {
  /// A CSV file, with or without a label column; read once, row by row.
  init(_ table: CSVTable, label: LabelColumn?) throws {
    name = table.name
    examples = table.rowCount
    let labelColumn = try label.map { try table.column($0) }
    let names = table.columnNames ?? (0..<table.columnCount).map { "column \($0)" }
    self.label = labelColumn.map { names[$0] }
    firstRows = (0..<min(5, table.rowCount)).map { table.texts(ofRow: $0) }
    var summaries = names.map { ColumnSummary(name: $0) }
    table.forEachRow { _, texts in
      for (column, text) in texts.enumerated() where column != labelColumn {
        summaries[column].add(text)
      }
    }
    columns = summaries.indices.filter { $0 != labelColumn }.map { summaries[$0].column }
    if let labelColumn {
      let found = try table.classCounts(inColumn: labelColumn)
      classes = found.classes.map { ClassCount(name: $0.name, examples: $0.rows) }
      missingLabels = found.missing
    }
  }
}

/// The statistics of a column of a table, accumulated value by value.
private struct ColumnSummary {
  private(set) var column: DataOverview.Column
  private var texts: Set<String> = []
  private var (count, sum) = (0, 0.0)

  init(name: String) { column = DataOverview.Column(name: name) }

  mutating func add(_ text: String) {
    if texts.insert(text).inserted { column.distinct += 1 }
    if MissingValue.marksNumber(text) {
      column.missing += 1
    } else if let number = CSVTable.number(text), Float(number).isFinite {
      let value = Float(number)
      count += 1
      sum += number
      column.minimum = min(column.minimum ?? value, value)
      column.maximum = max(column.maximum ?? value, value)
      column.mean = Float(sum / Double(count))
    } else {
      column.words += 1
    }
  }
}
