import CourseTestSupport
import Networks
import Testing

/// The networks that are written out in First Principles compute what the layers compute.
@Suite(.watched) struct FirstPrinciplesAgreementTests {
  private static let data = Result { try Dataset.moons(count: 30, seed: 1) }

  @Test(arguments: DeepNetwork.Activation.allCases)
  func deepNetwork(activation: DeepNetwork.Activation) throws {
    let data = try Self.data.get()
    let labels = data.targets.classIndices
    var deep = DeepNetwork([2, 5, 4, 1], activation: activation, seed: 3)
    for index in deep.layers.indices { deep.layers[index].bias += 0.1 }
    var network = NeuralNetwork(
      inputShape: [2], loss: BinaryCrossEntropyLoss(), optimizer: SGD(learningRate: 0.3), seed: 1)
    for (index, layer) in deep.layers.enumerated() {
      var dense = Dense(inputSize: layer.weights.shape[0], outputSize: layer.weights.shape[1])
      dense.weights.value = layer.weights
      dense.bias.value = layer.bias
      try network.append(dense)
      switch index == deep.layers.count - 1 ? .sigmoid : activation {
      case .sigmoid: try network.append(Sigmoid())
      case .tanh: try network.append(TanH())
      case .relu: try network.append(ReLU())
      }
    }
    var loss = BinaryCrossEntropyLoss()
    for step in 0..<5 {
      let output = network.forward(data.features, mode: .training)
      expectClose(
        deep.probabilities(data.features), output.reshaped(to: [30]), "probabilities, step \(step)")
      let target = Target.values(Tensor(labels.map(Float.init)).reshaped(to: [30, 1]))
      expectClose(
        deep.cost(data.features, labels: labels), loss.forward(output, target: target),
        "cost, step \(step)")
      network.backward(loss.backward())
      let gradients = deep.backward(deep.forward(data.features), labels: labels)
      var expected: [Tensor] = []
      network.forEachParameter { _, parameter in
        if let gradient = parameter.gradient { expected.append(gradient) }
      }
      let own = gradients.flatMap { [$0.weights, $0.bias] }
      try #require(own.count == expected.count)
      for (a, b) in zip(own, expected) { expectClose(a, b, "a gradient, step \(step)", rtol: 1e-4) }
      network.applyGradients()
      deep.update(gradients, learningRate: 0.3)
    }
  }

  @Test func twoLayerNetwork() throws {
    let data = try Self.data.get()
    let labels = data.targets.classIndices
    var two = TwoLayerNetwork(hiddenCount: 5, seed: 2)
    var deep = DeepNetwork([2, 5, 1], activation: .tanh, seed: 1)
    deep.layers[0] = .init(weights: two.hiddenWeights, bias: two.hiddenBias)
    deep.layers[1] = .init(
      weights: two.outputWeights.reshaped(to: [5, 1]), bias: Tensor([two.outputBias]))
    for step in 0..<20 {
      two.step(data.features, labels: labels, learningRate: 0.5)
      deep.step(data.features, labels: labels, learningRate: 0.5)
      expectClose(
        two.probabilities(data.features), deep.probabilities(data.features),
        "probabilities after \(step + 1) steps", atol: 1e-4)
    }
  }

  @Test func binaryClassifier() throws {
    let data = try Dataset.blobs(count: 40, noise: 1, seed: 1)
    let labels = data.targets.classIndices
    var classifier = BinaryClassifier(inputCount: 2)
    classifier.fit(data.features, labels: labels, learningRate: 0.5, epochs: 50)
    var deep = DeepNetwork([2, 1], seed: 1)
    deep.layers[0] = .init(weights: Tensor(zeros: [2, 1]), bias: [0])
    for _ in 0..<50 { deep.step(data.features, labels: labels, learningRate: 0.5) }
    expectClose(
      classifier.probabilities(data.features), deep.probabilities(data.features), "probabilities",
      atol: 1e-4)
  }

  /// The toy data are what networks of this size can learn, and one neuron cannot.
  @Test func hiddenNeuronsLearnWhatOneNeuronCannot() throws {
    for (name, data, rate) in [
      ("moons", try Dataset.moons(count: 200, noise: 0.05, seed: 1), 1),
      ("circles", try Dataset.circles(count: 200, noise: 0.05, seed: 1), 1),
      ("xor", try Dataset.xor(count: 200, noise: 0.2, seed: 1), 1),
    ] as [(String, Dataset, Float)] {
      let labels = data.targets.classIndices
      func accuracy(_ probabilities: Tensor) -> Double {
        Double(zip(probabilities.scalars, labels).count { ($0 > 0.5) == ($1 == 1) }) / 200
      }
      var network = DeepNetwork([2, 16, 16, 1], activation: .tanh, seed: 1)
      for _ in 0..<1000 { network.step(data.features, labels: labels, learningRate: rate) }
      #expect(accuracy(network.probabilities(data.features)) >= 0.98, "\(name): the network")
      var neuron = BinaryClassifier(inputCount: 2)
      let last = neuron.fit(data.features, labels: labels, epochs: 500).last
      #expect(last?.accuracy ?? 1 < 0.95, "\(name): one neuron")
    }
  }
}
