import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.watched) struct TarReaderTests {
  /// A header as POSIX has it, and the content.
  /// - Parameter size: what stands in the field of the size, instead of the true one
  private func entry(
    _ name: String, _ content: [UInt8], type: Character = "0", size: [UInt8]? = nil
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      block.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
    }
    put(name, at: 0)
    put(String(format: "%011o", content.count), at: 124)
    if let size { block.replaceSubrange(124..<(124 + size.count), with: size) }
    put("        ", at: 148)
    put(String(type), at: 156)
    put("ustar", at: 257)
    put(String(format: "%06o", block.reduce(0) { $0 + Int($1) }), at: 148)
    block[154] = 0
    return block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  private func list(_ data: Data) throws -> [(String, [UInt8])] {
    var reader = TarReader(try ByteSource(data: data, path: "archive"))
    var all: [(String, [UInt8])] = []
    while let entry = try reader.next() {
      var content: [UInt8] = []
      try reader.append(entry, to: &content)
      all.append((entry.name, content))
    }
    return all
  }

  @Test func filesComeInOrderAndFoldersAreLeftOut() throws {
    let data = Data(
      entry("a/", [], type: "5") + entry("a/one", Array("one".utf8))
        + entry("b", [UInt8](repeating: 7, count: 1000)) + [UInt8](repeating: 0, count: 1024))
    let files = try list(data)
    #expect(files.map(\.0) == ["a/one", "b"])
    #expect(files[0].1 == Array("one".utf8) && files[1].1.count == 1000)
    var reader = TarReader(try ByteSource(data: data, path: "archive"))
    _ = try reader.next()
    #expect(try reader.next()?.name == "b", "what is not read is passed over")
    #expect(try reader.next() == nil)
  }

  @Test(
    arguments: ["-5", "+5", "0x5", "5 5", "8", "", "77777777777777777777777"], ["0", "L", "x"])
  func aSizeIsOctalDigits(size: String, type: Character) {
    let field = Array((size + String(repeating: " ", count: 12)).utf8.prefix(12))
    expectCourseError(.format, "archive, offset 124", "size", "makes no sense") {
      try list(Data(entry("././@LongLink", Array("hello".utf8), type: type, size: field)))
    }
  }

  @Test func blanksAndZerosMayStandAroundASize() throws {
    for size in ["          5 ", "5           ", "00000000005\0", "5\0\0\0\0\0\0\0\0\0\0\0"] {
      let data = Data(entry("x", Array("hello".utf8), size: Array(size.utf8)))
      #expect(try list(data).map(\.1) == [Array("hello".utf8)])
    }
  }

  /// What GNU tar writes from 8 GB on; a first byte of FF is a negative number.
  @Test func binarySizesAreRead() throws {
    // The last bytes of the field; zeros stand in front of them.
    func field(_ first: UInt8, _ last: [UInt8], fill: UInt8 = 0) -> [UInt8] {
      [first] + [UInt8](repeating: fill, count: 11 - last.count) + last
    }
    let files = try list(Data(entry("x", Array("hello".utf8), size: field(0x80, [5]))))
    #expect(files.map(\.1) == [Array("hello".utf8)])
    let largest: [UInt8] = [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    let wrong = [
      field(0x80, [1, 0, 0]), field(0x80, [], fill: 0xFF), field(0x80, largest),
      field(0xFF, [0xFB], fill: 0xFF), field(0x81, [5]),
    ]
    for size in wrong {
      expectCourseError(.format, "offset 124", "makes no sense") {
        try list(Data(entry("x", Array("hello".utf8), size: size)))
      }
    }
  }

  @Test func paxRecordsSayNameAndSize() throws {
    func archive(_ records: String) -> Data {
      Data(
        entry("p", Array(records.utf8), type: "x")
          + entry("short", Array("hello".utf8), size: Array("00000000000 ".utf8)))
    }
    let files = try list(archive("10 size=5\n15 path=a/long\n"))
    #expect(files.map(\.0) == ["a/long"] && files.map(\.1) == [Array("hello".utf8)])
    for records in ["11 size=-5\n", "11 size=+5\n", "32 size=99999999999999999999999\n"] {
      expectCourseError(.format, "archive, offset", "size", "makes no sense") {
        try list(archive(records))
      }
    }
    for records in [
      "-9 path=a\n", "+9 path=a\n", "99 path=a\n", "0 path=a\n", "2 path=a\n", "9 path=abc\n",
      "99999999999999999999 path=a\n", "path=a\n", "9 pathxab\n",
    ] {
      expectCourseError(.format, "archive, offset 512", "record", "damaged") {
        try list(archive(records))
      }
    }
  }

  @Test func damageIsNoticed() {
    let data = Data(entry("x", Array("hello".utf8)))
    expectCourseError(.format, "archive, offset 1024", "truncated", "got 100") {
      try list(data + Data(repeating: 1, count: 100))
    }
    expectCourseError(.format, "offset 0", "not a tar header", "a ZIP archive") {
      try list(Data([0x50, 0x4B] + [UInt8](repeating: 0x1F, count: 600)))
    }
    damage(data, truncationIsNoticed: false) { _ = try list($0) }
  }

  #if ImageCodecs

    @Test(arguments: [
      // tarfile with format=PAX_FORMAT, GNU_FORMAT and USTAR_FORMAT: "long/" * 30 + "file.bin"
      "H4sIAAAAAAACA+3TvQ6CMBRA4c4+BU/Q3pZCXEwcHX2FolVJCBrAhMf3bzAOjCUazzfcNl3u0BxttFlvw7iJYR87lYS8TJ3i"
        + "ivf9+W7FWaeyUc3g2g+hu69X/8mWy+wShtOqObdH83XjUDdRV3W7UEhijk98RF16P9m/SP7Zfy6F9SoT+k8uVDsiAAAA"
        + "AAAAAAAAAAAA+GE3BHsJywAoAAA=",
      "H4sIAAAAAAACA+3TQQrCMBBA0TlKTpAMJjVbD5BLtNJKsKRQ9f4qhYKLLiut/reYCdkO3zrrTmkol5TLVdahk6WtBx/n9/Qf"
        + "YxXFJPmCx+1ej8bIn+pfp3ebG13uW9vkIviB+7+jPoaw2L+q/+zfa6iCGKX/1dXNmQgAAAAAAAAAAAAAAAB27AlOTjq7"
        + "ACgAAA==",
      "H4sIAAAAAAACA+3QQQrCQAwF0BzFE2hxBu/TikphqNDq/Q2uxK1aEN5b5IcsEki7Tpdd+0U5j+20HcYpokuHWp+Z3jOVlz7n"
        + "tZSyj00XK7gvt37O89/e+8HrYkX9cAwAAAAAAAAAAAD+zwOQpn8hACgAAA==",
    ])
    func longNamesAreRead(archive: String) throws {
      let files = try list(bytes(archive))
      #expect(files.map(\.0) == [String(repeating: "long/", count: 30) + "file.bin"])
      #expect(files[0].1 == Array("abc".utf8))
    }

  #endif
}
