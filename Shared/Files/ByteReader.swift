import Foundation

/// The order of the bytes of a number.
package enum Endian: Sendable {
  /// The lowest byte first.
  case little
  /// The highest byte first.
  case big
}

/// Reads the bytes of a file in their order and knows its place, so that each error names the offset.
package protocol ByteReader {
  associatedtype Bytes: Collection<UInt8>
  /// The file, for errors.
  var path: String { get }
  /// The place of the next byte.
  var offset: Int { get }
  /// Follows an offset in errors, such as " of the unpacked data".
  var offsetSuffix: String { get }
  /// The advice for a damaged file.
  var remedy: String { get }
  /// The next `count` bytes.
  /// - Parameter content: names the bytes in the error for a file that ends before
  mutating func take(_ count: Int, of content: String) throws -> Bytes
}

extension ByteReader {
  /// A whole number of `count` bytes, at most 8; at most `Int.max`.
  package mutating func number(
    bytes count: Int, _ endian: Endian, of content: String = "a number"
  ) throws -> Int {
    let value: UInt64 =
      switch endian {
      case .big: try take(count, of: content).reduce(0) { $0 << 8 | UInt64($1) }
      case .little:
        try take(count, of: content).enumerated().reduce(0) {
          $0 | UInt64($1.element) << (8 * UInt64($1.offset))
        }
      }
    return Int(clamping: value)
  }

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
      "the file is truncated", expected: "\(count) bytes of \(content)", received: "\(received)",
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

  /// Whether the next bytes are these.
  package func starts(with signature: some Collection<UInt8>) -> Bool {
    bytes[place...].starts(with: signature)
  }

  package mutating func take(_ count: Int, of content: String) throws -> UnsafeRawBufferPointer {
    guard (0...remaining).contains(count) else {
      throw truncated(content, expected: count, received: remaining)
    }
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
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
        received: "\(start + bytes.count) bytes")
    }
    place = offset - start
  }
}
