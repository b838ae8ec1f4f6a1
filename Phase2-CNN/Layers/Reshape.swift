import Shared

/// Gives each example another shape: a grey image its channel axis, a vector its two dimensions back.
///
/// `[N, d₁, d₂, ...]` becomes `[N] + shape`, in row-major order: the elements stay where they are.
///
/// Given `dY`: `dX` is `dY` under the shape of the input.
///
///     var reshape = Reshape([1, 8, 8])
///     reshape.forward(Tensor(zeros: [5, 64]), mode: .inference).shape   // [5, 1, 8, 8]
///
/// - Complexity: O(1): the memory is shared.
public struct Reshape: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The new shape of an example.
    public var shape: [Int]

    /// Collects the argument.
    public init(shape: [Int]) { self.shape = shape }
  }

  /// "Reshape"
  public static let typeName = "Reshape"
  /// The constructor arguments.
  public let configuration: Configuration
  private var kept = Kept<[Int]>()

  /// Creates the layer; the sizes of `shape` are at least 1.
  public init(_ shape: [Int]) {
    self = orStop { try Reshape(configuration: Configuration(shape: shape)) }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    try checkShape(configuration.shape, of: Self.typeName)
    self.configuration = configuration
  }

  /// The new shape; the number of elements must be the same.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let (count, received) = (elementCount(configuration.shape), elementCount(inputShape))
    guard received == count else {
      throw CourseError(
        .shapeMismatch, "Reshape",
        expected: "input of \(count) elements, as shape \(configuration.shape) has",
        received: "\(inputShape), which has \(received)",
        remedy: "Choose a shape with as many elements as the layer before it returns.")
    }
    return configuration.shape
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The input as `[N] + shape`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let wanted = configuration.shape.reduce(1, *)
    guard input.rank >= 1, input.shape.dropFirst().reduce(1, *) == wanted else {
      stop(
        "Reshape.forward",
        expected: "input [N, ...] with \(wanted) elements an example",
        received: "\(input.shape)")
    }
    kept.set(input.shape, in: mode)
    return input.reshaped(to: [input.shape[0]] + configuration.shape)
  }

  /// The gradient under the shape of the input.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let inputShape = kept.take(for: Self.typeName)
    requireGradient(
      outputGradient, shape: [inputShape[0]] + configuration.shape, of: Self.typeName)
    return outputGradient.reshaped(to: inputShape)
  }
}
