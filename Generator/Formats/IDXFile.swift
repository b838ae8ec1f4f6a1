import Foundation
import Shared

/// An array in the IDX format, in which MNIST and its relatives are distributed.
///
///     let images = try IDXFile(contentsOf: URL(filePath: "t10k-images-idx3-ubyte.gz"))
///     images.shape                          // [10000, 28, 28]
///
/// The file: two zero bytes, the element type, the number of axes, the size of each axis, then the
/// elements row by row; all numbers big-endian. Packed with gzip or not: the content tells.
public struct IDXFile: Sendable, Equatable {
  /// The type of the elements, with its code in files.
  public enum ElementType: UInt8, Sendable, CaseIterable {
    /// Whole numbers from 0 to 255.
    case uint8 = 0x08
    /// Whole numbers from -128 to 127.
    case int8 = 0x09
    /// Whole numbers of 16 bits.
    case int16 = 0x0B
    /// Whole numbers of 32 bits.
    case int32 = 0x0C
    /// Numbers of 32 bits.
    case float32 = 0x0D
    /// Numbers of 64 bits.
    case float64 = 0x0E

    /// The number of bytes of an element.
    public var size: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// The type of the elements.
  public let type: ElementType
  /// The size of each axis.
  public let shape: [Int]
  /// The elements as they are in the file: row-major and big-endian.
  public let bytes: [UInt8]

  /// An array of bytes, such as grey images `[N, H, W]` or labels `[N]`.
  public init(shape: [Int], bytes: [UInt8]) {
    guard (1...255).contains(shape.count), shape.allSatisfy({ (0...Int(UInt32.max)).contains($0) }),
      shape.reduce(1, *) == bytes.count
    else {
      stop(
        "IDXFile", expected: "1 to 255 axes and a byte for each element",
        received: "\(bytes.count) bytes for shape \(shape)")
    }
    (type, self.shape, self.bytes) = (.uint8, shape, bytes)
  }

  /// An array of 32-bit numbers.
  public init(_ tensor: Tensor) {
    guard (1...255).contains(tensor.rank), tensor.shape.allSatisfy({ $0 <= Int(UInt32.max) }) else {
      stop("IDXFile", expected: "1 to 255 axes", received: "shape \(tensor.shape)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tensor.count * 4)
    for value in tensor.scalars {
      withUnsafeBytes(of: value.bitPattern.bigEndian) { bytes += $0 }
    }
    (type, shape, self.bytes) = (.float32, tensor.shape, bytes)
  }

  // MARK: Reading

  /// Reads a file, packed with gzip or not.
  public init(contentsOf url: URL) throws {
    try self.init(ByteSource(path: url.path, content: "an IDX file"))
  }

  /// Reads the bytes of a file; `path` names it in errors.
  public init(data: Data, path: String) throws {
    try self.init(ByteSource(data: data, path: path))
  }

  init(_ source: ByteSource) throws {
    let start = try source.peek(16)
    guard start.starts(with: [0, 0]) || start == [0] else {
      throw source.refuse(
        "this is not an IDX file", expected: "the bytes 00 00",
        received: start.isEmpty ? "nothing" : beginning(start))
    }
    try source.skip(2, of: "header")
    let code = try source.number(bytes: 1, .big, of: "header")
    guard let type = ElementType(rawValue: UInt8(code)) else {
      throw source.refuse(
        "unknown element type", expected: "08, 09, 0B, 0C, 0D or 0E",
        received: String(format: "%02X", code), at: 2)
    }
    let rank = try source.number(bytes: 1, .big, of: "header")
    guard rank >= 1 else {
      throw source.refuse("an array without axes", expected: "at least 1", received: "0", at: 3)
    }
    let shape = try (0..<rank).map { _ in try source.number(bytes: 4, .big, of: "axis sizes") }
    // Before any memory is taken: a size that overflows, or that no file of this length can hold.
    let header = source.offset
    guard let count = countOfElements(shape).map({ $0 * type.size }),
      count <= source.maximumContent - (source.isGzip ? 0 : header)
    else {
      throw source.refuse(
        "the file is too short for its header",
        expected:
          "an array of shape \(shape), \(type.size) \(type.size == 1 ? "byte" : "bytes") each",
        received: source.isGzip
          ? "a packed file that holds \(source.maximumContent) bytes at most"
          : "\(source.maximumContent - header) bytes")
    }
    self.type = type
    self.shape = shape
    bytes = try source.take(count, of: "elements of shape \(shape)")
    try source.requireEnd(expected: "\(header + count) bytes for an array of shape \(shape)")
  }

  /// The elements as numbers; 64-bit ones are rounded.
  public var tensor: Tensor {
    func scalars<Bits: FixedWidthInteger>(_: Bits.Type, _ value: (Bits) -> Float) -> [Float] {
      bytes.withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: type.size).map {
          value(Bits(bigEndian: raw.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
        }
      }
    }
    if type == .uint8, let first = shape.first, first > 0, shape.count > 1, !bytes.isEmpty {
      return ByteFeatures(shape: shape, bytes: bytes, divisor: 1).rows(at: 0..<first)
    }
    let values: [Float] =
      switch type {
      case .uint8: bytes.map { Float($0) }
      case .int8: scalars(Int8.self) { Float($0) }
      case .int16: scalars(Int16.self) { Float($0) }
      case .int32: scalars(Int32.self) { Float($0) }
      case .float32: scalars(UInt32.self) { Float(bitPattern: $0) }
      case .float64: scalars(UInt64.self) { Float(Double(bitPattern: $0)) }
      }
    return Tensor(shape: shape, scalars: values)
  }

  // MARK: Writing

  /// The bytes of the file, not packed.
  public var data: Data {
    var data = Data([0, 0, type.rawValue, UInt8(shape.count)])
    for size in shape {
      withUnsafeBytes(of: UInt32(size).bigEndian) { data.append(contentsOf: $0) }
    }
    return data + bytes
  }

  /// Writes the file, not packed, atomically.
  public func write(to url: URL) throws {
    try AtomicFile.write(data, to: url)
  }
}
