import Shared

/// The mean of each window.
///
/// Computes `Y[n, c, y, x] = Σᵢⱼ X[n, c, y·s + i − p, x·s + j − p] / a`, where X is 0 outside of the image.
/// - `X`: input, `[N, C, H, W]` (N batch size, C channels)
/// - `i`, `j`: the places of the window, kH x kW (`kernelSize`); `s`: `stride`; `p`: padding above and to the left
/// - `a`: the area of the window, or, without `countIncludePad`, of its part inside the image
/// - `Y`: output, `[N, C, H', W']`, `H' = ⌊(H + padding − kH) / s⌋ + 1`, W' likewise
///
/// Given `dY`: every element of the window has the same share,
/// `dX[n, c, y·s + i − p, x·s + j − p] += dY[n, c, y, x] / a`. Where windows overlap, the shares add up.
///
///     var pool = AveragePool2D(kernelSize: 2)
///     pool.forward(Tensor([[[[1, 3], [4, 2]]]]), mode: .training)   // [[[[2.5]]]]
///     pool.backward(Tensor([[[[8]]]]))                              // [[[[2, 2], [2, 2]]]]
///
/// - Complexity: O(N·C·H'·W'·kH·kW).
/// - Reference: LeCun, Bottou, Bengio, Haffner (1998), *Proceedings of the IEEE* 86 ("sub-sampling").
///   Task: Protocols/Phase2-CNN.md, 2.5, in AveragePool2D+Reference.swift.
public struct AveragePool2D: Layer, TwoBodied {
  /// "AveragePool2D"
  public static let typeName = "AveragePool2D"
  /// The constructor arguments.
  public let configuration: AveragePoolConfiguration
  /// The body that runs: the kernels, or the loops of task 2.5.
  public var implementation = Implementation.fast

  private var kept = Kept<PoolingGeometry>()

  /// Creates the layer. `kernelSize` and `stride` are a number for both axes, or `[vertical, horizontal]`.
  /// - Parameter stride: `kernelSize` unless given: windows that touch and do not overlap
  public init(
    kernelSize: AxisSizes, stride: AxisSizes? = nil, padding: Padding = .valid,
    countIncludePad: Bool = true, implementation: Implementation = .fast
  ) {
    let configuration = AveragePoolConfiguration(
      kernelSize: kernelSize.sizes(rank: 2), stride: stride?.sizes(rank: 2), padding: padding,
      countIncludePad: countIncludePad)
    self = orStop { try AveragePool2D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: AveragePoolConfiguration) throws {
    try configuration.check(rank: 2, of: Self.typeName)
    self.configuration = configuration
  }

  /// `[C, H, W]` becomes `[C, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.outputShape.dropFirst())
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The mean of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    kept.set(geometry, in: mode)
    return runsKernel
      ? input.averagePooled(
        geometry, countIncludesPadding: configuration.countIncludePad, shape: geometry.outputShape)
      : referenceForward(input, geometry)
  }

  /// An equal share of `dY` for each element of the window.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let geometry = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: geometry.outputShape, of: Self.typeName)
    return runsKernel
      ? outputGradient.averagePoolGradient(
        geometry, countIncludesPadding: configuration.countIncludePad, shape: geometry.inputShape)
      : referenceInputGradient(outputGradient, geometry)
  }

  // The first trial leaves room where the windows end, as in Conv2D.
  package static let agreement = agree(on: [
    (
      AveragePool2D(kernelSize: [2, 3], stride: [3, 2]),
      Tensor(normal: [2, 2, 5, 5], key: RandomKey(seed: 3))
    ),
    (
      AveragePool2D(kernelSize: [3, 2], stride: [2, 1], padding: .same),
      Tensor(normal: [2, 3, 6, 5], key: RandomKey(seed: 3))
    ),
    (
      AveragePool2D(kernelSize: [2, 4], stride: [1, 3], padding: .same, countIncludePad: false),
      Tensor(normal: [2, 3, 6, 5], key: RandomKey(seed: 3))
    ),
  ])
}
