import Shared

/// Keeps the largest element of each window: whether a feature is there counts, not where exactly.
///
/// Computes `Y[n, c, y, x] = maxᵢⱼ X[n, c, y·s + i − p, x·s + j − p]`; padding never wins.
/// - `X`: input, `[N, C, H, W]` (N batch size, C channels)
/// - `i`, `j`: the places of the window; `s`: `stride`; `p`: padding above and to the left
/// - `Y`: output, `[N, C, H', W']`, `H' = ⌊(H + padding − window) / s⌋ + 1`, W' likewise
///
/// Given `dY`: each element goes to the place its maximum came from, `dX[n, c, winner] += dY[n, c, y, x]`.
/// Windows that overlap may share a winner, so its gradients add up. Of equal elements the first one wins
/// (row by row), as in PyTorch.
///
///     var pool = MaxPool2D(window: 2)
///     pool.forward(Tensor([[[[1, 3], [4, 2]]]]), mode: .training)   // [[[[4]]]]
///     pool.backward(Tensor([[[[5]]]]))                              // [[[[0, 0], [5, 0]]]]
///
/// - Complexity: O(N·C·H'·W'·window area).
/// - Reference: Riesenhuber, Poggio (1999), *Nature Neuroscience* 2. Task: Protocols/Phase2-CNN.md, 2.4.
public struct MaxPool2D: Layer {
  /// "MaxPool2D"
  public static let typeName = "MaxPool2D"
  /// The constructor arguments.
  public let configuration: MaxPoolConfiguration
  /// Which body of code runs: the kernels, or the loops of task 2.4.
  public var implementation: Implementation
  /// Set while the two bodies are compared.
  private var isTrial = false
  /// Whether the kernels run. A body that is unfinished or wrong runs as it stands, also in place of `.fast`.
  private var runsKernel: Bool { implementation == .fast && (isTrial || Self.referenceIsKernel) }

  // What backward needs: the reference looks for the winners in the input again, the kernels note them.
  private enum Kept: Sendable {
    case input(Tensor)
    case winners(PoolingWinners, shape: [Int])
  }
  private var kept: Kept?
  private var geometry: PoolingGeometry?

  /// Creates the layer. Window and stride are a number for both axes, or `[vertical, horizontal]`.
  /// - Parameter stride: the window's size unless given: windows that touch and do not overlap
  public init(
    window: any AxisSizes, stride: (any AxisSizes)? = nil, padding: Padding = .valid,
    implementation: Implementation = .fast
  ) {
    let configuration = MaxPoolConfiguration(
      window: window.sizes(rank: 2), stride: (stride ?? window).sizes(rank: 2), padding: padding)
    self = orStop { try MaxPool2D(configuration: configuration) }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: MaxPoolConfiguration) throws {
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

  /// The largest element of each window.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.sizes.geometry(ofBatch: input, of: Self.typeName)
    self.geometry = mode == .training ? geometry : nil
    guard runsKernel else {
      kept = mode == .training ? .input(input) : nil
      return referenceForward(input, geometry)
    }
    let (output, winners) = input.maxPooled(
      geometry, shape: geometry.outputShape, keepingWinners: mode == .training)
    kept = winners.map { .winners($0, shape: input.shape) }
    return output
  }

  /// Each `dY` at the place its maximum came from.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    guard let kept = kept.take(), let geometry else { stopWithoutTrainingPass(Self.typeName) }
    requireGradient(outputGradient, shape: geometry.outputShape, of: Self.typeName)
    return switch kept {
    case .input(let input):
      referenceInputGradient(outputGradient, input: input, geometry)
    case .winners(let winners, let shape):
      outputGradient.maxPoolGradient(winners: winners, geometry, shape: shape)
    }
  }

  /// Whether the kernels compute what the readable body computes, tried on a few small images; they stand in
  /// for it only then.
  static let referenceIsKernel: Bool = {
    // Few different values, so that windows hold their maximum twice and the first one counts; also negative
    // ones alone; and one NaN, which wins its windows.
    var images = Tensor(normal: [2, 3, 6, 5], key: RandomKey(seed: 3))
    images = (images .>= 0) + (images .>= 1) - 1
    images[1, 2, 3, 3] = .nan
    return [
      MaxPool2D(window: [3, 2], stride: [2, 1], padding: .same),
      MaxPool2D(window: [2, 4], stride: [1, 3], padding: .same),
    ].allSatisfy { layer in
      var (reference, kernel) = (layer, layer)
      reference.implementation = .reference
      kernel.isTrial = true
      return reference.agrees(with: kernel, on: images)
    }
  }()
}

extension PoolingGeometry {
  /// The shape of the output of images, `[N, C, H', W']`.
  var outputShape: [Int] { [batch, channels, rows.output, columns.output] }
}
