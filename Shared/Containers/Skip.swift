/// Concatenates the input of layers with their output, so that the next layer sees both.
///
/// Computes `Y = [X, F(X)]`, concatenated along the axis of the channels.
/// - `X`: input, such as images `[N, C, H, W]`
/// - `F`: `body`, whose output `[N, C', H, W]` may differ from the input in that axis only
/// - `Y`: output, `[N, C + C', H, W]`
///
/// Given `dY`, its first C channels are the gradient of X on the way around the body, and the other C' go back through
/// it: `dX = dY[:, :C] + F'(dY[:, C:])`.
///
/// Nested it is a U-Net: each level halves the image, hands it to the next level, doubles it again, and passes the
/// details that the halving lost around all that.
///
///     func level(_ channels: [Int]) -> Sequential {
///       let convolution = ConvReLU(outputChannels: channels[0], kernelSize: 3, padding: .same)
///       if channels.count == 1 { return Sequential(convolution) }
///       return Sequential(
///         convolution,
///         Skip(
///           Sequential(
///             MaxPool2D(kernelSize: 2), level(Array(channels.dropFirst())), Upsample2D(scaleFactor: 2))),
///         ConvReLU(outputChannels: channels[0], kernelSize: 3, padding: .same))
///     }
///     try network.append(level([16, 32, 64]))     // [3, 64, 64] becomes [16, 64, 64]
///
/// The sides of the image must be divisible by 2 for each halving, so that doubling gives them back. Parameters are
/// named `body.0.weights`.
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when the body returns other sizes than its input, but for the
///   axis of the channels.
/// - Complexity: that of the body, and a copy of input and output forward, of the gradient backward.
/// - Reference: Ronneberger, Fischer, Brox (2015), *MICCAI*. Densely connected networks repeat it: Huang, Liu, van der
///   Maaten, Weinberger (2017), *CVPR*.
public struct Skip: ParallelPaths {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let body: SavedPart<LayerRole>
    let axis: Int

    /// Takes over the arguments of the body, whose weights are drawn again.
    public init(body: any Layer, axis: Int = 1) {
      self.body = SavedPart(body)
      self.axis = axis
    }
  }

  /// "Skip"
  public static let typeName = "Skip"
  static let remedy =
    "Let the body return the size of its input: pad with .same, and where it halves and doubles, take inputs whose "
    + "sides are divisible by 2 for each halving."

  /// The way around the body, and the body.
  var paths: [any Layer]
  static let names = ["input", "body"]
  var pathNames: [String] { Self.names }
  var merging: Merging { .concatenate(axis: axis) }
  var kept = Kept<MergedPaths>()

  /// The axis along which input and output are concatenated.
  public let axis: Int
  /// The layers that the input skips.
  public var body: any Layer { paths[1] }
  /// The constructor arguments.
  public var configuration: Configuration { Configuration(body: body, axis: axis) }

  /// Creates the layer around these layers, with their weights.
  /// - Parameter axis: the axis of the channels, counted as in a tensor: 1 for images, −1 for the features of
  ///   sequences `[N, T, F]`
  public init(_ body: any Layer, axis: Int = 1) {
    orStop { try Branches.check(axis: axis, of: Self.typeName) }
    self.axis = axis
    paths = [Sequential(), body]
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    try Branches.check(axis: configuration.axis, of: Self.typeName)
    axis = configuration.axis
    paths = [Sequential()] + (try SavedPart.layers([("body", configuration.body)]))
  }
}
