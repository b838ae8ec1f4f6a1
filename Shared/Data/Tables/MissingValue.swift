/// The marks that tables have where something was not measured: the same for every reader.
package enum MissingValue {
  private static let marks: Set = ["", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"]
  /// Of numbers only: as labels these may be classes.
  private static let words: Set = ["-", "none", "missing"]

  /// Whether a text stands for a number that is not there.
  package static func marksNumber(_ text: String) -> Bool {
    let text = text.lowercased()
    return marks.contains(text) || words.contains(text)
  }

  /// Whether a text stands for a label that is not there.
  package static func marksLabel(_ text: String) -> Bool { marks.contains(text.lowercased()) }
}
