import CourseTestSupport
import Shared
import Testing

/// A small network for the tests of this folder: 3 inputs, one hidden layer, 2 classes.
func tinyNetwork(
  seed: UInt64 = 1, optimizer: any Optimizer = TinyMomentum(learningRate: 0.05)
) throws -> NeuralNetwork {
  var network = NeuralNetwork(
    inputShape: [3], loss: TinySquaredError(), optimizer: optimizer, seed: seed)
  try network.append(TinyDense(inputSize: 3, outputSize: 4))
  try network.append(TinyDense(inputSize: 4, outputSize: 2))
  return network
}

/// Two overlapping clouds of points in three dimensions.
func tinyData(count: Int = 23, seed: UInt64 = 5) throws -> Dataset {
  let key = RandomKey(seed: seed)
  let classes = (0..<count).map { $0 % 2 }
  var features = Tensor(normal: [count, 3], key: key)
  for (row, label) in classes.enumerated() { features[row, 0] += Float(label) * 2 }
  return try Dataset(
    name: "clouds", features: features, targets: .classes(classes), classNames: ["near", "far"])
}

@Suite(.watched) struct NeuralNetworkTests {
  @Test func shapesAreKnownBeforeAnyDataFlows() throws {
    let network = try tinyNetwork()
    #expect(network.layerOutputShapes == [[4], [2]])
    #expect(network.outputShape == [2])
    #expect(NeuralNetwork(inputShape: [5, 6]).outputShape == [5, 6])
  }

  @Test func aLayerThatDoesNotFitIsRefusedWithItsPlace() throws {
    var network = try tinyNetwork()
    expectCourseError(.shapeMismatch, "layer 2 (TinyDense)", "TinyDense returns [2]", "[7]") {
      try network.append(TinyDense(inputSize: 7, outputSize: 1))
    }
    #expect(network.layers.count == 2, "a refused layer must not stay in the network")
    #expect(network.layerOutputShapes.count == 2)
    var empty = NeuralNetwork(inputShape: [3])
    expectCourseError(.shapeMismatch, "layer 0", "the network's input is [3]") {
      try empty.append(TinyDense(inputSize: 4, outputSize: 1))
    }
  }

  @Test func weightsDependOnSeedAndPlace() throws {
    func weights(_ network: NeuralNetwork) -> [Tensor] {
      var copy = network
      var all: [Tensor] = []
      copy.forEachParameter { name, parameter in
        if name.hasSuffix("weights") { all.append(parameter.value) }
      }
      return all
    }
    var twins = NeuralNetwork(inputShape: [3], seed: 1)
    try twins.append(TinyDense(inputSize: 3, outputSize: 3))
    try twins.append(TinyDense(inputSize: 3, outputSize: 3))
    #expect(weights(twins)[0] != weights(twins)[1], "two equal layers must get different weights")
    #expect(try weights(tinyNetwork(seed: 1)) == weights(tinyNetwork(seed: 1)))
    #expect(try weights(tinyNetwork(seed: 1)) != weights(tinyNetwork(seed: 2)))
  }

  @Test func weightsSetByHandStayWhenTheLayerIsAppended() throws {
    var layer = TinyDense(inputSize: 2, outputSize: 1)
    layer.weights.value = [[1], [2]]
    var network = NeuralNetwork(inputShape: [2])
    try network.append(layer)
    #expect(network.forward([[10, 100]], mode: .inference) == [[210]])
  }

