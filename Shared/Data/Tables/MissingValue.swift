/// The marks of missing values in tables: the same for every reader.
package enum MissingValue {
  private static let marks: Set = ["", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"]
  /// Of numbers only: as labels these may be classes.
  private static let words: Set = ["-", "none", "missing"]

  /// Whether a text marks a missing number.
  package static func marksNumber(_ text: String) -> Bool {
    let text = text.lowercased()
    return marks.contains(text) || words.contains(text)
  }

  /// Whether a text marks a missing label.
  package static func marksLabel(_ text: String) -> Bool { marks.contains(text.lowercased()) }
}
