/// How the losses of the examples of a batch become one number.
public enum Reduction: String, Codable, Sendable, CaseIterable {
  /// Their mean: the step size does not depend on the batch size. The default everywhere.
  case mean
  /// Their sum, as the FAU exercises have it.
  case sum
}

/// A measure of how wrong a prediction is, with its gradient.
///
/// `forward` returns the loss of a batch and keeps what `backward` needs, as layers do.
public protocol Loss: Sendable {
  /// The constructor arguments, which a checkpoint stores.
  associatedtype Configuration: Codable & Sendable

  /// The name under which checkpoints know the loss.
  static var typeName: String { get }
  /// Creates the loss from what `configuration` returned.
  init(configuration: Configuration) throws
  /// The constructor arguments of this loss.
  var configuration: Configuration { get }
  /// How the losses of a batch are combined.
  var reduction: Reduction { get }

  /// Whether a prediction names a class, so that accuracy means something.
  var isClassification: Bool { get }

  /// The loss of a batch. `prediction` is the network's output, `[N, ...]`.
  mutating func forward(_ prediction: Tensor, target: Target) -> Float
  /// The gradient of the loss with respect to the prediction of the last `forward`.
  mutating func backward() -> Tensor
  /// Throws when a network's output shape (without the batch axis) does not fit such targets: called
  /// before training starts.
  func check(outputShape: [Int], target: Target) throws
  /// What a raw output of the network means: probabilities, where it holds scores.
  func prediction(from output: Tensor) -> Tensor
}

extension Loss {
  /// False.
  public var isClassification: Bool { false }
  /// The output itself.
  public func prediction(from output: Tensor) -> Tensor { output }
}
