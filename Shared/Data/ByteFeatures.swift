import CCourseKernels

/// Inputs stored as bytes, such as pixels, and converted to numbers batch by batch: a quarter of the memory
/// of a `Tensor`.
///
///     let images = ByteFeatures(shape: [2, 1, 1, 3], bytes: [0, 51, 255, 255, 0, 0])
///     images.rows(at: [0])            // [[[[0, 0.2, 1]]]]
///
/// A subset shares the bytes of the whole. Bytes that are larger than memory may lie on disk (`ScratchFile`).
public struct ByteFeatures: Sendable {
  /// The shape of one input, without the batch axis: `[C, H, W]` for images.
  public private(set) var inputShape: [Int]
  /// The divisor that makes a number of a byte. 255 gives numbers from 0 to 1.
  public let divisor: Float
  /// All examples of the data that this is a part of.
  private let bytes: Storage
  /// The number of all examples.
  private let wholeCount: Int
  /// Where the examples lie among `bytes`; `nil` when they are all there are.
  private var places: [Int32]?

  private enum Storage: Sendable {
    case memory([UInt8])
    case disk(ScratchFile.MappedBytes)

    func read<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
      switch self {
      case .memory(let bytes): bytes.withUnsafeBufferPointer(body)
      case .disk(let bytes): bytes.withBytes(body)
      }
    }
  }

  /// Creates features from bytes.
  /// - Parameters:
  ///   - shape: `[N, ...]`
  ///   - bytes: as many as the shape has elements, row-major
  public init(shape: [Int], bytes: [UInt8], divisor: Float = 255) {
    self.init(shape: shape, .memory(bytes), divisor: divisor)
  }

  /// Creates features from bytes on disk.
  package init(shape: [Int], mapped bytes: ScratchFile.MappedBytes, divisor: Float = 255) {
    self.init(shape: shape, .disk(bytes), divisor: divisor)
  }

  private init(shape: [Int], _ bytes: Storage, divisor: Float) {
    let byteCount = bytes.read { $0.count }
    guard shape.count >= 2, shape.dropFirst().allSatisfy({ $0 >= 1 }), shape[0] <= Int32.max,
      elementCount(shape) == byteCount
    else {
      stop(
        "ByteFeatures", expected: "bytes for a shape [N, ...]",
        received: "\(byteCount) bytes for shape \(shape)")
    }
    guard divisor.isFinite, divisor != 0 else {
      stop("ByteFeatures", expected: "a divisor other than 0", received: "\(divisor)")
    }
    inputShape = Array(shape.dropFirst())
    wholeCount = shape[0]
    self.bytes = bytes
    self.divisor = divisor
  }

  /// The number of examples.
  public var count: Int { places?.count ?? wholeCount }

  /// The number of bytes of one example.
  private var size: Int { elementCount(inputShape) }

  /// The examples with the given indices as numbers, `[n] + inputShape`.
  public func rows(at indices: some Collection<Int>) -> Tensor {
    let (size, count) = (size, count)
    return Tensor(shape: [indices.count] + inputShape) { out in
      bytes.read { bytes in
        for (row, index) in indices.enumerated() {
          let start = place(of: index, count: count) * size
          kernels_bytes_to_floats(bytes.baseAddress! + start, size, divisor, out + row * size)
        }
      }
    }
  }

  /// The bytes of one example.
  public func bytes(at index: Int) -> ArraySlice<UInt8> {
    let start = place(of: index, count: count) * size
    switch bytes {
    case .memory(let bytes): return bytes[start..<(start + size)]
    case .disk:
      return bytes.read { Array(UnsafeBufferPointer(rebasing: $0[start..<(start + size)])) }[...]
    }
  }

  /// The examples with the given indices, in that order, sharing the bytes of all.
  public func subset(_ indices: some Collection<Int>) -> ByteFeatures {
    var part = self
    let count = count
    part.places = indices.map { Int32(place(of: $0, count: count)) }
    return part
  }

  /// The same bytes, each example in another shape of as many elements.
  public func reshaped(to inputShape: [Int]) -> ByteFeatures {
    guard elementCount(inputShape) == size else {
      stop(
        "ByteFeatures.reshaped(to:)", expected: "a shape of \(size) elements",
        received: "\(inputShape)")
    }
    var result = self
    result.inputShape = inputShape
    return result
  }

  private func place(of index: Int, count: Int) -> Int {
    guard index >= 0, index < count else {
      stop("ByteFeatures", expected: "indices below \(count)", received: "\(index)")
    }
    return places.map { Int($0[index]) } ?? index
  }
}
