import CourseCommandLine
import CourseTestSupport
import Foundation
import Synchronization
import Testing

@testable import CourseKit

/// `hint`, `reset`, `solution` in a small package with one text and one file.
@Suite(.watched) struct StudentCommandTests {
  private static let file = "Phase1-FeedForward/Dense.swift"
  private static let source = """
    struct Dense {
      func forward(_ x: Int) -> Int {
        let given = x
        // TODO(1.1): one more.
        // BEGIN SOLUTION
        return given + 1
        // END SOLUTION
      }

      func backward(_ x: Int) -> Int {
        // TODO(1.2): one less.
        // BEGIN SOLUTION
        return x - 1
        // END SOLUTION
      }
    }

    """

  private static let text = """
    | [1.1](#task-11-dense) | the layer | `Dense.swift` | `swift test --filter DenseTests` | 2 |
    | [1.2](#task-12-back) | the way back | `Dense.swift` | `swift test --filter BackTests` | 1 |

    ## Task 1.1: Dense

    <details><summary>Hint 1</summary>

    Look at **`x`**.

    </details>

    <details><summary>Hint 2</summary>

    Add one.

    </details>

    ## Task 1.2: Back

    """

  /// A folder with the package, as a handout or complete.
  private func withPackage(isHandout: Bool = true, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let source = isHandout ? try MarkedSource(Self.source, file: "").stubbed() : Self.source
      var files = [Self.file: source, "Protocols/Phase1-FeedForward.md": Self.text]
      if isHandout { files[".stubs/\(Self.file)"] = source }
      for (path, text) in files {
        let place = folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
      }
      try body(folder)
    }
  }

  /// The output of a command.
  private func output(
    _ command: any Command.Type, _ words: String..., in folder: URL,
    features: TerminalFeatures = TerminalFeatures()
  ) throws -> String {
    let text = Mutex("")
    let stream = TextStream(features: features) { line in
      text.withLock { $0 += line }
    }
    let arguments = try ArgumentParser(command: command.description).parse(words)
    let terminal = Terminal(output: stream, error: stream)
    switch command {
    case is HintCommand.Type: try HintCommand.run(arguments, in: folder, on: terminal)
    case is ResetCommand.Type: try ResetCommand.run(arguments, in: folder, on: terminal)
    default: try SolutionCommand.run(arguments, in: folder, on: terminal)
    }
    return text.withLock { $0 }
  }

  private func read(_ path: String, in folder: URL) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  // MARK: hint

  @Test func hintsGrowStrongerWithEachCall() throws {
    try withPackage { folder in
      let first = try output(HintCommand.self, "1.1", in: folder)
      #expect(
        first.contains("hint 1 of 2") && first.contains("Look at x.") && !first.contains("Add"))
      let second = try output(HintCommand.self, "1.1", in: folder)
      #expect(second.contains("hint 2 of 2") && !second.contains("Look at x."))
      #expect(second.contains("Protocols/Phase1-FeedForward.md#task-11-dense"))
      let all = try output(HintCommand.self, "1.1", in: folder)
      #expect(all.contains("Look at x.") && all.contains("Add one."))
      #expect(try output(HintCommand.self, "1.1", "--restart", in: folder) == first)
      #expect(try read(".course/hints", in: folder) == "1.1 1\n")
      expectCourseError(.invalidData, "no hints", "1.2") {
        try output(HintCommand.self, "1.2", in: folder)
      }
      expectCourseError(.invalidArgument, "not one task") {
        try output(HintCommand.self, "phase1", in: folder)
      }
    }
  }

  @Test func hintsFitTheTerminal() throws {
    try withPackage { folder in
      let long = String(repeating: "Look further. ", count: 12)
      let text = Self.text.replacing(
        "Add one.", with: "- \(long)\n  and \(long)\n\n```swift\nlet x = \"\(long)\"\n```")
      try Data(text.utf8).write(to: folder.appending(path: "Protocols/Phase1-FeedForward.md"))
      _ = try output(HintCommand.self, "1.1", in: folder)
      var features = TerminalFeatures(width: 40)
      features.isTerminal = true
      let hint = try output(HintCommand.self, "1.1", in: folder, features: features)
      let lines = hint.components(separatedBy: "\n")
      #expect(
        lines.filter { $0.contains("Look") && !$0.contains("let x") }.allSatisfy { $0.count <= 40 })
      #expect(lines.contains { $0.hasPrefix("  ") && $0.contains(" and Look") })
      // Nothing is lost.
      #expect(hint.matches(of: /Look/).count == 36)
    }
  }

  // MARK: reset

  @Test func aTaskThatBeginsAgainIsNotDone() throws {
    try withPackage { folder in
      try FileManager.default.createDirectory(
        at: folder.appending(path: ".course"), withIntermediateDirectories: true)
      try Data("1.1\n1.2\n".utf8).write(to: folder.appending(path: ".course/progress"))
      try Data(Self.source.utf8).write(to: folder.appending(path: Self.file))
      _ = try output(ResetCommand.self, "1.1", in: folder)
      #expect(ProgressFile(package: folder).done.map { "\($0)" } == ["1.2"])
    }
  }

  @Test func resetPutsBackTheRegionsOfOneTaskAndKeepsTheFile() throws {
    try withPackage { folder in
      let stub = try read(Self.file, in: folder)
      let mine = Self.source.replacing("given + 1", with: "mine").replacing("x - 1", with: "other")
      try Data(mine.utf8).write(to: folder.appending(path: Self.file))
      let words = try output(ResetCommand.self, "1.1", in: folder)
      let now = try read(Self.file, in: folder)
      #expect(now.contains(#"notWritten("1.1", given: given)"#))
      #expect(now.contains("return other") && !now.contains("mine"))
      let backup = try #require(words.firstMatch(of: /\.course\/backup\/Dense-[\d-]+\.swift/))
      #expect(try read(String(backup.0), in: folder) == mine)
      // Twice in a second, and with nothing left to do.
      _ = try output(ResetCommand.self, "1.2", in: folder)
      #expect(try read(Self.file, in: folder) == stub)
      #expect(try output(ResetCommand.self, "1.2", in: folder).contains("as it was handed out"))
      let backups = try FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: ".course/backup").path)
      #expect(backups.count == 2)
    }
  }

  @Test func resetPutsEachStubInItsOwnRegion() throws {
    try withPackage { folder in
      let task = try Catalogue(package: folder).task("1.1")
      let source = Self.source.replacing("TODO(1.2)", with: "TODO(1.1)")
      let stubs = try MarkedSource(source, file: Self.file).stubbed()
      #expect(stubs.contains("given: given") && stubs.contains(#"notWritten("1.1")"#))
      #expect(
        try ResetCommand.reset(source, to: stubs, task: task, file: Self.file) == (stubs, false))
    }
  }

  @Test func resetMendsAFileWithoutItsMarkers() throws {
    try withPackage { folder in
      let stub = try read(Self.file, in: folder)
      let broken = stub.replacing("    // END SOLUTION\n", with: "")
      try Data(broken.utf8).write(to: folder.appending(path: Self.file))
      let words = try output(ResetCommand.self, "1.1", in: folder)
      #expect(words.contains("the whole file") && words.contains(".course/backup/Dense-"))
      #expect(try read(Self.file, in: folder) == stub)
      try FileManager.default.removeItem(at: folder.appending(path: Self.file))
      _ = try output(ResetCommand.self, "1.1", in: folder)
      #expect(try read(Self.file, in: folder) == stub)
    }
  }

  @Test func resetInTheCompletePackage() throws {
    try withPackage(isHandout: false) { folder in
      _ = try output(ResetCommand.self, "1.1", in: folder)
      let now = try read(Self.file, in: folder)
      #expect(now.contains(#"notWritten("1.1", given: given)"#) && now.contains("return x - 1"))
      let broken = now.replacing("    // END SOLUTION\n", with: "")
      try Data(broken.utf8).write(to: folder.appending(path: Self.file))
      expectCourseError(.format, "Put the marker back") {
        try output(ResetCommand.self, "1.1", in: folder)
      }
      #expect(try read(Self.file, in: folder) == broken)
    }
  }

  // MARK: solution

  @Test func aSolutionIsShownAfterTheTaskPassed() throws {
    try withPackage(isHandout: false) { folder in
      expectCourseError(.invalidArgument, "does not pass yet", "--give-up") {
        try output(SolutionCommand.self, "1.1", in: folder)
      }
      #expect(
        try output(SolutionCommand.self, "1.1", "--give-up", in: folder).contains(
          "return given + 1"))
      try FileManager.default.createDirectory(
        at: folder.appending(path: ".course"), withIntermediateDirectories: true)
      for (line, passes) in [
        ("1.1\n", true), ("# 1.1\n1.10\n", false), ("1.2\n1.1\n", true),
      ] {
        try Data(line.utf8).write(to: folder.appending(path: ".course/progress"))
        let text = try? output(SolutionCommand.self, "1.1", in: folder)
        #expect((text != nil) == passes, "\(line)")
      }
    }
  }

  @Test func theFullPackageKeepsTheSolutionOfATaskThatIsBegun() throws {
    try withPackage(isHandout: false) { folder in
      for _ in 0..<2 {
        _ = try output(ResetCommand.self, "1.1", in: folder)
        #expect(
          try output(SolutionCommand.self, "1.1", "--give-up", in: folder).contains(
            "return given + 1"))
        #expect(
          try output(SolutionCommand.self, "1.2", "--give-up", in: folder).contains("return x - 1"))
      }
    }
  }

  @Test func inTheFullPackageTheTasksToDoAreThoseThatWereBegun() throws {
    func toDo(_ folder: URL) throws -> [String] {
      StudentState(package: folder).tasksToDo(of: try Catalogue(package: folder)).map {
        "\($0.number)"
      }
    }
    try withPackage { folder in
      let all = try toDo(folder)
      #expect(all == ["1.1", "1.2"])
    }
    try withPackage(isHandout: false) { folder in
      #expect(try toDo(folder) == [])
      _ = try output(ResetCommand.self, "1.2", in: folder)
      #expect(try toDo(folder) == ["1.2"])
      // A solution of the student's own changes nothing.
      try Data(Self.source.utf8).write(to: folder.appending(path: Self.file))
      #expect(try toDo(folder) == ["1.2"])
    }
  }

  @Test func aHandoutNeedsTheFileWithTheSolutions() throws {
    try withPackage(isHandout: false) { complete in
      let tasks = try Catalogue(package: complete).tasks
      let solutions = try SolutionsFile(of: tasks, in: complete)
      #expect(solutions.solutions.map(\.code) == ["return given + 1", "return x - 1"])
      try withPackage { folder in
        expectCourseError(.invalidArgument, "is not here", "solutions.json") {
          try output(SolutionCommand.self, "1.2", "--give-up", in: folder)
        }
        try solutions.write(to: folder.appending(path: "solutions.json"))
        let text = try output(SolutionCommand.self, "1.2", "--give-up", in: folder)
        #expect(text.contains("return x - 1") && !text.contains("given"))
        try Data("{}".utf8).write(to: folder.appending(path: "solutions.json"))
        expectCourseError(.format, "no file of solutions") {
          try output(SolutionCommand.self, "1.2", "--give-up", in: folder)
        }
      }
    }
  }
}
