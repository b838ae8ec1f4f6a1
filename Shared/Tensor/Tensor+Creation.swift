import CCourseKernels

extension Tensor {
  /// A tensor of `shape` with every element 0.
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

  /// A tensor of `shape` with every element 1.
  public init(ones shape: [Int]) { self.init(repeating: 1, shape: shape) }

  /// A tensor of `shape` with every element `value`.
  public init(repeating value: Float, shape: [Int]) {
    let count = elementCount(shape)
    self.init(shape: shape) { $0.update(repeating: value, count: count) }
  }

  /// A tensor of `shape` holding `scalars` in row-major order.
  ///
  ///     Tensor(shape: [2, 2], scalars: [1, 2, 3, 4])   // [[1, 2], [3, 4]]
  public init(shape: [Int], scalars: [Float]) {
    guard scalars.count == elementCount(shape) else {
      stop(
        "Tensor(shape:scalars:)", expected: "\(elementCount(shape)) scalars for shape \(shape)",
        received: "\(scalars.count)")
    }
    self.init(shape: shape) { out in
      scalars.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { out.update(from: base, count: source.count) }
      }
    }
  }

  /// A tensor of rank 0.
  public init(_ scalar: Float) { self.init(shape: [], scalars: [scalar]) }

  /// A vector.
  ///
  ///     let x: Float = 2
  ///     Tensor([x, 3 * x, 1 / 3])   // [2, 6, 0.33333334]
  public init(_ scalars: [Float]) { self.init(shape: [scalars.count], scalars: scalars) }

  /// A matrix from its rows, which must be equally long.
  public init(_ rows: [[Float]]) { self.init(stacking: rows.map { Tensor($0) }) }

  /// A tensor of rank 3 from its matrices.
  public init(_ matrices: [[[Float]]]) { self.init(stacking: matrices.map { Tensor($0) }) }

  /// A tensor of rank 4, such as a batch of images `[N, C, H, W]`.
  public init(_ volumes: [[[[Float]]]]) { self.init(stacking: volumes.map { Tensor($0) }) }

  /// The numbers `start, start + step, ...` below `end` (above it when `step` is negative).
  ///
  ///     Tensor(arange: 0, to: 1, by: 0.25)   // [0, 0.25, 0.5, 0.75]
  public init(arange start: Float, to end: Float, by step: Float = 1) {
    guard step != 0, start.isFinite, end.isFinite, step.isFinite else {
      stop(
        "Tensor(arange:to:by:)", expected: "finite numbers and a step that is not 0",
        received: "\(start) to \(end) by \(step)")
    }
    let steps = ((Double(end) - Double(start)) / Double(step)).rounded(.up)
    guard steps <= Double(mostElements) else {
      stop(
        "Tensor(arange:to:by:)", expected: "at most 2⁴⁸ numbers",
        received: "\(start) to \(end) by \(step)")
    }
    let count = Swift.max(0, Int(steps))
    var scalars = (0..<count).map { Float(Double(start) + Double($0) * Double(step)) }
    // Rounded to Float, the last number can be `end` itself: 0 to 0.6 by 0.1.
    while let last = scalars.last, step > 0 ? last >= end : last <= end { scalars.removeLast() }
    self.init(scalars)
  }

  /// The identity matrix of `size` rows.
  public init(eye size: Int) {
    self.init(zeros: [size, size])
    for i in 0..<size { self[i, i] = 1 }
  }

  /// One row for each index, with a 1 in the column of that index.
  ///
  ///     Tensor(oneHot: [2, 0], classCount: 3)   // [[0, 0, 1], [1, 0, 0]]
  public init(oneHot indices: [Int], classCount: Int) {
    self.init(zeros: [indices.count, classCount])
    for (row, index) in indices.enumerated() {
      guard (0..<classCount).contains(index) else {
        stop(
          "Tensor(oneHot:classCount:)", expected: "indices in 0..<\(classCount)",
          received: "\(index) at position \(row)")
      }
      self[row, index] = 1
    }
  }

  /// Uniform random numbers in `[range.lowerBound, range.upperBound)`.
  ///
  /// The same `key` always gives the same numbers: draw again with `key.folded(1)` and so on.
  public init(uniform shape: [Int], in range: Range<Float> = 0..<1, key: RandomKey) {
    let count = elementCount(shape)
    self.init(shape: shape) { out in
      kernels_random_uniform(
        key.bits, key.stream, 0, range.lowerBound, range.upperBound, out, count)
    }
  }

  /// A Bernoulli mask, such as that of dropout: each element is 0 with probability `rate` and else 1,
  /// independently of the others.
  ///
  /// The same `key` always gives the same elements, on any number of threads.
  ///
  ///     Tensor(bernoulliMask: [2, 3], rate: 0.5, key: RandomKey(seed: 1))
  public init(bernoulliMask shape: [Int], rate: Float, key: RandomKey) {
    let count = elementCount(shape)
    self.init(shape: shape) { out in
      forEachChunk(of: count) { start, length in
        kernels_random_keep(key.bits, key.stream, UInt64(start), rate, out + start, length)
      }
    }
  }

  /// Normal random numbers.
  public init(
    normal shape: [Int], mean: Float = 0, standardDeviation: Float = 1, key: RandomKey
  ) {
    let count = elementCount(shape)
    self.init(shape: shape) { out in
      kernels_random_normal(key.bits, key.stream, 0, mean, standardDeviation, out, count)
    }
  }
}

/// One element, or one more level of brackets, of a tensor written as a nested array literal.
///
/// Elements of a literal are numbers. With variables write `Tensor([x, 3])` or `Tensor([[x, y], [1, 2]])`: then every
/// number is a `Float`. (A literal that took variables as well would have to take any kind of number, and in
/// `[1 / 3, x]` Swift would divide the integers: 0.)
public enum TensorLiteral: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral
{
  /// A number.
  case scalar(Float)
  /// A pair of brackets with its elements.
  case array([TensorLiteral])

  /// Creates an element from a number with a point.
  public init(floatLiteral value: Float) { self = .scalar(value) }
  /// Creates an element from a whole number.
  public init(integerLiteral value: Int) { self = .scalar(Float(value)) }
  /// Creates a level of brackets.
  public init(arrayLiteral elements: TensorLiteral...) { self = .array(elements) }

  fileprivate var tensor: Tensor {
    switch self {
    case .scalar(let value): Tensor(value)
    case .array(let elements): Tensor(literal: elements)
    }
  }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// A tensor written out: `[[1, 2], [3, 4]]` has shape `[2, 2]`. Rows must be equally long.
  public init(arrayLiteral elements: TensorLiteral...) { self.init(literal: elements) }

  fileprivate init(literal elements: [TensorLiteral]) {
    self = elements.isEmpty ? Tensor(zeros: [0]) : Tensor(stacking: elements.map(\.tensor))
  }
}
