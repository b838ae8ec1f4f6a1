import CourseTestSupport
import Networks
import Testing

/// The last example of Protocols/Phase2-CNN.md, which needs Phase 1 as well.
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
    try network.append(MaxPool2D(window: 2))
    try network.append(
      Conv2D(
        inputChannels: 16, outputChannels: 32, kernelSize: 3, padding: .same, activation: .relu))
    try network.append(MaxPool2D(window: 2))
    try network.append(Flatten())
    try network.append(Dense(inputSize: 128, outputSize: 10))
    try network.fit(parts.train, options: TrainingOptions(epochs: 10, batchSize: 32))
    let accuracy = try #require(try network.evaluate(parts.test).accuracy)

    #expect(accuracy >= 0.96)
    expectCourseError(
      .shapeMismatch, "layer 7 (MaxPool2D), where Dense returns [10]: MaxPool2D: expected input",
      "[C, H, W] (channels first, without the batch), got [10]",
      "Put this layer after a convolution, or give the input a channel axis (Reshape)."
    ) { try network.append(MaxPool2D(window: 2)) }
  }
}
