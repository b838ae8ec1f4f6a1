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
    let (header, start) = try Tensor.npyHeader(data, path: path)
    let body = data[(data.startIndex + start)...]
    guard let count = checkedElementCount(header.shape), count <= Int.max / header.type.size,
      count * header.type.size == body.count
    else {
      throw CourseError(
        .format, "the data does not fit the header of this NumPy file",
        expected: "shape \(header.shape) of \(header.type.size) bytes an element",
        received: "\(body.count) bytes from offset \(start)", location: path,
        remedy: "The file is damaged or truncated: get it anew.")
    }
    let stored = header.isColumnMajor ? header.shape.reversed() : header.shape
    let tensor = try Tensor(shape: stored) { out in
      let tooLarge = body.withUnsafeBytes {
        header.type.convert($0, isBigEndian: header.isBigEndian, to: out)
      }
      if let tooLarge {
        throw CourseError(
          .format, "a number is too large for 32 bits", received: "element \(tooLarge)",
          location: path)
      }
    }
    self =
      header.isColumnMajor && stored.count > 1
      ? tensor.transposed(axes: (0..<stored.count).reversed()) : tensor
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
        .invalidArgument, "NumPy has no arrays of so many axes", expected: "at most 64",
        received: "\(rank)", location: url.path)
    }
    try AtomicFile.write(to: url) { output in
      try output.write(NpyHeader(shape: shape).encoded)
      try withLittleEndianBytes { try output.write($0) }
    }
  }

  /// The header, and where the numbers begin.
  static func npyHeader(_ data: Data, path: String) throws -> (NpyHeader, start: Int) {
    func refuse(_ what: String, expected: String? = nil, received: String? = nil) -> CourseError {
      CourseError(.format, what, expected: expected, received: received, location: path)
    }
    let bytes = [UInt8](data.prefix(12))
    guard bytes.starts(with: NpyHeader.magic) else {
      throw refuse(
        "this is not a NumPy array (.npy)", expected: "the bytes 93 4E 55 4D 50 59 at offset 0",
        received: contentHint(data))
    }
    guard bytes.count >= 10 else { throw refuse("the file ends inside the header") }
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw refuse(
        "unknown version of the NumPy format", expected: "1.0, 2.0 or 3.0",
        received: "\(bytes[6]).\(bytes[7])")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard bytes.count >= 8 + lengthBytes else { throw refuse("the file ends inside the header") }
    let length = bytes[8..<(8 + lengthBytes)].reversed().reduce(0) { $0 << 8 | Int($1) }
    // NumPy's own limit.
    guard length <= 10_000 else {
      throw refuse(
        "the header is too long", expected: "at most 10000 bytes", received: "\(length)")
    }
    let start = 8 + lengthBytes + length
    guard start <= data.count else {
      throw refuse(
        "the file ends inside the header", expected: "\(start) bytes", received: "\(data.count)")
    }
    let text = data[(data.startIndex + 8 + lengthBytes)..<(data.startIndex + start)]
    return (try NpyHeader(parsing: String(decoding: text, as: UTF8.self), path: path), start)
  }
}
