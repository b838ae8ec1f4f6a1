import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct AtomicFileTests {
  private struct Interruption: Error {}

  @Test func theContentIsWrittenAndReplaced() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "data.bin")
      for text in ["first", "", "second"] {
        try AtomicFile.write(Data(text.utf8), to: url)
        #expect(try Data(contentsOf: url) == Data(text.utf8))
        #expect(try names(in: folder) == ["data.bin"])
      }
    }
  }

  @Test func aFailureOnTheWayLeavesTheOldFileAndNothingElse() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "data.bin")
      for earlier in [nil, "old"] as [String?] {
        if let earlier { try AtomicFile.write(Data(earlier.utf8), to: url) }
        #expect(throws: Interruption.self) {
          try AtomicFile.write(to: url) { output in
            try output.write(Data("half of it".utf8))
            throw Interruption()
          }
        }
        #expect(try names(in: folder) == (earlier == nil ? [] : ["data.bin"]))
        if let earlier { #expect(try Data(contentsOf: url) == Data(earlier.utf8)) }
      }
    }
  }

  @Test func piecesFollowEachOther() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "data.bin")
      try AtomicFile.write(to: url) { output in
        for piece in ["a", "", "bc"] { try output.write(Data(piece.utf8)) }
      }
      #expect(try Data(contentsOf: url) == Data("abc".utf8))
    }
  }

  @Test func placesThatCannotBeWrittenAreNamed() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appending(path: "none/data.bin")
      expectCourseError(.file, missing.path, "no such file", "Create the folder") {
        try AtomicFile.write(Data(), to: missing)
      }
      expectCourseError(.file, "a folder", "Add a file name") {
        try AtomicFile.write(Data(), to: folder)
      }
      try AtomicFile.write(Data(), to: folder.appending(path: "file"))
      expectCourseError(.file, "not a directory") {
        try AtomicFile.write(Data(), to: folder.appending(path: "file/data.bin"))
      }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskIsSaidInWords() {
    expectCourseError(.file, "/dev/full", "no space left", "Free some space") {
      try AtomicFile.write(Data([1]), to: URL(filePath: "/dev/full"))
    }
  }

  @Test func linksAndPermissionsStay() throws {
    try withTemporaryFolder { folder in
      let target = folder.appending(path: "target.bin")
      let link = folder.appending(path: "link.bin")
      try AtomicFile.write(Data("old".utf8), to: target)
      let files = FileManager.default
      try files.setAttributes([.posixPermissions: 0o640], ofItemAtPath: target.path)
      try files.createSymbolicLink(at: link, withDestinationURL: target)
      try AtomicFile.write(Data("new".utf8), to: link)
      #expect(try Data(contentsOf: target) == Data("new".utf8))
      #expect(try files.destinationOfSymbolicLink(atPath: link.path) == target.path)
      let mode = try files.attributesOfItem(atPath: target.path)[.posixPermissions] as? Int
      #expect(mode == 0o640)
    }
  }

  // MARK: Leftovers

  private let leftover = ".course-3F2504E0-4F89-11D3-9A0C-0305E82C3301.part"

  @Test func whatAKilledProcessLeftBehindGoesWithTheNextWrite() throws {
    try withTemporaryFolder { folder in
      try Data("half".utf8).write(to: folder.appending(path: leftover))
      try AtomicFile.write(Data("all".utf8), to: folder.appending(path: "data.bin"))
      #expect(try names(in: folder) == ["data.bin"])
    }
  }

  @Test func filesThatAreNotOursStay() throws {
    try withTemporaryFolder { folder in
      let others = [".course-notes.part", ".course-.part", "course.part", "data.bin.part"]
      for name in others { try Data().write(to: folder.appending(path: name)) }
      let target = folder.appending(path: "target")
      try Data().write(to: target)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: leftover), withDestinationURL: target)
      try AtomicFile.write(Data(), to: folder.appending(path: "data.bin"))
      #expect(try Set(names(in: folder)) == Set(others + ["target", leftover, "data.bin"]))
    }
  }

  @Test func aFileThatIsBeingWrittenStays() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(to: folder.appending(path: "slow.bin")) { output in
        try output.write(Data("first".utf8))
        try AtomicFile.write(Data("quick".utf8), to: folder.appending(path: "quick.bin"))
        try output.write(Data(" second".utf8))
      }
      #expect(try names(in: folder) == ["quick.bin", "slow.bin"])
      #expect(
        try Data(contentsOf: folder.appending(path: "slow.bin")) == Data("first second".utf8))
    }
  }

  /// Many writers at once, each of which looks for leftovers: none may take another's file for one.
  @Test func writersOfOneFolderLeaveEachOtherAlone() async throws {
    let folder = URL.temporaryDirectory.appending(path: "course-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for _ in 0..<50 {
            let url = folder.appending(path: "\(writer).bin")
            try AtomicFile.write(Data("\(writer)".utf8), to: url)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try names(in: folder) == (0..<4).map { "\($0).bin" })
  }
}
