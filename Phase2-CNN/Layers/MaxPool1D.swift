import Shared

/// Keeps the largest element of each window of a signal: `MaxPool2D` on images of height 1.
///
/// Computes `Y[n, c, x] = maxⱼ X[n, c, x·s + j − p]`; padding never wins.
/// - `X`: input, `[N, C, L]` (N batch size, C channels, L length)
/// - `k`: `kernelSize`; `s`: `stride`; `p`: padding before the signal
/// - `Y`: output, `[N, C, L']`, `L' = ⌊(L + padding − k) / s⌋ + 1`
///
/// Given `dY`: `dX[n, c, winner] += dY[n, c, x]`, where the winner is the place of the (first) maximum.
///
///     var pool = MaxPool1D(kernelSize: 2)
///     pool.forward([[[1, 3, 4, 2]]], mode: .inference)   // [[[3, 4]]]
///
/// - Complexity: O(N·C·L'·k).
public struct MaxPool1D: Layer {
  /// "MaxPool1D"
  public static let typeName = "MaxPool1D"
  /// The constructor arguments.
  public let configuration: MaxPoolConfiguration
  /// The body that runs: the kernels, or that of `MaxPool2D.reference`.
  public var implementation: Implementation {
    get { images.implementation }
    set { images.implementation = newValue }
  }

  private var images: MaxPool2D
  private var kept = Kept<PoolingGeometry>()

  /// Creates the layer.
  /// - Parameter stride: `kernelSize` unless given: windows that touch and do not overlap
  public init(
    kernelSize: Int, stride: Int? = nil, padding: Padding = .valid,
    implementation: Implementation = .fast
  ) {
    let configuration = MaxPoolConfiguration(
      kernelSize: [kernelSize], stride: stride.map { [$0] }, padding: padding)
    self = orStop { try MaxPool1D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: MaxPoolConfiguration) throws {
    try configuration.check(rank: 1, of: Self.typeName)
    self.configuration = configuration
    images = try MaxPool2D(
      configuration: MaxPoolConfiguration(
        kernelSize: [1] + configuration.kernelSize, stride: [1] + configuration.stride,
        padding: configuration.padding.withHeightAxis))
  }

  /// `[C, L]` becomes `[C, L']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.outputSignalShape.dropFirst())
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The largest element of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    kept.set(geometry, in: mode)
    return images.forward(input.withHeightAxis, mode: mode)
      .reshaped(to: geometry.outputSignalShape)
  }

  /// Each `dY` at the place its maximum came from.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let geometry = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: geometry.outputSignalShape, of: Self.typeName)
    return images.backward(outputGradient.withHeightAxis).reshaped(to: geometry.inputSignalShape)
  }
}

extension Padding {
  /// The padding of a signal, as that of an image of height 1.
  var withHeightAxis: Padding {
    guard case .explicit(let before, let after) = self else { return self }
    return .explicit(before: [0] + before, after: [0] + after)
  }
}

extension Tensor {
  /// Signals `[N, C, L]` as images `[N, C, 1, L]`.
  var withHeightAxis: Tensor { reshaped(to: [shape[0], shape[1], 1, shape[2]]) }
}
