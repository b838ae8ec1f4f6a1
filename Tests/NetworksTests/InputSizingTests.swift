import CourseTestSupport
import Foundation
import Networks
import Testing

/// Layers that take the size of their input from the network they are appended to.
@Suite(.watched) struct InputSizingTests {
  private func network(_ inputShape: [Int], _ layers: [any Layer]) throws -> NeuralNetwork {
    var network = NeuralNetwork(inputShape: inputShape, seed: 5)
    for layer in layers { try network.append(layer) }
    return network
  }

  /// With and without sizes the same network comes out, bit for bit.
  private func expectSame(
    _ inputShape: [Int], _ inferred: [any Layer], _ given: [any Layer],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var (a, b) = (try network(inputShape, inferred), try network(inputShape, given))
    #expect(a.layerOutputShapes == b.layerOutputShapes, sourceLocation: sourceLocation)
    #expect(a.summary() == b.summary(), sourceLocation: sourceLocation)
    let others = b.parameters
    #expect(!others.isEmpty && a.parameters.count == others.count, sourceLocation: sourceLocation)
    a.visitParameters { name, parameter in
      #expect(
        parameter.value == others[name]?.value, "\(name)", sourceLocation: sourceLocation)
    }
    let input = Tensor(normal: [3] + inputShape, key: RandomKey(seed: 1))
    #expect(a.forward(input) == b.forward(input), sourceLocation: sourceLocation)
    // Outside a network a seed draws the weights, and the size of the input changes nothing about that.
    for (index, shape) in ([inputShape] + a.layerOutputShapes.dropLast()).enumerated() {
      let (layer, other) = (inferred[index], given[index])
      for seed in [3, 4] as [UInt64] {
        let sized = try layer.seeded(seed).sized(for: shape)
        let (values, others) = (weights(sized), weights(other.seeded(seed)))
        #expect(
          values == others, "\(type(of: layer)), seed \(seed)", sourceLocation: sourceLocation)
      }
    }
  }

  private func weights(_ layer: some Layer) -> [String: Tensor] {
    var (layer, values) = (layer, [String: Tensor]())
    layer.forEachParameter { values[$0] = $1.value }
    return values
  }

  @Test func denseLayers() throws {
    try expectSame(
      [7],
      [Dense(outputSize: 5, activation: .relu), Dropout(rate: 0.5), Dense(outputSize: 3)],
      [
        Dense(inputSize: 7, outputSize: 5, activation: .relu), Dropout(rate: 0.5),
        Dense(inputSize: 5, outputSize: 3),
      ])
    // The last axis counts.
    try expectSame([4, 6], [Dense(outputSize: 2)], [Dense(inputSize: 6, outputSize: 2)])
  }

  @Test func convolutionalLayers() throws {
    try expectSame(
      [3, 16, 18],
      [
        Conv2D(outputChannels: 4, kernelSize: 3, bias: false), BatchNorm(),
        ConvReLU(outputChannels: 6, kernelSize: 3, groups: 2),
        ConvReLUPool(outputChannels: 5, kernelSize: 3, padding: .same),
        ConvBatchNormReLU(outputChannels: 4, kernelSize: 3), GroupNorm(groups: 2),
        ConvTranspose2D(outputChannels: 3, kernelSize: 2, stride: 2), Flatten(), BatchNorm(),
        Dense(outputSize: 2),
      ],
      [
        Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, bias: false),
        BatchNorm(channels: 4),
        ConvReLU(inputChannels: 4, outputChannels: 6, kernelSize: 3, groups: 2),
        ConvReLUPool(inputChannels: 6, outputChannels: 5, kernelSize: 3, padding: .same),
        ConvBatchNormReLU(inputChannels: 5, outputChannels: 4, kernelSize: 3),
        GroupNorm(groups: 2, channels: 4),
        ConvTranspose2D(inputChannels: 4, outputChannels: 3, kernelSize: 2, stride: 2), Flatten(),
        BatchNorm(channels: 3 * 8 * 10), Dense(inputSize: 3 * 8 * 10, outputSize: 2),
      ])
    try expectSame(
      [2, 9], [Conv1D(outputChannels: 3, kernelSize: 2)],
      [Conv1D(inputChannels: 2, outputChannels: 3, kernelSize: 2)])
  }

  @Test func recurrentLayers() throws {
    try expectSame(
      [6, 4],
      [
        ElmanRNN(hiddenSize: 5), LayerNorm(), LSTM(hiddenSize: 3, forgetBias: 2),
        Bidirectional(GRU(hiddenSize: 4)), Bidirectional(LSTM(hiddenSize: 2)),
        GRU(hiddenSize: 3, returnsSequence: false), Dense(outputSize: 2),
      ],
      [
        ElmanRNN(inputSize: 4, hiddenSize: 5), LayerNorm(5),
        LSTM(inputSize: 5, hiddenSize: 3, forgetBias: 2),
        Bidirectional(GRU(inputSize: 3, hiddenSize: 4)),
        Bidirectional(LSTM(inputSize: 8, hiddenSize: 2)),
        GRU(inputSize: 4, hiddenSize: 3, returnsSequence: false),
        Dense(inputSize: 3, outputSize: 2),
      ])
  }

  @Test func containers() throws {
    try expectSame(
      [4, 6, 5],
      [
        Siamese(Sequential(Conv2D(outputChannels: 3, kernelSize: 3), Dense(outputSize: 4))),
        Flatten(), Residual(Dense(outputSize: 24), shortcut: Dense(outputSize: 24)),
        Branches([Dense(outputSize: 2), Dense(outputSize: 3)], merge: .concatenate),
        Skip(Dense(outputSize: 2)),
      ],
      [
        Siamese(
          Sequential(
            Conv2D(inputChannels: 2, outputChannels: 3, kernelSize: 3),
            Dense(inputSize: 3, outputSize: 4))),
        Flatten(),
        Residual(
          Dense(inputSize: 96, outputSize: 24), shortcut: Dense(inputSize: 96, outputSize: 24)),
        Branches(
          [Dense(inputSize: 24, outputSize: 2), Dense(inputSize: 24, outputSize: 3)],
          merge: .concatenate),
        Skip(Dense(inputSize: 5, outputSize: 2)),
      ])
  }

  /// A seed that was given draws the weights, and only those: the others are like no others.
  @Test func theSeedStays() throws {
    func sized(_ layer: some Layer) throws -> [String: Tensor] {
      weights(try layer.sized(for: [4, 5]))
    }
    #expect(
      try sized(Dense(outputSize: 2, seed: 7))
        == weights(Dense(inputSize: 5, outputSize: 2, seed: 7)))
    #expect(try sized(Dense(outputSize: 2, seed: 7)) != sized(Dense(outputSize: 2, seed: 8)))
    #expect(try sized(Dense(outputSize: 2)) != sized(Dense(outputSize: 2)))
    let both = try sized(Bidirectional(GRU(hiddenSize: 3, seed: 7)))
    let front = weights(GRU(inputSize: 5, hiddenSize: 3, seed: 7))
    #expect(both["forward.inputWeights"] == front["inputWeights"])
    #expect(both["backward.inputWeights"] != front["inputWeights"])
  }

  /// The rest of the arguments comes along, and the body that is to run.
  @Test func theOtherArgumentsStay() throws {
    var lstm = LSTM(hiddenSize: 3, implementation: .reference)
    lstm.isStateful = true
    let network = try network(
      [4, 2], [lstm, Conv1D(outputChannels: 1, kernelSize: 1, implementation: .reference)])
    let first = try #require(network.layers[0] as? LSTM)
    #expect(first.isStateful && first.implementation == .reference)
    #expect(first.configuration.inputSize == 2)
    #expect((network.layers[1] as? Conv1D)?.implementation == .reference)
    #expect(try Dense(outputSize: 2).sized(for: [5]).weights.value.shape == [5, 2])
    let given = Dense(inputSize: 3, outputSize: 2, seed: 1)
    #expect(try given.sized(for: [5]).weights.value == given.weights.value)
  }

  @Test func aSavedNetworkHasTheSizes() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let saved = try network([5], [Dense(outputSize: 4), BatchNorm(), Dense(outputSize: 2)])
      try saved.save(to: url)
      let loaded = try NeuralNetwork(contentsOf: url)
      #expect(loaded.summary() == saved.summary())
      // A file must have them.
      let file = try SafetensorsFile(contentsOf: url)
      var metadata = file.metadata
      metadata["model"] = metadata["model"]?.replacing("\"inputSize\":5", with: "\"inputSize\":0")
      #expect(metadata != file.metadata)
      try SafetensorsFile(metadata: metadata, tensors: file.tensors).write(to: url)
      expectCourseError(.invalidArgument, "Dense: size out of range", "[0, 4]") {
        _ = try NeuralNetwork(contentsOf: url)
      }
    }
  }

  @Test func withoutANetworkThereIsNoSize() {
    let layers: [(any Layer, String)] = [
      (Dense(outputSize: 2), "inputSize:"), (LSTM(hiddenSize: 2), "inputSize:"),
      (Bidirectional(GRU(hiddenSize: 2)), "inputSize:"),
      (Conv2D(outputChannels: 2, kernelSize: 1), "inputChannels:"),
      (ConvBatchNormReLU(outputChannels: 2, kernelSize: 1), "inputChannels:"),
      (ConvTranspose2D(outputChannels: 2, kernelSize: 1), "inputChannels:"),
      (BatchNorm(), "channels:"), (GroupNorm(groups: 2), "channels:"),
      (LayerNorm(), "the last size"),
    ]
    for (layer, argument) in layers {
      expectCourseError(.invalidArgument, "no input size", argument) {
        _ = try layer.outputShape(for: [2, 3, 4])
      }
      expectCourseError(.invalidArgument, "no input size", argument, "a shape []", "layer 0") {
        var network = NeuralNetwork(inputShape: [])
        try network.append(layer)
      }
    }
  }

  @Test func aShapeThatDoesNotFitIsNamed() throws {
    expectCourseError(.shapeMismatch, "Conv2D", "[64, H, W]", "[64]", "layer 0") {
      _ = try network([64], [Conv2D(outputChannels: 2, kernelSize: 1)])
    }
    expectCourseError(.invalidArgument, "groups", "3 input channels", "layer 0") {
      _ = try network([3, 4, 4], [Conv2D(outputChannels: 2, kernelSize: 1, groups: 2)])
    }
    expectCourseError(.shapeMismatch, "LSTM", "[64]", "layer 0") {
      _ = try network([64], [LSTM(hiddenSize: 2)])
    }
  }

  @Test func aPassWithoutASizeStops() async {
    let dense = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Dense(outputSize: 2)
      _ = layer.forward([[1, 2]], mode: .inference)
    }
    expectWords(of: dense, "Dense.forward: no input size", "inputSize:", "Append the layer")
    let convolution = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Conv2D(outputChannels: 2, kernelSize: 1)
      _ = layer.forward(Tensor(zeros: [1, 2, 3, 3]), mode: .inference)
    }
    expectWords(of: convolution, "Conv2D.forward: no input size", "inputChannels:")
    let recurrent = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = GRU(hiddenSize: 2)
      _ = layer.forward(Tensor(zeros: [1, 2, 3]), mode: .inference)
    }
    expectWords(of: recurrent, "GRU.forward: no input size", "inputSize:")
    let wrong = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dense(outputSize: 0)
    }
    expectWords(of: wrong, "Dense: size out of range")
  }
}
