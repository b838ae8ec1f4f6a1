import CCourseKernels

/// Inputs stored as bytes, such as pixels, and converted to numbers batch by batch: a quarter of the memory
/// of a `Tensor`.
///
///     let images = ByteFeatures(shape: [2, 1, 1, 3], bytes: [0, 51, 255, 255, 0, 0])
///     images.rows(at: [0])            // [[[[0, 0.2, 1]]]]
///
/// A subset shares the bytes of the whole.
public struct ByteFeatures: Sendable {
  /// The shape of one input, without the batch axis: `[C, H, W]` for images.
  public private(set) var inputShape: [Int]
  /// The divisor that makes a number of a byte. 255 gives numbers from 0 to 1.
  public let divisor: Float
  /// All examples of the data that this is a part of.
  private let bytes: [UInt8]
  /// Where the examples lie among `bytes`; `nil` when they are all there are.
  private var places: [Int32]?

  /// Creates features from bytes.
  /// - Parameters:
  ///   - shape: `[N, ...]`
  ///   - bytes: as many as the shape has elements, row-major
  public init(shape: [Int], bytes: [UInt8], divisor: Float = 255) {
    guard shape.count >= 2, shape.dropFirst().allSatisfy({ $0 >= 1 }), shape[0] <= Int32.max,
      elementCount(shape) == bytes.count
    else {
      stop(
        "ByteFeatures", expected: "bytes for a shape [N, ...]",
        received: "\(bytes.count) bytes for shape \(shape)")
    }
    guard divisor.isFinite, divisor != 0 else {
      stop("ByteFeatures", expected: "a divisor other than 0", received: "\(divisor)")
    }
    inputShape = Array(shape.dropFirst())
    self.bytes = bytes
    self.divisor = divisor
  }

  /// The number of examples.
  public var count: Int { places?.count ?? bytes.count / size }

  /// The number of bytes of one example.
  private var size: Int { elementCount(inputShape) }

  /// The examples with the given indices as numbers, `[n] + inputShape`.
  public func rows(at indices: some Collection<Int>) -> Tensor {
    let (size, count) = (size, count)
    return Tensor(shape: [indices.count] + inputShape) { out in
      bytes.withUnsafeBufferPointer { bytes in
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
    return bytes[start..<(start + size)]
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
        "ByteFeatures.reshaped", expected: "a shape of \(size) elements",
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
