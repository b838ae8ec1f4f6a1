import Foundation

/// Where each of `names` stands among `others`: `nil` for one that is not there.
///
/// A name matches the same characters or, failing that, the only name that differs just in capitals and
/// surrounding blanks. No two names have the same place.
func places(of names: [String], among others: [String]) -> [Int?] {
  let exact = Dictionary(others.enumerated().map { ($1, $0) }) { first, _ in first }
  var result = names.map { exact[$0] }
  guard result.contains(nil) else { return result }
  let taken = Set(result.compactMap { $0 })
  var similar: [String: [Int]] = [:]
  for (place, other) in others.enumerated() where !taken.contains(place) {
    similar[folded(other), default: []].append(place)
  }
  for (index, name) in names.enumerated() where result[index] == nil {
    if let found = similar.removeValue(forKey: folded(name)), found.count == 1 {
      result[index] = found[0]
    }
  }
  return result
}

/// Whether there are names, and every one of them is among the others.
func areAll(_ names: [String], among others: [String]) -> Bool {
  !names.isEmpty && !places(of: names, among: others).contains(nil)
}

private func folded(_ name: String) -> String {
  name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
}

/// Names in quotes; the middle of a long list is left out.
func quotedList(_ names: [String]) -> String {
  let quoted = names.map { "\"\($0)\"" }
  guard quoted.count > 12 else { return quoted.joined(separator: ", ") }
  return (quoted.prefix(6) + ["..."] + quoted.suffix(3)).joined(separator: ", ")
}
