import Foundation

/// Named tensors in the safetensors format, which the tools around PyTorch, JAX and others read.
///
///     var file = SafetensorsFile()
///     file.tensors.append(("weights", Tensor(zeros: [4, 3])))
///     file.metadata["epoch"] = "10"
///     try file.write(to: URL(filePath: "model.safetensors"))
///     let copy = try SafetensorsFile(contentsOf: URL(filePath: "model.safetensors"))
///     copy["weights"]?.shape   // [4, 3]
///
/// The file is eight bytes with the length of the header, the header (JSON) and the bytes of the
/// tensors: little-endian, row-major, without gaps. Equal content gives equal bytes. Numbers are
/// written as `F32`; every format up to 64 bits is read and becomes `Float`.
public struct SafetensorsFile: Sendable {
  /// Texts that travel with the tensors.
  public var metadata: [String: String]
  /// The tensors; a file that was read has them in the order of their names.
  public var tensors: [(name: String, tensor: Tensor)]

  /// Creates a file in memory.
  public init(
    metadata: [String: String] = [:], tensors: [(name: String, tensor: Tensor)] = []
  ) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// The tensor with a name; `nil` when there is none.
  public subscript(name: String) -> Tensor? { tensors.first { $0.name == name }?.tensor }

  /// Writes the file, atomically.
  public func write(to url: URL) throws {
    let (header, sorted) = try layout(path: url.path)
    try AtomicFile.write(to: url) { output in
      try output.write(header)
      for (_, tensor) in sorted {
        try tensor.withLittleEndianBytes { try output.write($0) }
      }
    }
  }

  /// The bytes of the file.
  public func encoded() throws -> Data {
    var (data, sorted) = try layout(path: "safetensors data")
    for (_, tensor) in sorted {
      tensor.withLittleEndianBytes { data.append(contentsOf: $0) }
    }
    return data
  }

  /// The length and the header, and the tensors in the order in which they follow.
  private func layout(path: String) throws -> (Data, [(name: String, tensor: Tensor)]) {
    // The order of the reference implementation: all elements are equally large, so by name, and by
    // bytes rather than by Swift's order of characters.
    let sorted = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = JSONValue.object(metadata.mapValues { .string($0) })
      entries.append("\"__metadata__\":\(texts)")
    }
    var offset = 0
    var earlier: Set<String> = ["__metadata__"]
    for (name, tensor) in sorted {
      guard earlier.insert(name).inserted else {
        throw CourseError(
          .invalidArgument,
          name == "__metadata__"
            ? "a tensor cannot have this name" : "two tensors have the same name",
          received: "\"\(name)\"", location: path)
      }
      let end = offset + tensor.count * ElementType.float32.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(JSONValue.quoted(name)):"
          + "{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Data("{\(entries.joined(separator: ","))}".utf8)
    // Spaces up to a multiple of 8, so that the numbers are aligned when the file is mapped.
    while !header.count.isMultiple(of: 8) { header.append(UInt8(ascii: " ")) }
    guard header.count <= SafetensorsReader.headerLimit else {
      throw CourseError(
        .invalidArgument, "the header is too large",
        expected: "at most \(SafetensorsReader.headerLimit) bytes",
        received: "\(header.count)", location: path, remedy: "Shorten the metadata.")
    }
    var data = Data()
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    return (data + header, sorted)
  }
}

extension Tensor {
  /// Calls `body` with the elements as files hold them.
  func withLittleEndianBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    if UInt16(1).littleEndian == 1 {
      return try read { try body(UnsafeRawBufferPointer(start: $0, count: count * 4)) }
    }
    return try scalars.map { $0.bitPattern.littleEndian }.withUnsafeBytes(body)
  }
}
