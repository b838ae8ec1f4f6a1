import CCourseKernels

extension Tensor {
  /// The same elements under another shape. One size may be -1: it follows from the others.
  ///
  ///     Tensor(arange: 0, to: 6).reshaped(to: [2, -1]).shape   // [2, 3]
  ///
  /// Shares memory with the original, so it costs nothing.
  public func reshaped(to newShape: [Int]) -> Tensor {
    var resolved = newShape
    if let free = newShape.firstIndex(of: -1) {
      resolved[free] = 1
      let known = resolved.contains { $0 < 0 } ? nil : countOfElements(resolved)
      resolved[free] = known.map { $0 > 0 ? count / $0 : 0 } ?? -1
    }
    guard resolved.allSatisfy({ $0 >= 0 }), countOfElements(resolved) == count else {
      stop(
        "Tensor.reshaped(to:)", expected: "a shape of \(count) elements, as \(shape) has",
        received: "\(newShape)")
    }
    return Tensor(shape: resolved, storage: storage)
  }

  /// The transpose of a matrix.
  public func transposed() -> Tensor {
    guard rank == 2 else {
      stop("Tensor.transposed", expected: "a matrix", received: "shape \(shape)")
    }
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: [columns, rows]) { out in
      read { kernels.layout.transpose($0, rows, columns, columns, out) }
    }
  }

  /// The axes in another order: axis `i` of the result is axis `axes[i]` of the original.
  ///
  ///     images.transposed(axes: [0, 2, 3, 1])   // [N, C, H, W] -> [N, H, W, C]
  public func transposed(axes: [Int]) -> Tensor {
    guard axes.sorted() == Array(0..<rank) else {
      stop(
        "Tensor.transposed(axes:)", expected: "each of the axes 0..<\(rank) once",
        received: "\(axes)")
    }
    let all = strides
    return gathered(shape: axes.map { shape[$0] }, strides: axes.map { all[$0] }, offset: 0)
  }

  /// Repeats axes of size 1 (and adds missing ones in front) until the shape is `newShape`.
  public func broadcast(to newShape: [Int]) -> Tensor {
    guard broadcastShape(shape, newShape) == newShape else {
      stop(
        "Tensor.broadcast(to:)", expected: "a shape that \(shape) broadcasts to",
        received: "\(newShape)")
    }
    let missing = newShape.count - rank
    let own = strides
    let spread = newShape.indices.map { axis in
      axis < missing || shape[axis - missing] == 1 ? 0 : own[axis - missing]
    }
    return gathered(shape: newShape, strides: spread, offset: 0)
  }

  /// Tensors of equal shape along a new first axis, or along a new axis at `axis`.
  public init(stacking tensors: [Tensor], axis: Int = 0) {
    guard let first = tensors.first else {
      stop("Tensor(stacking:)", expected: "at least one tensor", received: "none")
    }
    for tensor in tensors where tensor.shape != first.shape {
      stop(
        "Tensor(stacking:)", expected: "equal shapes, \(first.shape) as the first has",
        received: "\(tensor.shape)")
    }
    // Counted from the back, -1 is the last axis of the result.
    let place = axis < 0 ? axis + first.rank + 1 : axis
    guard (0...first.rank).contains(place) else {
      stop("Tensor(stacking:)", expected: "an axis in 0...\(first.rank)", received: "\(axis)")
    }
    var shape = first.shape
    shape.insert(1, at: place)
    self.init(concatenating: tensors.map { $0.reshaped(to: shape) }, axis: place)
  }

  /// Tensors one after the other along `axis`; their other sizes must agree.
  public init(concatenating tensors: [Tensor], axis: Int = 0) {
    guard let first = tensors.first else {
      stop("Tensor(concatenating:)", expected: "at least one tensor", received: "none")
    }
    let axis = first.resolve(axis, "init(concatenating:)")
    var shape = first.shape
    shape[axis] = 0
    for tensor in tensors {
      var others = (tensor.shape, first.shape)
      guard tensor.rank == first.rank else {
        stop(
          "Tensor(concatenating:)", expected: "rank \(first.rank) as the first has",
          received: "shape \(tensor.shape)")
      }
      others.0[axis] = 0
      others.1[axis] = 0
      guard others.0 == others.1 else {
        stop(
          "Tensor(concatenating:)",
          expected: "shapes like \(first.shape) but for axis \(axis)", received: "\(tensor.shape)")
      }
      shape[axis] += tensor.shape[axis]
    }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let row = shape[axis] * inner
    self.init(shape: shape) { out in
      var start = 0
      for tensor in tensors {
        let length = tensor.shape[axis] * inner
        tensor.read { x in
          for i in 0..<outer {
            (out + i * row + start).update(from: x + i * length, count: length)
          }
        }
        start += length
      }
    }
  }

  /// Puts `before[i]` and `after[i]` elements of `value` around axis `i`.
  ///
  ///     image.padded(before: [0, 1, 1], after: [0, 1, 1])   // a border of zeros, [C, H+2, W+2]
  public func padded(before: [Int], after: [Int], with value: Float = 0) -> Tensor {
    guard before.count == rank, after.count == rank,
      (before + after).allSatisfy({ (0...mostElements).contains($0) })
    else {
      stop(
        "Tensor.padded", expected: "\(rank) amounts from 0 to 2⁴⁸ before and after",
        received: "\(before) and \(after)")
    }
    var result = Tensor(
      repeating: value, shape: shape.indices.map { before[$0] + shape[$0] + after[$0] })
    result[ranges: shape.indices.map { before[$0]..<(before[$0] + shape[$0]) }] = self
    return result
  }

  // MARK: Strides

  /// How many elements lie between neighbours along each axis.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }

  /// A contiguous copy of a strided view of the elements.
  func gathered(shape: [Int], strides: [Int], offset: Int) -> Tensor {
    Tensor(shape: shape) { out in
      read { kernels_copy_strided($0 + offset, shape.count, shape, strides, out) }
    }
  }
}
