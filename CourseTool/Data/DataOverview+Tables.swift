import Networks

extension DataOverview {
  /// A CSV file, with or without a label column.
  /// - Parameter options: the user's decisions about columns, as for training
  init(_ table: CSVTable, label: LabelColumn?, options: PreparationOptions) throws {
    name = table.name
    examples = table.rowCount
    notes = DataSource.encodingNotes(table)
    let labelColumn = try label.map { try table.column($0) }
    self.label = labelColumn.map { table.title($0) }
    firstRows = (0..<min(5, table.rowCount)).map { table.texts(ofRow: $0) }
    let review = try TableReview(table, targets: label.map { [$0] } ?? [], options: options)
    let complete = review.completeRows
    let rows = complete.rows
    let fits = rows.isEmpty ? [:] : try review.fittedDecisions(to: rows)
    var summaries = (0..<table.columnCount).map { column in
      ColumnSummary(
        name: table.title(column), review.decisions[column], fits[column],
        isMissing: { review.isMissing($0, column: column) })
    }
    table.forEachRow { _, texts in
      for (column, text) in texts.enumerated() where column != labelColumn {
        summaries[column].add(text)
      }
    }
    columns = summaries.indices.filter { $0 != labelColumn }.map { summaries[$0].column }
    let separator = review.listSeparator
    if let labelColumn, let separator {
      let title = table.title(labelColumn)
      notes.append(
        "\"\(title)\" lists labels, separated by "
          + (separator == " " ? "spaces" : "\"\(separator)\"")
          + ": give rows several of them with 'train csv-multilabel --target \(title)'")
    } else if let labelColumn {
      if let found = try? table.classCounts(inColumn: labelColumn) {
        classes = found.classes.map { ClassCount(name: $0.name, examples: $0.rows) }
        missingLabels = found.missing
      }
      if classes.isEmpty || review.looksLikeMeasurement(classCount: classes.count) {
        classes = []
        notes.append(
          "\"\(table.title(labelColumn))\" looks like a measurement: predict it with 'train "
            + "csv-regression --target'")
      }
    }
    if let clock = review.datesInSteps, let step = clock.stepText {
      let title = labelColumn.flatMap {
        classes.isEmpty && separator == nil ? table.title($0) : nil
      }
      notes.append(
        "the rows are \(step) apart (\"\(clock.name)\"): predict the next ones with 'train "
          + "csv-sequence --target \(title ?? "COLUMN")'")
    }
    let answers = review.decisions.indices.filter { column in
      if case .used(.yesNo) = review.decisions[column] { true } else { false }
    }.map { table.title($0) }
    if labelColumn == nil, answers.count > 1 {
      notes.append(
        "columns of yes and no are predicted together with 'train csv-multilabel --target "
          + "\(answers.prefix(8).joined(separator: ","))\(answers.count > 8 ? ",..." : "")'")
    }
    let isOfClasses = labelColumn == nil || !classes.isEmpty
    notes += (isOfClasses ? table.textColumns(besides: labelColumn) : []).prefix(4).map { column in
      "\"\(table.title(column))\" holds texts, of which a network learns the classes with '"
        + table.textTraining(column: column, label: labelColumn) + "'"
    }
    notes += DataSource.droppedNotes(complete, of: table, verb: "training leaves out")
  }
}

/// The statistics of a column of a table, accumulated value by value.
private struct ColumnSummary {
  private(set) var column: DataOverview.Column
  private let number: (String) -> Double?
  private let isMissing: (String) -> Bool
  private var texts: Set<String> = []
  private var (count, sum) = (0, 0.0)

  init(
    name: String, _ decision: TableReview.Decision, _ fitted: TableReview.FittedColumn?,
    isMissing: @escaping (String) -> Bool
  ) {
    column = DataOverview.Column(name: name)
    self.isMissing = isMissing
    switch (decision, fitted) {
    case (.used(.number(let style)), _): number = { style.number($0) }
    case (.used(.words), _), (.used(.vocabulary), _): number = { _ in nil }
    default: number = { CSVTable.number($0) }
    }
    switch (decision, fitted) {
    case (.used, .used(let fitted)): column.use = fitted.summary
    case (.used, .leftOut(let reason)), (.leftOut(let reason), _):
      column.use = "left out: \(reason)"
      column.isLeftOut = true
    case (.refused(let error), _): column.problem = error.forCommandLine()
    case (.notWanted, _):
      column.use = "left out: not asked for"
      column.isLeftOut = true
    case (.used, nil), (.target, _): break
    }
  }

  mutating func add(_ text: String) {
    if texts.insert(text).inserted { column.distinct += 1 }
    if isMissing(text) {
      column.missing += 1
    } else if let number = number(text), Float(number).isFinite {
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
