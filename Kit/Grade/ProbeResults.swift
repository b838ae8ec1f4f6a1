import Foundation
import Shared

/// The numbers that a probe writes: see `Tests/Probes/Probe.swift`.
struct ProbeResults: Equatable {
  struct Entry: Equatable {
    var name: String
    var shape: String
    var numbers: [Float]
  }
  private(set) var entries: [Entry] = []

  /// Reads the lines of a probe.
  /// - Returns: `nil` unless it came to its end
  init?(_ data: Data) {
    guard let text = String(validating: data, as: UTF8.self) else { return nil }
    let lines = text.split(separator: "\n")
    guard lines.last == "end" else { return nil }
    for line in lines.dropLast() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let numbers = fields[2].split(separator: " ").map { Float($0) }
      guard !numbers.contains(nil) else { return nil }
      entries.append(
        Entry(
          name: String(fields[0]), shape: String(fields[1]), numbers: numbers.compactMap { $0 }))
    }
  }

  /// How these results differ from the right ones, in words; `nil` if they do not.
  ///
  /// Two numbers agree if they differ by at most `1e-4 · max(1, m) + 1e-3 · |expected|`, where m is the largest number of
  /// the tensor: another order of sums changes the last digits.
  func difference(from right: ProbeResults) -> String? {
    for (index, expected) in right.entries.enumerated() {
      guard index < entries.count else { return "\(expected.name): no result" }
      let got = entries[index]
      guard got.name == expected.name else {
        return "\(expected.name): no result, but one of \(got.name)"
      }
      guard got.shape == expected.shape, got.numbers.count == expected.numbers.count else {
        return
          "\(expected.name): expected the shape \(words(expected.shape)), got \(words(got.shape))"
      }
      let largest = expected.numbers.filter(\.isFinite).map(abs).max() ?? 0
      for (place, (a, e)) in zip(got.numbers, expected.numbers).enumerated() {
        let isSame = a == e || a.isNaN && e.isNaN
        // Written so that NaN differs.
        if !isSame, !(abs(a - e) <= 1e-4 * max(1, largest) + 1e-3 * abs(e)) {
          return "\(expected.name): expected \(e), got \(a) at element \(place)"
        }
      }
    }
    return entries.count > right.entries.count ? "more results than expected" : nil
  }

  private func words(_ shape: String) -> String {
    "[\(shape.split(separator: "x").joined(separator: ", "))]"
  }
}
