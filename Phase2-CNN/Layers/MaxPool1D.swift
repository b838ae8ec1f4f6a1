import Shared

/// Keeps the largest element of each window of a signal: `MaxPool2D` on images of height 1.
///
/// Computes `Y[n, c, x] = maxⱼ X[n, c, x·s + j − p]`; padding never wins.
/// - `X`: input, `[N, C, L]` (N batch size, C channels, L length); `s`: `stride`; `p`: padding in front
/// - `Y`: output, `[N, C, L']`, `L' = ⌊(L + padding − window) / s⌋ + 1`
///
/// Given `dY`: `dX[n, c, winner] += dY[n, c, x]`, where the winner is the place of the (first) maximum.
///
///     var pool = MaxPool1D(window: 2)
///     pool.forward([[[1, 3, 4, 2]]], mode: .inference)   // [[[3, 4]]]
///
/// - Complexity: O(N·C·L'·window).
public struct MaxPool1D: Layer {
  /// "MaxPool1D"
  public static let typeName = "MaxPool1D"
  /// The constructor arguments.
  public let configuration: MaxPoolConfiguration
  /// Which body of code runs: the kernels, or that of `MaxPool2D.reference`.
  public var implementation: Implementation {
    get { images.implementation }
    set { images.implementation = newValue }
  }

  private var images: MaxPool2D
  private var inputShape: [Int]?

  /// Creates the layer.
  /// - Parameter stride: the window's size unless given: windows that touch and do not overlap
  public init(
    window: Int, stride: Int? = nil, padding: Padding = .valid,
    implementation: Implementation = .fast
  ) {
    let configuration = MaxPoolConfiguration(
      window: [window], stride: [stride ?? window], padding: padding)
    self = orStop { try MaxPool1D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: MaxPoolConfiguration) throws {
    try configuration.sizes.check(rank: 1, of: Self.typeName)
    self.configuration = configuration
    images = try MaxPool2D(
      configuration: MaxPoolConfiguration(
        window: [1] + configuration.window, stride: [1] + configuration.stride,
        padding: configuration.padding.withHeightAxis))
  }

  /// `[C, L]` becomes `[C, L']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.sizes.geometry(for: inputShape, of: Self.typeName)
    return [geometry.channels, geometry.columns.output]
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The largest element of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.sizes.geometry(ofBatch: input, of: Self.typeName)
    inputShape = mode == .training ? input.shape : nil
    return images.forward(input.withHeightAxis, mode: mode)
      .reshaped([geometry.batch, geometry.channels, geometry.columns.output])
  }

  /// Each `dY` at the place its maximum came from.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    guard let inputShape = inputShape.take() else { stopWithoutTrainingPass(Self.typeName) }
    requireSignalGradient(outputGradient, of: Self.typeName, inputShape, configuration.sizes)
    return images.backward(outputGradient.withHeightAxis).reshaped(inputShape)
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
  var withHeightAxis: Tensor { reshaped([shape[0], shape[1], 1, shape[2]]) }
}

/// Stops unless a gradient has the shape `[N, C, L']` of what a pooling made of signals.
func requireSignalGradient(
  _ gradient: Tensor, of layer: String, _ inputShape: [Int], _ sizes: PoolingSizes
) {
  let length = orStop {
    try sizes.geometry(for: Array(inputShape.dropFirst()), of: layer).columns.output
  }
  requireGradient(gradient, shape: [inputShape[0], inputShape[1], length], of: layer)
}
