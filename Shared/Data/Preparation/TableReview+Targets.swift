// Classes or numbers? A column that looks like the other kind is an error, with the way to that one.

extension TableReview {
  /// How the numbers of the columns to predict are written.
  /// - Throws: for a column of words.
  var targetStyles: [NumberStyle] {
    get throws {
      try targets.map { column in
        let profile = profiles[column]
        if profile.others == 0, profile.numbers > 0 { return profile.style(decimal: decimal) }
        let texts = profile.texts.keys.filter { !MissingValue.marksNumber($0) }.sorted()
        let hasPlain = profile.numbers > 0
        switch NumberStyle.detect(texts, decimal: decimal, hasPlain: hasPlain) {
        case .style(let style): return style
        case .ambiguous(let example):
          throw CourseError(
            .invalidData, "the comma may be a decimal one, or separate thousands",
            expected: "a number that tells, such as 1,5 or 1,234.5", received: "\"\(example)\"",
            location: "\(table.name), column \"\(table.title(column))\"",
            remedy: "Say which mark is the decimal one (`decimal`).")
        case .none:
          throw CourseError(
            .invalidData, "the target is not a number", expected: "a column of numbers",
            received: texts.first.map { "\"\($0)\"" } ?? "no value",
            location: "\(table.name), column \"\(table.title(column))\"",
            remedy: "Train a classifier on it (`target` in place of `values`).")
        }
      }
    }
  }

  /// Whether so many classes look like a measurement: different numbers in one row of five.
  package func looksLikeMeasurement(classCount: Int) -> Bool {
    let profile = profiles[targets[0]]
    return profile.others == 0 && profile.softMarks == 0 && profile.numbers > 0
      && classCount > 20 && classCount * 5 > table.rowCount
  }

  /// Throws when the classes look like measurements.
  func requireClasses(_ names: [String]) throws {
    guard looksLikeMeasurement(classCount: names.count) else { return }
    let column = targets[0]
    throw CourseError(
      .invalidData, "the label looks like a measurement", expected: "classes",
      received: "\(names.count) different numbers in \(table.rowCount) rows",
      location: "\(table.name), column \"\(table.title(column))\"",
      remedy:
        "Predict the number (`values` in place of `target`), or say that the numbers are classes "
        + "(`words`).")
  }
}
