/// The candidates most similar to `text`, best first, without `text` itself; empty when none is close.
package func suggestions(for text: String, among candidates: [String]) -> [String] {
  let written = text.lowercased()
  guard !written.isEmpty else { return [] }
  let scored = candidates.filter { $0 != text }.compactMap {
    candidate -> (name: String, distance: Int)? in
    let name = candidate.lowercased()
    // A prefix of a name, or a name with a suffix, is a likely match.
    if written.count >= 3, name.hasPrefix(written) || written.hasPrefix(name) {
      return (candidate, 1)
    }
    let distance = editDistance(written, name)
    return distance <= max(1, min(written.count, name.count) / 3) ? (candidate, distance) : nil
  }
  // Sorting is stable, so equals stay in the order of the candidates.
  return scored.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
}

/// `" Did you mean 'train'?"`, or an empty text without suggestions.
package func didYouMean(_ names: [String]) -> String {
  guard !names.isEmpty else { return "" }
  return " Did you mean " + names.map { "'\($0)'" }.joined(separator: " or ") + "?"
}

/// The edit distance of two texts, in insertions, deletions, substitutions and swaps of neighbours
/// (Damerau 1964, in the form called optimal string alignment).
package func editDistance(_ first: String, _ second: String) -> Int {
  let (a, b) = (Array(first), Array(second))
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  // Three rows of the usual table: the swap looks back two rows.
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i]
    for j in 1...b.count {
      var best = min(
        last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        best = min(best, beforeLast[j - 2] + 1)
      }
      row.append(best)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
