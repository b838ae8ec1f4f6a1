import Shared

/// The constructor arguments of `MaxPool1D` and `MaxPool2D`; the lists have one number for each axis.
public struct MaxPoolConfiguration: Codable, Sendable, Equatable {
  /// The size of the window along each axis.
  public var kernelSize: [Int]
  /// The distance between neighbouring windows along each axis.
  public var stride: [Int]
  /// The border around the input.
  public var padding: Padding

  // The key in files: networks that older versions saved have this one.
  private enum CodingKeys: String, CodingKey {
    case kernelSize = "window", stride, padding
  }

  /// Collects the arguments.
  /// - Parameter stride: `kernelSize` unless given
  public init(kernelSize: [Int], stride: [Int]? = nil, padding: Padding = .valid) {
    self.kernelSize = kernelSize
    self.stride = stride ?? kernelSize
    self.padding = padding
  }
}

/// The constructor arguments of `AveragePool1D` and `AveragePool2D`; the lists have one number for each axis.
public struct AveragePoolConfiguration: Codable, Sendable, Equatable {
  /// The size of the window along each axis.
  public var kernelSize: [Int]
  /// The distance between neighbouring windows along each axis.
  public var stride: [Int]
  /// The border around the input.
  public var padding: Padding
  /// Whether the zeros of the padding count as elements of the mean.
  public var countIncludePad: Bool

  // As above.
  private enum CodingKeys: String, CodingKey {
    case kernelSize = "window", stride, padding, countIncludePad
  }

  /// Collects the arguments.
  /// - Parameter stride: `kernelSize` unless given
  public init(
    kernelSize: [Int], stride: [Int]? = nil, padding: Padding = .valid, countIncludePad: Bool = true
  ) {
    self.kernelSize = kernelSize
    self.stride = stride ?? kernelSize
    self.padding = padding
    self.countIncludePad = countIncludePad
  }
}

/// The arguments that all poolings share, with their checks and the sizes that follow from them.
protocol PoolingConfiguration {
  var kernelSize: [Int] { get }
  var stride: [Int] { get }
  var padding: Padding { get }
}

extension MaxPoolConfiguration: PoolingConfiguration {}
extension AveragePoolConfiguration: PoolingConfiguration {}

extension PoolingConfiguration {
  /// Throws unless all sizes are in range for a layer with `rank` spatial axes.
  func check(rank: Int, of layer: String) throws {
    try checkAxes(kernelSize, "kernel size", rank: rank, of: layer)
    try checkAxes(stride, "stride", rank: rank, of: layer)
    try padding.check(rank: rank, of: layer)
    if case .explicit(let before, let after) = padding {
      for axis in 0..<rank where max(before[axis], after[axis]) >= kernelSize[axis] {
        throw CourseError(
          .invalidArgument, "\(layer): padding as wide as the window",
          expected: "padding below the window of \(kernelSize[axis]) on axis \(axis)",
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
    guard inputShape.count == kernelSize.count + 1 else {
      throw CourseError(
        .shapeMismatch, layer,
        expected: "input [C, \(kernelSize.count == 1 ? "L" : "H, W")] "
          + "(channels first, without the batch)",
        received: "\(inputShape)",
        remedy: "Put this layer after a convolution, or give the input a channel axis (Reshape).")
    }
    let windows = try kernelSize.indices.map { axis in
      try padding.window(
        axis: axis, input: inputShape[axis + 1], window: kernelSize[axis], stride: stride[axis],
        of: layer)
    }
    return PoolingGeometry(
      batch: batch, channels: inputShape[0],
      rows: windows.count == 2 ? windows[0] : .single, columns: windows[windows.count - 1])
  }

  /// The sizes for a batch; stops when it does not fit.
  func geometry(ofBatch input: Tensor, of layer: String) -> PoolingGeometry {
    guard input.rank == kernelSize.count + 2 else {
      stop(
        "\(layer).forward", expected: "input [N, C, \(kernelSize.count == 1 ? "L" : "H, W")]",
        received: "\(input.shape)")
    }
    return orStop {
      try geometry(for: Array(input.shape.dropFirst()), batch: input.shape[0], of: layer)
    }
  }
}

extension PoolingGeometry {
  /// The shape of the input of a pooling of images, `[N, C, H, W]`.
  var inputShape: [Int] { [batch, channels, rows.input, columns.input] }
  /// The shape of the output of a pooling of images, `[N, C, H', W']`.
  var outputShape: [Int] { [batch, channels, rows.output, columns.output] }
  /// The shape of the input of a pooling of signals, `[N, C, L]`.
  var inputSignalShape: [Int] { [batch, channels, columns.input] }
  /// The shape of the output of a pooling of signals, `[N, C, L']`.
  var outputSignalShape: [Int] { [batch, channels, columns.output] }
}
