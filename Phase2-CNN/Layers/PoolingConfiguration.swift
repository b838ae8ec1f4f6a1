import Shared

/// The constructor arguments of `MaxPool1D` and `MaxPool2D`; one number an axis where a list stands.
public struct MaxPoolConfiguration: Codable, Sendable, Equatable {
  /// The places of the window along each axis.
  public var window: [Int]
  /// How far the window moves from one output place to the next.
  public var stride: [Int]
  /// What is put around the input.
  public var padding: Padding

  var sizes: PoolingSizes { PoolingSizes(window: window, stride: stride, padding: padding) }
}

/// The constructor arguments of `AveragePool1D` and `AveragePool2D`; one number an axis where a list
/// stands.
public struct AveragePoolConfiguration: Codable, Sendable, Equatable {
  /// The places of the window along each axis.
  public var window: [Int]
  /// How far the window moves from one output place to the next.
  public var stride: [Int]
  /// What is put around the input.
  public var padding: Padding
  /// Whether the zeros of the padding count as elements of the mean.
  public var countIncludePad: Bool

  var sizes: PoolingSizes { PoolingSizes(window: window, stride: stride, padding: padding) }
}

/// What all poolings have to check and compute before any data flows.
struct PoolingSizes {
  let window: [Int]
  let stride: [Int]
  let padding: Padding

  /// Throws unless all sizes are in range for a layer with `rank` spatial axes.
  func check(rank: Int, of layer: String) throws {
    try checkAxes(window, "window", rank: rank, of: layer)
    try checkAxes(stride, "stride", rank: rank, of: layer)
    try padding.check(rank: rank, of: layer)
    if case .explicit(let before, let after) = padding {
      for axis in 0..<rank where max(before[axis], after[axis]) >= window[axis] {
        throw CourseError(
          .invalidArgument, "\(layer): padding as wide as the window",
          expected: "padding below the window of \(window[axis]) on axis \(axis)",
          received: "\(before[axis]) before and \(after[axis]) after",
          remedy: "A window that holds nothing but padding has no maximum and no mean: pad less, "
            + "or use .same.")
      }
    }
  }

  /// The sizes for a batch of inputs of shape `[C, spatial...]`; throws when such an input does not fit.
  func geometry(for inputShape: [Int], batch: Int = 1, of layer: String) throws
    -> PoolingGeometry
  {
    guard inputShape.count == window.count + 1 else {
      throw CourseError(
        .shapeMismatch, layer,
        expected: "input [C, \(window.count == 1 ? "L" : "H, W")] "
          + "(channels first, without the batch)",
        received: "\(inputShape)",
        remedy: "Put this layer behind a convolution, or give the input a channel axis (Reshape).")
    }
    let windows = try window.indices.map { axis in
      try padding.window(
        axis: axis, input: inputShape[axis + 1], window: window[axis], stride: stride[axis],
        of: layer)
    }
    return PoolingGeometry(
      batch: batch, channels: inputShape[0],
      rows: windows.count == 2 ? windows[0] : .single, columns: windows[windows.count - 1])
  }

  /// The sizes for a batch; stops when it does not fit.
  func geometry(ofBatch input: Tensor, of layer: String) -> PoolingGeometry {
    guard input.rank == window.count + 2 else {
      stop(
        "\(layer).forward", expected: "input [N, C, \(window.count == 1 ? "L" : "H, W")]",
        received: "\(input.shape)")
    }
    return orStop {
      try geometry(for: Array(input.shape.dropFirst()), batch: input.shape[0], of: layer)
    }
  }
}

/// Stops a backward pass of `layer` that has no training pass before it.
func stopWithoutTrainingPass(_ layer: String) -> Never {
  stop(
    "\(layer).backward", expected: "a forward pass with mode .training before it",
    received: "none (an inference pass keeps nothing, a backward pass uses it up)")
}
