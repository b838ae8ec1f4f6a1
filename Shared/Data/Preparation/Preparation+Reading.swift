import Foundation

// From the rows of a table to features.

/// A cell of a column, read as the column's kind.
enum TableCell {
  case missing
  case number(Double)
  case word(String)
  /// Neither a value of the column nor a gap.
  case invalid
}

extension CSVTable {
  /// Reads a cell.
  func cell(
    _ field: CSVField, kind: Preparation.Kind, missingMarks marks: Set<String>
  ) -> TableCell {
    if case .number(.plain) = kind, marks.isEmpty,
      let number = parseDecimal(scanner.bytes, field.range)
    {
      return Float(number).isFinite ? .number(number) : .invalid
    }
    let text = scanner.text(field)
    if marks.contains(text) { return .missing }
    func checked(_ number: Double?, _ isMissing: (String) -> Bool) -> TableCell {
      if let number { return Float(number).isFinite ? .number(number) : .invalid }
      return isMissing(text) ? .missing : .invalid
    }
    switch kind {
    case .number(let style): return checked(style.number(text), MissingValue.marksNumber)
    case .date(let style, _), .calendar(let style, _, _):
      return checked(style.days(text), MissingValue.marksNumber)
    case .yesNo:
      return checked(
        TableReview.yesAndNo[text.lowercased()].map { $0 ? 1 : 0 }, MissingValue.marksLabel)
    case .words, .vocabulary: return MissingValue.marksLabel(text) ? .missing : .word(text)
    }
  }

  /// The rows without a gap in any of some columns.
  func completeRows(
    _ columns: [(place: Int, kind: Preparation.Kind)],
    targets: [(place: Int, kind: Preparation.Kind)], missingMarks marks: Set<String>
  ) -> CompleteRows {
    var complete = CompleteRows(rows: [])
    var fields: [CSVField] = []
    for row in 0..<rowCount {
      readFields(ofRow: row, into: &fields)
      if targets.contains(where: {
        isMissing(target: fields[$0.place], kind: $0.kind, missingMarks: marks)
      }) {
        complete.withoutTarget.append(row)
      } else if columns.contains(where: {
        isMissing(fields[$0.place], kind: $0.kind, missingMarks: marks)
      }) {
        complete.withGap.append(row)
      } else {
        complete.rows.append(row)
      }
    }
    return complete
  }

  private func isMissing(
    _ field: CSVField, kind: Preparation.Kind, missingMarks marks: Set<String>
  ) -> Bool {
    if case .missing = cell(field, kind: kind, missingMarks: marks) { true } else { false }
  }

  /// Whether a target is missing. A further mark of missing values is a class like others in a column of classes.
  private func isMissing(
    target field: CSVField, kind: Preparation.Kind, missingMarks marks: Set<String>
  ) -> Bool {
    if case .words = kind { return isMissing(field, kind: kind, missingMarks: []) }
    return isMissing(field, kind: kind, missingMarks: marks)
  }

  /// Throws for the first of some rows whose target is missing.
  func requireTargets(
    in targets: [(place: Int, kind: Preparation.Kind)], rows: [Int],
    missingMarks marks: Set<String>, remedy: String
  ) throws {
    var fields: [CSVField] = []
    for row in rows {
      readFields(ofRow: row, into: &fields)
      for (place, kind) in targets {
        guard isMissing(target: fields[place], kind: kind, missingMarks: marks) else { continue }
        let isLabel = if case .words = kind { true } else { false }
        throw CourseError(
          .invalidData, isLabel ? "the label is missing" : "the number to predict is missing",
          received: "\"\(scanner.text(fields[place]))\"",
          location: location(row: row, column: place), remedy: remedy)
      }
    }
  }

  /// The error for a cell that is no value of its column.
  func cellError(row: Int, column: Int, kind: Preparation.Kind) -> CourseError {
    let expected: String
    switch kind {
    case .number(let style) where style == .plain:
      return numberError(row: row, column: column)
    case .number(let style): expected = "a number (\(style.text))"
    case .date(let style, _), .calendar(let style, _, _):
      expected =
        switch style.order {
        case .yearMonthDay: "a date: year, month, day"
        case .dayMonthYear: "a date: day, month, year"
        case .monthDayYear: "a date: month, day, year"
        case .none: "a time of day, such as 13:30"
        }
    case .yesNo: expected = "yes or no, true or false"
    case .words, .vocabulary: expected = "a word"
    }
    return CourseError(
      .invalidData, "the value does not fit its column", expected: expected,
      received: "\"\(text(row: row, column: column))\"",
      location: location(row: row, column: column),
      remedy: "Write it as the others of the column, or remove the row.")
  }
}

