import Foundation
import Shared

/// The content of a file from front to back, unpacked when it is gzip data, without ever holding all of
/// it.
///
/// Sizes that a file claims are checked against its length before memory is taken for them.
final class ByteSource: ByteReader {
  let path: String
  /// The number of bytes of content read so far.
  private(set) var offset = 0
  var offsetSuffix: String { isGzip ? " of the unpacked data" : "" }
  let remedy = Gzip.damageRemedy
  /// Whether the file is gzip data.
  let isGzip: Bool

  /// Bytes that have been looked at but not read.
  private var pushedBack: ArraySlice<UInt8> = []
  /// Bytes of the file that have not been used yet.
  private var packed: ArraySlice<UInt8>
  private let file: InputFile?
  private let decoder: GzipDecoder?
  private let fileSize: Int
  /// A pipe has no length.
  private var hasLength: Bool { file == nil || file?.size != nil }
  private static let pieceSize = 1 << 17

  /// Opens a file.
  /// - Parameter content: the content that is expected, for messages
  convenience init(path: String, content: String) throws {
    let file = try InputFile(path, content: content)
    try self.init(
      path: path, file: file, size: file.size ?? Int.max / 2048,
      start: file.read(atMost: ByteSource.pieceSize))
  }

  /// Reads from memory; `path` names it in errors.
  convenience init(data: Data, path: String) throws {
    try self.init(path: path, file: nil, size: data.count, start: [UInt8](data))
  }

  private init(path: String, file: InputFile?, size: Int, start: [UInt8]) throws {
    (self.path, self.file, fileSize, packed) = (path, file, size, start[...])
    isGzip = Gzip.isGzip(start)
    decoder = isGzip ? try GzipDecoder(path: path) : nil
  }

  /// The most bytes that the whole content can have: deflate packs 1032 to 1 at best.
  var maximumContent: Int { isGzip ? fileSize * 1032 : fileSize }

  /// Looks at the next bytes and leaves them where they are; fewer at the end.
  func peek(_ count: Int) throws -> [UInt8] {
    let bytes = try read(atMost: count)
    pushedBack = bytes[...] + pushedBack
    offset -= bytes.count
    return bytes
  }

  /// The next bytes, fewer only at the end. Memory grows with the bytes that come, not with `count`.
  func read(atMost count: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    // The length of a plain file is known; the claims of packed data and pipes are not believed.
    if hasLength, !isGzip {
      result.reserveCapacity(min(count, fileSize + pushedBack.count, 1 << 32))
    }
    while result.count < count {
      let step = min(count - result.count, max(ByteSource.pieceSize, result.count))
      let piece = try [UInt8](unsafeUninitializedCapacity: step) { buffer, filled in
        filled = try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<step]))
      }
      result += piece
      if piece.count < step { break }
    }
    offset += result.count
    return result
  }

  /// Exactly `count` bytes appended to `bytes`.
  /// - Parameter content: names them in the error for a file that ends before
  func append(_ count: Int, to bytes: inout [UInt8], of content: String) throws {
    let start = offset
    var left = count
    while left > 0 {
      let step = min(left, ByteSource.pieceSize)
      let piece = try [UInt8](unsafeUninitializedCapacity: step) { buffer, filled in
        filled = try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<step]))
      }
      bytes += piece
      offset += piece.count
      left -= piece.count
      guard piece.count == step else {
        throw truncated(content, expected: count, received: count - left, at: start)
      }
    }
  }

  /// Exactly `count` bytes.
  func take(_ count: Int, of content: String) throws -> [UInt8] {
    let start = offset
    let bytes = try read(atMost: count)
    guard bytes.count == count else {
      throw truncated(content, expected: count, received: bytes.count, at: start)
    }
    return bytes
  }

  /// A whole number of `count` bytes, at most 8; at most `Int.max`.
  func number(bytes count: Int, _ endian: Endian, of content: String) throws -> Int {
    try take(count, of: content).withUnsafeBytes { endian.number($0) }
  }

  /// Passes over bytes.
  func skip(_ count: Int, of content: String) throws {
    let start = offset
    var left = count
    while left > 0 {
      let piece = try read(atMost: min(left, ByteSource.pieceSize))
      guard !piece.isEmpty else {
        throw truncated(content, expected: count, received: count - left, at: start)
      }
      left -= piece.count
    }
  }

  /// Throws when there is more, and when the gzip data around the content are not complete.
  func requireEnd(expected: String) throws {
    let start = offset
    guard try read(atMost: 1).isEmpty else {
      throw refuse(
        "the file is longer than it should be", expected: expected,
        received: "more from offset \(start)\(offsetSuffix)", at: start)
    }
  }

  // MARK: The bottom

  /// Fills a buffer; less than all of it only at the end.
  private func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
    var filled = min(pushedBack.count, buffer.count)
    _ = buffer[..<filled].initialize(fromContentsOf: pushedBack.prefix(filled))
    pushedBack = pushedBack.dropFirst(filled)
    while filled < buffer.count {
      if packed.isEmpty {
        packed = try file?.read(atMost: ByteSource.pieceSize)[...] ?? []
        if packed.isEmpty {
          try decoder?.finish()
          break
        }
      }
      let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
      if let decoder {
        filled += try decoder.decode(&packed, into: rest)
      } else {
        let count = min(packed.count, rest.count)
        _ = rest[..<count].initialize(fromContentsOf: packed.prefix(count))
        packed = packed.dropFirst(count)
        filled += count
      }
    }
    return filled
  }
}
