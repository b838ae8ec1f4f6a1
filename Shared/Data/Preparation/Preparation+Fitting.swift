// Fitting: the words, the values of gaps and the constant columns, from the training rows.

extension Preparation {
  /// A preparation for a table, fitted to all its rows.
  ///
  /// - Parameters:
  ///   - target: the column to predict
  ///   - options: the user's decisions about columns
  /// - Throws: `CourseError` for a column that cannot be used, with a remedy; `options` that name a column that is not
  ///   there or contradict each other.
  public init(
    _ table: CSVTable, target: LabelColumn, options: PreparationOptions = PreparationOptions()
  ) throws {
    let review = try TableReview(table, targets: [target], options: options)
    self = try review.fitted(to: review.completeRows.rows)
  }

  /// A preparation for a table whose rows may have several labels, fitted to all its rows.
  ///
  /// - Parameter labels: a column of yes and no for each label, or one column of lists
  public init(
    _ table: CSVTable, labels: [LabelColumn], options: PreparationOptions = PreparationOptions()
  ) throws {
    let review = try TableReview(table, targets: labels, .labels, options: options)
    self = try review.fitted(to: review.completeRows.rows, labels: review.labels())
  }

  /// A preparation for a table of which numbers are to be predicted, fitted to all its rows.
  ///
  /// - Parameter values: the columns to predict
  public init(
    _ table: CSVTable, values: [LabelColumn], options: PreparationOptions = PreparationOptions()
  ) throws {
    let review = try TableReview(table, targets: values, .numbers, options: options)
    self = try review.fitted(to: review.completeRows.rows, targetStyles: review.targetStyles)
  }
}

extension TableReview {
  /// The rows of the table that are used: with `Missing.dropRow`, those without a gap.
  package var completeRows: CompleteRows {
    guard options.missing == .dropRow else { return CompleteRows(rows: Array(0..<table.rowCount)) }
    return table.completeRows(
      used.map { column in
        guard case .used(let kind) = decisions[column] else { stop("TableReview: no kind") }
        return (place: column, kind: kind)
      }, targets: targetColumns, missingMarks: Set(options.missingMarks))
  }

  /// The columns to predict whose gaps are none of their values, with the kind that tells gaps.
  var targetColumns: [(place: Int, kind: Preparation.Kind)] {
    switch targetKind {
    case .classes: targets.map { ($0, .words(values: [])) }
    case .numbers: targets.map { ($0, .number(style: .plain)) }
    // A row without labels is an example like others.
    case .labels: []
    }
  }

  /// The decisions with the values of the training rows: constant columns left out, words and values of gaps found.
  package func fittedDecisions(to rows: [Int]) throws -> [Int: FittedColumn] {
    guard !rows.isEmpty else { throw table.everyRowHasAGap }
    var result: [Int: FittedColumn] = [:]
    let marks = Set(options.missingMarks)
    for column in used {
      guard case .used(let kind) = decisions[column] else { continue }
      var (numbers, words, gaps) = ([Double](), [String: Int](), 0)
      var fields: [CSVField] = []
      for row in rows {
        table.readFields(ofRow: row, into: &fields)
        switch table.cell(fields[column], kind: kind, missingMarks: marks) {
        case .missing: gaps += 1
        case .number(let number): numbers.append(number)
        case .word(let word): words[word, default: 0] += 1
        case .invalid:
          throw table.cellError(row: row, column: column, kind: kind)
        }
      }
      result[column] = fitted(
        kind, name: table.title(column), place: column, numbers: numbers, words: words, gaps: gaps,
        rows: rows.count)
    }
    return result
  }

  /// A column after fitting.
  package enum FittedColumn {
    case used(Preparation.Column)
    case leftOut(String)
  }