/// The rows of a table that become examples, and those that `Missing.dropRow` leaves out.
package struct CompleteRows: Sendable {
  /// The rows that become examples.
  package var rows: [Int]
  /// Rows with a gap in a column that is used.
  package var withGap: [Int] = []
  /// Rows in which a column to predict is missing.
  package var withoutTarget: [Int] = []

  package init(rows: [Int]) { self.rows = rows }
}

/// The features of the rows of a table.
package struct PreparedRows: Sendable {
  /// `[rows.rows.count, featureCount]`
  package var features: Tensor
  /// The rows of the table.
  package var rows: CompleteRows
  /// The number of gaps in each column that has some, by name.
  package var gaps: [(column: String, count: Int)] = []
  /// The words that training did not have, or too rarely for a vector, in each column that has some.
  package var unknownWords: [(column: Preparation.Column, words: [String], rows: Int)] = []

  /// Remarks for the user.
  package var notes: [String] {
    func list(_ parts: [String]) -> String {
      parts.prefix(8).joined(separator: ", ")
        + (parts.count > 8 ? " and \(parts.count - 8) more" : "")
    }
    var notes: [String] = []
    if !gaps.isEmpty {
      notes.append(
        "missing values filled: "
          + list(gaps.map { "\($0.count) in \"\($0.column)\"" }))
    }
    for (column, words, rows) in unknownWords {
      let what =
        if case .vocabulary = column.kind {
          "has words of fewer than \(Preparation.rareWordCount) training rows, which count as one word: "
        } else {
          "has words that training did not have, which count as no word: "
        }
      notes.append(
        "column \"\(column.name)\" " + what
          + list(words.sorted().map { "\"\($0)\"" }) + " (\(counted(rows, "row")))")
    }
    return notes
  }
}

extension Preparation {
  /// The columns of the training table that other tables must have, by the rule of `TableSchema`.
  package func schema(classNames: [String]) -> TableSchema {
    let places = Set(targets.map(\.place))
    let others = (0..<columnCount).filter { !places.contains($0) }
    if window != nil {
      var schema = TableSchema(
        featureNames: isNamed ? columns.map(\.name) : [], featureCount: columns.count)
      (schema.otherCount, schema.ordinals) = (columnCount, columns.map(\.place))
      return schema
    }
    var schema = TableSchema(
      featureNames: isNamed ? columns.map(\.name) : [], featureCount: columns.count,
      classNames: classNames, labelName: targets.first?.name, labelPlace: targets.first?.place)
    schema.otherCount = others.count
    schema.ordinals = columns.compactMap { others.firstIndex(of: $0.place) }
    return schema
  }

  /// Whether numbers are predicted, not classes.
  public var predictsNumbers: Bool { targets.contains { $0.style != nil } }

  /// Where a table has the columns.
  package func find(
    in table: CSVTable, classNames: [String] = [], label: LabelColumn? = nil,
    needsTargets: Bool = false
  ) throws -> TableColumns {
    let schema = schema(classNames: classNames)
    if let window { return try find(window, schema, in: table, label: label) }
    guard targets.count > 1 else {
      return try table.columns(for: schema, label: label, needsLabel: needsTargets)
    }
    guard label == nil else {
      throw CourseError(
        .invalidArgument, "one column for several that are to be predicted",
        expected: "the names of training: \(quotedList(targets.compactMap(\.name)))",
        received: "\(label!)", location: table.name, remedy: "Name the columns as in training.")
    }
    guard let names = table.columnNames, isNamed else {
      if table.columnCount == columnCount {
        return TableColumns(
          features: columns.map(\.place), label: targets[0].place,
          otherTargets: targets.dropFirst().map(\.place), unused: [])
      }
      return try table.columns(for: schema, needsLabel: needsTargets)
    }
    var found = try table.columns(for: schema, needsLabel: needsTargets)
    let others = places(of: targets.dropFirst().map { $0.name ?? "" }, among: names)
    if needsTargets, let missing = others.firstIndex(of: nil) {
      throw CourseError(
        .invalidData, "columns are missing", expected: quotedList(targets.compactMap(\.name)),
        received: "no \"\(targets[missing + 1].name ?? "")\" among \(quotedList(names))",
        location: table.name, remedy: "Name the columns as in training.")
    }
    found.otherTargets = others.compactMap { $0 }
    found.unused.removeAll(where: found.otherTargets.contains)
    return found
  }

