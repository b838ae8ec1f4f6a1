/// Several layers side by side, which all get the same input.
///
/// Computes `Y = F₁(X) + ... + F_K(X)`, or `Y = [F₁(X), ..., F_K(X)]`, concatenated along the axis of the channels.
/// - `X`: input, of a shape that each branch takes
/// - `F₁, ..., F_K`: the branches. To add, they must return one shape; to concatenate, shapes that differ in that
///   axis only
///
/// Given `dY`, a branch gets all of it where outputs are added, and its own channels where they are concatenated; then
/// `dX = F₁'(dY₁) + ... + F_K'(dY_K)`, added in this order.
///
/// An inception module looks at its input with kernels of several sizes at once:
///
///     try network.append(
///       Branches([
///         ConvReLU(outputChannels: 8, kernelSize: 1),
///         Sequential(ConvReLU(outputChannels: 6, kernelSize: 1), ConvReLU(outputChannels: 12, kernelSize: 3, padding: .same)),
///         Sequential(ConvReLU(outputChannels: 2, kernelSize: 1), ConvReLU(outputChannels: 4, kernelSize: 5, padding: .same)),
///         Sequential(MaxPool2D(kernelSize: 3, stride: 1, padding: .same), ConvReLU(outputChannels: 4, kernelSize: 1)),
///       ], merge: .concatenate))                           // [16, 28, 28] becomes [28, 28, 28]
///
/// Parameters are named by the number of the branch: `1.0.weights`.
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when the branches return shapes that cannot be merged.
/// - Complexity: the sum over the branches, and a pass over their outputs.
/// - Reference: Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich (2015), *CVPR*.
public struct Branches: ParallelPaths {
  /// How the outputs of branches become one.
  public enum Merge: String, Codable, Sendable, CaseIterable {
    /// They are added.
    case add
    /// They are concatenated along an axis.
    case concatenate
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let branches: [SavedPart<LayerRole>]
    let merge: Merge
    let axis: Int

    /// Takes over the arguments of the branches, whose weights are drawn again.
    public init(branches: [any Layer], merge: Merge, axis: Int = 1) {
      self.branches = branches.map { SavedPart($0) }
      self.merge = merge
      self.axis = axis
    }
  }

  /// "Branches"
  public static let typeName = "Branches"
  static let remedy =
    "Give the branches the same strides, and pad them with .same; to add them, also the same channels."

  var paths: [any Layer]
  let pathNames: [String]
  var merging: Merging { merge == .add ? .add(.identity) : .concatenate(axis: axis) }
  var kept = Kept<MergedPaths>()

  /// How the outputs become one.
  public let merge: Merge
  /// The axis along which they are concatenated.
  public let axis: Int
  /// The branches, in the order of their outputs.
  public var branches: [any Layer] { paths }
  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(branches: branches, merge: merge, axis: axis)
  }

  /// Creates the layer from its branches, with their weights.
  /// - Parameters:
  ///   - branches: at least one
  ///   - axis: the axis of the channels, counted as in a tensor: 1 for images, −1 for the features of sequences
  ///     `[N, T, F]`
  public init(_ branches: [any Layer], merge: Merge, axis: Int = 1) {
    self = orStop { try Branches(checking: branches, merge, axis) }
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    try self.init(
      checking: SavedPart.layers(
        configuration.branches.enumerated().map { ("\($0.offset)", $0.element) }),
      configuration.merge, configuration.axis)
  }

  private init(checking branches: [any Layer], _ merge: Merge, _ axis: Int) throws {
    guard !branches.isEmpty else {
      throw CourseError(
        .invalidArgument, "Branches: no branches", expected: "at least one layer", received: "none")
    }
    try Self.check(axis: axis, of: Self.typeName)
    (paths, self.merge, self.axis) = (branches, merge, axis)
    pathNames = branches.indices.map(String.init)
  }

  /// Throws when the axis is that of the batch, or beyond the axes of any data.
  static func check(axis: Int, of layer: String) throws {
    guard axis == 0 || !(-8...8).contains(axis) else { return }
    throw CourseError(
      .invalidArgument, "\(layer): axis out of range",
      expected: "the axis of the channels, such as 1, or −1 for the last one",
      received: axis == 0 ? "0, the axis of the batch" : "\(axis)")
  }
}
