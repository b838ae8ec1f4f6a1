import CourseTestSupport
import Networks
import Testing

/// What layers draw by themselves and in a network: every type that draws weights or masks.
@Suite(.watched) struct LayerSeedTests {
  typealias Make = @Sendable (_ seed: UInt64?) -> any Layer

  static let layers: [(name: String, inputShape: [Int], make: Make)] = [
    ("Dense", [3], { Dense(inputSize: 3, outputSize: 4, biasInitializer: random, seed: $0) }),
    (
      "Conv1D", [2, 6],
      {
        Conv1D(
          inputChannels: 2, outputChannels: 3, kernelSize: 3, biasInitializer: random, seed: $0)
      }
    ),
    (
      "Conv2D", [2, 6, 6],
      {
        Conv2D(
          inputChannels: 2, outputChannels: 3, kernelSize: 3, biasInitializer: random, seed: $0)
      }
    ),
    (
      "ConvTranspose2D", [2, 6, 6],
      {
        ConvTranspose2D(
          inputChannels: 2, outputChannels: 3, kernelSize: 3, biasInitializer: random, seed: $0)
      }
    ),
    (
      "ConvReLU", [2, 6, 6],
      { ConvReLU(inputChannels: 2, outputChannels: 3, kernelSize: 3, seed: $0) }
    ),
    (
      "ConvReLUPool", [2, 6, 6],
      { ConvReLUPool(inputChannels: 2, outputChannels: 3, kernelSize: 3, seed: $0) }
    ),
    (
      "ConvBatchNormReLU", [2, 6, 6],
      { ConvBatchNormReLU(inputChannels: 2, outputChannels: 3, kernelSize: 3, seed: $0) }
    ),
    ("ElmanRNN", [4, 3], { ElmanRNN(inputSize: 3, hiddenSize: 3, seed: $0) }),
    ("LSTM", [4, 3], { LSTM(inputSize: 3, hiddenSize: 3, seed: $0) }),
    ("GRU", [4, 3], { GRU(inputSize: 3, hiddenSize: 3, seed: $0) }),
    (
      "Bidirectional", [4, 3],
      { Bidirectional(GRU(inputSize: 3, hiddenSize: 3, seed: $0), seed: $0) }
    ),
    ("Embedding", [4], { Embedding(vocabularySize: 5, embeddingSize: 3, seed: $0) }),
    ("EmbeddingBag", [4], { EmbeddingBag(vocabularySize: 5, embeddingSize: 3, seed: $0) }),
    (
      "EntityEmbedding", [3],
      { EntityEmbedding(inputSize: 3, vocabularies: [1: 5], embeddingSize: 3, seed: $0) }
    ),
    ("Dropout", [40], { Dropout(rate: 0.5, seed: $0) }),
    ("SpatialDropout2D", [40, 2, 2], { SpatialDropout2D(rate: 0.5, seed: $0) }),
  ]

  private static let random = StandardInitializer.uniform(low: -1, high: 1)

  /// Everything that a layer draws: its weights, and what a training pass makes of ones.
  private static func draws(of layer: some Layer, inputShape: [Int]) -> [Tensor] {
    var layer = layer
    var values: [Tensor] = []
    layer.forEachParameter { values.append($1.value) }
    values.append(layer.forward(Tensor(ones: [2] + inputShape), mode: .training))
    return values
  }

  @Test(arguments: layers.indices)
  func layersDifferUnlessTheirSeedIsTheSame(index: Int) {
    let (name, shape, make) = Self.layers[index]
    func draws(_ seed: UInt64?) -> [Tensor] { Self.draws(of: make(seed), inputShape: shape) }
    #expect(draws(nil) != draws(nil), "\(name): two layers are equal")
    #expect(draws(5) == draws(5), "\(name): a seed does not make it reproducible")
    #expect(draws(5) != draws(6), "\(name): the seed has no effect")
    #expect(draws(0) != draws(nil), "\(name): without a seed it is the layer of seed 0")
  }

  /// One stream for two tensors would give the same numbers, times a constant.
  @Test(arguments: layers.indices)
  func noTwoParametersShareAStream(index: Int) {
    let (name, _, make) = Self.layers[index]
    for seed in [nil, 7] as [UInt64?] {
      var layer = make(seed)
      var ratios: [Float] = []
      layer.forEachParameter { _, parameter in
        let values = parameter.value.scalars
        if values.count > 1, values[0] != 0 { ratios.append(values[1] / values[0]) }
      }
      // Constants, such as the scale of batch norm, have the ratio 1.
      let drawn = ratios.filter { $0 != 1 }
      #expect(Set(drawn).count == drawn.count, "\(name), seed \(seed.map(String.init) ?? "none")")
    }
  }

  @Test(arguments: layers.indices)
  func inANetworkOnlyTheSeedOfTheNetworkCounts(index: Int) throws {
    let (name, shape, make) = Self.layers[index]
    func draws(networkSeed: UInt64, _ seed: UInt64?) throws -> [Tensor] {
      var network = NeuralNetwork(inputShape: shape, seed: networkSeed)
      try network.append(make(seed))
      return Self.draws(of: network.layers[0], inputShape: shape)
    }
    let expected = try draws(networkSeed: 1, nil)
    #expect(try draws(networkSeed: 1, nil) == expected, "\(name)")
    #expect(try draws(networkSeed: 1, 5) == expected, "\(name), made with a seed")
    #expect(try draws(networkSeed: 2, 5) != expected, "\(name), in another network")
  }

  @Test func weightsThatWereSetStay() throws {
    var layer = Dense(inputSize: 2, outputSize: 1, seed: 4)
    layer.weights.value = [[1], [2]]
    var network = NeuralNetwork(inputShape: [2], seed: 1)
    try network.append(layer)
    #expect((network.layers[0] as? Dense)?.weights.value == [[1], [2]])
  }

  @Test func ownLayersDrawByTheirKey() {
    func value(_ key: RandomKey?) -> Tensor {
      let fans = Fans.dense(inputs: 3, outputs: 4)
      let initializer = StandardInitializer.heNormal
      guard let key else {
        return Parameter(shape: [3, 4], initializer: initializer, fans: fans).value
      }
      return Parameter(shape: [3, 4], initializer: initializer, fans: fans, key: key).value
    }
    #expect(value(nil) != value(nil))
    #expect(value(RandomKey(seed: 1)) == value(RandomKey(seed: 1)))
    #expect(value(RandomKey(seed: 1)) != value(RandomKey(seed: 2)))
  }

  /// A layer that is missing in the list above draws without being looked at.
  @Test func theListIsComplete() {
    let drawing = Set(Self.layers.map(\.name))
    let others: Set = [
      "ReLU", "Softmax", "Flatten", "Reshape", "MaxPool1D", "MaxPool2D", "AveragePool1D",
      "AveragePool2D", "GlobalAveragePool2D", "Upsample2D", "BatchNorm", "LayerNorm", "GroupNorm",
      "Sigmoid", "TanH",
      "LeakyReLU", "GELU", "Transpose",
      // What their layers draw is looked at in ContainerTests and SiameseTests.
      "Sequential", "Residual", "Skip", "Branches", "Siamese",
    ]
    #expect(Set(NeuralNetwork.allLayers.map { $0.typeName }) == drawing.union(others))
  }
}
