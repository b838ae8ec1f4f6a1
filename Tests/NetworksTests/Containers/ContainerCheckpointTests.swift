import CourseTestSupport
import Foundation
import Networks
import Testing

/// Networks with containers in files, and folded for inference.
@Suite(.watched) struct ContainerCheckpointTests {
  private func network() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 8, 8], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.01),
      seed: 4)
    func convolution(_ channels: Int, _ kernelSize: AxisSizes = 3) -> Conv2D {
      Conv2D(outputChannels: channels, kernelSize: kernelSize, padding: .same, bias: false)
    }
    try network.append(
      Residual(
        Sequential(convolution(4), BatchNorm(), ReLU(), convolution(4), BatchNorm()),
        shortcut: Sequential(convolution(4, 1), BatchNorm())))
    try network.append(ReLU())
    try network.append(
      Skip(
        Sequential(
          MaxPool2D(kernelSize: 2),
          ConvBatchNormReLU(outputChannels: 3, kernelSize: 3, padding: .same),
          Upsample2D(scaleFactor: 2))))
    try network.append(
      Branches(
        [convolution(2, 1), Sequential(convolution(2), BatchNorm(), Dropout(rate: 0.25))],
        merge: .concatenate))
    try network.append(GlobalAveragePool2D())
    try network.append(Residual(Dropout(rate: 0.5)))
    try network.append(Dense(outputSize: 3))
    try network.setPenalty(L2(0.001), for: "layers.0.body")
    try network.setLearningRate(factor: 0.5, for: "layers.3.1")
    try network.freeze("layers.0.shortcut.0")
    return network
  }

  private func data() throws -> Dataset {
    try Dataset(
      features: Tensor(normal: [20, 2, 8, 8], key: RandomKey(seed: 1)),
      targets: .classes((0..<20).map { $0 % 3 }))
  }

  /// Ends the training within the third epoch.
  private struct StopWithin: TrainingCallback {
    mutating func stepEnded(
      _ report: StepReport, network: inout NeuralNetwork
    ) -> TrainingControl { report.epoch == 2 && report.batch == 1 ? .stop : .proceed }
  }

  @Test func aResumedTrainingGoesOnBitForBit() throws {
    let options = TrainingOptions(epochs: 4, batchSize: 6, clipping: .norm(1))
    let data = try data()
    var whole = try network()
    let history = try whole.fit(data, validation: data, options: options)
    var network = try network()
    try network.fit(data, validation: data, options: options, callbacks: [StopWithin()])
    try withTemporaryFolder { folder in
      let (url, copy) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try network.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url)
      try loaded.save(to: copy)
      #expect(
        try Data(contentsOf: url) == Data(contentsOf: copy), "saved again it is the same file")
      #expect(loaded.summary() == network.summary())
      let features = data.features
      #expect(try loaded.predict(features) == network.predict(features))
      let rest = try loaded.fit(data, validation: data, options: options, resuming: true)
      #expect(rest.epochs.map(\.training.loss) == history.epochs.map(\.training.loss))
      try whole.save(to: url)
      try loaded.save(to: copy)
      #expect(
        try Data(contentsOf: url) == Data(contentsOf: copy), "the resumed one is the same file")
    }
  }

  @Test func foldingReachesInside() throws {
    var network = try network()
    expectCourseError(.invalidData, "BatchNorm was never trained", "layer 0.body.1") {
      try network.fused()
    }
    try network.fit(try data(), options: TrainingOptions(epochs: 3, batchSize: 5))
    let fused = try network.fused()
    var names: [String] = []
    fused.visitLayers { names.append("\($0) \(type(of: $1).typeName)") }
    #expect(
      names == [
        "0 Residual", "0.body Sequential", "0.body.0 Conv2D", "0.body.1 ReLU", "0.body.2 Conv2D",
        "0.shortcut Sequential", "0.shortcut.0 Conv2D", "1 ReLU", "2 Skip", "2.input Sequential",
        "2.body Sequential", "2.body.0 MaxPool2D", "2.body.1 ConvReLU", "2.body.2 Upsample2D",
        "3 Branches", "3.0 Conv2D", "3.1 Sequential", "3.1.0 Conv2D", "3.1.1 Dropout",
        "4 GlobalAveragePool2D", "5 Residual", "5.body Dropout", "5.shortcut Sequential", "6 Dense",
      ])
    let features = try data().features
    expectClose(try fused.predict(features), try network.predict(features), "folded", atol: 1e-5)
  }

  /// A chain in a container computes as it would in the network, bit for bit.
  @Test func aChainInsideIsAsFastAsOutside() throws {
    let layers: [any Layer] = [
      ConvReLU(inputChannels: 2, outputChannels: 3, kernelSize: 3, seed: 1),
      ConvReLUPool(inputChannels: 3, outputChannels: 4, kernelSize: 3, padding: .same, seed: 2),
      ConvBatchNormReLU(inputChannels: 4, outputChannels: 2, kernelSize: 1, seed: 3),
    ]
    var sequence = Sequential(layers)
    var single = layers
    var expected = try data().features
    let output = sequence.forward(expected, mode: .training)
    for index in single.indices { expected = single[index].forward(expected, mode: .training) }
    #expect(output == expected)
    var gradient = output * 0.5
    let inputGradient = sequence.backward(gradient)
    for index in single.indices.reversed() { gradient = single[index].backward(gradient) }
    #expect(inputGradient == gradient)
  }

  private func expectRefused(
    _ words: String..., changing text: String, to new: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var network = NeuralNetwork(inputShape: [3], seed: 1)
    try network.append(Dense(outputSize: 4))
    try network.append(
      Residual(Sequential(Dense(outputSize: 6), Dropout(rate: 0.25), Dense(outputSize: 4))))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try network.save(to: url)
      var file = try SafetensorsFile(contentsOf: url)
      let model = try #require(file.metadata["model"])
      #expect(model.contains(text), "\(model)", sourceLocation: sourceLocation)
      file.metadata["model"] = model.replacingOccurrences(of: text, with: new)
      try file.encoded().write(to: url)
      do {
        _ = try NeuralNetwork(contentsOf: url)
        Issue.record("it was accepted", sourceLocation: sourceLocation)
      } catch let error as CourseError {
        for word in [url.path] + words {
          #expect("\(error)".contains(word), "\(error)", sourceLocation: sourceLocation)
        }
      }
    }
  }

  @Test func aDamagedDescriptionInsideIsLocated() throws {
    try expectRefused("layer 1.body.1", "rate", changing: "0.25", to: "1.25")
    try expectRefused(
      "unknown layer in the model", "\"Dropin\"", changing: "\"Dropout\"", to: "\"Dropin\"")
    try expectRefused(
      "layer 1.body.0 (Dense), where the input is [4]", changing: "\"inputSize\":4",
      to: "\"inputSize\":3")
    try expectRefused(
      "unknown field", "rates", changing: "{\"rate\":0.25}", to: "{\"rate\":0.25,\"rates\":1}")
    try expectRefused(
      "cannot be read", "shortcut", changing: "\"shortcut\"", to: "\"detour\"")
    try expectRefused(
      "Residual", "outputs that cannot be added", "[3] from body",
      changing: "\"outputSize\":4},\"type\":\"Dense\"}]}",
      to: "\"outputSize\":3},\"type\":\"Dense\"}]}")
  }

  /// Each of these layers may claim the largest tensor of the file, but not all of them together.
  @Test func manyLayersInsideCannotClaimOneTensor() throws {
    var network = NeuralNetwork(inputShape: [300], seed: 1)
    try network.append(Sequential(Dense(outputSize: 300)))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try network.save(to: url)
      var file = try SafetensorsFile(contentsOf: url)
      let model = try #require(file.metadata["model"])
      let start = try #require(model.range(of: "\"layers\":[{\"configuration\":{\"layers\":["))
      let end = try #require(model.range(of: "]}", range: start.upperBound..<model.endIndex))
      let one = String(model[start.upperBound..<end.lowerBound])
      file.metadata["model"] = model.replacingCharacters(
        in: start.upperBound..<end.lowerBound,
        with: [String](repeating: one, count: 50).joined(separator: ","))
      try file.encoded().write(to: url)
      expectCourseError(.format, "layer 0.1", "that the file has no weights for") {
        try NeuralNetwork(contentsOf: url)
      }
    }
  }
}

