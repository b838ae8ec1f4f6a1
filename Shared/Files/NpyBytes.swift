import Foundation

/// The place of the elements in a `.npy` file of bytes (`uint8`), such as an image. Nothing is converted or
/// copied.
package struct NpyBytes {
  /// The shape that the array has in NumPy.
  package let shape: [Int]
  /// Whether the first axis runs fastest.
  package let isColumnMajor: Bool
  /// The place of the elements in the file.
  package let range: Range<Int>

  /// The bytes that every such file begins with.
  package static let signature = NpyHeader.magic

  /// Reads the header and checks that the file is as long as it says; `path` names the file in errors.
  package init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    var cursor = ByteCursor(UnsafeRawBufferPointer(bytes), path: path)
    let header = try NpyHeader(&cursor)
    guard header.type == .uint8 else {
      throw cursor.refuse(
        "the pixels in this NumPy file are not bytes", expected: "the type uint8",
        received: "\(header.type)", at: 0,
        remedy: "Save 0 to 255 as array.astype(\"uint8\"); multiply by 255 first if white is 1.")
    }
    try header.checkLength(cursor.remaining, cursor)
    (shape, isColumnMajor) = (header.shape, header.isColumnMajor)
    range = cursor.offset..<bytes.count
  }

  /// The elements with the last axis running fastest, whatever the order in the file.
  /// - Parameter bytes: the whole file
  package func rowMajor(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    let stored = UnsafeBufferPointer(rebasing: bytes[range])
    guard isColumnMajor, shape.count > 1, !stored.isEmpty else { return Array(stored) }
    // How far apart neighbours along each axis lie in the file.
    var steps = [1]
    for size in shape.dropLast() { steps.append(steps[steps.count - 1] * size) }
    return [UInt8](unsafeUninitializedCapacity: stored.count) { out, count in
      var index = [Int](repeating: 0, count: shape.count)
      var place = 0
      for position in 0..<stored.count {
        out[position] = stored[place]
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          place += steps[axis]
          if index[axis] < shape[axis] { break }
          place -= steps[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
      count = stored.count
    }
  }

  /// Whether the elements of a `.npy` file are bytes.
  package static func areBytes(_ bytes: [UInt8], path: String) throws -> Bool {
    try bytes.withUnsafeBytes {
      var cursor = ByteCursor($0, path: path)
      return try NpyHeader(&cursor).type == .uint8
    }
  }

  /// The bytes of a file, exactly those that `numpy.save` writes.
  package static func encoded(shape: [Int], bytes: [UInt8]) -> Data {
    var header = NpyHeader(shape: shape)
    header.type = .uint8
    return header.encoded + bytes
  }
}
