import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct SubmissionTests {
  private let relu = "Phase1-FeedForward/ReLU.swift"
  private let sgd = "Phase1-FeedForward/SGD.swift"

  /// Reads a submission with some files.
  private func submission(
    _ files: [String: String], prepare: (URL) throws -> Void = { _ in }
  ) throws -> Submission {
    try withTemporaryFolder { folder in
      let own = folder.appending(path: "Jörg Groß")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      for (path, text) in files { try write(text, to: own.appending(path: path)) }
      try prepare(own)
      return Submission(folder: own, paths: [relu, sgd]) { _ in SourceRules() }
    }
  }

  private func write(_ text: String, to file: URL) throws {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @Test(arguments: [
    "Phase1-FeedForward/ReLU.swift", "ReLU.swift", "project-main/Phase1-FeedForward/ReLU.swift",
    "my work/ReLU.swift",
  ])
  func findsAFileWhereverItLies(path: String) throws {
    let found = try submission([path: "let a = 1", "other/Dense.swift": "let b = 2"])
    #expect(found.files == [relu: "let a = 1"])
    #expect(found.refused.isEmpty)
    #expect(found.name == "Jörg Groß")
  }

  @Test func theFileAtItsPlaceCounts() throws {
    let found = try submission([
      relu: "let a = 1", "old/ReLU.swift": "let a = 2", ".build/ReLU.swift": "let a = 3",
    ])
    #expect(found.files == [relu: "let a = 1"])
  }

  @Test func severalFilesOfOneNameAreRefused() throws {
    let found = try submission(["a/ReLU.swift": "", "b/ReLU.swift": ""])
    #expect(found.refused[relu]?.contains("a/ReLU.swift, b/ReLU.swift") == true)
  }

  @Test func aLinkOutOfTheFolderIsRefused() throws {
    let found = try submission(["inside.swift": "let a = 1"]) { own in
      let outside = own.appending(path: "../secret.swift")
      try write("let secret = 1", to: outside)
      for (name, target) in [("ReLU.swift", "../secret.swift"), ("SGD.swift", "inside.swift")] {
        try FileManager.default.createSymbolicLink(
          atPath: own.appending(path: name).path, withDestinationPath: target)
      }
    }
    #expect(found.refused == [relu: "it is a symbolic link that leads out of the folder"])
    #expect(found.files == [sgd: "let a = 1"])
  }

  @Test func aFolderThatIsALinkOutIsRefused() throws {
    let found = try submission([:]) { own in
      try write("let secret = 1", to: own.appending(path: "../elsewhere/ReLU.swift"))
      try FileManager.default.createSymbolicLink(
        atPath: own.appending(path: "Phase1-FeedForward").path,
        withDestinationPath: "../elsewhere")
    }
    #expect(found.files.isEmpty)
  }

  @Test func filesThatAreNoTextAreRefused() throws {
    let found = try submission([relu: String(repeating: " ", count: 300_000)]) { own in
      let file = own.appending(path: sgd)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data([0xFF, 0xFE, 0]).write(to: file)
    }
    #expect(found.refused[relu]?.contains("300000 bytes") == true)
    #expect(found.refused[sgd]?.contains("UTF-8") == true)
  }

  @Test func aPipeIsNotRead() throws {
    let found = try submission([:]) { own in
      mkfifo(own.appending(path: "ReLU.swift").path, 0o644)
    }
    #expect(found.refused == [relu: "it is no regular file"])
  }

  @Test func anEmptyFolderHoldsNothing() throws {
    let found = try submission([:])
    #expect(found.files.isEmpty && found.refused.isEmpty)
  }

  // MARK: Tasks

  private func source(_ bodies: [(task: String, body: String)]) -> String {
    bodies.map { task, body in
      """
        // TODO(\(task)): words.
        // BEGIN SOLUTION
        \(body)
        // END SOLUTION
      """
    }.joined(separator: "\n")
  }

  @Test func theReferenceStandsInForTasksThatAreNotWritten() throws {
    let catalogue = try Catalogue(package: packageFolder)
    let tasks = try ["2.1", "2.2"].flatMap { try catalogue.tasks(named: $0) }
    let path = tasks[0].files[0]
    let open = "notWritten(\"2.2\")"
    func read(_ bodies: [(task: String, body: String)]) throws -> Submission {
      try withTemporaryFolder { folder in
        try write(source(bodies), to: folder.appending(path: path))
        return Submission(folder: folder, paths: [path]) { _ in SourceRules() }
      }
    }
    let reference = source([("2.1", "right1"), ("2.2", "right2"), ("2.2", "right3")])
    let mixed = try read([("2.1", "mine"), ("2.2", open), ("2.2", open)])
    #expect(mixed.part(tasks[0]) == .written)
    #expect(mixed.part(tasks[1]) == .unwritten)
    #expect(
      mixed.text(of: path, tasks: tasks, reference: reference)
        == source([("2.1", "mine"), ("2.2", "right2"), ("2.2", "right3")]))
    // Also for one that is wrong, so that it does not cost the other.
    let both = try read([("2.1", "mine"), ("2.2", "wrong"), ("2.2", "wrong")])
    #expect(
      both.text(of: path, tasks: tasks, reference: reference, without: [tasks[1]])
        == source([("2.1", "mine"), ("2.2", "right2"), ("2.2", "right3")]))
    #expect(both.text(of: path, tasks: tasks, reference: reference, without: tasks) == nil)
    // A task that is begun is the student's.
    let begun = try read([("2.1", open), ("2.2", "mine"), ("2.2", open)])
    #expect(begun.part(tasks[1]) == .written)
    #expect(
      begun.text(of: path, tasks: tasks, reference: reference)
        == source([("2.1", "right1"), ("2.2", "mine"), ("2.2", open)]))
    let none = try read([("2.1", open), ("2.2", open), ("2.2", open)])
    #expect(none.text(of: path, tasks: tasks, reference: reference) == nil)
  }
}
