import Foundation

/// The order of the bytes of a number.
package enum Endian: Sendable {
  /// The lowest byte first.
  case little
  /// The highest byte first.
  case big

  /// The number of at most 8 bytes; at most `Int.max`.
  package func number(_ bytes: UnsafeRawBufferPointer) -> Int {
    var value: UInt64 = 0
    for index in bytes.indices {
      value = value << 8 | UInt64(bytes[self == .big ? index : bytes.count - 1 - index])
    }
    return Int(clamping: value)
  }
}

/// Reads the bytes of a file in their order and knows its place, so that each error names the offset.
package protocol ByteReader {
  /// The file, for errors.
  var path: String { get }
  /// The place of the next byte.
  var offset: Int { get }
  /// Follows an offset in errors, such as " of the unpacked data".
  var offsetSuffix: String { get }
  /// The advice for a damaged file.
  var remedy: String { get }
}

extension ByteReader {
  /// An error about the file.
  /// - Parameters:
  ///   - place: the offset that it names; `nil` for that of the next byte
  ///   - remedy: `nil` for the advice for a damaged file; empty for none
  package func refuse(
    _ problem: String, expected: String? = nil, received: String? = nil, at place: Int? = nil,
    remedy: String? = nil
  ) -> CourseError {
    let advice = remedy ?? self.remedy
    return CourseError(
      .format, problem, expected: expected, received: received,
      location: "\(path), offset \(place ?? offset)\(offsetSuffix)",
      remedy: advice.isEmpty ? nil : advice)
  }

  /// The error for a file that ends too early.
  package func truncated(
    _ content: String, expected count: Int, received: Int, at place: Int? = nil
  ) -> CourseError {
    refuse(
      "the file is truncated", expected: "\(counted(count, "byte")) of \(content)",
      received: "\(received)",
      at: place)
  }
}

/// A place in the bytes of a file that lie in memory.
///
///     var cursor = ByteCursor(bytes, path: "photo.png")
///     try cursor.skip(8)
///     let length = try cursor.number(bytes: 4, .big, of: "a chunk")
///     let content = try cursor.take(length, of: "a chunk")
///     throw cursor.refuse("damaged PNG image", received: "...")      // names the path and the offset
///
/// The bytes belong to the caller, and must outlive the cursor.
package struct ByteCursor: ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private let start: Int
  private var place = 0

  package let path: String
  package let remedy: String
  package var offsetSuffix: String { "" }

  /// A cursor before the first byte.
  /// - Parameters:
  ///   - start: the offset of the first byte in the file
  ///   - remedy: the advice for a damaged file
  package init(
    _ bytes: UnsafeRawBufferPointer, path: String, from start: Int = 0,
    remedy: String = "The file is damaged or truncated: download or save it again."
  ) {
    (self.bytes, self.path, self.start, self.remedy) = (bytes, path, start, remedy)
  }

  package var offset: Int { start + place }
  /// The number of bytes that are left.
  package var remaining: Int { bytes.count - place }

  /// The next byte; `nil` at the end.
  package var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  /// Whether the next bytes are these.
  package func starts(with signature: [UInt8]) -> Bool {
    guard remaining >= signature.count else { return false }
    return signature.indices.allSatisfy { bytes[place + $0] == signature[$0] }
  }

  /// The next `count` bytes.
  /// - Parameter content: names the bytes in the error for a file that ends before
  package mutating func take(_ count: Int, of content: String) throws -> UnsafeRawBufferPointer {
    guard (0...remaining).contains(count) else {
      throw truncated(content, expected: count, received: remaining)
    }
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
  }

  /// A whole number of `count` bytes, at most 8; at most `Int.max`.
  package mutating func number(
    bytes count: Int, _ endian: Endian, of content: String = "a number"
  ) throws -> Int {
    endian.number(try take(count, of: content))
  }

  /// Passes over bytes.
  package mutating func skip(_ count: Int, of content: String = "a header") throws {
    _ = try take(count, of: content)
  }

  /// Goes to another offset of the file.
  package mutating func seek(to offset: Int, of content: String) throws {
    guard (start...start + bytes.count).contains(offset) else {
      throw refuse(
        "the file is truncated", expected: "\(content) at offset \(offset)",
        received: counted(start + bytes.count, "byte"))
    }
    place = offset - start
  }
}
