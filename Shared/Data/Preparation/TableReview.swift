/// What becomes of each column of a table, before anything is fitted: found from all rows.
package struct TableReview {
  /// The decision on a column.
  package enum Decision {
    /// It is used in this way; words and origins of dates are still to be fitted.
    case used(Preparation.Kind)
    /// It is left out, for this reason.
    case leftOut(String)
    /// It cannot be used.
    case refused(CourseError)
    /// It was not asked for.
    case notWanted
    /// It is to be predicted.
    case target
  }

  /// The decision on each column of the table.
  package let decisions: [Decision]
  /// The columns to predict, in the order in which they were named.
  package let targets: [Int]
  /// What they hold.
  let targetKind: TargetKind
  let profiles: [ColumnProfile]
  let table: CSVTable
  let options: PreparationOptions
  /// The decimal mark of the table, where it is known.
  let decimal: NumberStyle.Mark?
  /// The column that tells the time of a series.
  package let clock: SeriesClock?

  /// Looks at a table.
  /// - Throws: when an option names a column that is not there, or contradicts another one.
  package init(
    _ table: CSVTable, targets: [LabelColumn], _ kind: TargetKind = .classes,
    options: PreparationOptions
  ) throws {
    (self.table, self.options, targetKind) = (table, options, kind)
    self.targets = try targets.map { try table.column($0) }
    let wanted = try options.columns.map { try table.places(of: $0, option: "columns") }
    let ignored = try table.places(of: options.ignored, option: "ignored")
    let words = try table.places(of: options.words, option: "words")
    let targetSet = Set(self.targets)
    guard targetSet.count == targets.count else {
      throw CourseError(
        .invalidArgument, "a column is named twice", expected: "each column once",
        received: targets.map(\.description).joined(separator: ", "), location: table.name,
        remedy: "Name it once.")
    }
    let isSeries = options.window != nil
    if isSeries, options.missing == .dropRow {
      throw CourseError(
        .invalidArgument, "a series without the rows that have gaps", expected: "every row",
        received: "`missing` \"\(Preparation.Missing.dropRow.rawValue)\"", location: table.name,
        remedy: "Fill gaps by another way (`missing`), or leave columns out (`ignored`).")
    }
    // The past of a series tells its future.
    for (option, places) in [("columns", isSeries ? [] : wanted ?? []), ("ignored", ignored)] {
      if let place = places.first(where: targetSet.contains) {
        throw table.contradiction(place, "it is the column to predict, and among `\(option)`")
      }
    }
    if let place = ignored.first(where: { (wanted ?? []).contains($0) || words.contains($0) }) {
      throw table.contradiction(place, "it is to be ignored, and to be used")
    }
    if let wanted,
      let place = words.first(where: { !wanted.contains($0) && !targetSet.contains($0) })
    {
      throw table.contradiction(place, "it is among `words`, and not among `columns`")
    }
    let names = (0..<table.columnCount).map { table.title($0) }
    let identifiers = Set(names.indices.filter { table.isNamedAsIdentifier($0) })
    profiles = table.profiles(
      missingMarks: Set(options.missingMarks), words: Set(words), counting: identifiers)

    var kinds = [Decision](repeating: .notWanted, count: table.columnCount)
    let isOpen = { (column: Int) in
      targetSet.contains(column)
        ? isSeries : wanted?.contains(column) ?? !ignored.contains(column)
    }
    // Columns with both marks tell how those are written that have one only.
    var decimal = options.decimal
    for pass in 0..<2 {
      for column in kinds.indices where isOpen(column) {
        kinds[column] = Self.decision(
          profiles[column], name: names[column], place: column, of: table, options: options,
          decimal: decimal, isIdentifier: identifiers.contains(column),
          isAskedFor: wanted != nil || words.contains(column) || targetSet.contains(column),
          isWords: words.contains(column))
      }
      guard pass == 0, options.decimal == nil else { break }
      let marks = Set(
        kinds.compactMap { decision -> NumberStyle.Mark? in
          guard case .used(.number(let style)) = decision, style != .plain else { return nil }
          return style.decimal == .comma || style.grouping == .comma ? style.decimal : nil
        })
      guard marks.count == 1 else { break }
      decimal = marks.first
    }
    self.decimal = decimal
    clock = try isSeries ? table.clock(profiles, besides: targetSet) : nil
    if let clock, clock.style == nil, case .used = kinds[clock.place] {
      kinds[clock.place] = .leftOut("it counts the time of the rows")
    }
    if !isSeries { for target in targetSet { kinds[target] = .target } }
    decisions = kinds
  }

  /// The columns that are used.
  package var used: [Int] {
    decisions.indices.filter { if case .used = decisions[$0] { true } else { false } }
  }

  /// Whether a text marks a gap in a column.
  package func isMissing(_ text: String, column: Int) -> Bool {
    if options.missingMarks.contains(text) { return true }
    switch decisions[column] {
    case .used(.words), .used(.vocabulary), .used(.yesNo): return MissingValue.marksLabel(text)
    default: return MissingValue.marksNumber(text)
    }
  }

  /// Throws for the first column that cannot be used, or if there is none.
  package func requireUsable() throws {
    for case .refused(let error) in decisions { throw error }
    guard used.isEmpty else { return }
    throw CourseError(
      .invalidData, "the table has no features", expected: "columns beside the label",
      received: decisions.count == targets.count
        ? "no other column" : "none that can be used", location: table.name,
      remedy: "If there are more, give the delimiter.")
  }

  // MARK: One column

  private static func decision(
    _ profile: ColumnProfile, name: String, place: Int, of table: CSVTable,
    options: PreparationOptions, decimal: NumberStyle.Mark?, isIdentifier: Bool, isAskedFor: Bool,
    isWords: Bool
  ) -> Decision {
    let rows = table.rowCount
    let present = rows - profile.missing
    if present == 0 || profile.numbers == 0 && profile.others == 0 && !isWords {
      return .leftOut("it is empty")
    }
    if profile.numbers > 0, profile.others == 0 {
      if !isAskedFor, rows > 2, profile.countsRows,
        isIdentifier || table.columnNames == nil && place == 0 && rows >= 10
      {
        return .leftOut("it counts the rows")
      }
      if !isAskedFor, isIdentifier, rows > 2, profile.isWhole,
        profile.different.count == profile.numbers
      {
        return .leftOut("it identifies the rows")
      }
      if profile.minimum == profile.maximum, profile.numbers == rows {
        return .leftOut("it is \(CSVTable.shortNumber(profile.minimum)) in all rows")
      }
      return .used(.number(style: profile.style(decimal: decimal)))
    }
    // Marks of missing numbers are none of the texts of a column of numbers or dates.
    let texts = profile.texts.keys.filter { !MissingValue.marksNumber($0) }.sorted()
    if !isWords {
      switch NumberStyle.detect(texts, decimal: decimal, hasPlain: profile.numbers > 0) {
      case .style(let style): return .used(.number(style: style))
      case .ambiguous where table.isCommaSeparated:
        // Where commas separate fields, a decimal comma would have to be quoted in every cell.
        if case .style(let style) = NumberStyle.detect(
          texts, decimal: .point, hasPlain: profile.numbers > 0)
        {
          return .used(.number(style: style))
        }
      case .ambiguous(let example):
        return .refused(
          CourseError(
            .invalidData, "the comma may be a decimal one, or separate thousands",
            expected: "a number that tells, such as 1,5 or 1,234.5", received: "\"\(example)\"",
            location: table.location(ofColumn: place),
            remedy: "Say which mark is the decimal one (`decimal`)."))
      case .none: break
      }
      if profile.numbers == 0 {
        switch DateStyle.detect(texts) {
        case .style(let style):
          return .used(
            options.usesCalendar && style.order != .none
              ? .calendar(
                style: style, hasYear: true,
                hasTime: texts.contains { style.days($0).map { $0 != $0.rounded() } ?? false })
              : .date(style: style, origin: 0))
        case .ambiguous(let example):
          return .refused(
            CourseError(
              .invalidData, "the first number may be the day or the month",
              expected: "a date that tells, such as 31/12/2012", received: "\"\(example)\"",
              location: table.location(ofColumn: place),
              remedy: "Write dates as year-month-day, or leave the column out (`ignored`)."))
        case .none: break
        }
        if profile.softMarks == 0, texts.allSatisfy({ yesAndNo[$0.lowercased()] != nil }),
          Set(texts.map { $0.lowercased() }).count == 2,
          Set(texts.compactMap { yesAndNo[$0.lowercased()] }).count == 2
        {
          return .used(.yesNo)
        }
      }
    }
    return wordsDecision(
      profile, present: present, name: name, place: place, of: table, options: options,
      isAskedFor: isAskedFor, isWords: isWords)
  }

  private static func wordsDecision(
    _ profile: ColumnProfile, present: Int, name: String, place: Int, of table: CSVTable,
    options: PreparationOptions, isAskedFor: Bool, isWords: Bool
  ) -> Decision {
    let different = profile.differentWords
    if profile.numbers > 0,
      profile.numberTexts.count > ColumnProfile.fewNumbers || different * 2 > present
    {
      // Codes such as "A/5 21171" among numbers.
      if !isAskedFor, profile.texts.count >= 10, profile.texts.count * 2 > profile.others {
        return .leftOut("its texts identify rows (\(profile.texts.count) different ones)")
      }
      let words = profile.texts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let word = words.first?.key ?? ""
      return .refused(
        CourseError(
          .invalidData, "the column holds numbers and words", expected: "one of them",
          received: "\(counted(profile.numbers, "number")), and "
            + counted(profile.others, "other text") + " such as \"\(word)\"",
          location: table.location(row: table.firstRow(of: word, column: place), column: place),
          remedy:
            "Correct the words; or say that they mark missing values (`missingMarks`), that all "
            + "are words (`words`), or leave the column out (`ignored`)."))
    }
    if different == 1, present == table.rowCount {
      let word = profile.texts.first?.key ?? profile.numberTexts.first?.key ?? ""
      return .leftOut("it is \"\(word)\" in all rows")
    }
    if !isAskedFor, different * 2 > present, different >= 10 || different == present && present >= 5
    {
      return .leftOut("nearly every row has a text of its own (\(different) in \(present) rows)")
    }
    return .used(different <= options.wordLimit ? .words(values: []) : .vocabulary(values: []))
  }

  /// The words for yes and no.
  static let yesAndNo: [String: Bool] = [
    "yes": true, "no": false, "true": true, "false": false, "y": true, "n": false, "t": true,
    "f": false, "on": true, "off": false,
  ]
}

