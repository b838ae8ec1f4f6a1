import CCourseKernels

// Subscripts for ranks 1 to 4 are written out: a variadic one would allocate an array for every
// element that a readable loop touches.

extension Tensor {
  /// The element at `i` of a vector.
  public subscript(i: Int) -> Float {
    get { read { $0[offset(i)] } }
    set {
      let place = offset(i)
      write { $0[place] = newValue }
    }
  }

  /// The element in row `i` and column `j` of a matrix.
  public subscript(i: Int, j: Int) -> Float {
    get { read { $0[offset(i, j)] } }
    set {
      let place = offset(i, j)
      write { $0[place] = newValue }
    }
  }

  /// The element at `i`, `j`, `k` of a tensor of rank 3.
  public subscript(i: Int, j: Int, k: Int) -> Float {
    get { read { $0[offset(i, j, k)] } }
    set {
      let place = offset(i, j, k)
      write { $0[place] = newValue }
    }
  }

  /// The element at `i`, `j`, `k`, `l` of a tensor of rank 4, such as images `[N, C, H, W]`.
  public subscript(i: Int, j: Int, k: Int, l: Int) -> Float {
    get { read { $0[offset(i, j, k, l)] } }
    set {
      let place = offset(i, j, k, l)
      write { $0[place] = newValue }
    }
  }

  @inline(__always)
  private func offset(_ i: Int) -> Int {
    guard rank == 1, i >= 0, i < shape[0] else { badIndex([i]) }
    return i
  }

  @inline(__always)
  private func offset(_ i: Int, _ j: Int) -> Int {
    guard rank == 2, i >= 0, i < shape[0], j >= 0, j < shape[1] else { badIndex([i, j]) }
    return i * shape[1] + j
  }

  @inline(__always)
  private func offset(_ i: Int, _ j: Int, _ k: Int) -> Int {
    guard rank == 3, i >= 0, i < shape[0], j >= 0, j < shape[1], k >= 0, k < shape[2] else {
      badIndex([i, j, k])
    }
    return (i * shape[1] + j) * shape[2] + k
  }

  @inline(__always)
  private func offset(_ i: Int, _ j: Int, _ k: Int, _ l: Int) -> Int {
    guard rank == 4, i >= 0, i < shape[0], j >= 0, j < shape[1], k >= 0, k < shape[2],
      l >= 0, l < shape[3]
    else { badIndex([i, j, k, l]) }
    return ((i * shape[1] + j) * shape[2] + k) * shape[3] + l
  }

  private func badIndex(_ index: [Int]) -> Never {
    stop("Tensor subscript", expected: "an index inside shape \(shape)", received: "\(index)")
  }
}

// MARK: - Slices

/// A range of indices of one axis in a slice: `0..<2`, `1...`, `...3`, `..<3`.
///
/// Negative bounds count from the end, as those of NumPy and as axes do: `x[..<(-1)]` leaves out the last
/// element, `x[(-2)...]` is the last two. A bound beyond the axis stops the program; NumPy would cut it off.
public protocol TensorRange: Sendable {
  /// The first index on an axis of `size` elements, and the one after the last.
  func tensorBounds(size: Int) -> (first: Int, end: Int)
}

/// A bound counted from the front.
private func resolved(_ bound: Int, _ size: Int) -> Int { bound < 0 ? bound + size : bound }

/// The index after `index`; beyond every axis where there is no such number.
private func after(_ index: Int) -> Int { index == .max ? .max : index + 1 }

extension Range: TensorRange where Bound == Int {
  /// From the lower bound up to the upper one.
  public func tensorBounds(size: Int) -> (first: Int, end: Int) {
    (resolved(lowerBound, size), resolved(upperBound, size))
  }
}
extension ClosedRange: TensorRange where Bound == Int {
  /// From the lower bound through the upper one.
  public func tensorBounds(size: Int) -> (first: Int, end: Int) {
    (resolved(lowerBound, size), after(resolved(upperBound, size)))
  }
}
extension PartialRangeFrom: TensorRange where Bound == Int {
  /// From the lower bound to the end of the axis.
  public func tensorBounds(size: Int) -> (first: Int, end: Int) {
    let first = resolved(lowerBound, size)
    return (first, Swift.max(first, size))
  }
}
extension PartialRangeUpTo: TensorRange where Bound == Int {
  /// From the start of the axis up to the bound.
  public func tensorBounds(size: Int) -> (first: Int, end: Int) { (0, resolved(upperBound, size)) }
}
extension PartialRangeThrough: TensorRange where Bound == Int {
  /// From the start of the axis through the bound.
  public func tensorBounds(size: Int) -> (first: Int, end: Int) {
    (0, after(resolved(upperBound, size)))
  }
}

extension Tensor {
  /// The part of the tensor inside the given ranges, one for each of the leading axes; axes without a
  /// range are taken whole. Reading copies; writing needs a tensor of the shape of that part.
  ///
  ///     let x: Tensor = [[1, 2, 3], [4, 5, 6]]
  ///     x[0..<1]           // [[1, 2, 3]]
  ///     x[0..., 1...]      // [[2, 3], [5, 6]]
  ///     x[0..., ..<(-1)]   // [[1, 2], [4, 5]]
  ///
  /// A range that reaches beyond its axis stops the program.
  public subscript(ranges: any TensorRange...) -> Tensor {
    get { self[ranges: resolve(ranges)] }
    set { self[ranges: resolve(ranges)] = newValue }
  }

