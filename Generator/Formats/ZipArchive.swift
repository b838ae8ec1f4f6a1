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
    /// The offset of its local header.
    var offset: Int
  }

  private(set) var members: [Member] = []
  private let path: String
  private let data: Data

  /// No file of arrays has more members.
  private static let maximumMembers = 10_000
  private static let remedy = "Download or save the file again."

  /// Reads the central directory, which stands at the end.
  init(data: Data, path: String) throws {
    (self.data, self.path) = (data, path)
    members = try data.withUnsafeBytes { bytes in
      var cursor = ByteCursor(bytes, path: path, remedy: ZipArchive.remedy)
      let end = try ZipArchive.findEnd(cursor)
      try cursor.seek(to: end + 4, of: "the end of the archive")
      let part = try cursor.number(bytes: 2, .little)
      try cursor.skip(2)
      let countHere = try cursor.number(bytes: 2, .little)
      let count = try cursor.number(bytes: 2, .little)
      let size = try cursor.number(bytes: 4, .little)
      let start = try cursor.number(bytes: 4, .little)
      guard part == 0, countHere == count, count <= ZipArchive.maximumMembers, start + size <= end
      else {
        throw cursor.refuse(
          "the archive cannot be read",
          expected: "one part, less than 4 GiB, at most \(ZipArchive.maximumMembers) members",
          received: counted(count, "member"), at: end)
      }
      var directory = ByteCursor(
        UnsafeRawBufferPointer(rebasing: bytes[start..<end]), path: path, from: start,
        remedy: ZipArchive.remedy)
      let members = try (0..<count).map { _ in
        try ZipArchive.member(&directory, fileSize: bytes.count)
      }
      guard Set(members.map(\.name)).count == count else {
        throw cursor.refuse("two members have the same name", at: start)
      }
      return members
    }
  }

  /// An entry of the central directory.
  private static func member(
    _ directory: inout ByteCursor, fileSize: Int
  ) throws -> Member {
    let start = directory.offset
    func damaged() -> CourseError { directory.refuse("the list of members is damaged", at: start) }
    guard directory.remaining >= 46, directory.starts(with: [0x50, 0x4B, 1, 2]) else {
      throw damaged()
    }
    func number(_ count: Int) throws -> Int { try directory.number(bytes: count, .little) }
    try directory.skip(8)
    let (flags, method) = (try number(2), try number(2))
    try directory.skip(4)
    let (sum, packedSize, size) = (try number(4), try number(4), try number(4))
    let (nameLength, extraLength, commentLength) = (try number(2), try number(2), try number(2))
    try directory.skip(8)
    let offset = try number(4)
    guard nameLength + extraLength + commentLength <= directory.remaining else { throw damaged() }
    let name = String(decoding: try directory.take(nameLength, of: "a name"), as: UTF8.self)
    try directory.skip(extraLength + commentLength)
    guard flags & 1 == 0 else {
      throw directory.refuse(
        "\"\(name)\" is encrypted", expected: "a member without password", at: start)
    }
    guard method == 0 || method == 8 else {
      throw directory.refuse(
        "\"\(name)\" is packed in an unknown way", expected: "0 (stored) or 8 (deflate)",
        received: "\(method)", at: start)
    }
    let member = Member(
      name: name, isDeflated: method == 8, sum: UInt32(sum), packedSize: packedSize, size: size,
      offset: offset)
    // Deflate packs 1032 to 1 at best.
    guard offset + 30 + packedSize <= fileSize,
      member.isDeflated ? size <= packedSize * 1032 + 1032 : size == packedSize
    else {
      throw directory.refuse(
        "the size of \"\(name)\" makes no sense",
        expected: "a size that fits a file of \(fileSize) bytes",
        received: "\(size) bytes, \(packedSize) packed", at: start)
    }
    return member
  }

  /// The content of a member; its CRC is checked.
  func content(of member: Member) throws -> [UInt8] {
    try data.withUnsafeBytes { bytes in
      var cursor = ByteCursor(bytes, path: path, remedy: ZipArchive.remedy)
      try cursor.seek(to: member.offset, of: "\"\(member.name)\"")
      guard cursor.starts(with: [0x50, 0x4B, 3, 4]) else {
        throw cursor.refuse("the member \"\(member.name)\" is not where it should be")
      }
      try cursor.skip(26)
      let nameLength = try cursor.number(bytes: 2, .little)
      let extraLength = try cursor.number(bytes: 2, .little)
      try cursor.skip(min(nameLength + extraLength, cursor.remaining))
      let start = cursor.offset
      guard member.packedSize <= cursor.remaining else {
        throw cursor.refuse(
          "the archive is truncated", expected: "\(member.packedSize) bytes of \"\(member.name)\"",
          received: "\(cursor.remaining)")
      }
      return try unpacked(
        member, cursor.take(member.packedSize, of: member.name)
      ) { expected, received in
        cursor.refuse(
          "\"\(member.name)\" is damaged", expected: expected, received: received, at: start)
      }
    }
  }

  private func unpacked(
    _ member: Member, _ packed: UnsafeRawBufferPointer,
    _ damage: (_ expected: String?, _ received: String) -> CourseError
  ) throws -> [UInt8] {
    var message = [CChar](repeating: 0, count: 64)
    var status = codecOK
    var sum: UInt32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: member.size) { out, count in
      if member.isDeflated {
        status = codec_inflate_raw(
          packed.baseAddress, packed.count, out.baseAddress, member.size, &message)
      } else {
        UnsafeMutableRawBufferPointer(out).copyMemory(from: packed)
      }
      if status == codecOK { status = codec_crc32(out.baseAddress, member.size, &sum) }
      count = status == codecOK ? member.size : 0
    }
    guard status == codecOK else {
      if status == codecUnavailable { throw missingCodec("npz", path: path) }
      if status == codecNoMemory { throw outOfMemory(path: path) }
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw damage(nil, String(decoding: text, as: UTF8.self))
    }
    guard sum == member.sum else {
      throw damage(
        String(format: "the CRC %08X", member.sum), String(format: "%08X", sum))
    }
    return bytes
  }

  /// The offset of the record at the end, which only a comment may follow.
  private static func findEnd(_ start: ByteCursor) throws -> Int {
    let size = start.remaining
    guard start.starts(with: [0x50, 0x4B]) else {
      var head = start
      throw start.refuse(
        "this is not a .npz file", expected: "a ZIP archive, 50 4B",
        received: size == 0
          ? "an empty file" : beginning(try head.take(min(size, 16), of: "a header")), remedy: "")
    }
    for place in stride(from: size - 22, through: max(0, size - 65_557), by: -1) {
      var cursor = start
      try cursor.seek(to: place, of: "the end of the archive")
      guard cursor.starts(with: [0x50, 0x4B, 5, 6]) else { continue }
      try cursor.skip(20)
      if place + 22 + (try cursor.number(bytes: 2, .little)) == size { return place }
    }
    throw start.refuse(
      "the archive is truncated", expected: "the list of its members at the end", at: size)
  }
}
