import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

/// The texts around the tasks: hints, links, and numbers.
@Suite(.watched) struct KitTextTests {
  private static let protocols = packageFolder.appending(path: "Protocols")

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: packageFolder.appending(path: path), encoding: .utf8)
  }

  /// The texts without their code, each line in its place.
  private static func prose(_ text: String) -> [String] {
    var isCode = false
    return text.components(separatedBy: "\n").map { line in
      if line.hasPrefix("```") {
        isCode.toggle()
        return ""
      }
      return isCode ? "" : line
    }
  }

  @Test func everyTaskHasThreeHintsInFrontOfItsCheck() throws {
    for task in try Catalogue(package: packageFolder).tasks {
      #expect(task.hints.count == 3, "task \(task.number) has \(task.hints.count) hints")
      for (place, hint) in task.hints.enumerated() {
        let name = "task \(task.number), hint \(place + 1)"
        #expect(hint.contains(/\w{3}/), "\(name) is empty")
        #expect(hint.matches(of: /```/).count.isMultiple(of: 2), "\(name) has an open code block")
        #expect(!hint.contains("<details"), "\(name) is not closed")
      }
      let text = try Self.text(task.text)
      let head = try #require(text.range(of: "\n## Task \(task.number): "))
      let section = text[head.upperBound...].components(separatedBy: "\n## ")[0]
      let end = "</details>\n\n**Check**"
      #expect(section.contains(end), "task \(task.number): the hints end right before **Check**")
      let numbers = section.matches(of: /<summary>Hint (.*?)<\/summary>/).map { String($0.1) }
      #expect(numbers == ["1", "2", "3"], "task \(task.number)")
    }
  }

  /// GitHub's name of a heading in links.
  private static func anchor(_ heading: String) -> String {
    let words = heading.replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.1 }.lowercased()
    return String(
      words.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.map { $0 == " " ? "-" : $0 }
    )
  }

  private static func anchors(_ text: String) -> Set<String> {
    Set(
      prose(text).filter { $0.hasPrefix("#") }.compactMap { line in
        line.firstMatch(of: /^#+ (.+)$/).map { anchor(String($0.1)) }
      })
  }

  @Test func everyLinkLeadsSomewhere() throws {
    let files = ["README.md", "CONTRIBUTING.md"] + Self.texts
    var count = 0
    for file in files {
      let here = packageFolder.appending(path: file)
      for (index, line) in Self.prose(try Self.text(file)).enumerated() where line.contains("](") {
        for link in line.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) })
        where !link.contains(/^(https?|mailto):/) {
          count += 1
          let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
          let target =
            parts[0].isEmpty
            ? here : here.deletingLastPathComponent().appending(path: parts[0]).standardized
          guard FileManager.default.fileExists(atPath: target.path) else {
            Issue.record("\(file):\(index + 1): there is no \(link)")
            continue
          }
          guard parts.count > 1, target.pathExtension == "md" else { continue }
          let content = try String(contentsOf: target, encoding: .utf8)
          if !Self.anchors(content).contains(parts[1]) {
            Issue.record("\(file):\(index + 1): no heading for \(link)")
          }
        }
      }
    }
    #expect(count > 60)
  }

  private static var texts: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: protocols.path)) ?? []
    return names.filter { $0.hasSuffix(".md") }.sorted().map { "Protocols/\($0)" }
  }

  /// `task 1.2`, `Tasks 1.1 to 1.9` and the like name tasks that there are.
  @Test func theTextsNameTasksThatThereAre() throws {
    let known = Set(try Catalogue(package: packageFolder).tasks.map { "\($0.number)" })
    for file in ["README.md", "CONTRIBUTING.md"] + Self.texts {
      for (index, line) in Self.prose(try Self.text(file)).enumerated() where line.contains("ask") {
        for match in line.matches(of: /\b[Tt]asks? (\d\.\d+)(?:(?:, | and | to )(\d\.\d+))?/) {
          for number in [match.1, match.2].compactMap({ $0 }) where !known.contains("\(number)") {
            Issue.record("\(file):\(index + 1): there is no task \(number)")
          }
        }
      }
    }
  }

  /// The map in Protocols/README.md has the tasks of the texts, with their work, hours and needs.
  @Test func theMapIsThatOfTheTexts() throws {
    let catalogue = try Catalogue(package: packageFolder)
    let rows = try Self.text("Protocols/README.md").components(separatedBy: "\n")
      .filter { $0.hasPrefix("| [") }
    try #require(rows.count == catalogue.tasks.count)
    for (task, row) in zip(catalogue.tasks, rows) {
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(cells[0] == "[\(task.number)](\(task.link.dropFirst("Protocols/".count)))")
      #expect(cells[1] == task.work, "task \(task.number)")
      let source = try Self.text(task.text).components(separatedBy: "\n")
        .first { $0.hasPrefix("| [\(task.number)](") }
      let hours = source?.split(separator: "|").last { $0 != " " } ?? ""
      #expect(cells[2] == hours.trimmingCharacters(in: .whitespaces), "task \(task.number)")
      for need in cells[3].matches(of: /\d+\.\d+/) {
        #expect(
          catalogue.tasks.contains { "\($0.number)" == need.0 && $0.number < task.number },
          "task \(task.number) needs \(need.0)")
      }
    }
  }
}