  /// Where a table has the columns of a series: the targets are among the features.
  private func find(
    _ window: SeriesWindow, _ schema: TableSchema, in table: CSVTable, label: LabelColumn?
  ) throws -> TableColumns {
    guard label == nil else {
      throw CourseError(
        .invalidArgument, "one column for the past and the future of a series",
        expected: "the names of training: \(quotedList(targets.compactMap(\.name)))",
        received: "\(label!)", location: table.name, remedy: "Name the columns as in training.")
    }
    var found = try table.columns(for: schema)
    let own = targets.compactMap { target in
      columns.firstIndex { $0.place == target.place }.map { found.features[$0] }
    }
    found.label = own.first
    found.otherTargets = Array(own.dropFirst())
    if let clock = window.clock, let place = place(of: clock, in: table) {
      found.unused.removeAll { $0 == place }
    }
    return found
  }

  /// Where a table has the clock of a series; `nil` where it has none.
  private func place(of clock: SeriesClock, in table: CSVTable) -> Int? {
    guard let names = table.columnNames, isNamed else {
      return table.columnCount == columnCount ? clock.place : nil
    }
    return places(of: [clock.name], among: names)[0]
  }

  /// The features of all rows of a table, `[rowCount, featureCount]`. Of a series, all its windows,
  /// `[rowCount − history + 1, history, featureCount]`; the last of them tells the rows after the table.
  ///
  /// - Throws: `CourseError` for a column that is missing, and for a cell that is no value of its column. With
  ///   `Missing.refuse` and `Missing.dropRow` also for a gap: every row is to have its answer.
  public func features(of table: CSVTable) throws -> Tensor {
    let columns = try find(in: table)
    _ = try times(of: table)
    let rows = try read(
      table, columns: columns.features, of: CompleteRows(rows: Array(0..<table.rowCount))
    ).features
    guard let window else { return rows }
    try requireHistory(in: table)
    return window.inputs(rows, withoutTargets: true)
  }

  /// The last rows of a series, `[1, history, featureCount]`, and the times of those that follow, written as in the
  /// table; none where it tells no time in equal steps.
  package func lastWindow(
    of table: CSVTable
  ) throws -> (reading: PreparedRows, times: [String], notes: [String])? {
    guard let window else { return nil }
    let columns = try find(in: table)
    try requireHistory(in: table)
    var (times, notes) = ([String](), [String]())
    if let clock = window.clock {
      if let place = place(of: clock, in: table) {
        let following = try clock.following(table, column: place, count: window.horizon)
        times = following?.times ?? []
        if let step = following?.step, let usual = clock.step, step != usual {
          var other = clock
          other.step = step
          notes.append(
            "the rows of \(table.name) are \(other.stepText ?? "") apart, in training "
              + "\(clock.stepText ?? "")")
        }
      } else {
        notes.append("\(table.name) has no column \"\(clock.name)\": the predictions have no time")
      }
    }
    var reading = try read(
      table, columns: columns.features,
      of: CompleteRows(rows: Array((table.rowCount - window.history)..<table.rowCount)))
    reading.features = reading.features.reshaped(to: [1, window.history, featureCount])
    return (reading, times, notes)
  }

  private func requireHistory(in table: CSVTable) throws {
    guard let window, table.rowCount < window.history else { return }
    throw CourseError(
      .invalidData, "the table is shorter than the history that the network reads",
      expected: "at least \(window.history) rows", received: "\(table.rowCount)",
      location: table.name, remedy: "Give the rows before these as well.")
  }

  /// The times of the rows of a series; none where the table does not tell them.
  /// - Throws: when the rows are not in the order of time.
  private func times(of table: CSVTable) throws -> [Double] {
    guard let clock = window?.clock, let place = place(of: clock, in: table) else { return [] }
    return try table.times(of: clock, column: place)
  }

  /// The examples of rows that were read.
  func dataset(
    _ reading: PreparedRows, targets: Target, classNames: [String] = [], of table: CSVTable
  ) throws -> Dataset {
    guard let window else {
      return try Dataset(
        name: table.name, features: reading.features, targets: targets,
        featureNames: featureNames, classNames: classNames)
    }
    try window.requireWindows(in: table, featureCount: featureCount)
    var data = try Dataset(
      name: table.name, features: window.inputs(reading.features), targets: targets)
    data.times = Array(try times(of: table).dropFirst(window.history).prefix(data.count))
    return data
  }

