import CourseTestSupport
import Foundation
import Testing

/// A filter that a text names runs what the text says, and nothing of another task.
@Suite(.watched) struct TestFilterTests {
  private static let protocols = [
    "Explorations", "First-Principles", "From-Python", "Generator", "Phase1-FeedForward",
    "Phase2-CNN",
    "Phase3-RNN-Regularization",
  ].map { "Protocols/\($0).md" }
  private static let texts = ["README.md", "CONTRIBUTING.md", "course"] + protocols

  @Test(arguments: texts) func aFilterHitsOneSuiteOrOneTarget(text: String) throws {
    let tests = try TestSource.all()
    let content = try String(contentsOf: TestSource.package.appending(path: text), encoding: .utf8)
    for match in content.matches(of: /--filter\s+'?([\w.\/]+)/) {
      let filter = String(match.1)
      // README's example of a filter that matches nothing.
      if filter == "X" { continue }
      let hit = tests.filter { $0.name.contains(filter) }
      let suites = Set(hit.compactMap { $0.suite.split(separator: "/").last.map(String.init) })
      let wanted = String(filter.split { $0 == "." || $0 == "/" }.last ?? "")
      #expect(!hit.isEmpty, "\(text): --filter \(filter) runs no test")
      if tests.contains(where: { "/\($0.suite)".hasSuffix("/\(wanted)") }) {
        #expect(suites == [wanted], "\(text): --filter \(filter) runs \(suites.sorted())")
      } else {
        // All of a phase, or of a target.
        let others = hit.filter { !$0.target.hasPrefix(filter) && !$0.suite.hasPrefix(filter) }
        #expect(others.isEmpty, "\(text): --filter \(filter) runs \(Set(others.map(\.suite)))")
      }
    }
  }

  /// Each row of the tables of tasks, and the end of each task, name a filter.
  @Test(arguments: protocols.filter { !$0.contains("From") })
  func everyTaskHasAFilter(text: String) throws {
    let content = try String(contentsOf: TestSource.package.appending(path: text), encoding: .utf8)
    let rows = content.matches(of: /\| \[(\d\.\d+)\]\(#.*?--filter ([\w.\/]+)`/)
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
