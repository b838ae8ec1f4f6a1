// Texts in columns, for the tables that networks, metrics and the command line print.

extension String {
  /// The text with blanks before it, up to `width` characters.
  package func padded(left width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }

  /// The text with blanks after it, up to `width` characters.
  package func padded(right width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}

/// A number of things: `1 image`, `2 images`.
package func counted(_ count: Int, _ thing: String) -> String {
  guard count != 1 else { return "1 \(thing)" }
  return "\(count) \(thing)\(thing.hasSuffix("s") ? "es" : "s")"
}
