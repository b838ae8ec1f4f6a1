import CCourseKernels

extension Tensor {
  /// Calls `body` with subnormal numbers as zeros: those nearer to 0 than 1.2 · 10⁻³⁸, for which a `Float` has
  /// no exponent any more.
  ///
  /// An operation that meets or makes one takes some hundred cycles on most processors, and gradients that
  /// vanish over many steps or layers are full of them: an Elman network on long sequences trains several
  /// times slower. No training notices that they are gone. `NeuralNetwork.fit` works like that; a training
  /// loop of your own can, too:
  ///
  ///     try Tensor.withoutSubnormals {
  ///       network.backward(gradient)
  ///       network.applyGradients()
  ///     }
  ///
  /// It holds for the calling thread and for its loops on other threads, until `body` ends.
  public static func withoutSubnormals<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = kernels_flush_subnormals()
    defer { kernels_restore_subnormals(before) }
    return try body()
  }
}
