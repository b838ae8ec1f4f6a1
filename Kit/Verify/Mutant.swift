import Foundation
import Shared

/// A wrong solution: one change of the code that a student writes, and the words that its message has to hold.
///
/// A file of mutants, such as `Tests/Mutants/Phase1-FeedForward.txt`, holds entries of this form:
///
///     ## 1.2 dX without the transpose
///     - weights.value, transposingOther: true
///     + weights.value
///     says: the weights are not transposed
///
/// - `-` and `+` are the text that is replaced and its replacement, which may have several lines and several pairs.
///   The text must occur in the marked regions of the task; the first occurrence is replaced.
/// - `in: 2` selects the second region of the task for the changes above it, where the text occurs in several. An entry
///   with an `in:` after each change changes several regions.
/// - `+` without `-` is a whole body, for the region that `in:` names, by default the first.
/// - `says:` is a part of the message that names the mistake. It may be missing: then the tests need only fail.
/// - `equivalent:` is the reason why the change is no mistake: the tests have to pass.
package struct Mutant: Sendable, Equatable {
  package struct Change: Sendable, Equatable {
    /// The text to replace; `nil` for the whole body.
    var old: String?
    var new: String
    /// The region of the task, counted from 1; `nil` for the first that fits.
    var region: Int?
  }
  package var task: CourseTask.Number
  package var name: String
  var changes: [Change] = []
  /// A part of the message; `nil` if any failure is good enough.
  package var says: String?
  /// The reason why the tests pass.
  package var equivalent: String?
  /// The line of its heading.
  var line: Int
}

extension Mutant {
  /// Reads a file of mutants.
  /// - Throws: `CourseError` with the line that is no part of an entry.
  static func read(_ text: String, file: String) throws -> [Mutant] {
    var mutants: [Mutant] = []
    // The lines of the pair that is being read.
    var (old, new): ([String], [String]) = ([], [])
    func endPair() {
      if new.isEmpty { return }
      mutants[mutants.count - 1].changes.append(
        Change(
          old: old.isEmpty ? nil : old.joined(separator: "\n"), new: new.joined(separator: "\n")))
      (old, new) = ([], [])
    }
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      func wrong(_ what: String, expected: String) -> CourseError {
        CourseError(
          .format, what, expected: expected, received: line, location: "\(file), line \(index + 1)")
      }
      let rest = String(line.drop { $0 != " " }.dropFirst())
      switch line.prefix(while: { $0 != " " }) {
      case "##":
        endPair()
        guard old.isEmpty else { throw wrong("the entry above ends without '+'", expected: "+") }
        let words = rest.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let task = CourseTask.Number(words[0]) else {
          throw wrong("this is no heading of a mutant", expected: "## 1.2 name of the mistake")
        }
        mutants.append(Mutant(task: task, name: String(words[1]), line: index + 1))
      case "-" where !mutants.isEmpty:
        endPair()
        old.append(rest)
      case "+" where !mutants.isEmpty: new.append(rest)
      case "in:" where !mutants.isEmpty:
        guard let number = Int(rest), number >= 1 else {
          throw wrong("this is no number of a region", expected: "in: 2")
        }
        endPair()
        let changes = mutants[mutants.count - 1].changes
        let undecided = changes.indices.filter { changes[$0].region == nil }
        guard !undecided.isEmpty else {
          throw wrong("a region without a change above it", expected: "- and +, then in:")
        }
        for change in undecided { mutants[mutants.count - 1].changes[change].region = number }
      case "says:" where !mutants.isEmpty: mutants[mutants.count - 1].says = rest
      case "equivalent:" where !mutants.isEmpty: mutants[mutants.count - 1].equivalent = rest
      case "", "#": endPair()
      default:
        throw wrong(
          "this line belongs to no mutant", expected: "##, -, +, in:, says:, equivalent:, or #")
      }
    }
    endPair()
    for mutant in mutants {
      func wrong(_ what: String, expected: String) -> CourseError {
        CourseError(
          .format, what, expected: expected, received: mutant.name,
          location: "\(file), line \(mutant.line)")
      }
      if mutant.changes.isEmpty { throw wrong("a mutant without a change", expected: "- and +") }
      if mutant.regions.count > 1, mutant.regions.contains(nil) {
        throw wrong("a change without a region, beside one with it", expected: "in: after each")
      }
    }
    return mutants
  }

  /// The regions that are changed, in their order.
  var regions: [Int?] { Set(changes.map(\.region)).sorted { ($0 ?? 0) < ($1 ?? 0) } }

  /// The body of a region with its changes made; `nil` where a text to replace does not occur in it.
  func body(of region: Int?, from original: String) -> String? {
    var body = original
    for change in changes where change.region == region {
      guard let old = change.old else {
        body = change.new
        continue
      }
      guard let place = body.range(of: old) else { return nil }
      body.replaceSubrange(place, with: change.new)
    }
    return body
  }
}
