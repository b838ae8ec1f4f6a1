import CCourseKernels

extension Tensor {
  /// The matrix product `op(A) · op(B)`, optionally followed by a bias and an activation in the same
  /// pass over the output.
  ///
  /// - `A` (`self`): `[..., M, K]`; with `transposingSelf` `[..., K, M]`
  /// - `B` (`other`): `[..., K, N]`; with `transposingOther` `[..., N, K]`
  /// - `bias`: `[N]`, added to every row
  /// - result: `[..., M, N]`. The leading axes broadcast as those of the operators do.
  ///
  /// A vector counts as a row on the left and as a column on the right, and that axis is dropped
  /// from the result, as in NumPy.
  ///
  ///     let x: Tensor = [[1, 2], [3, 4]]
  ///     x.matmul([[1, 0], [0, 2]])                              // [[1, 4], [3, 8]]
  ///     x.matmul([[1], [-1]], bias: [0.5], activation: .relu)   // [[0], [0]]
  ///
  /// - Complexity: O(M·N·K). Runs on all threads; the result does not depend on how many.
  public func matmul(
    _ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false,
    bias: Tensor? = nil, activation: Activation = .identity
  ) -> Tensor {
    if rank == 1 {
      let result = reshaped(to: transposingSelf ? [count, 1] : [1, count]).matmul(
        other, transposingSelf: transposingSelf, transposingOther: transposingOther, bias: bias,
        activation: activation)
      var shape = result.shape
      shape.remove(at: other.rank == 1 ? shape.count - 1 : shape.count - 2)
      return result.reshaped(to: shape)
    }
    if other.rank == 1 {
      let column = other.reshaped(to: transposingOther ? [1, other.count] : [other.count, 1])
      let result = matmul(
        column, transposingSelf: transposingSelf, transposingOther: transposingOther, bias: bias,
        activation: activation)
      return result.reshaped(to: Array(result.shape.dropLast()))
    }
    guard rank >= 2, other.rank >= 2 else {
      stop(
        "Tensor.matmul", expected: "tensors of rank 1 or more",
        received: "\(shape) and \(other.shape)")
    }
    let (aRows, aColumns) = (shape[rank - 2], shape[rank - 1])
    let (bRows, bColumns) = (other.shape[other.rank - 2], other.shape[other.rank - 1])
    let (m, k) = transposingSelf ? (aColumns, aRows) : (aRows, aColumns)
    let (depth, n) = transposingOther ? (bColumns, bRows) : (bRows, bColumns)
    let (ownLeading, otherLeading) = (Array(shape.dropLast(2)), Array(other.shape.dropLast(2)))
    let sharesOther = other.rank == 2
    guard k == depth, let leading = broadcastShape(ownLeading, otherLeading) else {
      let marks = (transposingSelf ? "ᵀ" : "", transposingOther ? "ᵀ" : "")
      stop(
        "Tensor.matmul", expected: "shapes [..., M, K] and [..., K, N]",
        received: "\(shape)\(marks.0) and \(other.shape)\(marks.1)")
    }
    if let bias, bias.shape != [n] {
      stop("Tensor.matmul", expected: "a bias of shape [\(n)]", received: "\(bias.shape)")
    }
    // Rows of all leading axes that share one right-hand matrix: one large product instead of many.
    let isOneProduct = sharesOther && !transposingSelf
    let matrices = isOneProduct ? 1 : leading.reduce(1, *)
    let rows = isOneProduct ? leading.reduce(m, *) : m
    let places =
      isOneProduct ? [(0, 0)] : BroadcastPlan.pairs(of: leading, ownLeading, otherLeading)
    return Tensor(shape: leading + [m, n]) { c in
      read { a in
        other.read { b in
          withOptionalPointer(bias) { bias in
            for matrix in 0..<matrices {
              let (own, other) = places[matrix]
              var product = CourseProduct()
              (product.m, product.n, product.k) = (rows, n, k)
              product.a = kernels_matrix(a + own * m * k, aColumns, transposingSelf)
              product.b = kernels_matrix(b + other * k * n, bColumns, transposingOther)
              product.c = c + matrix * m * n
              product.leadingC = n
              product.columnBias = bias
              product.activation = activation.kernel
              kernels_product(nil, &product)
            }
          }
        }
      }
    }
  }

  private func withOptionalPointer(
    _ tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> Void
  ) {
    if let tensor { tensor.read { body($0) } } else { body(nil) }
  }
}
