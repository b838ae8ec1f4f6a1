#if ImageCodecs

  import Foundation
  import Generator
  import Shared
  import CourseTestSupport
  import Testing

  @Suite(.watched) struct GzipTests {
    private let text = "one fish, two fish, red fish, blue fish"
    // gzip.compress(text, mtime=0) of Python 3.11
    private let plain = "H4sIAAAAAAACA8vPS1VIyyzO0FEoKc+HsopSU6CspJxSiDQASqRL2ycAAAA="

    private func unpacked(_ data: Data, limit: Int = 1000) throws -> String {
      String(decoding: try Gzip.decompressed(data, path: "fish.gz", limit: limit), as: UTF8.self)
    }

    @Test func whatPythonPackedIsUnpacked() throws {
      #expect(try unpacked(bytes(plain)) == text)
      // with gzip.GzipFile("fish.txt", "wb", 9, out, mtime=1) as f: f.write(text)
      let named = "H4sICAEAAAAC/2Zpc2gudHh0AMvPS1VIyyzO0FEoKc+HsopSU6CspJxSiDQASqRL2ycAAAA="
      #expect(try unpacked(bytes(named)) == text)
      #expect(try unpacked(bytes("H4sIAAAAAAACAwMAAAAAAAAAAAA=")) == "")
    }

    @Test func membersAreJoined() throws {
      // gzip.compress(text[:10]) + gzip.compress(text[10:])
      let two =
        "H4sIAAAAAAACA8vPS1VIyyzO0FEAAAnd73cKAAAAH4sIAAAAAAACAyspz1dIyyzO0FEoSk2BspJySlPBTAB"
        + "JizYZHQAAAA=="
      #expect(try unpacked(bytes(two)) == text)
    }

    @Test func zerosMayFollowAndNothingElse() throws {
      let data = try bytes(plain)
      #expect(try unpacked(data + Data(count: 600)) == text)
      expectCourseError(
        .format, "fish.gz, offset \(data.count)", "unexpected data after", "the byte 41"
      ) {
        try unpacked(data + Data("A".utf8))
      }
      expectCourseError(.format, "unexpected data after") { try unpacked(data + Data([0]) + data) }
    }

    @Test func growthIsBounded() throws {
      // gzip.compress(bytes(100000))
      let zeros = try bytes(
        "H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBXA32VEdSg"
          + "hgEA")
      #expect(try Gzip.decompressed(zeros, path: "", limit: 100_000).count == 100_000)
      expectCourseError(.format, "longer than it should be", "99999 bytes") {
        try Gzip.decompressed(zeros, path: "", limit: 99_999)
      }
    }

    @Test func otherDataAreNamed() {
      expectCourseError(.format, "not gzip", "1F 8B", "a PNG image") {
        try unpacked(Data([0x89, 0x50, 0x4E, 0x47]))
      }
      expectCourseError(.format, "an empty file") { try unpacked(Data()) }
    }

    @Test func damageIsNoticed() throws {
      let result = damage(try bytes(plain)) { data in
        // A wrong date or system in the header, and a few flags, change nothing.
        let content = try unpacked(data)
        #expect(content == text)
      }
      #expect(result.all - result.noticed <= 8 * 7)
    }
  }

#endif
