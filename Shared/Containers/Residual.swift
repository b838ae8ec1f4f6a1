/// Adds a shortcut to the output of layers, so that these learn only the difference from their input.
///
/// Computes `Y = f(F(X) + S(X))`.
/// - `X`: input, of the shape that the body takes
/// - `F`: `body`, usually a `Sequential`; `S`: `shortcut`, by default the identity, `S(X) = X`
/// - `f`: `activation`, by default the identity; the first residual networks have ReLU there
/// - `Y`: output; body and shortcut must return one shape
///
/// Given `dY`, with `dZ = dY ⊙ f'(Z)` the gradient of the sum Z, both get all of it: `dX = F'(dZ) + S'(dZ)`, added in this
/// order. With the identity for S, `dX = F'(dZ) + dZ`:
/// the gradient reaches the layers before the block however small `F'(dZ)` is, which is why networks of a hundred such
/// blocks can be trained.
///
///     let block = Residual(
///       Sequential(
///         Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, bias: false), BatchNorm(), ReLU(),
///         Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, bias: false), BatchNorm()),
///       activation: .relu)
///     try network.append(block)        // [16, 32, 32] stays [16, 32, 32]
///
/// Where the body changes the shape, the shortcut does the same with a projection, a 1 x 1 convolution with the
/// channels and the stride of the body:
///
///     Residual(
///       Sequential(Conv2D(outputChannels: 32, kernelSize: 3, stride: 2, padding: .same), ...),
///       shortcut: Conv2D(outputChannels: 32, kernelSize: 1, stride: 2))
///
/// Parameters are named `body.0.weights`, `shortcut.weights`. In a network both parts take their input size from the
/// layer before the block.
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when body and shortcut return different shapes.
/// - Complexity: that of body and shortcut, and one pass over the output forward, activation included, and over the input
///   backward. The sum is added in place where nothing else needs the output of the body.
/// - Reference: He, Zhang, Ren, Sun (2016), *CVPR*.
public struct Residual: ParallelPaths {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let body: SavedPart<LayerRole>
    let shortcut: SavedPart<LayerRole>
    /// `nil` for the identity.
    let activation: Activation?

    /// Takes over the arguments of both parts; their weights are drawn again.
    public init(
      body: any Layer, shortcut: any Layer = Sequential(), activation: Activation = .identity
    ) {
      self.body = SavedPart(body)
      self.shortcut = SavedPart(shortcut)
      self.activation = activation == .identity ? nil : activation
    }
  }

  /// "Residual"
  public static let typeName = "Residual"
  static let remedy =
    "Give the residual block a shortcut that returns the shape of its body, such as a 1 x 1 convolution with "
    + "the channels and the stride of the body."

  /// Body and shortcut.
  var paths: [any Layer]
  static let names = ["body", "shortcut"]
  var pathNames: [String] { Self.names }
  var merging: Merging { .add(activation) }
  var kept = Kept<MergedPaths>()

  /// The layers of the block.
  public var body: any Layer { paths[0] }
  /// The way around them; a `Sequential` without layers is the identity.
  public var shortcut: any Layer { paths[1] }
  /// The function of the sum.
  public let activation: Activation
  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(body: body, shortcut: shortcut, activation: activation)
  }

  /// Creates a residual block of these layers, with their weights.
  /// - Parameters:
  ///   - shortcut: the way around the body, the identity unless given
  ///   - activation: the function of the sum, the identity unless given
  public init(
    _ body: any Layer, shortcut: any Layer = Sequential(), activation: Activation = .identity
  ) {
    paths = [body, shortcut]
    self.activation = activation
  }

  /// Creates the block from a checkpoint.
  public init(configuration: Configuration) throws {
    paths = try SavedPart.layers([
      ("body", configuration.body), ("shortcut", configuration.shortcut),
    ])
    activation = configuration.activation ?? .identity
  }
}
