import CourseTestSupport
import Networks
import Testing

/// The examples of Protocols/Phase2-CNN.md that need Phase 1 as well.
@Suite(.watched) struct Phase2TextTests {
  @Test func digits() throws {
    var unused = Dense(inputSize: 2, outputSize: 2, seed: 1)
    _ = try trainingPass(&unused, input: Tensor(ones: [1, 2]))
    var unusedToo = Flatten()
    _ = try trainingPass(&unusedToo, input: Tensor(ones: [1, 2, 2]))

    // Text
    let parts = try Dataset.digits.split(train: 0.7, validation: 0, test: 0.3, seed: 1)

    var network = NeuralNetwork(
      inputShape: [64], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.003),
      seed: 1)
    network.preprocessing = .dividing(by: 16)
    try network.append(Reshape([1, 8, 8]))
    try network.append(
      Conv2D(
        inputChannels: 1, outputChannels: 16, kernelSize: 3, padding: .same, activation: .relu))
    try network.append(MaxPool2D(kernelSize: 2))
    try network.append(
      Conv2D(
        inputChannels: 16, outputChannels: 32, kernelSize: 3, padding: .same, activation: .relu))
    try network.append(MaxPool2D(kernelSize: 2))
    try network.append(Flatten())
    try network.append(Dense(inputSize: 128, outputSize: 10))
    try network.fit(parts.train, options: TrainingOptions(epochs: 10, batchSize: 32))
    let accuracy = try #require(try network.evaluate(parts.test).accuracy)

    #expect(accuracy >= 0.96)
    expectCourseError(
      .shapeMismatch, "layer 7 (MaxPool2D), where Dense returns [10]: MaxPool2D: expected input",
      "[C, H, W] (channels first, without the batch), got [10]",
      "Put this layer after a convolution, or give the input a channel axis (Reshape)."
    ) { try network.append(MaxPool2D(kernelSize: 2)) }
  }

  /// Task 2.10.
  @Test func fiftyImages() throws {
    var unused = Dense(inputSize: 2, outputSize: 2, seed: 1)
    _ = try trainingPass(&unused, input: Tensor(ones: [1, 2]))

    // Text
    var network = NeuralNetwork(
      inputShape: [1, 8, 8], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.003),
      seed: 1)
    network.preprocessing = .dividing(by: 16)
    let layers = threeLayerConvNetLayers(
      inputShape: [1, 8, 8], filters: 16, kernelSize: 5, hiddenSize: 64, classCount: 10
    ) { Dense(inputSize: $0, outputSize: $1, activation: $2) }
    for layer in layers { try network.append(layer) }

    let few = Dataset.digits.subset(0..<50).reshaped(to: [1, 8, 8])
    let start = try network.evaluate(few).loss
    var raw = network
    raw.preprocessing = nil
    let rawStart = try raw.evaluate(few).loss
    try network.fit(few, options: TrainingOptions(epochs: 30, batchSize: 10))
    let end = try network.evaluate(few)

    expectClose(Float(start), 2.55, "task 2.10, the loss before training", atol: 0.01)
    expectClose(Float(rawStart), 21.7, "task 2.10, the loss of digits from 0 to 16", atol: 0.05)
    #expect(end.accuracy == 1)
    expectClose(Float(end.loss), 0.01, "task 2.10, the loss after training", atol: 0.005)
    #expect(network.firstFilters?.shape == [16, 1, 5, 5])
  }

  /// The functions of task 2.10 put together the networks that the recipes train.
  @Test func theAssembledNetworksAreThoseOfTheRecipes() throws {
    let optimizer = SGD(learningRate: 0.1)
    func network(_ shape: [Int], _ layers: [any Layer]) throws -> NeuralNetwork {
      var network = NeuralNetwork(
        inputShape: shape, loss: SoftmaxCrossEntropyLoss(), optimizer: optimizer, seed: 3)
      for layer in layers { try network.append(layer) }
      return network
    }
    let dense: DenseMaker = { Dense(inputSize: $0, outputSize: $1, activation: $2) }
    let pairs = [
      (
        try network(
          [2, 9, 8],
          threeLayerConvNetLayers(
            inputShape: [2, 9, 8], filters: 4, kernelSize: 5, hiddenSize: 6, classCount: 3,
            dense: dense)),
        try NeuralNetwork.threeLayerConvNet(
          inputShape: [2, 9, 8], filters: 4, kernelSize: 5, hiddenSize: 6, classCount: 3,
          optimizer: optimizer, seed: 3)
      ),
      (
        try network(
          [3, 8, 8],
          vggNetLayers(
            inputShape: [3, 8, 8], blocks: [[4, 5], [6]], hiddenSizes: [8, 7], classCount: 4,
            dense: dense)),
        try NeuralNetwork.vggNet(
          inputShape: [3, 8, 8], blocks: [[4, 5], [6]], hiddenSizes: [8, 7], classCount: 4,
          optimizer: optimizer, seed: 3)
      ),
    ]
    for (assembled, expected) in pairs {
      #expect(
        assembled.layers.map { type(of: $0).typeName }
          == expected.layers.map { type(of: $0).typeName })
      #expect(assembled.layerOutputShapes == expected.layerOutputShapes)
      let images = Tensor(normal: [3] + assembled.inputShape, key: RandomKey(seed: 1))
      #expect(try assembled.predict(images) == expected.predict(images))
    }
  }
}
