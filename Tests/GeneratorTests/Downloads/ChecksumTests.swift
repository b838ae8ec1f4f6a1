import CourseTestSupport
import Foundation
import Generator
import Testing

@Suite(.watched) struct ChecksumTests {
  @Test func theVectorsOfTheStandardsComeOut() {
    func hex(_ method: Checksum.Method, _ text: String) -> String {
      Checksum.hex(method, of: Array(text.utf8))
    }
    // FIPS 180-4 and RFC 1321
    #expect(
      hex(.sha256, "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      hex(.sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hex(.sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(hex(.md5, "") == "d41d8cd98f00b204e9800998ecf8427e")
    #expect(hex(.md5, "abc") == "900150983cd24fb0d6963f7d28e17f72")
    #expect(
      hex(.md5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890")
        == "57edf4a22be3c955ac49da2e2107b67a")
  }

  @Test func everyLengthAroundTheBlocksIsRight() {
    // h = hashlib.sha256(); m = hashlib.md5()
    // for n in range(200):
    //   d = bytes((i * 7 + n) % 256 for i in range(n))
    //   h.update(hashlib.sha256(d).digest()); m.update(hashlib.md5(d).digest())
    for (method, expected) in [
      (
        Checksum.Method.sha256,
        "8c7c9ff69da76fc28823a1cb97268672663e628e1ea955868b16db46bab0545d"
      ), (.md5, "0e31983fb09e7f80b96e5ec823d6bb1a"),
    ] {
      var all = Checksum(method)
      for n in 0..<200 {
        let digest = Checksum.hex(method, of: (0..<n).map { UInt8(($0 * 7 + n) % 256) })
        all.update(
          stride(from: 0, to: digest.count, by: 2).compactMap {
            UInt8(digest.dropFirst($0).prefix(2), radix: 16)
          })
      }
      #expect(all.hex() == expected)
    }
  }

  @Test func piecesAndFilesGiveTheSameAsTheWhole() throws {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for method in Checksum.Method.allCases {
      let whole = Checksum.hex(method, of: bytes)
      var pieces = Checksum(method)
      var start = 0
      for size in [1, 63, 64, 65, 0, 200, 9607] {
        pieces.update(Array(bytes[start..<(start + size)]))
        start += size
      }
      #expect(start == bytes.count && pieces.hex() == whole)
      try withTemporaryFolder { folder in
        let path = folder.appending(path: "bytes")
        try Data(bytes).write(to: path)
        #expect(try Checksum.hex(method, ofFile: path.path) == whole)
      }
    }
  }
}