  private func fitted(
    _ kind: Preparation.Kind, name: String, place: Int, numbers: [Double], words: [String: Int],
    gaps: Int, rows: Int
  ) -> FittedColumn {
    let fillsWithMean = options.missing == .mean
    let fills = options.missing != .dropRow && options.missing != .refuse
    let marksGaps = options.missing == .indicator && gaps > 0
    var column = Preparation.Column(name: name, place: place, kind: kind)
    column.hasIndicator = marksGaps
    switch kind {
    case .words, .vocabulary:
      guard !words.isEmpty else { return .leftOut("it is empty in the training rows") }
      if let word = words.keys.first, words.count == 1, gaps == 0 || options.missing != .indicator {
        return .leftOut("it is \"\(word)\" in all training rows")
      }
      var values = words.keys.sorted { Self.precedes($0, $1) }
      column.kind = .words(values: values)
      if case .vocabulary = kind {
        values.removeAll { (words[$0] ?? 0) < Preparation.rareWordCount }
        guard !values.isEmpty else {
          return .leftOut("no text of it is in \(Preparation.rareWordCount) training rows")
        }
        column.kind = .vocabulary(values: values)
      }
      if fills, options.missing != .indicator {
        let most = values.indices.max { (words[values[$0]] ?? 0) < (words[values[$1]] ?? 0) }
        column.fill = most.map(Double.init)
      }
      return .used(column)
    case .number, .date, .calendar, .yesNo: break
    }
    guard let least = numbers.min(), let most = numbers.max() else {
      return .leftOut("it is empty in the training rows")
    }
    if Float(least) == Float(most) {
      return .leftOut("it has one value in all training rows")
    }
    if case .date(let style, _) = kind {
      column.kind = .date(
        style: style, origin: style.order == .none ? 0 : least.rounded(.down))
    }
    if case .calendar(let style, _, let hasTime) = kind {
      // The years of a forecast are none of those of training.
      let years = Set(numbers.map { DateStyle.calendar(Int($0.rounded(.down))).year })
      column.kind = .calendar(
        style: style, hasYear: years.count > 1 && options.window == nil, hasTime: hasTime)
    }
    if fills {
      column.fill =
        fillsWithMean
        ? numbers.reduce(0) { $0 + $1 / Double(numbers.count) } : Self.median(numbers)
    }
    return .used(column)
  }

  /// The windows that the options ask for, with the clock of the table.
  private var window: SeriesWindow? {
    var window = options.window
    window?.clock = clock
    return window
  }

  private static func median(_ numbers: [Double]) -> Double {
    let sorted = numbers.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? sorted[middle - 1] + (sorted[middle] - sorted[middle - 1]) / 2 : sorted[middle]
  }

  /// Words in order, those that are numbers first.
  private static func precedes(_ first: String, _ second: String) -> Bool {
    switch (CSVTable.number(first), CSVTable.number(second)) {
    case (let a?, let b?): (a, first) < (b, second)
    case (nil, nil): first < second
    case (let a, _): a != nil
    }
  }

  /// The preparation that the training rows give.
  package func fitted(
    to rows: [Int], targetStyles: [NumberStyle]? = nil, labels: TableLabels? = nil
  ) throws -> Preparation {
    try requireUsable()
    let fits = try fittedDecisions(to: rows)
    var (columns, leftOut) = ([Preparation.Column](), [Preparation.LeftOut]())
    for (place, decision) in decisions.enumerated() {
      var reason: String?
      if case .leftOut(let text) = decision { reason = text }
      switch fits[place] {
      case .used(let column): columns.append(column)
      case .leftOut(let text): reason = text
      case nil: break
      }
      if let reason { leftOut.append(.init(name: table.title(place), reason: reason)) }
    }
    if options.window != nil,
      let target = targets.first(where: { place in !columns.contains { $0.place == place } })
    {
      throw table.constantTarget(target)
    }
    guard !columns.isEmpty else {
      throw CourseError(
        .invalidData, "the table has no features that differ between rows",
        expected: "a column with two values", received: "columns of one value each",
        location: table.name, remedy: "Check that it is the right table.")
    }
    return Preparation(
      columns: columns, leftOut: leftOut,
      targets: targets.enumerated().map { index, place in
        .init(name: table.columnNames?[place], place: place, style: targetStyles?[index])
      },
      missing: options.missing, missingMarks: options.missingMarks,
      columnCount: table.columnCount, isNamed: table.columnNames != nil, labels: labels,
      window: window)
  }
}
