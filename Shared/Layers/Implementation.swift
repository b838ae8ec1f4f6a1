/// Which of two bodies of code runs, where a part has a readable one and a fast one.
///
/// Both compute the same, up to rounding, and a test compares them. The choice is not part of a saved
/// configuration: it changes how fast a network is, not what it is.
public enum Implementation: Sendable, Equatable {
  /// The formula, written to be read: what a student writes.
  case reference
  /// A kernel that does the same in fewer passes over memory.
  case fast
}
