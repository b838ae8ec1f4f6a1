import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.8. The layers and the loss are those of the tests, so that this task can be done before the others.
@Suite(.watched) struct FeedForwardNetworkTests {
  // MARK: The example to begin with
  //
  // All sizes are equal, and no two layers can change places: a wrong order shows as a wrong number.

  static let x: Tensor = [[1, -2], [0.5, 3]]
  static let t: Tensor = [[1, 0], [-1, 2]]
  static let w1: Tensor = [[0.5, -1], [2, 0.25]]
  static let w2: Tensor = [[1, 0.5], [-0.5, 1]]

  static func network() -> FeedForwardNetwork {
    FeedForwardNetwork([dense(w1), Squaring(), dense(w2)], loss: TinySquaredError())
  }

  private static func dense(_ weights: Tensor) -> TinyDense {
    var layer = TinyDense(inputSize: 2, outputSize: 2)
    layer.weights.value = weights
    return layer
  }

  // x, t, w1, w2 = (np.array(a) for a in (...)); z = x @ w1; y = z ** 2 @ w2
  // L = ((y - t) ** 2).sum() / 2 / 2; dy = (y - t) / 2
  // dw2 = (z ** 2).T @ dy; dz = dy @ w2.T * 2 * z; dw1 = x.T @ dz; dx = dz @ w1.T
  static let y: Tensor = [[11.125, 8.375], [39.03125, 19.59375]]

  /// What all other tests wait for, tried in a process of its own.
  static let steps: FirstSteps = FirstSteps(
    of: "FeedForwardNetwork",
    [
      ("outputOfThreeLayers()", { checkOutput() }), ("lossOfABatch()", { checkLoss() }),
      ("gradientsOfThreeLayers()", { try checkBackward() }),
    ],
    hints: [
      "no forward pass to go back through":
        "a layer that was copied (for var layer in layers) keeps its values in the copy, and an inference "
        + "pass keeps none: layers[index].forward(..., mode: .training)"
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FeedForwardNetworkTests.steps.tryAndExit()
    }
  }

  @Test func outputOfThreeLayers() async throws { try await Self.steps.run(0) }
  @Test func lossOfABatch() async throws { try await Self.steps.run(1) }
  @Test func gradientsOfThreeLayers() async throws { try await Self.steps.run(2) }

  private static func checkOutput() {
    var network = network()
    expectOutput(network.output(of: x, mode: .inference))
  }

  /// Names what is wrong with the output of the three layers.
  static func expectOutput(
    _ output: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let squared = square(x.matmul(w1))
    expectClose(
      output, y, "FeedForwardNetwork.output",
      mistakes: [
        "every layer gets the network's input: hand on the output of the layer before": x.matmul(
          w2),
        "the layers run from last to first": square(x.matmul(w2)).matmul(w1),
        "the last layer is left out": squared,
        "only the first layer runs": x.matmul(w1),
        "the first layer is left out": square(x).matmul(w2),
        "no layer runs: the output is the input": x,
      ], sourceLocation: sourceLocation)
  }

  private static func checkLoss() {
    var network = network()
    func loss(_ prediction: Tensor) -> Float { square(prediction - t).sum() / 4 }
    expectClose(
      network.forward(x, target: .values(t)), loss(y), "FeedForwardNetwork.forward, the loss",
      mistakes: [
        "it is the loss of the input: the layers come first": loss(x),
        "the last layer is left out": loss(square(x.matmul(w1))),
        "nothing is computed": 0,
        "the loss has averaged over the batch already": loss(y) / 2,
      ])
  }

  private static func checkBackward() throws {
    var network = network()
    _ = network.forward(x, target: .values(t))
    let dX = network.backward()
    let gradients = weightGradients(&network)
    try require(
      gradients.count == 2 && gradients.allSatisfy { $0 != nil },
      "FeedForwardNetwork.backward: \(gradients.count { $0 == nil }) of 2 layers with weights got no gradient: "
        + "go through all layers, from last to first")
    expectGradients(last: gradients[1]!, first: gradients[0]!, dX: dX)
  }

