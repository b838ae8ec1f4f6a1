/// A tensor that training changes, with the gradient of the loss with respect to it.
///
/// Gradients *accumulate*: a layer that is used twice, or several small batches that stand for a large
/// one, add up. A cleared gradient is marked, not filled with zeros, so the first accumulation is an
/// assignment and costs no pass over memory.
public struct Parameter: Sendable {
  // No `didSet`: seen from another module it turns every change in place into a copy (measured).
  /// The weights.
  public var value: Tensor
  /// The accumulated gradient, `nil` when nothing has been accumulated since it was last cleared.
  public private(set) var gradient: Tensor?
  /// Whether a penalty (L1, L2) applies: true for weights, false for biases and the like.
  public let isRegularized: Bool
  /// Whether training changes the value: `network.freeze(_:)` sets it. A frozen parameter accumulates no gradient.
  public package(set) var isTrainable = true
  /// The factor between the learning rate of the optimizer and that of this parameter:
  /// `network.setLearningRate(factor:for:)` sets it.
  public package(set) var learningRateFactor: Float = 1

  /// How the value is drawn; `nil` once it has been drawn for good.
  private var draw: Draw?
  private struct Draw: Sendable {
    var initializer: any Initializer
    var fans: Fans
    /// The key of a seed, once there is one.
    var key: RandomKey?
    /// The first draw. A value that no longer shares its memory has been set since.
    var value: Tensor
  }

  /// A parameter with a given value.
  public init(_ value: Tensor, isRegularized: Bool = true) {
    self.value = value
    self.isRegularized = isRegularized
  }

  /// A parameter whose value an initializer draws.
  ///
  /// It is drawn at once, and drawn again when the layer becomes part of a network, from the network's seed
  /// and the layer's place. A value that was set in between stays.
  ///
  /// - Parameter key: the key of the first draw. Without one every parameter differs from every other, in
  ///   each run of the program.
  public init(
    shape: [Int], initializer: any Initializer, fans: Fans, isRegularized: Bool = true,
    key: RandomKey = .random()
  ) {
    // A checkpoint sets every value: none is drawn, and none takes memory that the file cannot fill.
    value =
      Loading.largestTensor == nil
      ? initializer.tensor(shape: shape, fans: fans, key: key)
      : Tensor(shape: Loading.allows(shape) ? shape : [0]) { _ in }
    self.isRegularized = isRegularized
    draw = Draw(initializer: initializer, fans: fans, value: value)
  }

  /// Draws the value from `key`, unless it was drawn for good or set before.
  /// - Parameter isFinal: whether it is drawn for good, as in a network
  package mutating func drawValue(key: RandomKey, isFinal: Bool = true) {
    guard let draw else { return }
    if isFinal { self.draw = nil }
    guard value.storage === draw.value.storage, Loading.largestTensor == nil else { return }
    value = draw.initializer.tensor(shape: value.shape, fans: draw.fans, key: key)
    guard !isFinal else { return }
    self.draw?.key = key
    self.draw?.value = value
  }

  /// Draws the value from the key that a seed gave another parameter, if one did: a layer that is made again, with the
  /// size of its input, keeps its seed.
  mutating func drawValue(like other: Parameter) {
    if let key = other.draw?.key { drawValue(key: key, isFinal: false) }
  }

  /// Adds to the gradient, unless the parameter is frozen.
  ///
  ///     weights.accumulate(input.matmul(outputGradient, transposingSelf: true))
  public mutating func accumulate(_ contribution: Tensor) {
    guard contribution.shape == value.shape else {
      stop(
        "Parameter.accumulate", expected: "a gradient of shape \(value.shape), as the value has",
        received: "\(contribution.shape)\(hint(for: contribution.shape))")
    }
    guard isTrainable else { return }
    if gradient == nil { gradient = contribution } else { gradient? += contribution }
  }

  /// A likely cause of a gradient's wrong shape, in words.
  private func hint(for shape: [Int]) -> String {
    if shape == [1] + value.shape { return " (summed with keepDims?)" }
    if shape.dropFirst() == value.shape[...] { return " (not summed over the batch?)" }
    return shape.reversed() == value.shape ? " (transposed?)" : ""
  }

  /// Adds the gradient of a penalty on the value, unless the parameter is exempt from penalties
  /// (`isRegularized`).
  public mutating func accumulate(gradientOf penalty: some Penalty) {
    if isRegularized { accumulate(penalty.gradient(of: value)) }
  }

  /// Multiplies the gradient, as gradient clipping does.
  public mutating func scaleGradient(by factor: Float) { gradient? *= factor }

  /// Limits every element of the gradient to `range`, as gradient clipping by value does.
  public mutating func clipGradient(to range: ClosedRange<Float>) {
    gradient = gradient?.clipped(to: range)
  }

  /// Forgets the gradient.
  public mutating func clearGradient() { gradient = nil }
}