  /// The examples in a table with targets. With `Missing.dropRow`, rows with gaps are left out.
  ///
  /// - Parameters:
  ///   - classNames: the classes of a trained network, to which the labels then refer; `nil` to take those of the table
  public func dataset(
    _ table: CSVTable, classNames: [String]? = nil, label: LabelColumn? = nil
  ) throws -> Dataset {
    try examples(in: table, classNames: classNames, label: label).data
  }

  /// The examples in a table, and how they were read.
  package func examples(
    in table: CSVTable, classNames: [String]? = nil, label: LabelColumn? = nil
  ) throws -> (data: Dataset, reading: PreparedRows) {
    let found = try find(
      in: table, classNames: classNames ?? [], label: label, needsTargets: true)
    guard let place = found.label else { stop("Preparation: no label column") }
    try window?.requireWindows(in: table)
    let styles = targets.compactMap(\.style)
    // A row without labels is an example like others.
    let kinds: [Kind] =
      labels != nil ? [] : styles.isEmpty ? [.words(values: [])] : styles.map { .number(style: $0) }
    let places = zip([place] + found.otherTargets, kinds).map { (place: $0, kind: $1) }
    let complete = try completeRows(of: table, columns: found.features, targets: places)
    let rows = complete.rows
    try table.requireTargets(
      in: places, rows: rows, missingMarks: Set(missingMarks),
      remedy: window == nil ? "Fill it in or remove the row." : SeriesWindow.gapRemedy)
    let reading = try read(table, columns: found.features, of: complete)
    if !styles.isEmpty {
      let targets = try table.numbers(
        inColumns: [place] + found.otherTargets, styles: styles, rows: rows, missingMarks,
        window: window)
      return (try dataset(reading, targets: targets, of: table), reading)
    }
    if let labels {
      let truth = try table.truth(
        of: labels, inColumns: [place] + found.otherTargets, rows: rows)
      let data = try dataset(
        reading, targets: .values(truth), classNames: labels.names, of: table)
      return (data, reading)
    }
    let classes = try table.classes(inColumn: place, classNames: classNames, rows: rows)
    let data = try Dataset(
      name: table.name, features: reading.features, targets: .classes(classes.indices),
      featureNames: featureNames, classNames: classes.names)
    return (data, reading)
  }

  /// The rows that become examples.
  private func completeRows(
    of table: CSVTable, columns places: [Int], targets: [(place: Int, kind: Kind)]
  ) throws -> CompleteRows {
    guard missing == .dropRow else { return CompleteRows(rows: Array(0..<table.rowCount)) }
    let complete = table.completeRows(
      zip(places, columns).map { (place: $0, kind: $1.kind) }, targets: targets,
      missingMarks: Set(missingMarks))
    guard !complete.rows.isEmpty else { throw table.everyRowHasAGap }
    return complete
  }

  /// The features of some rows.
  /// - Parameter places: where the table has the columns
  package func read(
    _ table: CSVTable, columns places: [Int], of complete: CompleteRows
  ) throws -> PreparedRows {
    let rows = complete.rows
    let marks = Set(missingMarks)
    let readers = columns.map { ColumnReader($0) }
    var gaps = [Int](repeating: 0, count: columns.count)
    var unknown = [[String: Int]](repeating: [:], count: columns.count)
    var fields: [CSVField] = []
    let features = try Tensor(shape: [rows.count, featureCount]) { out in
      var start = 0
      for row in rows {
        table.readFields(ofRow: row, into: &fields)
        for (index, place) in places.enumerated() {
          let column = columns[index]
          let part = UnsafeMutableBufferPointer(
            start: out + start, count: readers[index].size)
          start += part.count
          part.update(repeating: 0)
          switch table.cell(fields[place], kind: column.kind, missingMarks: marks) {
          case .number(let number): readers[index].write(number, to: part)
          case .word(let word):
            if let place = readers[index].place(of: word) {
              readers[index].fill(Double(place), part)
            } else {
              unknown[index][word, default: 0] += 1
            }
          case .missing:
            guard missing != .refuse, missing != .dropRow else {
              throw table.gapError(row: row, column: place)
            }
            gaps[index] += 1
            if let fill = column.fill { readers[index].fill(fill, part) }
            if column.hasIndicator { part[part.count - 1] = 1 }
          case .invalid:
            throw table.cellError(row: row, column: place, kind: column.kind)
          }
        }
      }
    }
    var result = PreparedRows(features: features, rows: complete)
    for (index, column) in columns.enumerated() {
      if gaps[index] > 0 { result.gaps.append((column.name, gaps[index])) }
      if !unknown[index].isEmpty {
        result.unknownWords.append(
          (column, Array(unknown[index].keys), unknown[index].values.reduce(0, +)))
      }
    }
    return result
  }
}
