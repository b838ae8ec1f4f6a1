import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct FileWatcherTests {
  @Test func savingInAnyWayIsAChange() throws {
    try withTemporaryFolder { folder in
      let inner = folder.appending(path: "inner")
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      let (file, other) = (inner.appending(path: "a.swift"), inner.appending(path: "b.swift"))
      try Data("1".utf8).write(to: file)
      let watcher = FileWatcher(folders: [folder])
      #expect(watcher.changes() == nil)
      // In place, as some editors save, and by renaming, as others do.
      try Data("2".utf8).write(to: file)
      #expect(watcher.changes().map { $0.map(name) } == ["a.swift"])
      // The clock of a file system counts in steps of some milliseconds.
      Thread.sleep(forTimeInterval: 0.05)
      try Data("3".utf8).write(to: file, options: .atomic)
      #expect(watcher.changes().map { $0.map(name) } == ["a.swift"])
      try Data("4".utf8).write(to: other)
      try FileManager.default.removeItem(at: file)
      #expect(watcher.changes().map { $0.map(name) } == ["a.swift", "b.swift"])
      try Data("notes".utf8).write(to: inner.appending(path: "notes.txt"))
      #expect(watcher.changes() == nil)
    }
  }

  @Test func aSaveWakesTheWatcher() throws {
    try withTemporaryFolder { folder in
      let watcher = FileWatcher(folders: [folder])
      let file = folder.appending(path: "a.swift")
      let saver = Thread {
        Thread.sleep(forTimeInterval: 0.2)
        try? Data("1".utf8).write(to: file)
      }
      saver.start()
      guard case .changed(let files) = watcher.next() else {
        Issue.record("no change")
        return
      }
      #expect(files.map(name) == ["a.swift"])
    }
  }

  private func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }
}
