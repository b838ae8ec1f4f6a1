/// A dense array of `Float` of any rank, stored row-major, with value semantics.
///
///     let a: Tensor = [[1, 2, 3], [4, 5, 6]]    // shape [2, 3]
///     let b = a * 10 + Tensor(ones: [3])        // broadcasts as NumPy does
///     b[1, 2]                                   // 61.0
///     a.sum(axis: 0)                            // [5, 7, 9]
///
/// Copies share memory until one of them is written to (copy-on-write), so assigning a tensor costs
/// nothing and no function can change a tensor of its caller.
///
/// Wrong shapes and indices are programmer errors: they stop the program with a message that names
/// the operation, what it expected and what it got.
public struct Tensor: Sendable {
  /// The size of each axis; `[]` for a scalar.
  public let shape: [Int]
  var storage: TensorStorage

  /// The number of elements, the product of `shape`.
  public var count: Int { storage.count }
  /// The number of axes.
  public var rank: Int { shape.count }

  /// All elements in row-major order (a copy).
  public var scalars: [Float] {
    read { x in Array(UnsafeBufferPointer(start: x, count: count)) }
  }

  /// Calls `body` with all elements in row-major order, without copying them. The buffer must not be used after
  /// `body` has returned.
  ///
  ///     let sum = x.withUnsafeScalars { $0.reduce(0, +) }
  public func withUnsafeScalars<R>(
    _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    try read { try body(UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// The only element of a tensor that has just one.
  public var scalar: Float {
    guard count == 1 else {
      stop("Tensor.scalar", expected: "a tensor with one element", received: "shape \(shape)")
    }
    return read { $0[0] }
  }

  // MARK: The bottom: pointers live in these four functions and in the closures they call.

  init(shape: [Int], storage: TensorStorage) {
    self.shape = shape
    self.storage = storage
  }

  /// A tensor whose every element `fill` writes.
  package init(shape: [Int], fill: (UnsafeMutablePointer<Float>) throws -> Void) rethrows {
    let storage = TensorStorage(uninitialized: elementCount(shape))
    try fill(storage.pointer)
    self.init(shape: shape, storage: storage)
  }

  /// Calls `body` with the elements in row-major order.
  @inline(__always)
  package func read<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
  }

  /// Whether no other tensor shares the memory, so that writing to it copies nothing.
  package var isUnshared: Bool {
    mutating get { isKnownUniquelyReferenced(&storage) }
  }

  /// Calls `body` with elements that it may change; copies them first when another tensor shares them.
  @inline(__always)
  package mutating func write<R>(_ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
    if !isUnshared {
      let copy = TensorStorage(uninitialized: count)
      copy.pointer.update(from: storage.pointer, count: count)
      storage = copy
    }
    return try withExtendedLifetime(storage) { try body(storage.pointer) }
  }
}

/// More floats than any machine has memory for. Up to here no product of sizes overflows.
let mostElements = 1 << 48

/// The number of elements of a shape; stops on a negative size, and on more than memory can hold.
package func elementCount(_ shape: [Int]) -> Int {
  guard shape.allSatisfy({ $0 >= 0 }) else {
    stop("Tensor", expected: "sizes of at least 0", received: "shape \(shape)")
  }
  guard let count = countOfElements(shape) else {
    stop("Tensor", expected: "a shape of at most 2⁴⁸ elements", received: "shape \(shape)")
  }
  return count
}

/// The number of elements of a shape; `nil` where a size is negative, or memory could not hold them or, in a
/// shape without elements, one of its other axes.
package func countOfElements(_ shape: [Int]) -> Int? {
  guard let count = checkedElementCount(shape), count <= mostElements,
    shape.allSatisfy({ $0 <= mostElements })
  else { return nil }
  return count
}

extension Tensor: Equatable {
  /// Equal shapes and equal elements; a NaN equals nothing, as in IEEE 754.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    guard left.shape == right.shape else { return false }
    return left.count == 0 || (left .== right).min() == 1
  }
}
