/// A layer that consists of layers: `Sequential`, `Residual`, `Skip`, `Branches`, `Siamese`.
///
/// A container shows its layers, and states the input of each. The rest follows: parameters, states and random
/// numbers belong to the layers inside and are named by their path, `body.0.weights`, and an error is located by it,
/// `layer 3.body.0 (Conv2D)`.
///
/// Containers are nested as wanted, and backpropagation follows the nesting: no graph is recorded. The backward pass of a
/// container goes through its layers in reverse; where an input went to several of them, their gradients add up, in
/// the order of the layers, so that the sum is the same in each run.
///
/// A container of one's own keeps its layers as `any Layer` and shows them in place, since others may take their place:
/// `fused()` changes the types of layers, and `activations(of:)` puts observers around them.
///
///     /// Lets a part of the numbers of one layer pass, as another layer decides: `Y = F(X) ⊙ G(X)`.
///     struct Gate: LayerContainer {
///       struct Configuration: Codable, Sendable { var size: Int }
///       let configuration: Configuration
///       private var parts: [any Layer]
///       private var kept = Kept<(value: Tensor, gate: Tensor)>()
///
///       init(configuration: Configuration) {
///         self.configuration = configuration
///         let size = configuration.size
///         let dense = { Dense(inputSize: size, outputSize: size) }
///         parts = [dense(), Sequential(dense(), Sigmoid())]
///       }
///       mutating func forEachLayer(
///         _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
///       ) rethrows {
///         try body("value", &parts[0])
///         try body("gate", &parts[1])
///       }
///       func inputShapes(for inputShape: [Int]) -> [[Int]] { [inputShape, inputShape] }
///       func outputShape(for inputShape: [Int]) throws -> [Int] {
///         try parts[1].outputShape(for: parts[0].outputShape(for: inputShape))
///       }
///       mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
///         let value = parts[0].forward(input, mode: mode)
///         let gate = parts[1].forward(input, mode: mode)
///         kept.set((value, gate), in: mode)
///         return value * gate
///       }
///       mutating func backward(_ outputGradient: Tensor) -> Tensor {
///         let (value, gate) = kept.take(for: "Gate")
///         return parts[0].backward(outputGradient * gate) + parts[1].backward(outputGradient * value)
///       }
///     }
public protocol LayerContainer: Layer {
  /// Shows every layer inside, always in the same order. A layer that `body` puts in the place of another one stays there,
  /// whatever its type.
  mutating func forEachLayer(_ body: (_ name: String, _ layer: inout any Layer) throws -> Void)
    rethrows

  /// The shape of the input of each layer inside, in the order of `forEachLayer`, for an input shape of the container;
  /// all without the batch axis.
  func inputShapes(for inputShape: [Int]) throws -> [[Int]]
}

extension LayerContainer {
  /// Shows every layer inside as it is, in the order of `forEachLayer`.
  public func visitLayers(_ body: (_ name: String, _ layer: any Layer) throws -> Void) rethrows {
    var copy = self
    try copy.forEachLayer { try body($0, $1) }
  }

  /// Shows the parameters of all layers inside, with the name of the layer in front: "body.0.weights".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try forEachLayer { layerName, layer in
      try layer.forEachParameter { name, parameter in
        try body("\(layerName).\(name)", &parameter)
      }
    }
  }

  /// Shows the states of all layers inside, with the name of the layer in front.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try forEachLayer { layerName, layer in
      try layer.forEachState { name, state in try body("\(layerName).\(name)", &state) }
    }
  }

  /// Throws when the states of a layer inside are impossible.
  public func checkState() throws {
    try visitLayers { name, layer in try located(name, layer) { try layer.checkState() } }
  }

  /// Whether a layer inside carries a state from batch to batch.
  public var carriesState: Bool {
    var carries = false
    visitLayers { carries = carries || $1.carriesState }
    return carries
  }

  /// Lets every layer inside forget its carried state.
  public mutating func resetState() { forEachLayer { $1.resetState() } }

  /// Freezes the layers inside that are frozen, or all.
  public mutating func setFrozen(_ isFrozen: Bool) {
    forEachLayer { _, layer in layer.setFrozen(isFrozen || layer.training == .frozen) }
  }

  /// Gives each layer inside a key of its own, made of this one and its name.
  public mutating func setRandomKey(_ key: RandomKey) {
    forEachLayer { name, layer in layer.setRandomKey(key.folded(name)) }
  }

  /// The side inputs that the layers inside ask for.
  public var sideInputShapes: [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    visitLayers { shapes.merge($1.sideInputShapes) { first, _ in first } }
    return shapes
  }

  /// Hands side inputs to the layers inside that ask for some.
  public mutating func take(sideInputs: [String: Tensor]) {
    forEachLayer { if !$1.sideInputShapes.isEmpty { $1.take(sideInputs: sideInputs) } }
  }

  /// Throws when a layer inside cannot process its side inputs.
  public func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
    let shapes = try inputShapes(for: inputShape)
    var number = 0
    try visitLayers { name, layer in
      try located(name, layer) {
        try layer.check(
          sideInputs: sideInputs, inputShape: shapes[number], firstExample: firstExample)
      }
      number += 1
    }
  }

  /// Throws when a layer inside cannot process the batch that it would get.
  public func check(batchShape: [Int], mode: Mode) throws {
    let shapes = try inputShapes(for: Array(batchShape.dropFirst()))
    var number = 0
    try visitLayers { name, layer in
      try located(name, layer, ", for a batch of \(batchShape[0])") {
        try layer.check(batchShape: [batchShape[0]] + shapes[number], mode: mode)
      }
      number += 1
    }
  }
}

/// Runs `body` for a layer of a container, and puts the layer's place in front of that of an error: "0 (Dense)", in the
/// container around it "body.0 (Dense)".
/// - Parameter circumstances: added after the place, such as ", where ReLU returns [8]"
package func located<Result>(
  _ name: String, _ layer: any Layer, _ circumstances: @autoclosure () -> String = "",
  _ body: () throws -> Result
) throws -> Result {
  do {
    return try body()
  } catch var error as CourseError {
    if layer is any LayerContainer, let inside = error.location {
      error.location = "\(name).\(inside)"
    } else {
      let place = "\(name) (\(type(of: layer).typeName))" + circumstances()
      error.location = [place, error.location].compactMap { $0 }.joined(separator: ", ")
    }
    throw error
  }
}