  /// Names what is wrong with the weight gradients of the last and the first layer, and with dX.
  static func expectGradients(
    last: Tensor, first: Tensor, dX: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (z, dY) = (x.matmul(w1), (y - t) / 2)
    let dSquared = dY.matmul(w2, transposingOther: true)
    let dZ = dSquared * z * 2
    let (dW1, dW2) = (
      x.matmul(dZ, transposingSelf: true), square(z).matmul(dY, transposingSelf: true)
    )
    let results: [(Tensor, Tensor, String, KeyValuePairs<String, Tensor>)] = [
      (
        last, dW2, "weight gradient of the last layer",
        [
          "the last layer must get the gradient that the loss returns":
            square(z).matmul(y, transposingSelf: true),
          "the layers run from first to last: backward begins at the end":
            square(z).matmul(dY.matmul(w1, transposingOther: true) * z * 2, transposingSelf: true),
          "backward runs twice": dW2 * 2,
          "the loss has averaged over the batch already": dW2 / 2,
        ]
      ),
      (
        first, dW1, "weight gradient of the first layer",
        [
          "every layer gets the gradient of the loss: hand on the gradient that each layer returns":
            x.matmul(dY, transposingSelf: true),
          "the gradient of a layer between is not handed on":
            x.matmul(dSquared, transposingSelf: true),
        ]
      ),
      (
        dX, dZ.matmul(w1, transposingOther: true), "dX",
        [
          "the gradient of the loss is returned: return that of the first layer's input": dY,
          "the first layer is left out": dZ,
        ]
      ),
    ]
    // Only the first one that is wrong: the others follow from it.
    for (gradient, expected, name, mistakes) in results {
      expectClose(
        gradient, expected, "FeedForwardNetwork.backward, \(name)", mistakes: mistakes,
        sourceLocation: sourceLocation)
      guard areClose(gradient, expected, atol: 1e-3, rtol: 1e-5) else { return }
    }
  }

  private static func weightGradients(_ network: inout FeedForwardNetwork) -> [Tensor?] {
    var gradients: [Tensor?] = []
    network.forEachParameter { if $0.isRegularized { gradients.append($0.gradient) } }
    return gradients
  }

  // MARK: Modes and order

  @Test(.waits(for: steps)) func trainingKeepsAndInferenceDoesNot() {
    let log = CallLog()
    var network = FeedForwardNetwork([LoggingLayer(log)], loss: TinySquaredError())
    _ = network.output(of: [[1]], mode: .inference)
    _ = network.forward([[2]], target: .values([[0]]))
    let expected = ["forward, inference, [1]", "forward, training, [2]"]
    guard log.calls != expected else { return }
    fail(
      """
      FeedForwardNetwork: output(of:mode:) hands its mode to every layer, forward runs once, in training mode
        expected \(expected)
        got      \(log.calls)
      """)
  }

  // MARK: The same as NeuralNetwork

  @Test(.waits(for: steps), arguments: [1, 3, 5])
  func neuralNetworkComputesTheSame(layerCount: Int) throws {
    let sizes = [3, 5, 2, 4, 6, 3]
    var reference = NeuralNetwork(inputShape: [3], seed: varied(4))
    for layer in 0..<layerCount {
      try reference.append(TinyDense(inputSize: sizes[layer], outputSize: sizes[layer + 1]))
    }
    var network = FeedForwardNetwork(reference.layers, loss: TinySquaredError())
    let input = Tensor(normal: [7, 3], key: RandomKey(seed: varied(1)))
    let target = Target.values(
      Tensor(normal: [7, sizes[layerCount]], key: RandomKey(seed: varied(2))))

    var loss = TinySquaredError()
    let expected = loss.forward(reference.forward(input, mode: .training), target: target)
    let dX = reference.backwardToInput(loss.backward())
    #expect(network.forward(input, target: target) == expected)
    #expect(network.backward() == dX)
    var gradients: [Tensor?] = []
    reference.forEachParameter { gradients.append($1.gradient) }
    var own: [Tensor?] = []
    network.forEachParameter { own.append($0.gradient) }
    #expect(own == gradients, "FeedForwardNetwork and NeuralNetwork accumulate other gradients")
  }

  @Test(.waits(for: steps)) func aFunctionIsLearnt() {
    var network = FeedForwardNetwork(
      [TinyDense(inputSize: 2, outputSize: 1)], loss: TinySquaredError())
    // y = 3 a − 2 b + 1 can be learnt exactly.
    let features = Tensor(normal: [40, 2], key: RandomKey(seed: varied(2)))
    let targets = Target.values(features.matmul([[3], [-2]]) + 1)
    for _ in 0..<200 {
      _ = network.forward(features, target: targets)
      network.backward()
      network.forEachParameter { parameter in
        if let gradient = parameter.gradient { parameter.value -= 0.1 * gradient }
        parameter.clearGradient()
      }
    }
    #expect(
      network.forward(features, target: targets) < 1e-4,
      "FeedForwardNetwork: the loss does not fall")
  }
}

/// `Y = X²`, element by element.
private struct Squaring: ParameterFreeLayer {
  private var kept = Kept<Tensor>()

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    kept.set(input, in: mode)
    return square(input)
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor {
    outputGradient * kept.take(for: "Squaring") * 2
  }
}
