import Foundation

extension Tensor {
  /// Reads an array that `numpy.save` wrote.
  ///
  /// All number formats become `Float`, column-major arrays row-major ones. Python objects, texts and
  /// structured arrays are refused.
  public init(npy url: URL) throws {
    try self.init(
      npyData: readFile(at: url.path, content: "a NumPy array (.npy)"), path: url.path)
  }

  /// Reads the bytes of a `.npy` file; `path` names it in errors.
  public init(npyData data: Data, path: String) throws {
    self = try data.withUnsafeBytes { bytes in
      var cursor = ByteCursor(bytes, path: path)
      let header = try NpyHeader(&cursor)
      let body = try header.elements(&cursor)
      let stored = header.isColumnMajor ? header.shape.reversed() : header.shape
      let tensor = try Tensor(shape: stored) { out in
        let tooLarge = header.type.convert(body, isBigEndian: header.isBigEndian, to: out)
        if let tooLarge {
          throw cursor.refuse(
            "a number is too large for 32 bits", received: "element \(tooLarge)",
            at: cursor.offset - body.count + tooLarge * header.type.size, remedy: "")
        }
      }
      return header.isColumnMajor && stored.count > 1
        ? tensor.transposed(axes: (0..<stored.count).reversed()) : tensor
    }
  }

  /// The tensor as the bytes of a `.npy` file, exactly those that `numpy.save` writes.
  public var npyData: Data {
    var data = NpyHeader(shape: shape).encoded
    withLittleEndianBytes { data.append(contentsOf: $0) }
    return data
  }

  /// Writes an array that `numpy.load` reads, atomically.
  public func writeNpy(to url: URL) throws {
    guard rank <= 64 else {
      throw CourseError(
        .invalidArgument, "too many axes for a NumPy array", expected: "at most 64",
        received: "\(rank)", location: url.path)
    }
    try AtomicFile.write(to: url) { output in
      try output.write(NpyHeader(shape: shape).encoded)
      try withLittleEndianBytes { try output.write($0) }
    }
  }
}