  /// The part at one place of `axis`, without that axis: `x.slice(axis: 1, at: 0)` is the first column.
  public func slice(axis: Int, at index: Int) -> Tensor {
    let axis = resolve(axis, "slice(axis:at:)")
    var ranges = shape.map { 0..<$0 }
    guard ranges[axis].contains(index) else {
      stop(
        "Tensor.slice(axis:at:)", expected: "an index in \(ranges[axis])", received: "\(index)")
    }
    ranges[axis] = index..<(index + 1)
    var result = shape
    result.remove(at: axis)
    return self[ranges: ranges].reshaped(to: result)
  }

  /// The rows (entries of the first axis) with the given indices, in that order: how a batch is made.
  public func rows(at indices: some Collection<Int>) -> Tensor {
    guard rank >= 1 else {
      stop("Tensor.rows(at:)", expected: "rank of at least 1", received: "a scalar")
    }
    let length = shape[0] == 0 ? 0 : count / shape[0]
    return Tensor(shape: [indices.count] + shape.dropFirst()) { out in
      read { x in
        for (place, index) in indices.enumerated() {
          guard index >= 0, index < shape[0] else {
            stop(
              "Tensor.rows(at:)", expected: "indices in 0..<\(shape[0])", received: "\(index)")
          }
          (out + place * length).update(from: x + index * length, count: length)
        }
      }
    }
  }

  /// Adds each row of `rows` to the row of this matrix that `indices` names. Rows that are named more than
  /// once get all of theirs, in order: the way back of `rows(at:)`.
  ///
  ///     var sums = Tensor(zeros: [3, 1])
  ///     sums.add(rows: [[1], [10], [100]], at: [2, 0, 2])   // [[10], [0], [101]]
  public mutating func add(rows: Tensor, at indices: [Int]) {
    guard rank == 2, rows.shape == [indices.count, shape[1]] else {
      stop(
        "Tensor.add(rows:at:)", expected: "a matrix, and a row as long as its own for each index",
        received: "\(shape), \(indices.count) indices and rows \(rows.shape)")
    }
    let (height, length) = (shape[0], shape[1])
    rows.read { source in
      write { out in
        for (place, index) in indices.enumerated() {
          guard index >= 0, index < height else {
            stop("Tensor.add(rows:at:)", expected: "indices in 0..<\(height)", received: "\(index)")
          }
          kernels.elementwise.addScaled(1, source + place * length, out + index * length, length)
        }
      }
    }
  }

  private func resolve(_ ranges: [any TensorRange]) -> [Range<Int>] {
    guard ranges.count <= rank else {
      stop(
        "Tensor slice", expected: "at most \(rank) ranges for shape \(shape)",
        received: "\(ranges.count)")
    }
    return shape.indices.map { axis in
      guard axis < ranges.count else { return 0..<shape[axis] }
      let (first, end) = ranges[axis].tensorBounds(size: shape[axis])
      guard first >= 0, first <= end, end <= shape[axis] else {
        stop(
          "Tensor slice", expected: "a range inside 0..<\(shape[axis]) for axis \(axis)",
          received: "\(first)..<\(end)")
      }
      return first..<end
    }
  }

  /// One range an axis.
  subscript(ranges ranges: [Range<Int>]) -> Tensor {
    get {
      let start = offset(of: ranges)
      return gathered(shape: ranges.map(\.count), strides: strides, offset: start)
    }
    set {
      let start = offset(of: ranges)
      let sizes = ranges.map(\.count)
      guard newValue.shape == sizes else {
        stop("Tensor slice", expected: "a tensor of shape \(sizes)", received: "\(newValue.shape)")
      }
      guard newValue.count > 0 else { return }
      // Row by row: the last axis is contiguous in both tensors.
      let all = strides
      let length = sizes.last ?? 1
      let outer = BroadcastPlan.rowOffsets(sizes: sizes.dropLast(), strides: all)
      newValue.read { source in
        write { out in
          for (row, offset) in outer.enumerated() {
            (out + start + offset).update(from: source + row * length, count: length)
          }
        }
      }
    }
  }

  private func offset(of ranges: [Range<Int>]) -> Int {
    var start = 0
    for (axis, range) in ranges.enumerated() {
      guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
        stop(
          "Tensor slice", expected: "a range inside 0..<\(shape[axis]) for axis \(axis)",
          received: "\(range)")
      }
      start += range.lowerBound * strides[axis]
    }
    // An empty slice may start one past the end; nothing is read there.
    return ranges.contains(where: \.isEmpty) ? 0 : start
  }
}

extension BroadcastPlan {
  /// The offsets of all index combinations below `sizes`, in row-major order.
  static func rowOffsets(sizes: some Collection<Int>, strides: [Int]) -> [Int] {
    var offsets = [0]
    for (size, stride) in zip(sizes, strides) {
      offsets = offsets.flatMap { base in (0..<size).map { base + $0 * stride } }
    }
    return offsets
  }
}
