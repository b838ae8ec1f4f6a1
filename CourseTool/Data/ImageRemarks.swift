import Networks

/// What a user should know of the data that were read: which folders were used as what, which columns, and what was
/// left out.
struct ImageRemarks {
  /// What was left out because of `--skip-broken`.
  var skipped: [CourseError] = []
  /// What is worth knowing and not wrong.
  var notes: [String] = []

  /// Adds those about another part of the same data.
  mutating func add(_ other: ImageRemarks) {
    skipped += other.skipped
    notes += other.notes.filter { !notes.contains($0) }
  }

  /// Says which images were left out: how many, and the first of them.
  func report(on stream: TextStream) {
    for note in notes { stream.line("\(stream.style.yellow("Note:")) \(note.printable)") }
    guard !skipped.isEmpty else { return }
    stream.line(stream.style.yellow("Skipped \(skipped.count):"))
    for error in skipped.prefix(20) { stream.line("  \(error.oneLine)") }
    if skipped.count > 20 { stream.line("  and \(skipped.count - 20) more") }
  }
}
