/// Layers one after the other, each fed with the output of the one before it.
///
/// Computes `A₀ = X`, `Aₗ = fₗ(Aₗ₋₁)`, `Y = A_L` for its layers `f₁, ..., f_L`; without layers `Y = X`.
/// - `X`: input, of the shape that the first layer takes; `Y`: output, of the shape that the last one returns
///
/// Given `dY`, each layer turns the gradient of its output into that of its input, from the last to the first.
///
///     var layer = Sequential(Dense(inputSize: 4, outputSize: 8), ReLU(), Dense(inputSize: 8, outputSize: 2))
///     layer.forward(Tensor(zeros: [5, 4]), mode: .training).shape   // [5, 2]
///
/// A `NeuralNetwork` is such a sequence with a loss and an optimizer. As a layer it makes a chain one part of a
/// `Residual`, a `Skip` or `Branches`. Parameters are named by number: `0.weights`.
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when a layer does not take the output of the one before it,
///   with the place: `layer 3.body.1 (Dense), where ReLU returns [8]`.
/// - Complexity: the sum over the layers.
public struct Sequential: LayerContainer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let layers: [SavedPart<LayerRole>]

    /// Takes over the arguments of layers; their weights are drawn again.
    public init(layers: [any Layer]) { self.layers = layers.map { SavedPart($0) } }
  }

  /// "Sequential"
  public static let typeName = "Sequential"
  /// The layers, first to last.
  public internal(set) var layers: [any Layer]
  /// Where `backwardWithoutInputGradient` ends.
  private(set) var trained = TrainedLayers()

  /// The constructor arguments.
  public var configuration: Configuration { Configuration(layers: layers) }

  /// Creates a sequence of these layers, with their weights.
  public init(_ layers: any Layer...) { self.init(layers) }

  /// Creates a sequence of these layers, with their weights.
  public init(_ layers: [any Layer]) {
    self.layers = layers
    setFrozen(false)
  }

  /// Creates the sequence from a checkpoint.
  public init(configuration: Configuration) throws {
    self.init(
      try SavedPart.layers(configuration.layers.enumerated().map { ("\($0.offset)", $0.element) }))
  }

  /// The sequence for inputs of this shape: each layer takes its input size from the one before it.
  public func sized(for inputShape: [Int]) throws -> Sequential {
    var (result, shape) = (self, inputShape)
    for index in layers.indices {
      shape = try fit(&result.layers[index], at: index, to: shape)
    }
    return result
  }

  /// Gives a layer the size of its input, and returns the shape of its output.
  /// - Parameters:
  ///   - layer: the layer that is, or will be, number `index`
  ///   - input: the name of the first layer's input, for messages
  func fit(
    _ layer: inout any Layer, at index: Int, to inputShape: [Int], input: String = "the input"
  ) throws -> [Int] {
    try place(index, layer, of: inputShape, input) {
      layer = try layer.sized(for: inputShape)
      let shape = try layer.outputShape(for: inputShape)
      try checkShape(shape, of: "\(type(of: layer).typeName)'s output")
      return shape
    }
  }

  /// The shape of the last layer's output.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    try shapes(for: inputShape)[layers.count]
  }

  /// The shape of the input, and those of the outputs of all layers but the last.
  public func inputShapes(for inputShape: [Int]) throws -> [[Int]] {
    try shapes(for: inputShape).dropLast()
  }

  private func shapes(for inputShape: [Int]) throws -> [[Int]] {
    var shapes = [inputShape]
    for (index, layer) in layers.enumerated() {
      shapes.append(
        try place(index, layer, of: shapes[index], "the input") {
          try layer.outputShape(for: shapes[index])
        })
    }
    return shapes
  }

  private func place<Result>(
    _ index: Int, _ layer: any Layer, of inputShape: [Int], _ input: String,
    _ body: () throws -> Result
  ) throws -> Result {
    let before = index == 0 ? "\(input) is" : "\(type(of: layers[index - 1]).typeName) returns"
    return try located("\(index)", layer, ", where \(before) \(inputShape)", body)
  }

  /// `Y = f_L(...f₂(f₁(X)))`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, mode: mode, inferenceCount: 0)
  }

  /// Like `forward(_:mode:)`; so many of the first layers compute as in inference.
  mutating func forward(_ input: Tensor, mode: Mode, inferenceCount: Int) -> Tensor {
    var activations = input
    // By index: `for var layer in layers` would copy what each layer keeps.
    for index in layers.indices {
      activations = layers[index].forward(
        activations, mode: index < inferenceCount ? .inference : mode)
    }
    return activations
  }

  /// Accumulates the gradients of all layers and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    var gradient = outputGradient
    for index in layers.indices.reversed() { gradient = layers[index].backward(gradient) }
    return gradient
  }

  /// Accumulates the gradients of all layers. It ends at the first layer that has parameters to train, and computes
  /// no gradient with respect to the input of that one.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    var gradient = outputGradient
    for index in layers.indices.reversed() {
      if index < trained.first { return }
      if index == trained.first {
        layers[index].backwardWithoutInputGradient(gradient)
      } else {
        gradient = layers[index].backward(gradient)
      }
    }
  }

  /// Shows every layer, with its number as its name.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    for index in layers.indices { try body("\(index)", &layers[index]) }
  }

  /// Shows the parameters of all layers: "0.weights", "0.bias", ...
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows { try forEachParameter(prefix: "", body) }

  /// The same, with `prefix` in front of each name.
  mutating func forEachParameter(
    prefix: String, _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    for index in layers.indices {
      try layers[index].forEachParameter { name, parameter in
        try body("\(prefix)\(index).\(name)", &parameter)
      }
    }
  }

  /// Freezes the layers inside that are frozen, those without parameters between two of them, or all. It also notes where
  /// training begins.
  public mutating func setFrozen(_ isFrozen: Bool) {
    let trainings = layers.map(\.training)
    trained.first = trainings.firstIndex(of: .trained) ?? layers.count
    trained.inferenceCount =
      trainings[..<trained.first].lastIndex(of: .frozen).map { $0 + 1 } ?? 0
    for index in layers.indices {
      let before = trainings[...index].last { $0 != .noParameters }
      let after = trainings[index...].first { $0 != .noParameters }
      layers[index].setFrozen(isFrozen || before == .frozen && after == .frozen)
    }
  }

  /// The kind of the last layer's output.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    layers.reduce(inputKind) { $1.outputKind(for: $0) }
  }
}

/// Where training happens in a sequence of layers.
struct TrainedLayers: Sendable {
  /// The first layer with a parameter to train, where `backward` ends; the number of layers when there is none.
  var first = 0
  /// The number of layers that compute as in inference where no gradient of the input is needed: up to the last
  /// frozen one before `first`.
  var inferenceCount = 0
}
