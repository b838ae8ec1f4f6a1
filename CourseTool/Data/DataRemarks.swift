import CourseCommandLine
import Networks

/// Remarks for the user on data that were read: the folders used for each part, ignored columns, skipped images.
struct DataRemarks {
  /// The images skipped because of `--skip-broken`.
  var skipped: [CourseError] = []
  /// Remarks that are not errors.
  var notes: [String] = []

  /// Adds the remarks on another part of the same data.
  mutating func add(_ other: DataRemarks) {
    skipped += other.skipped
    notes += other.notes.filter { !notes.contains($0) }
  }

  /// Prints the notes, the number of skipped images, and the first of them.
  func report(on stream: TextStream) {
    for note in notes { stream.line(stream.note(note.printable)) }
    guard !skipped.isEmpty else { return }
    stream.line(stream.style.yellow("Skipped \(skipped.count):"))
    for error in skipped.prefix(20) { stream.line(stream.wrapped("  \(error.oneLine)")) }
    if skipped.count > 20 { stream.line("  and \(skipped.count - 20) more") }
  }

  /// Throws when every one of so many images was skipped: an answer without examples is none.
  func requireRead(of count: Int, for purpose: String) throws {
    guard skipped.count == count, count > 0 else { return }
    throw CourseError(
      .invalidData, "no image could be read", expected: "images \(purpose)",
      received: "\(counted(count, "broken image"))")
  }
}
