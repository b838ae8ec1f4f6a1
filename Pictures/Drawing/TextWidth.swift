// The room that texts take in pictures, whose fonts are not known here.

extension String {
  /// The width of the text in average letters; a character of Chinese, Japanese or Korean, and an emoji, is as wide as
  /// two.
  var letterCount: Int { reduce(0) { $0 + ($1.isWide ? 2 : 1) } }

  /// The text in at most so many letters: of a longer one the beginning, and the end, where numbers stand.
  package func cut(to limit: Int) -> String {
    let limit = max(limit, 3)
    guard letterCount > limit else { return self }
    let end = max((limit - 1) / 3, min(12, (limit - 1) / 2))
    let tail = reversed().prefix(letters: end).reversed()
    return String(prefix(letters: limit - 1 - end)) + "…" + String(tail)
  }
}

extension Sequence<Character> {
  /// The first characters, as many as fit into so many letters.
  fileprivate func prefix(letters: Int) -> [Character] {
    var left = letters
    return Array(
      prefix {
        left -= $0.isWide ? 2 : 1
        return left >= 0
      })
  }
}

extension Character {
  /// Whether it takes the room of two letters: the blocks of the Unicode standard whose characters do.
  fileprivate var isWide: Bool {
    guard let first = unicodeScalars.first?.value, first >= 0x1100 else { return false }
    return switch first {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