  @Test func parametersAreVisitedInOrderWithTheirNames() throws {
    var network = try tinyNetwork()
    var names: [String] = []
    network.forEachParameter { name, _ in names.append(name) }
    #expect(
      names == ["layers.0.weights", "layers.0.bias", "layers.1.weights", "layers.1.bias"])
    #expect(network.parameterCount == 3 * 4 + 4 + 4 * 2 + 2)
  }

  @Test func backwardMatchesTheProductOfTheLayers() throws {
    var network = try tinyNetwork()
    let input = Tensor(normal: [5, 3], key: RandomKey(seed: 2))
    let output = network.forward(input, mode: .training)
    let gradient = Tensor(normal: output.shape, key: RandomKey(seed: 3))
    var copy = network
    network.backward(gradient)
    let inputGradient = copy.backwardToInput(gradient)

    var weights: [Tensor] = []
    copy.forEachParameter { name, parameter in
      if name.hasSuffix("weights") { weights.append(parameter.value) }
    }
    let hiddenGradient = gradient.matmul(weights[1], transposingOther: true)
    expectClose(
      inputGradient, hiddenGradient.matmul(weights[0], transposingOther: true), "input gradient")
    var gradients: [[Tensor?]] = [[], []]
    network.forEachParameter { gradients[0].append($1.gradient) }
    copy.forEachParameter { gradients[1].append($1.gradient) }
    #expect(
      gradients[0] == gradients[1], "leaving out the input gradient changed a weight gradient")
    let first = try #require(gradients[0][0])
    expectClose(first, input.matmul(hiddenGradient, transposingSelf: true), "weight gradient")
  }

  @Test func gradientsAccumulateUntilTheyAreApplied() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.5))
    let input = Tensor(normal: [5, 3], key: RandomKey(seed: 2))
    let gradient = Tensor(ones: [5, 2])
    func gradientOfFirst() -> Tensor? {
      var found: Tensor?
      network.forEachParameter { name, parameter in
        if name == "layers.0.weights" { found = parameter.gradient }
      }
      return found
    }
    _ = network.forward(input)
    network.backward(gradient)
    let once = try #require(gradientOfFirst())
    _ = network.forward(input)
    network.backward(gradient)
    expectClose(try #require(gradientOfFirst()), once * 2, "gradient of two passes")
    network.applyGradients()
    #expect(gradientOfFirst() == nil, "a step must clear the gradients")
  }

  @Test func aCopyIsIndependent() throws {
    var network = try tinyNetwork()
    let input = Tensor(normal: [4, 3], key: RandomKey(seed: 2))
    let snapshot = network
    _ = network.forward(input)
    network.backward(Tensor(ones: [4, 2]))
    network.applyGradients()
    var copy = snapshot
    #expect(
      copy.forward(input, mode: .inference) != network.forward(input, mode: .inference),
      "training the original must not change a copy")
  }

  @Test func inferenceKeepsNothing() async {
    await #expect(processExitsWith: .failure) {
      var network = try tinyNetwork()
      _ = network.forward(Tensor(zeros: [1, 3]), mode: .inference)
      network.backward(Tensor(zeros: [1, 2]))
    }
  }

  @Test func wrongInputStopsWithTheShapes() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var network = try tinyNetwork()
      _ = network.forward(Tensor(zeros: [2, 4]))
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(
      text.contains("NeuralNetwork.forward: expected input of shape [N] + [3], got [2, 4]"))
  }

  @Test func ordersArePermutationsThatDifferByEpoch() {
    let first = NeuralNetwork.order(epoch: 0, exampleCount: 50, seed: 3)
    #expect(first.sorted() == Array(0..<50))
    #expect(first != NeuralNetwork.order(epoch: 1, exampleCount: 50, seed: 3))
    #expect(first != NeuralNetwork.order(epoch: 0, exampleCount: 50, seed: 4))
    #expect(first == NeuralNetwork.order(epoch: 0, exampleCount: 50, seed: 3))
  }

  @Test func theSummaryListsLayersShapesAndCounts() throws {
    var network = NeuralNetwork(
      inputShape: [784], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1))
    try network.append(TinyDense(inputSize: 784, outputSize: 1500))
    try network.append(TinyDense(inputSize: 1500, outputSize: 10))
    #expect(
      network.summary() == """
        Layer (type)    Output shape    Parameters
        ──────────────────────────────────────────
        0  TinyDense    [N, 1500]        1,177,500
        1  TinyDense    [N, 10]             15,010
        ──────────────────────────────────────────
        Input [N, 784]
        Parameters: 1,192,510 (4.5 MB)
        Loss: TinySquaredError
        Optimizer: TinySGD, learning rate 0.1
        """)
  }
}