// MARK: - Names and places

extension CSVTable {
  /// The name of a column, or "column 3".
  package func title(_ column: Int) -> String { columnNames?[column] ?? "column \(column)" }

  fileprivate func location(ofColumn column: Int) -> String {
    "\(name), column \(column + 1)" + (columnNames.map { " (\"\($0[column])\")" } ?? "")
  }

  fileprivate func contradiction(_ column: Int, _ problem: String) -> CourseError {
    CourseError(
      .invalidArgument, "contradictory options for a column", received: problem,
      location: location(ofColumn: column), remedy: "Name it once.")
  }

  fileprivate func places(of columns: [LabelColumn], option: String) throws -> [Int] {
    let places = try columns.map { try column($0) }
    guard Set(places).count == places.count else {
      throw CourseError(
        .invalidArgument, "a column is named twice", expected: "each column once",
        received: columns.map(\.description).joined(separator: ", "),
        location: "\(name), `\(option)`",
        remedy: "Name it once.")
    }
    return places
  }

  fileprivate func firstRow(of text: String, column: Int) -> Int {
    (0..<rowCount).first { self.text(row: $0, column: column) == text } ?? 0
  }

  /// Whether the name of a column says that it identifies rows: `id`, `customer_id`, `PassengerId`, or no name.
  fileprivate func isNamedAsIdentifier(_ column: Int) -> Bool {
    guard let name = columnNames?[column] else { return false }
    let words = [
      "id", "index", "idx", "row", "rowid", "rownames", "uuid", "guid", "key", "nr", "no", "#",
    ]
    let lower = name.lowercased()
    return words.contains(lower) || lower == "column \(column)" || lower == "unnamed: \(column)"
      || ["_id", " id", "-id", ".id"].contains { lower.hasSuffix($0) } || name.hasSuffix("Id")
      || name.hasSuffix("ID")
  }

  fileprivate var isCommaSeparated: Bool { scanner.delimiter == UInt8(ascii: ",") }

  static func shortNumber(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }
}
