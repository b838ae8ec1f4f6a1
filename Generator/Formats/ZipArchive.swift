import CCourseCodecs
import Foundation
import Shared

/// The members of a ZIP archive, as far as NumPy's `.npz` files need it: stored or deflated, not encrypted,
/// below 4 GiB each.
struct ZipArchive {
  /// A file in the archive, as the central directory describes it.
  struct Member {
    var name: String
    var isDeflated: Bool
    var sum: UInt32
    var packedSize: Int
    var size: Int
    /// Where its local header lies.
    var offset: Int
  }

  let path: String
  private(set) var members: [Member] = []
  private let data: Data

  /// No file of arrays has more members, and no array more bytes.
  private static let mostMembers = 10_000
  static let mostBytes = 1 << 33

  /// Reads the central directory, which stands at the end.
  init(data: Data, path: String) throws {
    // Offsets below count from 0.
    self.data = data.startIndex == 0 ? data : Data(data)
    self.path = path
    let end = try findEnd()
    let (count, start) = (number(end + 10, 2), number(end + 16, 4))
    guard number(end + 4, 2) == 0, number(end + 8, 2) == count, count <= ZipArchive.mostMembers,
      start + number(end + 12, 4) <= end
    else {
      throw refuse(
        "the archive cannot be read",
        expected: "one part, less than 4 GiB, at most "
          + "\(ZipArchive.mostMembers) members", received: "\(count) members", offset: end)
    }
    var place = start
    for _ in 0..<count {
      guard place + 46 <= end, number(place, 4) == 0x0201_4B50 else {
        throw refuse("the list of members is damaged", offset: place)
      }
      let length = number(place + 28, 2)
      let next = place + 46 + length + number(place + 30, 2) + number(place + 32, 2)
      guard next <= end else { throw refuse("the list of members is damaged", offset: place) }
      members.append(try member(at: place, nameLength: length))
      place = next
    }
    guard Set(members.map(\.name)).count == count else {
      throw refuse("two members have the same name", offset: start)
    }
  }

  private func member(at place: Int, nameLength: Int) throws -> Member {
    let name = String(decoding: data[(place + 46)..<(place + 46 + nameLength)], as: UTF8.self)
    let (flags, method) = (number(place + 8, 2), number(place + 10, 2))
    guard flags & 1 == 0 else {
      throw refuse("\"\(name)\" is encrypted", expected: "a member without password", offset: place)
    }
    guard method == 0 || method == 8 else {
      throw refuse(
        "\"\(name)\" is packed in an unknown way", expected: "0 (stored) or 8 (deflate)",
        received: "\(method)", offset: place)
    }
    let member = Member(
      name: name, isDeflated: method == 8, sum: UInt32(number(place + 16, 4)),
      packedSize: number(place + 20, 4), size: number(place + 24, 4), offset: number(place + 42, 4))
    // Deflate packs 1032 to 1 at best.
    guard member.offset + 30 + member.packedSize <= data.count,
      member.isDeflated
        ? member.size <= member.packedSize * 1032 + 1032 : member.size == member.packedSize
    else {
      throw refuse(
        "the size of \"\(name)\" makes no sense",
        expected: "what fits a file of \(data.count) bytes",
        received: "\(member.size) bytes, \(member.packedSize) packed", offset: place)
    }
    return member
  }

  /// The content of a member; its CRC is checked.
  func content(of member: Member) throws -> [UInt8] {
    let place = member.offset
    guard number(place, 4) == 0x0403_4B50 else {
      throw refuse("the member \"\(member.name)\" is not where it should be", offset: place)
    }
    let start = place + 30 + number(place + 26, 2) + number(place + 28, 2)
    guard start + member.packedSize <= data.count else {
      throw refuse(
        "the archive is truncated", expected: "\(member.packedSize) bytes of \"\(member.name)\"",
        received: "\(max(0, data.count - start))", offset: start)
    }
    var message = [CChar](repeating: 0, count: 64)
    var status = codecOK
    var sum: UInt32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: member.size) { out, count in
      data.withUnsafeBytes { all in
        let packed = UnsafeRawBufferPointer(rebasing: all[start..<(start + member.packedSize)])
        if member.isDeflated {
          status = codec_inflate_raw(
            packed.baseAddress, packed.count, out.baseAddress, member.size, &message)
        } else {
          UnsafeMutableRawBufferPointer(out).copyMemory(from: packed)
        }
      }
      if status == codecOK { status = codec_crc32(out.baseAddress, member.size, &sum) }
      count = status == codecOK ? member.size : 0
    }
    guard status == codecOK else {
      if status == codecUnavailable { throw missingCodec("npz", path: path) }
      if status == codecNoMemory { throw outOfMemory(path: path) }
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw refuse(
        "\"\(member.name)\" is damaged", received: String(decoding: text, as: UTF8.self),
        offset: start)
    }
    guard sum == member.sum else {
      throw refuse(
        "\"\(member.name)\" is damaged", expected: String(format: "the CRC %08X", member.sum),
        received: String(format: "%08X", sum), offset: start)
    }
    return bytes
  }

  // MARK: Bytes

  /// The record at the end, behind which only a comment may stand.
  private func findEnd() throws -> Int {
    let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    guard data.starts(with: [0x50, 0x4B]) else {
      throw CourseError(
        .format, "this is not a .npz file", expected: "a ZIP archive, 50 4B",
        received: data.isEmpty ? "an empty file" : beginning(data), location: "\(path), offset 0")
    }
    var place = data.count - 22
    while place >= 0, place >= data.count - 65_557 {
      if data[place..<(place + 4)].elementsEqual(signature),
        place + 22 + number(place + 20, 2) == data.count
      {
        return place
      }
      place -= 1
    }
    throw refuse(
      "the archive is truncated", expected: "the list of its members at the end", offset: data.count
    )
  }

  private func number(_ place: Int, _ count: Int) -> Int {
    guard place >= 0, place + count <= data.count else { return -1 }
    return (0..<count).reversed().reduce(0) { $0 << 8 | Int(data[place + $1]) }
  }

  private func refuse(
    _ what: String, expected: String? = nil, received: String? = nil, offset: Int
  ) -> CourseError {
    CourseError(
      .format, what, expected: expected, received: received, location: "\(path), offset \(offset)",
      remedy: "Get or make the file anew.")
  }
}
