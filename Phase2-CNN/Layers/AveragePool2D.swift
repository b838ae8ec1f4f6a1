import Shared

/// The mean of each window.
///
/// Computes `Y[n, c, y, x] = Σᵢⱼ X[n, c, y·s + i − p, x·s + j − p] / a`, where X is 0 outside of the image.
/// - `X`: input, `[N, C, H, W]` (N batch size, C channels)
/// - `i`, `j`: the places of the window; `s`: `stride`; `p`: padding above and to the left
/// - `a`: the area of the window, or, without `countIncludePad`, of its part inside the image
/// - `Y`: output, `[N, C, H', W']`, `H' = ⌊(H + padding − window) / s⌋ + 1`, W' likewise
///
/// Given `dY`: every element of the window has the same share,
/// `dX[n, c, y·s + i − p, x·s + j − p] += dY[n, c, y, x] / a`. Where windows overlap, the shares add up.
///
///     var pool = AveragePool2D(window: 2)
///     pool.forward(Tensor([[[[1, 3], [4, 2]]]]), mode: .training)   // [[[[2.5]]]]
///     pool.backward(Tensor([[[[8]]]]))                              // [[[[2, 2], [2, 2]]]]
///
/// - Complexity: O(N·C·H'·W'·window area).
/// - Reference: LeCun, Bottou, Bengio, Haffner (1998), *Proceedings of the IEEE* 86 ("sub-sampling").
///   Task: Protocols/Phase2-CNN.md, 2.5.
public struct AveragePool2D: Layer {
  /// "AveragePool2D"
  public static let typeName = "AveragePool2D"
  /// The constructor arguments.
  public let configuration: AveragePoolConfiguration
  /// Which body of code runs: the kernels, or the loops of task 2.5.
  public var implementation: Implementation
  /// Set while the two bodies are compared.
  private var isTrial = false
  /// Whether the kernels run. A body that is unfinished or wrong runs as it stands, also in place of `.fast`.
  private var runsKernel: Bool { implementation == .fast && (isTrial || Self.referenceIsKernel) }

  private var geometry: PoolingGeometry?

  /// Creates the layer. Window and stride are a number for both axes, or `[vertical, horizontal]`.
  /// - Parameter stride: the window's size unless given: windows that touch and do not overlap
  public init(
    window: any AxisSizes, stride: (any AxisSizes)? = nil, padding: Padding = .valid,
    countIncludePad: Bool = true, implementation: Implementation = .fast
  ) {
    let configuration = AveragePoolConfiguration(
      window: window.sizes(rank: 2), stride: (stride ?? window).sizes(rank: 2), padding: padding,
      countIncludePad: countIncludePad)
    self = orStop { try AveragePool2D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: AveragePoolConfiguration) throws {
    try configuration.sizes.check(rank: 2, of: Self.typeName)
    self.configuration = configuration
    implementation = .fast
  }

  /// `[C, H, W]` becomes `[C, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.sizes.geometry(for: inputShape, of: Self.typeName)
    return [geometry.channels, geometry.rows.output, geometry.columns.output]
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The mean of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.sizes.geometry(ofBatch: input, of: Self.typeName)
    self.geometry = mode == .training ? geometry : nil
    return runsKernel
      ? input.averagePooled(
        geometry, countIncludesPadding: configuration.countIncludePad, shape: geometry.outputShape)
      : referenceForward(input, geometry)
  }

  /// An equal share of `dY` for each element of the window.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    guard let geometry else { stopWithoutTrainingPass(Self.typeName) }
    requireGradient(outputGradient, shape: geometry.outputShape, of: Self.typeName)
    return runsKernel
      ? outputGradient.averagePoolGradient(
        geometry, countIncludesPadding: configuration.countIncludePad, shape: geometry.inputShape)
      : referenceInputGradient(outputGradient, geometry)
  }

  /// Whether the kernels compute what the readable body computes, tried on a few small images; they stand in
  /// for it only then.
  static let referenceIsKernel: Bool = {
    let images = Tensor(normal: [2, 3, 6, 5], key: RandomKey(seed: 3))
    return [
      AveragePool2D(window: [3, 2], stride: [2, 1], padding: .same),
      AveragePool2D(window: [2, 4], stride: [1, 3], padding: .same, countIncludePad: false),
    ].allSatisfy { layer in
      var (reference, kernel) = (layer, layer)
      reference.implementation = .reference
      kernel.isTrial = true
      return reference.agrees(with: kernel, on: images)
    }
  }()
}

extension PoolingGeometry {
  /// The shape of the input of images, `[N, C, H, W]`.
  var inputShape: [Int] { [batch, channels, rows.input, columns.input] }
}
