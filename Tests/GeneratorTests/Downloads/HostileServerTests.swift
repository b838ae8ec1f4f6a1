import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// Servers that lead away, lie, or send next to nothing.
extension DownloaderTests {
  @Test(arguments: ["file:///etc/hostname", "ftp://127.0.0.1/data.bin", "gopher://x/"])
  func aServerCannotLeadAwayFromTheWeb(address: String) throws {
    try withServer({ request, _ in
      request.path == "/here" ? .elsewhere(address) : .file(Self.content, request)
    }) { server, folder in
      try Downloader().fetch(
        file(server.address("here"), server.address("right")), into: folder)
      #expect(server.log.map(\.path) == ["/here", "/right"])
      expectCourseError(.file, "127.0.0.1: ", "redirects to \(address)") {
        try Downloader().fetch(file(server.address("here")), into: folder.appending(path: "other"))
      }
    }
  }

  @Test func aCircleOfRedirectsEnds() throws {
    try withServer({ _, _ in .elsewhere("/here") }) { server, folder in
      expectCourseError(.file, "127.0.0.1: too many redirects") {
        try Downloader().fetch(file(server.address("here")), into: folder)
      }
      #expect(server.log.count == 11)
    }
  }

  /// Without a length, only the checksum can tell.
  @Test func aServerThatKeepsTheConnectionOpenIsLeft() throws {
    try withServer({ _, _ in
      var answer = LocalServer.Answer(body: Self.content + [1, 2, 3])
      answer.isStuck = true
      return answer
    }) { server, folder in
      try Downloader().fetch(file(server.address("open")), into: folder)
      #expect(try content(folder) == Self.content)
    }
  }

  @Test func aRedirectOnTheWebIsFollowed() throws {
    try withServer({ request, _ in
      request.path == "/here" ? .elsewhere("/there") : .file(Self.content, request)
    }) { server, folder in
      try Downloader().fetch(file(server.address("here")), into: folder)
      #expect(try content(folder) == Self.content)
      #expect(server.log.map(\.path) == ["/here", "/there"])
    }
  }

  @Test(arguments: [
    "99999999999999999999", "9223372036854775807", "-1", "+200000", "1e9", "200000x", "",
  ])
  func anAbsurdLengthIsRefusedAtOnce(length: String) throws {
    try withServer({ request, _ in
      guard request.path == "/wrong" else { return .file(Self.content, request) }
      var answer = LocalServer.Answer(headers: ["Content-Length: \(length)"], body: Self.content)
      answer.isStuck = true
      return answer
    }) { server, folder in
      let file = file(server.address("wrong"), server.address("right"))
      try Downloader().fetch(file, into: folder)
      #expect(try content(folder) == Self.content)
    }
  }

  @Test func whyAServerWasGivenUpIsSaid() throws {
    try withServer({ request, _ in .file(Self.content, request).breaking(after: 10) }) {
      server, folder in
      expectCourseError(
        .file, "given up after 5 attempts: the connection broke after 50 of 200000 bytes"
      ) { try Downloader().fetch(file(server.address("x")), into: folder) }
    }
  }

  @Test func aTrickleIsNotFollowedForEver() throws {
    try withServer({ request, _ in
      var answer = LocalServer.Answer.file(Self.content, request)
      if request.path == "/slow" { answer.pause = 0.02 }
      return answer
    }) { server, folder in
      var downloader = Downloader()
      downloader.patience = 0.3
      try downloader.fetch(
        file(server.address("slow"), server.address("right")), into: folder)
      #expect(try content(folder) == Self.content)
      // What came slowly was not in vain.
      #expect(server.log.map(\.path) == ["/slow", "/right"] && server.log[1].offset ?? 0 > 0)
    }
  }

  @Test(arguments: ["ftp://127.0.0.1/data.bin", "file:///etc/hostname", "/etc/hostname", "x y"])
  func mirrorsAreOnTheWeb(mirror: String) throws {
    try withTemporaryFolder { folder in
      expectCourseError(.file, "cannot download data.bin", "http://", mirror) {
        try Downloader().fetch(file(mirror), into: folder)
      }
    }
  }
}
