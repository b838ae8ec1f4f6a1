import Foundation
import Shared

/// Looks for lines of solutions in the files of a handout.
///
/// A line counts if it is longer than twelve characters and does not stand in the given code of its own file as well. In
/// that file one such line is too much, and in a text one of fifty characters: it may name a call that it explains.
/// Elsewhere three that follow each other are: the heads of two loops are the same in many places.
struct HandoutLeaks {
  private struct Secret {
    let task: CourseTask.Number
    let file: String
    let lines: [String]
  }
  private var secrets: [Secret] = []
  private static let kinds = [".swift", ".c", ".h", ".md", ".json", ".yml", ".txt"]

  /// Remembers the solutions of a file.
  mutating func keep(_ regions: [MarkedSource.Region], of source: MarkedSource) {
    let inside = Set(source.regions.flatMap { Array($0.body) })
    let given = Set(
      source.lines.indices.filter { !inside.contains($0) }.map { trimmed(source.lines[$0]) })
    for region in regions {
      let lines = region.code.map(trimmed).filter {
        $0.count > 12 && !given.contains($0) && !region.words.contains($0)
      }
      if !lines.isEmpty {
        secrets.append(Secret(task: region.task, file: source.file, lines: lines))
      }
    }
  }

  /// - Throws: `CourseError` that names the file with a line of a solution
  func check(_ files: [String: Data]) throws {
    let all = Set(secrets.flatMap(\.lines).map { $0[...] })
    for (path, data) in files.sorted(by: { $0.key < $1.key }) {
      guard HandoutLeaks.kinds.contains(where: path.hasSuffix) else { continue }
      let lines = Self.lines(of: String(decoding: data, as: UTF8.self))
      let present = Set(lines.filter(all.contains))
      for secret in secrets where !present.isEmpty {
        let isOwn = path.hasSuffix(secret.file)
        let least = isOwn ? 0 : path.hasSuffix(".md") ? 50 : Int.max
        let found =
          secret.lines.first { $0.count >= least && present.contains($0[...]) }
          ?? run(of: secret.lines, in: lines, present)
        if let found {
          throw CourseError(
            .invalidData, "a line of the solution of task \(secret.task) would reach the students",
            received: found, location: path,
            remedy: "Say it in other words there, or leave that file out.")
        }
      }
    }
  }

  /// Three lines that follow each other in both lists.
  private func run(
    of secret: [String], in lines: [Substring], _ present: Set<Substring>
  ) -> String? {
    for start in secret.indices.dropLast(2) where present.contains(secret[start][...]) {
      let three = secret[start..<start + 3].map { $0[...] }
      let places = lines.indices.dropLast(2).filter { lines[$0] == three[0] }
      if places.contains(where: { Array(lines[$0..<$0 + 3]) == three }) {
        return three.joined(separator: " / ")
      }
    }
    return nil
  }

  /// The lines without the blanks around them; empty ones are left out.
  private static func lines(of text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let line = line.drop { $0 == UInt8(ascii: " ") }
      return line.isEmpty ? nil : Substring(line)
    }
  }

  private func trimmed(_ line: String) -> String { line.trimmingCharacters(in: .whitespaces) }
}
