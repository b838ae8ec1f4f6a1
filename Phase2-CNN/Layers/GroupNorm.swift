import Shared

/// Group normalisation: gives each group of an example's channels mean 0 and variance 1, then each channel a
/// learned scale and shift.
///
/// Computes, for each example and group g, with the mean μ and the biased variance σ² of its M = C/G·H·W values,
/// `X̂ = (X − μ) / √(σ² + ε)`, `Y = γ X̂ + β`
/// - `X`: input, `[N, C]`, `[N, C, L]` or `[N, C, H, W]` (N batch size, C `channels`, G `groups`); group g has the
///   channels `g·C/G ..< (g + 1)·C/G`
/// - `γ`: `scale`, `[C]`; `β`: `shift`, `[C]`; `ε`: `epsilon`
/// - `Y`: output, of the shape of X
///
/// Each example is normalised by itself: training and inference compute the same, there are no running averages,
/// and a batch may be as small as one, as it has to be where images are large. With one group it normalises over a
/// whole example, with as many groups as channels over each channel alone (instance normalisation).
///
/// Given `dY`, with `dX̂ = γ dY` and means over the values of a group:
/// - `dγ = Σ dY ⊙ X̂`, `dβ = Σ dY`, over everything but the channel
/// - `dX = (dX̂ − mean(dX̂) − X̂ mean(dX̂ ⊙ X̂)) / √(σ² + ε)`
///
///     var layer = GroupNorm(groups: 1, channels: 2)
///     layer.forward([[1, 3], [10, 50]], mode: .training)   // rows of about -1 and 1
///
/// - Complexity: O(number of elements): two passes over memory forward, two backward.
/// - Reference: Wu, He (2018), *Group normalization*, ECCV.
public struct GroupNorm: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of groups G, which divides the number of channels.
    public var groups: Int
    /// The number of channels, or features, C; 0 where a network is to infer it.
    public var channels: Int
    /// The number added to the variance under the root.
    public var epsilon: Float

    /// Creates a configuration.
    public init(groups: Int, channels: Int, epsilon: Float = 1e-5) {
      self.groups = groups
      self.channels = channels
      self.epsilon = epsilon
    }
  }

  /// "GroupNorm"
  public static let typeName = "GroupNorm"
  /// The constructor arguments.
  public private(set) var configuration: Configuration
  /// The scale γ, `[channels]`.
  public var scale: Parameter
  /// The shift β, `[channels]`.
  public var shift: Parameter

  private struct Pass: Sendable {
    let input: Tensor
    /// Of each channel of each example, `[N · C]`.
    let normalization: ChannelNormalization
    /// 1 / √(σ² + ε), `[N, G, 1]`.
    let inverse: Tensor
  }
  private var kept = Kept<Pass>()

  /// Creates a layer whose scale is 1 and whose shift is 0.
  /// - Parameters:
  ///   - groups: the number of groups
  ///   - channels: the number of channels, a multiple of `groups`; without it, the network that the layer is appended
  ///     to finds it
  ///   - epsilon: the number added to the variance under the root, above 0
  public init(groups: Int, channels: Int? = nil, epsilon: Float = 1e-5) {
    // The fewest channels in place of a number that is not known yet, so that the rest is checked at once.
    let configuration = Configuration(
      groups: groups, channels: channels ?? max(groups, 1), epsilon: epsilon)
    self = orStop { try GroupNorm(configuration: configuration) }
    if channels == nil { self.configuration.channels = 0 }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    try checkSizes([configuration.channels], of: Self.typeName)
    guard configuration.groups >= 1, configuration.channels.isMultiple(of: configuration.groups)
    else {
      throw CourseError(
        .invalidArgument, "GroupNorm: channels do not divide into groups",
        expected: "at least one group, and a multiple of it for the number of channels",
        received: "\(configuration.channels) channels, \(configuration.groups) groups",
        remedy: "Use as many groups as divide the number of channels.")
    }
    guard configuration.epsilon > 0, configuration.epsilon.isFinite else {
      throw CourseError(
        .invalidArgument, "GroupNorm: epsilon out of range", expected: "a finite number above 0",
        received: "\(configuration.epsilon)")
    }
    self.configuration = configuration
    scale = Parameter(Tensor(ones: [configuration.channels]), isRegularized: false)
    shift = Parameter(Tensor(zeros: [configuration.channels]), isRegularized: false)
  }

  /// The layer for inputs of this shape, channels first.
  public func sized(for inputShape: [Int]) throws -> GroupNorm {
    guard configuration.channels == 0 else { return self }
    guard let size = inputShape.first else {
      throw missingInputSize(
        of: Self.typeName, argument: "channels:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.channels = size
    return try remade(with: configuration)
  }

  /// The shape of the input: `[C]`, `[C, L]` or `[C, H, W]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard configuration.channels > 0 else {
      throw missingInputSize(of: Self.typeName, argument: "channels:")
    }
    guard (1...3).contains(inputShape.count), inputShape[0] == configuration.channels else {
      throw CourseError(
        .shapeMismatch, "GroupNorm",
        expected: "input [\(configuration.channels), ...], channels first, of 1 to 3 axes",
        received: "\(inputShape)",
        remedy: "Set channels to the first output size of the layer before it.")
    }
    guard inputShape.reduce(1, *) / configuration.groups >= 2 else {
      throw CourseError(
        .shapeMismatch, "GroupNorm: a group of fewer than two values",
        expected: "at least 2, to have a variance",
        received: "\(inputShape) in groups of \(configuration.channels / configuration.groups) "
          + "channels",
        remedy: "Use fewer groups.")
    }
    return inputShape
  }

  /// `Y = γ X̂ + β`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    orStop { _ = try outputShape(for: Array(input.shape.dropFirst())) }
    let sizes = sizes(of: input)
    // The kernels of batch norm take each group of an example for a channel, and then each of its channels.
    let (mean, variance) = input.reshaped(to: [1, sizes.batch * sizes.groups, sizes.values])
      .channelMoments()
    let perGroup = [sizes.batch, sizes.groups, 1]
    let inverse = (1 / sqrt(variance + configuration.epsilon)).reshaped(to: perGroup)
    let normalization = ChannelNormalization(
      center: spread(mean.reshaped(to: perGroup), sizes),
      factor: spread(inverse * grouped(scale.value, sizes), sizes),
      shift: spread(grouped(shift.value, sizes), sizes))
    kept.set(Pass(input: input, normalization: normalization, inverse: inverse), in: mode)
    return planes(of: input, sizes).normalized(normalization).reshaped(to: input.shape)
  }

  /// Accumulates `dγ` and `dβ` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let pass = kept.take(for: Self.typeName)
    let shape = pass.input.shape
    requireGradient(outputGradient, shape: shape, of: Self.typeName)
    let sizes = sizes(of: pass.input)
    let input = planes(of: pass.input, sizes)
    // Σ dY and Σ dY ⊙ (X − μ) over the places of each channel of each example.
    let sums = input.normalizationSums(
      outputGradient: planes(of: outputGradient, sizes), pass.normalization)
    let perChannel = [sizes.batch, sizes.groups, sizes.channels]
    let gradients = sums.gradients.reshaped(to: perChannel)
    let products = sums.products.reshaped(to: perChannel)
    shift.accumulate(gradients.sum(axis: 0).reshaped(to: shift.value.shape))
    scale.accumulate((products * pass.inverse).sum(axis: 0).reshaped(to: scale.value.shape))
    let weights = grouped(scale.value, sizes)
    let count = Float(sizes.values)
    let meanGradient = (gradients * weights).sum(axis: 2, keepDims: true) / count
    let meanProduct = (products * weights).sum(axis: 2, keepDims: true) / count
    return input.normalizationGradient(
      overwriting: planes(of: outputGradient, sizes),
      slope: spread(-pass.inverse * square(pass.inverse) * meanProduct, sizes),
      offset: spread(-pass.inverse * meanGradient, sizes), pass.normalization
    ).reshaped(to: shape)
  }

  /// Shows `scale`, then `shift`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("scale", &scale)
    try body("shift", &shift)
  }

  // MARK: Groups

  /// The sizes of a batch: `channels` and `values` are those of a group, `area` is that of a channel.
  private typealias Sizes = (batch: Int, groups: Int, channels: Int, area: Int, values: Int)

  private func sizes(of batch: Tensor) -> Sizes {
    let area = batch.shape.dropFirst(2).reduce(1, *)
    let channels = configuration.channels / configuration.groups
    return (batch.shape[0], configuration.groups, channels, area, channels * area)
  }

  /// `[N, C, ...]` with each channel of each example as a channel of its own, `[1, N · C, area]`.
  private func planes(of batch: Tensor, _ sizes: Sizes) -> Tensor {
    batch.reshaped(to: [1, sizes.batch * configuration.channels, sizes.area])
  }

  /// `[C]` as `[G, C / G]`.
  private func grouped(_ channels: Tensor, _ sizes: Sizes) -> Tensor {
    channels.reshaped(to: [sizes.groups, sizes.channels])
  }

  /// `[N, G, 1]`, `[G, C / G]` or `[N, G, C / G]` as one number for each channel of each example, `[N · C]`.
  private func spread(_ numbers: Tensor, _ sizes: Sizes) -> Tensor {
    numbers.broadcast(to: [sizes.batch, sizes.groups, sizes.channels]).reshaped(to: [-1])
  }
}
