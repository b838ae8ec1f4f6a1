import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct InspectionTests {
  private func network(inputShape: [Int] = [1, 8, 8]) throws -> NeuralNetwork {
    try .vggNet(
      inputShape: inputShape, blocks: [[4, 20], [3]], hiddenSizes: [5],
      optimizer: SGD(learningRate: 0.1), seed: 1)
  }

  @Test func theFirstFiltersAreTheWeightsOfTheFirstConvolution() throws {
    let network = try network()
    let first = try #require(network.layers[0] as? ConvReLU)
    #expect(network.firstFilters == first.convolution.weights.value)
    let none = try NeuralNetwork.multilayerPerceptron(
      inputSize: 3, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(none.firstFilters == nil)
  }

  @Test func featureMapsAreTheOutputsOfTheLayers() throws {
    var network = try network()
    network.preprocessing = .dividing(by: 16)
    let example = Dataset.digits.features.rows(at: [3]).reshaped(to: [1, 8, 8])
    let maps = network.featureMaps(of: example)
    #expect(maps.map(\.path) == ["0", "1", "2"])
    #expect(maps.map(\.maps.shape) == [[4, 8, 8], [20, 4, 4], [3, 2, 2]])
    var first = network.layers[0]
    expectClose(
      maps[0].maps,
      first.forward(example.reshaped(to: [1, 1, 8, 8]) / 16, mode: .inference).reshaped(to: [
        4, 8, 8,
      ]),
      "maps of layer 0")
  }
}

@Suite(.watched) struct ActivationTests {
  private func network() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 4, 4], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1),
      seed: 4)
    try network.append(Conv2D(outputChannels: 3, kernelSize: 3, padding: .same))
    try network.append(
      Residual(
        Sequential(TanH(), Skip(Conv2D(outputChannels: 2, kernelSize: 1))),
        shortcut: Conv2D(outputChannels: 5, kernelSize: 1)))
    try network.append(Flatten())
    try network.append(Dense(outputSize: 3))
    network.preprocessing = .dividing(by: 2)
    return network
  }

  private let batch = Tensor(normal: [2, 2, 4, 4], key: RandomKey(seed: 6))

  @Test func layersInsideComeBeforeTheirContainer() throws {
    let layers = try network().activations(of: batch)
    #expect(
      layers.map(\.path) == [
        "0", "1.body.0", "1.body.1.body", "1.body.1", "1.body", "1.shortcut", "1", "2", "3",
      ])
    #expect(layers.allSatisfy { $0.inputGradient == nil && $0.outputGradient == nil })
    let place = { (path: String) in layers.first { $0.path == path }! }
    #expect(layers[0].input == batch / 2)
    #expect(place("1.body.0").input == place("0").output)
    #expect(place("1").output == place("1.body").output + place("1.shortcut").output)
    #expect(place("1.body.1").output.shape == [2, 5, 4, 4])
    var copy = try network()
    #expect(layers.last?.output == copy.forward(batch / 2, mode: .inference))
  }

  /// Without layers of its own a path only passes on its input, but a container computes with it.
  @Test func containersOfEmptyPathsAreSeen() throws {
    var network = NeuralNetwork(inputShape: [2], seed: 1)
    try network.append(Residual(Sequential()))
    try network.append(Skip(Sequential(Sequential())))
    let layers = network.activations(of: [[1, 2]])
    #expect(layers.map(\.path) == ["0", "1.body", "1"])
    #expect(layers.map(\.output) == [[[2, 4]], [[2, 4]], [[2, 4, 2, 4]]])
  }

  @Test func featureMapsShowLayersInside() throws {
    let maps = try network().featureMaps(of: batch.rows(at: [0]).reshaped(to: [2, 4, 4]))
    #expect(
      maps.map(\.path) == [
        "0", "1.body.0", "1.body.1.body", "1.body.1", "1.shortcut", "1",
      ])
    #expect(maps.map(\.typeName) == ["Conv2D", "TanH", "Conv2D", "Skip", "Conv2D", "Residual"])
  }

  /// The slope of a score along a random direction of each layer's output is that of the rest of the network.
  @Test func gradientsAreThoseOfTheScore() throws {
    let network = try network()
    let weights = Tensor(normal: [2, 3], key: RandomKey(seed: 7))
    let layers = network.activations(of: batch) { output in
      #expect(output.shape == [2, 3])
      return weights
    }
    let place = { (path: String) in layers.first { $0.path == path }! }
    #expect(layers.last?.outputGradient == weights)
    #expect(place("1").outputGradient == place("2").inputGradient)
    // Both ways of the block get all of the gradient, and the gradients of their inputs add up.
    #expect(place("1.shortcut").outputGradient == place("1").outputGradient)
    expectClose(
      place("1").inputGradient!,
      place("1.body").inputGradient! + place("1.shortcut").inputGradient!, "both ways")
    var copy = network
    let direction = Tensor(normal: batch.shape, key: RandomKey(seed: 9))
    let scores = [Float(1) / 64, -1 / 64].map {
      (copy.forward(batch / 2 + direction * $0, mode: .inference) * weights).sum()
    }
    let slope = (layers[0].inputGradient! * direction).sum()
    #expect(abs((scores[0] - scores[1]) * 32 - slope) < 2e-3 * max(1, abs(slope)))
    // Nothing of the network itself has changed.
    #expect(network.layers.allSatisfy { $0.parameters.values.allSatisfy { $0.gradient == nil } })
  }
}
