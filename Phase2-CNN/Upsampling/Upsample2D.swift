import Shared

/// Enlarges images by whole numbers, without weights: the way back up in a decoder.
///
/// With scale factors sʏ and sₓ, output place (y, x) lies at row `v = (y + ½) / sʏ − ½` and column
/// `u = (x + ½) / sₓ − ½` of the input.
/// - `X`: input, `[N, C, H, W]` (N batch size, C channels); `Y`: output, `[N, C, H·sʏ, W·sₓ]`
/// - `.nearest`: `Y[n, c, y, x] = X[n, c, ⌊y / sʏ⌋, ⌊x / sₓ⌋]`
/// - `.bilinear`, along one axis, with `i = ⌊u⌋` and `a = u − i`: `(1 − a) X[i] + a X[i + 1]`; then along the
///   other. Places outside of the image have the value at its edge.
///
/// (PyTorch's `nn.Upsample` with `align_corners=False`.)
///
/// Given `dY`, each input gets the same share of the gradient as it had of the output: with `.nearest` the sum of
/// its copies, with `.bilinear` `dX[i] += (1 − a) dY`, `dX[i + 1] += a dY`.
///
///     var layer = Upsample2D(scaleFactor: 2)
///     layer.forward(Tensor([[[[1, 3]]]]), mode: .training)    // [[[[1, 1, 3, 3], [1, 1, 3, 3]]]]
///     layer.backward(Tensor(ones: [1, 1, 2, 4]))              // [[[[4, 4]]]]
///     layer = Upsample2D(scaleFactor: [1, 2], mode: .bilinear)
///     layer.forward(Tensor([[[[1, 3]]]]), mode: .training)    // [[[[1, 1.5, 2.5, 3]]]]
///
/// Followed by a convolution it has none of the checkerboard patterns of a transposed convolution whose kernel
/// size is not a multiple of its stride.
///
/// - Complexity: O(number of outputs).
/// - Reference: Odena, Dumoulin, Olah (2016), *Deconvolution and checkerboard artifacts*, Distill.
public struct Upsample2D: Layer {
  /// How values between those of the input are found.
  public enum Interpolation: String, Codable, Sendable, CaseIterable {
    /// A copy of the nearest value.
    case nearest
    /// The mean of the four values around a place, weighted by how near they are.
    case bilinear
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The scale factors of height and width.
    public var scaleFactor: [Int]
    /// How values between those of the input are found.
    public var mode: Interpolation

    /// Creates a configuration.
    public init(scaleFactor: [Int], mode: Interpolation = .nearest) {
      self.scaleFactor = scaleFactor
      self.mode = mode
    }
  }

  /// "Upsample2D"
  public static let typeName = "Upsample2D"
  /// The constructor arguments.
  public let configuration: Configuration
  /// The shape of the input.
  private var kept = Kept<[Int]>()

  /// Creates the layer.
  /// - Parameter scaleFactor: a number for both axes, or `[vertical, horizontal]`
  public init(scaleFactor: AxisSizes, mode: Interpolation = .nearest) {
    let configuration = Configuration(scaleFactor: scaleFactor.sizes(rank: 2), mode: mode)
    self = orStop { try Upsample2D(configuration: configuration) }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    try checkAxes(configuration.scaleFactor, "scale factor", rank: 2, of: Self.typeName)
    self.configuration = configuration
  }

  /// `[C, H, W]` becomes `[C, H · sʏ, W · sₓ]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let scale = configuration.scaleFactor
    guard inputShape.count == 3, inputShape.allSatisfy({ $0 >= 1 }) else {
      throw CourseError(
        .shapeMismatch, Self.typeName,
        expected: "input [C, H, W] (channels first, without the batch)", received: "\(inputShape)",
        remedy: "Put this layer after a convolution, or give the input a channel axis (Reshape).")
    }
    for axis in 0..<2 where inputShape[axis + 1] > maximumSize / scale[axis] {
      throw CourseError(
        .shapeMismatch, "\(Self.typeName): output too large",
        expected: "at most 2³⁰ places on spatial axis \(axis)",
        received: "\(inputShape[axis + 1]) times \(scale[axis])")
    }
    return [inputShape[0], inputShape[1] * scale[0], inputShape[2] * scale[1]]
  }

  /// The kind of the input: a mean of probabilities is one.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    inputKind == .distributions ? .probabilities : inputKind
  }

  /// The enlarged images.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 4 else {
      stop("Upsample2D.forward", expected: "input [N, C, H, W]", received: "\(input.shape)")
    }
    orStop { _ = try outputShape(for: Array(input.shape.dropFirst())) }
    kept.set(input.shape, in: mode)
    return input.upsampled(
      scale: configuration.scaleFactor, bilinear: configuration.mode == .bilinear)
  }

  /// For each input, its share of the gradients of the outputs that it is in.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let shape = kept.take(for: Self.typeName)
    let scale = configuration.scaleFactor
    requireGradient(
      outputGradient, shape: [shape[0], shape[1], shape[2] * scale[0], shape[3] * scale[1]],
      of: Self.typeName)
    return outputGradient.upsamplingGradient(
      scale: scale, bilinear: configuration.mode == .bilinear, shape: shape)
  }
}
