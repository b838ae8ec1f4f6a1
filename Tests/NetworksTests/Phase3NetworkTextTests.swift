import CourseTestSupport
import Networks
import Testing

/// The examples of Protocols/Phase3-RNN-Regularization.md that need other phases.
@Suite(.watched) struct Phase3NetworkTextTests {
  @Test func whatANetworkPays() throws {
    // Text, 3.7
    var layer = Dense(inputSize: 2, outputSize: 1, seed: 1)
    layer.weights.value = [[3], [-4]]
    layer.bias.value = [10]
    var network = NeuralNetwork(inputShape: [2])
    network.penalty = L2(0.5)
    try network.append(layer)

    expectClose(Float(network.penaltyValue), 6.25, "task 3.7, the penalty of a network")
  }

  @Test func decayIsNotAPenaltyForAdam() {
    // Text, 3.7
    var weights = Tensor([10])
    let adamW = AdamW(learningRate: 0.5, weightDecay: 0.1)
    var state = Adam.State(for: weights)
    adamW.update(&weights, gradient: [3], state: &state, step: 1)
    expectClose(weights, [9], "task 3.7, AdamW")
    weights = [10]
    let adam = Adam(learningRate: 0.5)
    state = Adam.State(for: weights)
    adam.update(
      &weights, gradient: [3] + L2(0.1).gradient(of: weights), state: &state, step: 1)
    expectClose(weights, [9.5], "task 3.7, Adam with L2")
  }

  @Test func digitsAreReadRowByRow() throws {
    // Text, what you can do now
    let parts = try Dataset.digits.split(train: 0.7, validation: 0, test: 0.3, seed: 1)

    var network = NeuralNetwork(
      inputShape: [64], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.005),
      seed: 1)
    network.preprocessing = .dividing(by: 16)
    try network.append(Reshape([8, 8]))
    try network.append(LSTM(inputSize: 8, hiddenSize: 64, returnsSequence: false))
    try network.append(Dropout(rate: 0.2))
    try network.append(Dense(inputSize: 64, outputSize: 10))
    try network.fit(
      parts.train, options: TrainingOptions(epochs: 15, batchSize: 32, clipping: .norm(1)))
    let accuracy = try #require(try network.evaluate(parts.test).accuracy)
    #expect(accuracy >= 0.94)
  }

  /// Of every layer that keeps something for `backward`: three passes keep as much as one.
  @Test func noLayerPilesUpActivations() throws {
    func check(_ layer: some Layer, _ shape: [Int]) {
      var layer = layer
      func kept() -> Int {
        let output = layer.forward(Tensor(ones: shape), mode: .training)
        let count = storedTensorElements(of: layer)
        _ = layer.backward(Tensor(ones: output.shape))
        return count
      }
      _ = kept()  // A backward pass leaves gradients behind.
      let (second, third) = (kept(), kept())
      #expect(
        second == third,
        "\(type(of: layer).typeName) keeps the activations of past batches: \(second), then \(third)"
      )
    }
    check(Dense(inputSize: 3, outputSize: 2, seed: 1), [4, 3])
    check(ReLU(), [4, 3])
    check(Softmax(), [4, 3])
    check(TanH(), [4, 3])
    check(Conv2D(inputChannels: 2, outputChannels: 3, kernelSize: 3, seed: 1), [2, 2, 5, 5])
    check(MaxPool2D(kernelSize: 2), [2, 2, 4, 4])
    check(AveragePool2D(kernelSize: 2), [2, 2, 4, 4])
    check(Flatten(), [2, 2, 4, 4])
    for returnsSequence in [true, false] {
      check(
        ElmanRNN(inputSize: 2, hiddenSize: 3, returnsSequence: returnsSequence, seed: 1), [2, 4, 2])
      check(
        LSTM(inputSize: 2, hiddenSize: 3, returnsSequence: returnsSequence, seed: 1), [2, 4, 2])
      check(GRU(inputSize: 2, hiddenSize: 3, returnsSequence: returnsSequence, seed: 1), [2, 4, 2])
    }
    check(LSTM(inputSize: 2, hiddenSize: 3, stateful: true, seed: 1), [2, 4, 2])
  }
}
