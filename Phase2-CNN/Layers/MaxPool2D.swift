import Shared

/// Keeps the largest element of each window: a feature counts wherever in the window it is.
///
/// Computes `Y[n, c, y, x] = maxᵢⱼ X[n, c, y·s + i − p, x·s + j − p]`; padding never wins.
/// - `X`: input, `[N, C, H, W]` (N batch size, C channels)
/// - `i`, `j`: the places of the window, kH x kW (`kernelSize`); `s`: `stride`; `p`: padding above and to the left
/// - `Y`: output, `[N, C, H', W']`, `H' = ⌊(H + padding − kH) / s⌋ + 1`, W' likewise
///
/// Given `dY`: each element goes to the place its maximum came from, `dX[n, c, winner] += dY[n, c, y, x]`.
/// Windows that overlap may share a winner, so its gradients add up. Of equal elements the first one wins
/// (row by row), as in PyTorch.
///
///     var pool = MaxPool2D(kernelSize: 2)
///     pool.forward(Tensor([[[[1, 3], [4, 2]]]]), mode: .training)   // [[[[4]]]]
///     pool.backward(Tensor([[[[5]]]]))                              // [[[[0, 0], [5, 0]]]]
///
/// - Complexity: O(N·C·H'·W'·kH·kW).
/// - Reference: Riesenhuber, Poggio (1999), *Nature Neuroscience* 2.
///   Task: Protocols/Phase2-CNN.md, 2.4, in MaxPool2D+Reference.swift.
public struct MaxPool2D: Layer, TwoBodied {
  /// "MaxPool2D"
  public static let typeName = "MaxPool2D"
  /// The constructor arguments.
  public let configuration: MaxPoolConfiguration
  /// The body that runs: the kernels, or the loops of task 2.4.
  public var implementation = Implementation.fast

  // The readable body looks for the winners in the input again; the kernel notes them.
  private enum Source: Sendable {
    case input(Tensor)
    case winners(PoolingWinners)
  }
  private var kept = Kept<(source: Source, geometry: PoolingGeometry)>()

  /// Creates the layer. `kernelSize` and `stride` are a number for both axes, or `[vertical, horizontal]`.
  /// - Parameter stride: `kernelSize` unless given: windows that touch and do not overlap
  public init(
    kernelSize: AxisSizes, stride: AxisSizes? = nil, padding: Padding = .valid,
    implementation: Implementation = .fast
  ) {
    let configuration = MaxPoolConfiguration(
      kernelSize: kernelSize.sizes(rank: 2), stride: stride?.sizes(rank: 2), padding: padding)
    self = orStop { try MaxPool2D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: MaxPoolConfiguration) throws {
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

  /// The largest element of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    guard runsKernel else {
      kept.set((.input(input), geometry), in: mode)
      return referenceForward(input, geometry)
    }
    let (output, winners) = input.maxPooled(
      geometry, shape: geometry.outputShape, keepingWinners: mode == .training)
    kept.clear()
    if let winners { kept.set((.winners(winners), geometry), in: mode) }
    return output
  }

  /// Each `dY` at the place its maximum came from.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (source, geometry) = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: geometry.outputShape, of: Self.typeName)
    return switch source {
    case .input(let input):
      referenceInputGradient(outputGradient, input: input, geometry)
    case .winners(let winners):
      outputGradient.maxPoolGradient(winners: winners, geometry, shape: geometry.inputShape)
    }
  }

  // The first trial leaves room where the windows end, as in Conv2D. Few different values, so that windows hold
  // their maximum twice and the first one counts; windows of negative ones alone; and one NaN, which wins its
  // windows.
  package static let agreement: Agreement = {
    var images = Tensor(normal: [2, 3, 6, 5], key: RandomKey(seed: 3))
    images = (images .>= 0) + (images .>= 1) - 1
    images[1, 2, 3, 3] = .nan
    return agree(on: [
      (MaxPool2D(kernelSize: [2, 3], stride: [3, 2]), images[0..., 0..<2, 0..<5, 0...]),
      (MaxPool2D(kernelSize: [3, 2], stride: [2, 1], padding: .same), images),
      (MaxPool2D(kernelSize: [2, 4], stride: [1, 3], padding: .same), images),
    ])
  }()
}
