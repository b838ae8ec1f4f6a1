import Shared

/// The mean of each window of a signal: `AveragePool2D` on images of height 1.
///
/// Computes `Y[n, c, x] = Σⱼ X[n, c, x·s + j − p] / a`, where X is 0 outside of the signal.
/// - `X`: input, `[N, C, L]` (N batch size, C channels, L length)
/// - `k`: `kernelSize`; `s`: `stride`; `p`: padding before the signal
/// - `a`: the size of the window, or, without `countIncludePad`, of its part inside the signal
/// - `Y`: output, `[N, C, L']`, `L' = ⌊(L + padding − k) / s⌋ + 1`
///
/// Given `dY`: `dX[n, c, x·s + j − p] += dY[n, c, x] / a`.
///
///     var pool = AveragePool1D(kernelSize: 2)
///     pool.forward([[[1, 3, 4, 2]]], mode: .inference)   // [[[2, 3]]]
///
/// - Complexity: O(N·C·L'·k).
public struct AveragePool1D: Layer {
  /// "AveragePool1D"
  public static let typeName = "AveragePool1D"
  /// The constructor arguments.
  public let configuration: AveragePoolConfiguration
  /// The body that runs: the kernels, or that of `AveragePool2D.reference`.
  public var implementation: Implementation {
    get { images.implementation }
    set { images.implementation = newValue }
  }

  private var images: AveragePool2D
  private var kept = Kept<PoolingGeometry>()

  /// Creates the layer.
  /// - Parameter stride: `kernelSize` unless given: windows that touch and do not overlap
  public init(
    kernelSize: Int, stride: Int? = nil, padding: Padding = .valid, countIncludePad: Bool = true,
    implementation: Implementation = .fast
  ) {
    let configuration = AveragePoolConfiguration(
      kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: padding,
      countIncludePad: countIncludePad)
    self = orStop { try AveragePool1D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: AveragePoolConfiguration) throws {
    try configuration.check(rank: 1, of: Self.typeName)
    self.configuration = configuration
    images = try AveragePool2D(
      configuration: AveragePoolConfiguration(
        kernelSize: [1] + configuration.kernelSize, stride: [1] + configuration.stride,
        padding: configuration.padding.withHeightAxis,
        countIncludePad: configuration.countIncludePad))
  }

  /// `[C, L]` becomes `[C, L']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.outputSignalShape.dropFirst())
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The mean of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    kept.set(geometry, in: mode)
    return images.forward(input.withHeightAxis, mode: mode)
      .reshaped(to: geometry.outputSignalShape)
  }

  /// An equal share of `dY` for each element of the window.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let geometry = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: geometry.outputSignalShape, of: Self.typeName)
    return images.backward(outputGradient.withHeightAxis).reshaped(to: geometry.inputSignalShape)
  }
}
