import CourseTestSupport
import Foundation
import Shared
import Testing

/// Text that comes through a pipe instead of lying in a file.
@Suite(.watched) struct FileReadingTests {
  /// Runs `body` with the path of a pipe through which `text` comes.
  private func withPipe(_ text: String, _ body: (_ path: String) throws -> Void) throws {
    let pipe = Pipe()
    let bytes = Data(text.utf8)
    // More than a pipe holds has to be written while it is read.
    Thread.detachNewThread {
      try? pipe.fileHandleForWriting.write(contentsOf: bytes)
      try? pipe.fileHandleForWriting.close()
    }
    try body("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
  }

  @Test func pipesAreReadToTheirEnd() throws {
    try withPipe("x,kind\n1,a\n2,b\n") { path in
      let table = try CSVTable(contentsOf: path)
      #expect(table.columnNames == ["x", "kind"] && table.rowCount == 2)
    }
    let rows = (0..<50_000).map { "\($0),\($0 % 2)" }.joined(separator: "\n")
    try withPipe(rows) { path in
      let table = try CSVTable(contentsOf: path)
      #expect(table.rowCount == 50_000)
    }
    try withPipe("abc") { path in
      let text = try CharacterText(contentsOf: path)
      #expect(text.tokens.count == 3)
    }
    try withPipe("[1]") { path in
      let value = try JSONValue(contentsOf: path)
      #expect(value == .array([.integer(1)]))
    }
  }

  @Test func namedPipesAreReadAsWell() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "pipe.csv").path
      try #require(mkfifo(path, 0o600) == 0)
      Thread.detachNewThread {
        let pipe = FileHandle(forWritingAtPath: path)
        try? pipe?.write(contentsOf: Data("1,2\n3,4\n".utf8))
        try? pipe?.close()
      }
      let table = try CSVTable(contentsOf: path)
      #expect(table.rowCount == 2)
    }
  }

  @Test func aPipeThatBringsNothingIsAnEmptyFile() throws {
    try withPipe("") { path in
      expectCourseError(.invalidData, "no rows") { _ = try CSVTable(contentsOf: path) }
    }
  }
}
