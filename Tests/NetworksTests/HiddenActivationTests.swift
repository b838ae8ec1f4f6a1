import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct HiddenActivationTests {
  private func types(_ network: NeuralNetwork) -> [String] {
    network.layers.map { type(of: $0).typeName }
  }

  private static let layers: [HiddenActivation: String] = [
    .relu: "ReLU", .leakyReLU: "LeakyReLU", .gelu: "GELU", .tanh: "TanH", .sigmoid: "Sigmoid",
  ]

  @Test(arguments: HiddenActivation.allCases)
  func theLayersFollowTheHiddenOnes(activation: HiddenActivation) throws {
    let layer = try #require(Self.layers[activation])
    let dense = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [6, 5], classCount: 3, activation: activation,
      optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(types(dense) == ["Dense", layer, "Dense", layer, "Dense"])
    let images = try NeuralNetwork.convolutional(
      inputShape: [1, 8, 8], blocks: [[3, 3]], kernelSize: 3, hiddenSizes: [5], classCount: 2,
      activation: activation, batchNorm: true, optimizer: SGD(learningRate: 0.1), seed: 1)
    let rows = try NeuralNetwork.recurrent(
      inputShape: [4, 2], hiddenSizes: [3], denseSizes: [5], activation: activation, outputSize: 2,
      optimizer: SGD(learningRate: 0.1), seed: 1)
    if activation == .relu {
      #expect(
        types(images)
          == ["ConvBatchNormReLU", "ConvBatchNormReLU", "Flatten", "Dense", "Dense"])
      #expect(types(rows) == ["LSTM", "Dense", "Dense"])
    } else {
      #expect(
        types(images)
          == ["Conv2D", "BatchNorm", layer, "Conv2D", "BatchNorm", layer, "MaxPool2D"]
          + ["Flatten", "Dense", layer, "Dense"])
      #expect(types(rows) == ["LSTM", "Dense", layer, "Dense"])
    }
    #expect(images.outputShape == [2] && rows.outputShape == [2])
    // One layer and two are the same function, with the same weights.
    #expect(images.parameterCount == 3 * 9 + 6 + 3 * 27 + 6 + 48 * 5 + 5 + 5 * 2 + 2)
  }

  /// Each can learn: a hidden layer that passed no gradient would stay near the majority.
  @Test(arguments: HiddenActivation.allCases)
  func theyLearnIris(activation: HiddenActivation) throws {
    let parts = try Dataset.iris.split(seed: 1)
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [16], classCount: 3, activation: activation,
      optimizer: Adam(learningRate: 0.02), seed: 1)
    network.preprocessing = try .standardizing(parts.train)
    try network.fit(parts.train, options: TrainingOptions(epochs: 40, batchSize: 16))
    #expect(try #require(network.evaluate(parts.test).accuracy) >= 0.9)
  }

  /// The weights before tanh and sigmoid have the variance of Glorot and Bengio, 2 / (fanIn + fanOut).
  @Test func theWeightsAreDrawnByTheRuleOfTheActivation() throws {
    let variances: [(HiddenActivation, Double)] = [
      (.relu, 0.02), (.leakyReLU, 0.02), (.gelu, 0.02), (.tanh, 0.004), (.sigmoid, 0.004),
    ]
    for (activation, variance) in variances {
      let network = try NeuralNetwork.multilayerPerceptron(
        inputSize: 100, hiddenSizes: [400], classCount: 2, activation: activation,
        optimizer: SGD(learningRate: 0.1), seed: 1)
      var values: [Float] = []
      network.visitParameters { name, parameter in
        if values.isEmpty { values = parameter.value.scalars }
      }
      // 40 000 draws: the standard error of the variance is 0.7 %.
      let squares: Double = values.reduce(0) { $0 + Double($1 * $1) }
      let measured = squares / Double(values.count)
      #expect(abs(measured / variance - 1) < 0.05, "\(activation)")
    }
  }
}
