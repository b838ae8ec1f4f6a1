extension String {
  /// The text with control characters as escapes (`\n`, `\u{1b}`), for names that come from files: within
  /// a table or a message they can neither break the line nor give the terminal orders.
  package var printable: String { escapingControls(inLine: true) }

  /// The text with control characters as escapes, also those that change the direction of writing.
  /// - Parameter inLine: whether the text is within a line, where ends of lines and tabs are escaped, too
  package func escapingControls(inLine: Bool) -> String {
    guard unicodeScalars.contains(where: { Self.isControl($0, inLine: inLine) }) else {
      return self
    }
    var result = ""
    for scalar in unicodeScalars {
      guard Self.isControl(scalar, inLine: inLine) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  private static func isControl(_ scalar: Unicode.Scalar, inLine: Bool) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: inLine
    case 0x00..<0x20, 0x7F..<0xA0: true
    // Marks, embeddings and isolates of the direction; line and paragraph separators.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    // Two code points for private use, which the command line uses for colours.
    case 0x10FFFC, 0x10FFFD: inLine
    default: false
    }
  }
}
