import Foundation
import TestSupport
import Testing

/// A filter that a text names runs what the text says, and nothing of another task.
@Suite(.watched) struct TestFilterTests {
  private static let texts = [
    "README.md", "CONTRIBUTING.md", "Protocols/Phase1-FeedForward.md", "Protocols/Phase2-CNN.md",
    "Protocols/Phase3-RNN-Regularization.md", "Protocols/Generator.md", "Protocols/From-Python.md",
    "course",
  ]

  @Test(arguments: texts) func aFilterHitsOneSuiteOrOneTarget(text: String) throws {
    let tests = try TestSource.all()
    let content = try String(contentsOf: TestSource.package.appending(path: text), encoding: .utf8)
    for match in content.matches(of: /--filter\s+'?([\w.\/]+)/) {
      let filter = String(match.1)
      // README's example of a filter that matches nothing.
      if filter == "X" { continue }
      let hit = try tests.filter { try Regex(filter).firstMatch(in: $0.name) != nil }
      let suites = Set(hit.map(\.suite))
      let targets = Set(hit.map(\.target))
      let wanted = filter.split(separator: ".").last.map(String.init) ?? filter
      #expect(!hit.isEmpty, "\(text): --filter \(filter) runs no test")
      if tests.contains(where: { $0.suite == wanted }) {
        #expect(suites == [wanted], "\(text): --filter \(filter) runs \(suites.sorted())")
      } else {
        #expect(targets.count == 1, "\(text): --filter \(filter) runs \(targets.sorted())")
      }
    }
  }

  /// Each row of the tables of tasks, and the end of each task, name a filter.
  @Test(arguments: texts.filter { $0.hasPrefix("Protocols/") && !$0.contains("From") })
  func everyTaskHasAFilter(text: String) throws {
    let content = try String(contentsOf: TestSource.package.appending(path: text), encoding: .utf8)
    let rows = content.matches(of: /\| \[(\d\.\d)\]\(#.*--filter ([\w.]+)`/)
    #expect(rows.count >= 5)
    for row in rows {
      let task = try #require(content.range(of: "## Task \(row.1): "), "\(text), task \(row.1)")
      let end = content[task.upperBound...].range(of: "\n## ")?.lowerBound ?? content.endIndex
      #expect(
        content[task.upperBound..<end].contains("--filter \(row.2)`"),
        "\(text): the table names another filter for task \(row.1) than the task itself")
    }
  }
}
