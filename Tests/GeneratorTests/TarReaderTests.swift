import Foundation
import Shared
import TestSupport
import Testing

@testable import Generator

@Suite struct TarReaderTests {
  /// A header as POSIX has it, and the content.
  private func entry(_ name: String, _ content: [UInt8], type: Character = "0") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      block.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
    }
    put(name, at: 0)
    put(String(format: "%011o", content.count), at: 124)
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
