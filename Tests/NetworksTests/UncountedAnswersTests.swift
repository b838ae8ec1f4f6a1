import CourseTestSupport
import Networks
import Testing

/// Training data of which no answer counts would train nothing, without a word.
@Suite(.watched) struct UncountedAnswersTests {
  private let features = Tensor(normal: [4, 2, 3, 3], key: RandomKey(seed: 1))

  private func network(_ loss: any Loss) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 3, 3], loss: loss, optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Conv2D(outputChannels: 3, kernelSize: 1))
    return network
  }

  private func data(_ label: (Int) -> Int) throws -> Dataset {
    try Dataset(features: features, targets: .classSequences((0..<36).map(label), length: 9))
  }

  @Test func ignoredPixelsAreNoTrainingData() throws {
    for loss in [
      PixelCrossEntropyLoss(), SoftDiceLoss(), LossSum([SoftDiceLoss(), PixelCrossEntropyLoss()]),
    ] as [any Loss] {
      var network = try network(loss)
      expectCourseError(.invalidData, "training data: no answer that counts", "ignored ones only") {
        try network.fit(try data { _ in Target.ignored }, options: TrainingOptions(epochs: 1))
      }
      // One pixel in the last batch is enough.
      let one = try data { $0 == 35 ? 1 : Target.ignored }
      #expect(throws: Never.self) {
        try network.fit(one, options: TrainingOptions(epochs: 1, batchSize: 1))
      }
      // To measure on, such data may be.
      #expect(throws: Never.self) { try network.evaluate(try data { _ in Target.ignored }) }
    }
  }

  @Test func classesOfWeightZeroAreNoTrainingData() throws {
    var network = try network(PixelCrossEntropyLoss(classWeights: [1, 0, 0]))
    expectCourseError(.invalidData, "no answer that counts", "a weight of 0 in all batches of 2") {
      try network.fit(
        try data { 1 + $0 % 2 }, options: TrainingOptions(epochs: 1, batchSize: 2))
    }
    #expect(throws: Never.self) {
      try network.fit(
        try data { $0 == 35 ? 0 : 1 }, options: TrainingOptions(epochs: 1, batchSize: 2))
    }
  }
}
