import CCourseKernels

/// Reductions over one axis, or over everything.
///
/// `axis` counts from the front; a negative one counts from the back, so that -1 is the last. With
/// `keepDims` the reduced axis stays with size 1, so that the result broadcasts against the input:
/// `x - x.mean(axis: 1, keepDims: true)`.
extension Tensor {
  /// The sum of all elements.
  public func sum() -> Float { read { kernels.reductions.reduce(kernelSum, $0, count) } }

  /// The mean of all elements; NaN when there are none.
  public func mean() -> Float { sum() / Float(count) }

  /// The variance of all elements: the mean of `(x - mean)²`.
  public func variance() -> Float {
    let center = mean()
    var sums: [Double] = [0, 0]
    read { kernels.reductions.addDeviations($0, center, count, &sums) }
    // The mean is rounded; the square of its error is no part of the variance.
    let off = sums[0] / Double(count)
    let variance = Float(sums[1] / Double(count) - off * off)
    return variance < 0 ? 0 : variance
  }

  /// The largest element; NaN if one is NaN.
  public func max() -> Float {
    requireElements("max")
    return read { kernels.reductions.reduce(kernelMax, $0, count) }
  }

  /// The smallest element; NaN if one is NaN.
  public func min() -> Float {
    requireElements("min")
    return read { kernels.reductions.reduce(kernelMin, $0, count) }
  }

  /// The row-major position of the largest element, the first of equals.
  public func argmax() -> Int {
    requireElements("argmax")
    return read { kernels.reductions.argmax($0, count) }
  }

  /// The sums along `axis`.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor {
    reduced(kernelSum, axis: axis, keepDims: keepDims, name: "sum")
  }

  /// The means along `axis`.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor {
    let axis = resolve(axis, "mean")
    var result = sum(axis: axis, keepDims: keepDims)
    result /= Float(shape[axis])
    return result
  }

  /// The variances along `axis`: the mean of `(x - mean)²`, or with `unbiased` that sum divided by
  /// one less than the number of elements.
  public func variance(axis: Int, keepDims: Bool = false, unbiased: Bool = false) -> Tensor {
    let axis = resolve(axis, "variance")
    let deviation = self - mean(axis: axis, keepDims: true)
    var result = square(deviation).sum(axis: axis, keepDims: keepDims)
    // The mean is rounded; the square of its error is no part of the variance.
    let off = deviation.sum(axis: axis, keepDims: keepDims)
    result = Tensor.maximum(result - square(off) / Float(shape[axis]), 0)
    result /= Float(shape[axis] - (unbiased ? 1 : 0))
    return result
  }

  /// The largest elements along `axis`.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor {
    requireElements("max", axis: axis)
    return reduced(kernelMax, axis: axis, keepDims: keepDims, name: "max")
  }

  /// The smallest elements along `axis`.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor {
    requireElements("min", axis: axis)
    return reduced(kernelMin, axis: axis, keepDims: keepDims, name: "min")
  }

  /// The positions of the largest elements along `axis`, the first of equals, in row-major order of
  /// the remaining axes.
  ///
  ///     let scores: Tensor = [[0.1, 0.9], [0.8, 0.2]]
  ///     scores.argmax(axis: 1)   // [1, 0]
  public func argmax(axis: Int) -> [Int] {
    let axis = resolve(axis, "argmax")
    requireElements("argmax", axis: axis)
    guard axis == rank - 1 else {
      return transposed(axes: (0..<rank).filter { $0 != axis } + [axis]).argmax(axis: -1)
    }
    let columns = shape[axis]
    return read { x in
      (0..<(count / columns)).map { kernels.reductions.argmax(x + $0 * columns, columns) }
    }
  }

  // MARK: Helpers

  private func reduced(
    _ reduction: CourseReduction, axis: Int, keepDims: Bool, name: String
  ) -> Tensor {
    let axis = resolve(axis, name)
    let outer = shape[..<axis].reduce(1, *)
    let length = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    var resultShape = shape
    if keepDims { resultShape[axis] = 1 } else { resultShape.remove(at: axis) }
    return Tensor(shape: resultShape) { out in
      read { x in
        // Each result is one of its own, whichever task it falls into.
        func reduce(_ block: Int, from first: Int = 0, width: Int) {
          let (from, to) = (x + block * length * inner + first, out + block * inner + first)
          if inner == 1 {
            to[0] = kernels.reductions.reduce(reduction, from, length)
          } else {
            kernels.reductions.reduceRows(reduction, from, inner, length, width, to)
          }
        }
        let (size, most) = (length * inner, 1 << 14)
        if count <= 2 * most {
          for block in 0..<outer { reduce(block, width: inner) }
        } else if size <= 2 * most || inner == 1 {
          let blocks = Swift.max(1, most / size)
          parallelFor((outer + blocks - 1) / blocks) { task in
            for block in (task * blocks)..<Swift.min((task + 1) * blocks, outer) {
              reduce(block, width: inner)
            }
          }
        } else {
          // Whole cache lines of columns, in at most 16 pieces.
          let width = ((inner + 15) / 16 + 63) / 64 * 64
          let pieces = (inner + width - 1) / width
          parallelFor(outer * pieces) { task in
            let first = task % pieces * width
            reduce(task / pieces, from: first, width: Swift.min(width, inner - first))
          }
        }
      }
    }
  }

  /// `axis` counted from the front.
  func resolve(_ axis: Int, _ name: String) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(resolved) else {
      stop("Tensor.\(name)", expected: "an axis of shape \(shape)", received: "axis \(axis)")
    }
    return resolved
  }

  private func requireElements(_ name: String, axis: Int? = nil) {
    let size = axis.map { shape[resolve($0, name)] } ?? count
    guard size > 0 else {
      stop("Tensor.\(name)", expected: "at least one element", received: "shape \(shape)")
    }
  }
}
