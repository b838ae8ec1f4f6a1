import Foundation
import Shared

/// The content of a file from front to back, unpacked when it is gzip data, without ever holding all of
/// it.
///
/// Sizes that a file claims are checked against its length before memory is taken for them.
final class ByteSource {
  /// Names the file in errors.
  let path: String
  /// The number of bytes of content read so far.
  private(set) var offset = 0
  /// Whether the file is gzip data.
  let isGzip: Bool

  /// What has been looked at but not read.
  private var pushedBack: ArraySlice<UInt8> = []
  /// What has come from the file and not been used.
  private var packed: ArraySlice<UInt8>
  private let file: FileHandle?
  private let decoder: GzipDecoder?
  private let fileSize: Int
  /// A pipe has no length.
  private let hasLength: Bool
  private static let pieceSize = 1 << 17

  /// Opens a file.
  /// - Parameter content: what should be in it, for messages
  init(path: String, content: String) throws {
    self.path = path
    try requireReadable(path, content: content)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CourseError(
        .file, "cannot open the file", expected: content, received: systemMessage(errno),
        location: path)
    }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    hasLength = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    fileSize = hasLength ? Int(status.st_size) : Int.max / 2048
    let start = try ByteSource.piece(of: file, path: path)
    isGzip = Gzip.isGzip(start)
    decoder = isGzip ? try GzipDecoder(path: path) : nil
    packed = start
  }

  /// Reads from memory; `path` names it in errors.
  init(data: Data, path: String) throws {
    self.path = path
    file = nil
    (fileSize, hasLength) = (data.count, true)
    packed = [UInt8](data)[...]
    isGzip = Gzip.isGzip(packed)
    decoder = isGzip ? try GzipDecoder(path: path) : nil
  }

  /// The most bytes that the whole content can have: deflate packs 1032 to 1 at best.
  var mostContent: Int { isGzip ? fileSize * 1032 : fileSize }

  /// Looks at the next bytes and leaves them where they are; fewer at the end.
  func peek(_ count: Int) throws -> [UInt8] {
    let bytes = try read(atMost: count)
    pushedBack = bytes[...] + pushedBack
    offset -= bytes.count
    return bytes
  }

  /// The next bytes, fewer only at the end. Memory grows with what comes, not with `count`.
  func read(atMost count: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    // The length of a plain file is known; what packed data and pipes claim to hold is not believed.
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
  /// - Parameter what: says in an error what they would have been
  func append(_ count: Int, to bytes: inout [UInt8], what: String) throws {
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
        throw truncated(what: what, at: start, expected: count, received: count - left)
      }
    }
  }

  /// Exactly `count` bytes.
  func read(_ count: Int, what: String) throws -> [UInt8] {
    let start = offset
    let bytes = try read(atMost: count)
    guard bytes.count == count else {
      throw truncated(what: what, at: start, expected: count, received: bytes.count)
    }
    return bytes
  }

  /// Passes over bytes; throws when there are not that many.
  func skip(_ count: Int, what: String) throws {
    let start = offset
    var left = count
    while left > 0 {
      let piece = try read(atMost: min(left, ByteSource.pieceSize))
      guard !piece.isEmpty else {
        throw truncated(what: what, at: start, expected: count, received: count - left)
      }
      left -= piece.count
    }
  }

  /// Throws when there is more, and when the gzip data around the content are not complete.
  func requireEnd(expected: String) throws {
    let start = offset
    guard try read(atMost: 1).isEmpty else {
      throw CourseError(
        .format, "the file is longer than it should be", expected: expected,
        received: "more from offset \(start)\(place)", location: path,
        remedy: "Get the file anew.")
    }
  }

  private func truncated(
    what: String, at start: Int, expected: Int, received: Int
  ) -> CourseError {
    CourseError(
      .format, "the file is truncated", expected: "\(expected) bytes of \(what)",
      received: "\(received)", location: "\(path), offset \(start)\(place)",
      remedy: "Get the file anew.")
  }

  /// Which offsets are meant.
  var place: String { isGzip ? " of the unpacked data" : "" }

  // MARK: The bottom

  /// Fills a buffer; less than all of it only at the end.
  private func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
    var filled = min(pushedBack.count, buffer.count)
    _ = buffer[..<filled].initialize(fromContentsOf: pushedBack.prefix(filled))
    pushedBack = pushedBack.dropFirst(filled)
    while filled < buffer.count {
      if packed.isEmpty {
        packed = try ByteSource.piece(of: file, path: path)
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

  private static func piece(of file: FileHandle?, path: String) throws -> ArraySlice<UInt8> {
    guard let file else { return [] }
    do {
      return [UInt8](try file.read(upToCount: pieceSize) ?? Data())[...]
    } catch {
      throw CourseError(
        .file, "cannot read the file", received: error.localizedDescription, location: path)
    }
  }
}
