/// A network of layers, each fed with the output of the one before it.
///
///     var network = NeuralNetwork(
///       inputShape: [64], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
///     try network.append(Dense(outputSize: 32))
///     try network.append(ReLU())
///     try network.append(Dense(outputSize: 10))
///     try network.fit(trainingData, options: TrainingOptions(epochs: 10, batchSize: 50))
///
/// Appending a layer checks that it fits, so every shape of the network is known before any data flows. A layer may
/// consist of layers: `Residual`, `Skip` and `Branches` make networks that are no chain.
/// A network is a value: `var copy = network` is a snapshot of weights, optimizer and progress.
public struct NeuralNetwork: Sendable {
  /// The shape of one example, without the batch axis.
  public let inputShape: [Int]
  /// The seed of everything random: weights, order of the examples, dropout.
  public let seed: UInt64
  /// The layers as one.
  var body = Sequential()
  /// The layers, first to last.
  public internal(set) var layers: [any Layer] {
    get { body.layers }
    _modify { yield &body.layers }
  }
  /// The shape of one example after each layer.
  public private(set) var layerOutputShapes: [[Int]] = []
  /// The side inputs that the layers ask for: the shape that one example has of each, by its name.
  public private(set) var sideInputShapes: [String: [Int]] = [:]

  /// The loss that `fit` minimises and `evaluate` reports.
  public var loss: (any Loss)?
  /// The optimizer, with its state of each parameter.
  var optimizerStates: (any AnyOptimizerStates)?

  /// The penalty on the weights of each layer, unless the layer has one of its own
  /// (`append(_:penalty:)`).
  public var penalty: (any Penalty)?
  /// Whether penalties shrink the weights beside the step, `w ← w − η dR/dw`, in place of adding their
  /// gradient to that of the loss. Then neither momentum nor Adam's averages nor clipping sees them: so the
  /// exercises' optimizers treat a regularizer, and `AdamW` its weight decay.
  public var decouplesPenalties = false
  /// The penalties of single layers, by their paths: "3", "3.body.0".
  var layerPenalties: [String: any Penalty] = [:]

  /// How the rows of tables become raw features; travels in the checkpoint.
  public var preparation: Preparation?
  /// Applied to raw features by `fit`, `evaluate` and `predict`, never by `forward`; travels in the
  /// checkpoint, so that a loaded network takes raw input.
  public var preprocessing: FeatureScaler?
  /// Scales the numbers that a regression predicts: the loss sees scaled targets, while predictions and metrics are in
  /// the unit of the data; travels in the checkpoint.
  ///
  ///     network.targetScaling = try .standardizingTargets(parts.train)
  public var targetScaling: FeatureScaler?
  /// The name of each class, in the order of the outputs; may be empty.
  public var classNames: [String] = []
  /// The name of each input feature; may be empty.
  public var featureNames: [String] = []
  /// Free text that travels in the checkpoint, such as the label column or the seed of the split.
  public var notes: [String: String] = [:]

  /// Where training stands: set by `fit`, saved in checkpoints, needed to resume.
  public internal(set) var progress: TrainingProgress?
  /// Tensors that callbacks keep, by callback and name: saved in checkpoints like the progress.
  var callbackMemory: [String: [String: Tensor]] = [:]

  /// Creates a network without layers.
  public init(
    inputShape: [Int], loss: (any Loss)? = nil, optimizer: (any Optimizer)? = nil, seed: UInt64 = 0
  ) {
    guard inputShape.allSatisfy({ $0 >= 1 }), countOfElements(inputShape) != nil else {
      stop(
        "NeuralNetwork", expected: "an input shape of positive sizes and at most 2⁴⁸ elements",
        received: "\(inputShape)")
    }
    self.inputShape = inputShape
    self.loss = loss
    self.seed = seed
    self.optimizer = optimizer
  }

  /// The shape of one output, without the batch axis.
  public var outputShape: [Int] { layerOutputShapes.last ?? inputShape }

  /// Adds a layer at the end. One that was made without the size of its input takes it from the output of the network
  /// so far.
  ///
  /// Its weights are drawn again from the network's seed and the layer's place, whatever `seed` the layer was
  /// made with, unless they were set by hand.
  ///
  /// - Parameter penalty: the penalty on its weights, in place of the network's `penalty`
  /// - Throws: `CourseError(.shapeMismatch)` when the layer does not take the output of the network so far.
  public mutating func append(_ layer: some Layer, penalty: (any Penalty)? = nil) throws {
    var layer: any Layer = layer
    let shape = try Self.locatingLayer {
      try requireShallow(layer)
      try requireOneShape(ofSideInputsOf: layer)
      return try body.fit(&layer, at: layers.count, to: outputShape, input: "the network's input")
    }
    layerOutputShapes.append(shape)
    layer.draw(key: RandomKey(seed: seed).folded("layer").folded(layers.count), isFinal: true)
    sideInputShapes.merge(layer.sideInputShapes) { first, _ in first }
    layerPenalties["\(layers.count)"] = penalty
    layers.append(layer)
    body.setFrozen(false)
  }

  /// Puts "layer" in front of the place of an error, which is the path of a layer.
  static func locatingLayer<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch var error as CourseError {
      error.location = error.location.map { "layer \($0)" }
      throw error
    }
  }

  /// The output for a batch, `[N] + inputShape` to `[N] + outputShape`.
  /// - Parameter sideInputs: the side inputs that the layers ask for, `[N]` + shape each
  public mutating func forward(
    _ input: Tensor, sideInputs: [String: Tensor] = [:], mode: Mode = .training
  ) -> Tensor {
    guard input.rank >= 1, input.shape.dropFirst() == inputShape[...] else {
      stop(
        "NeuralNetwork.forward", expected: "input of shape [N] + \(inputShape)",
        received: "\(input.shape)")
    }
    if !sideInputShapes.isEmpty || !sideInputs.isEmpty { take(sideInputs, count: input.shape[0]) }
    return body.forward(input, mode: mode, inferenceCount: body.trained.inferenceCount)
  }

  /// Accumulates the gradients of all parameters, given the gradient of the loss with respect to the
  /// output of the last training pass. It ends at the first layer that has parameters to train, and computes no
  /// gradient with respect to the input of that one.
  public mutating func backward(_ outputGradient: Tensor) {
    body.backwardWithoutInputGradient(outputGradient)
  }

  /// Like `backward`, and returns the gradient with respect to the network's input. The first layers must not be
  /// frozen, since they keep nothing then.
  public mutating func backwardToInput(_ outputGradient: Tensor) -> Tensor {
    let frozenCount = body.trained.inferenceCount
    guard frozenCount == 0 else {
      stop(
        "NeuralNetwork.backwardToInput", expected: "a network whose first layers are not frozen",
        received: "\(frozenCount) that compute as in inference: unfreeze them in a copy")
    }
    return body.backward(outputGradient)
  }

  /// Shows every parameter in a fixed order, with its name in checkpoints: "layers.0.weights".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try self.body.forEachParameter(prefix: "layers.", body)
  }

  /// Shows every state tensor of every layer, with its name in checkpoints.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try self.body.forEachState { name, state in try body("layers.\(name)", &state) }
  }

  /// The number of weights, with those that are frozen.
  public var parameterCount: Int { body.parameterCount }

  /// The order in which an epoch visits the examples: a function of the seed and the epoch only.
  public static func order(epoch: Int, exampleCount: Int, seed: UInt64) -> [Int] {
    RandomKey(seed: seed).folded("order").folded(epoch).permutation(of: exampleCount)
  }
}
