import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.watched) struct DownloaderTests {
  static let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }

  func file(_ mirrors: String..., content: [UInt8] = content) -> RemoteFile {
    RemoteFile(
      name: "data.bin", size: content.count, md5: Checksum.hex(.md5, of: content),
      sha256: Checksum.hex(.sha256, of: content), mirrors: mirrors)
  }

  func withServer(
    _ answer: @escaping @Sendable (LocalServer.Request, Int) -> LocalServer.Answer,
    _ body: (LocalServer, URL) throws -> Void
  ) throws {
    let server = try LocalServer(answer)
    defer { server.stop() }
    try withTemporaryFolder { try body(server, $0.appending(path: "sub/folder")) }
  }

  func content(_ folder: URL) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: "data.bin")))
  }

  @Test func aWholeFileArrivesAndNothingElseStays() throws {
    try withServer({ request, _ in .file(Self.content, request) }) { server, folder in
      var seen: [Int] = []
      let outcome = try Downloader().fetch(file(server.address("a/data.bin")), into: folder) {
        seen.append($0.received)
      }
      #expect(outcome == .downloaded(host: "127.0.0.1"))
      #expect(try content(folder) == Self.content)
      #expect(try names(in: folder) == ["data.bin"])
      #expect(seen.last == Self.content.count && seen == seen.sorted())

      let again = try Downloader().fetch(file(server.address("a/data.bin")), into: folder)
      #expect(again == .present && server.log == [.init(path: "/a/data.bin", offset: nil)])
    }
  }

  @Test func aBrokenConnectionIsContinued() throws {
    try withServer({ request, number in
      let answer = LocalServer.Answer.file(Self.content, request)
      return number < 2 ? answer.breaking(after: 60_000) : answer
    }) { server, folder in
      try Downloader().fetch(file(server.address("data.bin")), into: folder)
      #expect(try content(folder) == Self.content)
      #expect(server.log.map(\.offset) == [nil, 60_000, 120_000])
    }
  }

  @Test func aStoppedDownloadIsContinuedLater() throws {
    struct Stop: Error {}
    try withServer({ request, number in
      var answer = LocalServer.Answer.file(Self.content, request)
      if number == 0 {
        answer = answer.breaking(after: 50_000)
        answer.isStuck = true
      }
      return answer
    }) { server, folder in
      let file = file(server.address("data.bin"))
      #expect(throws: Stop.self) {
        try Downloader().fetch(file, into: folder) { if $0.received == 50_000 { throw Stop() } }
      }
      #expect(try names(in: folder) == ["data.bin.part"])
      try Downloader().fetch(file, into: folder)
      #expect(server.log.map(\.offset) == [nil, 50_000])
      #expect(try content(folder) == Self.content)
    }
  }

  @Test func aServerThatCannotContinueBeginsAnew() throws {
    try withServer({ request, number in
      let whole = LocalServer.Answer(body: Self.content, claimedLength: Self.content.count)
      return number == 0 ? whole.breaking(after: 1000) : whole
    }) { server, folder in
      try Downloader().fetch(file(server.address("data.bin")), into: folder)
      #expect(try content(folder) == Self.content && server.log.count == 2)
    }
  }

  @Test func aWrongBeginningIsThrownAway() throws {
    try withServer({ request, _ in .file(Self.content, request) }) { server, folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let part = folder.appending(path: "data.bin.part")
      try Data(repeating: 1, count: 777).write(to: part)
      try Downloader().fetch(file(server.address("data.bin")), into: folder)
      #expect(server.log.map(\.offset) == [777, nil])
      #expect(try content(folder) == Self.content)

      // As long as the file, or longer: the server is not even asked to continue.
      try FileManager.default.removeItem(at: folder.appending(path: "data.bin"))
      try Data(repeating: 1, count: Self.content.count + 5).write(to: part)
      try Downloader().fetch(file(server.address("data.bin")), into: folder)
      #expect(try content(folder) == Self.content && server.log.count == 3)
    }
  }

  @Test func theNextMirrorHelpsOut() throws {
    var wrong = Self.content
    wrong[5] ^= 1
    try withServer({ [wrong] request, _ in
      switch request.path {
      case "/missing": .status(404)
      case "/wrong": .file(wrong, request)
      case "/short": .file([1, 2, 3], request)
      case "/refused": .status(403)
      case "/longer": .init(body: Self.content + [0], claimedLength: Self.content.count + 1)
      case "/part":
        .init(status: 206, headers: ["Content-Range: bytes 5-9/10"], body: [1], claimedLength: 1)
      default: .file(Self.content, request)
      }
    }) { server, folder in
      for path in ["missing", "wrong", "short", "refused", "longer", "part"] {
        let file = file(server.address(path), server.address("right"))
        try Downloader().fetch(file, into: folder)
        #expect(try content(folder) == Self.content, "after \(path)")
        #expect(server.log.suffix(2).map(\.path) == ["/\(path)", "/right"])
        try FileManager.default.removeItem(at: folder.appending(path: "data.bin"))
      }
    }
  }

  @Test func aWrongChecksumIsNeverKept() throws {
    var wrong = Self.content
    wrong[99_999] ^= 0x80
    try withServer({ [wrong] request, _ in .file(wrong, request) }) { server, folder in
      let file = file(server.address("data.bin"))
      expectCourseError(.file, "127.0.0.1: a wrong file: expected SHA-256", file.sha256 ?? "") {
        try Downloader().fetch(file, into: folder)
      }
      let left = try names(in: folder)
      #expect(left.isEmpty)
    }
  }

  @Test func aServerThatFallsSilentIsGivenUp() throws {
    try withServer({ request, _ in
      var answer = LocalServer.Answer.file(Self.content, request)
      answer.body = []
      answer.isStuck = true
      return answer
    }) { server, folder in
      var downloader = Downloader()
      downloader.patience = 0.3
      expectCourseError(.file, "127.0.0.1: no data for 1 second") {
        try downloader.fetch(file(server.address("data.bin")), into: folder)
      }
    }
  }

  @Test func withoutANetworkTheErrorSaysWhichFileToPutWhere() throws {
    // A port that was free a moment ago refuses connections.
    let server = try LocalServer { _, _ in .status(404) }
    server.stop()
    try withTemporaryFolder { folder in
      let file = file(server.address("data.bin"), "http://127.0.0.1:\(server.port)/two/data.bin")
      let dataset = RemoteDataset(name: "tiny", abstract: "", files: [file])
      expectCourseError(
        .file, "cannot download tiny", "127.0.0.1: no connection", server.address("data.bin"),
        "put it into \(folder.path)/tiny", "200000 bytes, SHA-256 \(file.sha256 ?? "")"
      ) {
        try Downloader().fetch(dataset, into: folder)
      }
      let left = try names(in: folder.appending(path: "tiny"))
      #expect(left.isEmpty)
    }
  }

  @Test func oneMissingFileDoesNotKeepTheOthersAway() throws {
    try withServer({ request, _ in
      request.path == "/a" ? .status(404) : .file(Self.content, request)
    }) { server, folder in
      let good = file(server.address("data.bin"))
      let missing = RemoteFile(
        name: "a", size: 5, md5: nil, sha256: nil, mirrors: [server.address("a")])
      let dataset = RemoteDataset(name: "two", abstract: "", files: [missing, good])
      var done: [String] = []
      expectCourseError(.file, "not found (404)", "/a", "5 bytes") {
        try Downloader().fetch(
          dataset, into: folder, finished: { file, _ in done.append(file.name) })
      }
      #expect(done == ["data.bin"])
    }
  }

  @Test func aFileOfTheUserIsVerifiedAndNeverReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "data.bin")
      try Data("mine".utf8).write(to: path)
      expectCourseError(.format, path.path, "expected 200000 bytes, got 4", "Delete it") {
        try Downloader().fetch(file(), into: folder)
      }
      #expect(try Data(contentsOf: path) == Data("mine".utf8))
      try Data(Self.content).write(to: path)
      #expect(try Downloader().fetch(file(), into: folder) == .present)
    }
  }

  @Test func twoDownloadsOfOneFileDoNotMeet() throws {
    try withServer({ request, _ in .file(Self.content, request) }) { server, folder in
      let file = file(server.address("data.bin"))
      var isTried = false
      try Downloader().fetch(file, into: folder) { _ in
        if isTried { return }
        isTried = true
        expectCourseError(.file, "another process", "Wait") {
          try Downloader().fetch(file, into: folder)
        }
      }
      #expect(isTried)
      #expect(try names(in: folder) == ["data.bin"])
    }
  }

  @Test func dataLiveWhereTheEnvironmentSays() {
    func place(_ environment: [String: String]) -> String {
      DataFolder.standard(environment: environment).path
    }
    #expect(place(["COURSE_DATA": "/a/b", "HOME": "/h"]) == "/a/b")
    #if !os(macOS)
      #expect(place(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/deep-learning-course")
      #expect(place(["COURSE_DATA": "", "HOME": "/h"]) == "/h/.cache/deep-learning-course")
      #expect(place(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/deep-learning-course")
    #endif
  }

  @Test func theCatalogueIsComplete() {
    for dataset in RemoteDataset.all {
      for file in dataset.files {
        #expect(file.md5?.count == 32 && file.sha256.map { $0.count == 64 } ?? true)
        #expect(file.mirrors.count >= 2 && file.mirrors.allSatisfy { $0.hasSuffix(file.name) })
      }
    }
    #expect(RemoteDataset.mnist.files.map(\.size) == [9_912_422, 28_881, 1_648_877, 4_542])
  }
}