/// The residual network of the README.
@Suite(.watched) struct ResidualNetworkTests {
  @Test func theNetworkOfTheReadmeLearnsDigits() throws {
    func block(_ channels: Int, halving: Bool) -> Residual {
      func convolution(_ kernelSize: AxisSizes, stride: AxisSizes = 1) -> Conv2D {
        Conv2D(
          outputChannels: channels, kernelSize: kernelSize, stride: stride, padding: .same,
          bias: false)
      }
      return Residual(
        Sequential(
          convolution(3, stride: halving ? 2 : 1), BatchNorm(), ReLU(), convolution(3), BatchNorm()),
        shortcut: halving ? Sequential(convolution(1, stride: 2), BatchNorm()) : Sequential())
    }
    var network = NeuralNetwork(
      inputShape: [64], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.003),
      seed: 1)
    let layers: [any Layer] = [
      Reshape([1, 8, 8]), ConvReLU(outputChannels: 16, kernelSize: 3, padding: .same),
      block(16, halving: false), ReLU(), block(32, halving: true), ReLU(),
      GlobalAveragePool2D(), Dense(outputSize: 10),
    ]
    for layer in layers { try network.append(layer) }
    #expect(
      network.layerOutputShapes[3] == [16, 8, 8] && network.layerOutputShapes[5] == [32, 4, 4])
    let parts = try Dataset.digits.split(seed: 1)
    network.preprocessing = .dividing(by: 16)
    try network.fit(parts.train, options: TrainingOptions(epochs: 2, batchSize: 50))
    let accuracy = try #require(network.evaluate(parts.test).accuracy)
    #expect(accuracy > 0.9, "accuracy \(accuracy)")
    try network.freeze("layers.2.body")
  }
}
