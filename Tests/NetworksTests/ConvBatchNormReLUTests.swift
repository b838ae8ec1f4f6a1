import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct ConvBatchNormReLUTests {
  private func images(_ shape: [Int]) -> Tensor {
    Tensor(normal: shape, key: RandomKey(seed: 5).folded("images"))
  }

  private func block(pool: Int? = nil, stride: Int? = nil) -> ConvBatchNormReLU {
    var layer = ConvBatchNormReLU(
      inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], padding: .same, momentum: 0.5,
      pool: pool.map { AxisSizes($0) }, poolStride: stride.map { AxisSizes($0) }, seed: 1)
    layer.batchNorm.scale.value = [1.5, -0.7, 0.4]
    layer.batchNorm.shift.value = [0.3, 1, -0.1]
    layer.forEachState { name, state in if name == "batchNorm.batches" { state = [0, 1] } }
    return layer
  }

  @Test(arguments: [(nil, nil), (2, nil), (3, 2)] as [(Int?, Int?)])
  func itIsItsPartsInTheirOrder(pool: Int?, stride: Int?) throws {
    var fused = block(pool: pool, stride: stride)
    var (convolution, batchNorm) = (fused.convolution, fused.batchNorm)
    var relu = ReLU()
    var pooling = pool.map {
      MaxPool2D(kernelSize: AxisSizes($0), stride: stride.map { AxisSizes($0) })
    }
    let x = images([3, 2, 7, 6])
    func parts(_ mode: Mode) -> Tensor {
      let y = relu.forward(
        batchNorm.forward(convolution.forward(x, mode: mode), mode: mode), mode: mode)
      return pooling?.forward(y, mode: mode) ?? y
    }
    let (y, dX) = try trainingPass(&fused, input: x)
    expectClose(y, parts(.training), "ConvBatchNormReLU.forward")
    let gradient = Tensor(normal: y.shape, key: RandomKey(seed: 7).folded("gradient"))
    let behind = relu.backward(pooling?.backward(gradient) ?? gradient)
    expectClose(
      dX, convolution.backward(batchNorm.backward(behind)), "ConvBatchNormReLU.backward")
    var gradients: [String: Tensor] = [:]
    fused.forEachParameter { gradients[$0] = $1.gradient }
    for (name, expected) in [
      ("convolution.weights", convolution.weights), ("batchNorm.scale", batchNorm.scale),
      ("batchNorm.shift", batchNorm.shift),
    ] {
      expectClose(
        try #require(gradients[name]), try #require(expected.gradient), "gradient of \(name)",
        atol: 2e-5)
    }
    #expect(gradients.count == 3)
    expectClose(
      fused.forward(x, mode: .inference), parts(.inference), "ConvBatchNormReLU in inference")
    #expect(fused.batchNorm.runningMean == batchNorm.runningMean)
    #expect(fused.batchNorm.trainedBatches == batchNorm.trainedBatches)
  }

  @Test(arguments: [nil, 2] as [Int?])
  func gradientsAgreeWithFiniteDifferences(pool: Int?) throws {
    // Shifted so that ReLU cuts off a few sums only: batch norm takes the size of its input away, so they
    // could not be moved apart by large inputs, and each step of the check moves all of a channel.
    var layer = block(pool: pool)
    layer.batchNorm.shift.value = [1.8, 1, 0.6]
    try expectGradients(of: layer, inputShape: [2, 2, 3, 4])
  }

  @Test func theFirstLayersShortcutAccumulatesTheSameGradients() {
    var full = block(pool: 2)
    _ = full.forward(images([3, 2, 6, 6]), mode: .training)
    var short = full
    let gradient = Tensor(normal: [3, 3, 3, 3], key: RandomKey(seed: 2))
    _ = full.backward(gradient)
    short.backwardWithoutInputGradient(gradient)
    #expect(full.convolution.weights.gradient == short.convolution.weights.gradient)
    #expect(full.batchNorm.scale.gradient == short.batchNorm.scale.gradient)
  }

  @Test(arguments: [nil, 2] as [Int?])
  func backwardUsesUpWhatForwardKept(pool: Int?) throws {
    try expectBackwardUsesUp(block(pool: pool), input: images([3, 2, 6, 6]))
  }

  @Test func errorsComeBeforeAnyDataFlows() async throws {
    var fresh = ConvBatchNormReLU(inputChannels: 1, outputChannels: 2, kernelSize: 3, seed: 1)
    expectCourseError(.invalidData, "BatchNorm was never trained") {
      try fresh.check(batchShape: [4, 1, 3, 3], mode: .inference)
    }
    expectCourseError(.invalidData, "one value per channel", "[1, 2, 1, 1]") {
      try fresh.check(batchShape: [1, 1, 3, 3], mode: .training)
    }
    try fresh.check(batchShape: [2, 1, 3, 3], mode: .training)
    var seen: [String] = []
    fresh.forEachParameter { seen.append("\($0) \($1.isRegularized)") }
    fresh.forEachState { name, _ in seen.append(name) }
    #expect(
      seen == [
        "convolution.weights true", "batchNorm.scale false", "batchNorm.shift false",
        "batchNorm.runningMean", "batchNorm.runningVariance", "batchNorm.batches",
      ])
    var configuration = fresh.configuration
    configuration.batchNorm.channels = 3
    expectCourseError(.invalidArgument, "parts that do not fit", "its 2 channels", "and 3") {
      try ConvBatchNormReLU(configuration: configuration)
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ConvBatchNormReLU(inputChannels: 1, outputChannels: 1, kernelSize: 1, seed: 1)
      _ = layer.forward(Tensor(ones: [2, 1, 2, 2]), mode: .training)
      _ = layer.forward(Tensor(ones: [2, 1, 2, 2]), mode: .inference)
      _ = layer.backward(Tensor(zeros: [2, 1, 2, 2]))
    }
    expectWords(of: stopped, "ConvBatchNormReLU.backward", "no forward pass to go back through")
  }
}

@Suite(.watched) struct FusingTests {
  private func trained(_ network: NeuralNetwork, _ shape: [Int]) -> NeuralNetwork {
    var network = network
    var batch = 0
    network.forEachParameter { name, parameter in
      // Scales and shifts, and biases, away from 1 and 0.
      batch += 1
      let noise = Tensor(normal: parameter.value.shape, key: RandomKey(seed: 6).folded(batch))
      if !parameter.isRegularized { parameter.value = parameter.value + noise * 0.3 }
    }
    for step in 0..<3 {
      let x = Tensor(normal: shape, mean: 0.5, key: RandomKey(seed: 7).folded(step))
      _ = network.forward(x, mode: .training)
    }
    return network
  }

  private func expectSame(_ network: NeuralNetwork, _ layers: [String], _ shape: [Int]) throws {
    var network = trained(network, shape)
    var fused = try network.fused()
    #expect(fused.layers.map { type(of: $0).typeName } == layers)
    let x = Tensor(normal: shape, key: RandomKey(seed: 8))
    expectClose(
      fused.forward(x, mode: .inference), network.forward(x, mode: .inference),
      "network.fused() against the network in inference", atol: 1e-5, rtol: 1e-5)
  }

  @Test func aVGGNetLosesItsBatchNorm() throws {
    let network = try NeuralNetwork.vggNet(
      inputShape: [3, 8, 8], blocks: [[8, 8], [16]], hiddenSizes: [12], classCount: 4,
      batchNorm: true, dropout: 0.5, optimizer: Adam(), seed: 1)
    #expect(
      network.layers.map { type(of: $0).typeName } == [
        "ConvBatchNormReLU", "ConvBatchNormReLU", "ConvBatchNormReLU", "Flatten", "Dense",
        "Dropout", "Dense",
      ])
    try expectSame(
      network,
      ["ConvReLU", "ConvReLUPool", "ConvReLUPool", "Flatten", "Dense", "Dropout", "Dense"],
      [5, 3, 8, 8])
  }

  /// To a batch norm behind a dense layer on steps, the steps are the channels, be there as many or not.
  @Test(arguments: [3, 5]) func stepsOfASequenceAreNotFolded(outputs: Int) throws {
    var network = NeuralNetwork(inputShape: [3, outputs], seed: 1)
    try network.append(Dense(outputSize: outputs))
    try network.append(BatchNorm())
    try network.append(Residual(Sequential(Dense(outputSize: outputs), BatchNorm())))
    try network.append(Flatten())
    try network.append(Dense(outputSize: 2))
    try network.append(BatchNorm())
    try expectSame(
      network, ["Dense", "BatchNorm", "Residual", "Flatten", "Dense"], [6, 3, outputs])
  }

  @Test func separateLayersAreFoldedToo() throws {
    var network = NeuralNetwork(inputShape: [2, 6, 5], seed: 1)
    try network.append(Conv2D(inputChannels: 2, outputChannels: 4, kernelSize: 3, groups: 2))
    try network.append(BatchNorm(channels: 4))
    try network.append(TanH())
    try network.append(BatchNorm(channels: 4))
    try network.append(Reshape([4, 12]))
    try network.append(Conv1D(inputChannels: 4, outputChannels: 3, kernelSize: 3, bias: false))
    try network.append(BatchNorm(channels: 3))
    try network.append(Flatten())
    try network.append(Dense(inputSize: 30, outputSize: 6))
    try network.append(BatchNorm(channels: 6))
    try network.append(Dense(inputSize: 6, outputSize: 5, activation: .relu))
    try network.append(BatchNorm(channels: 5))
    try expectSame(
      network,
      [
        "Conv2D", "TanH", "BatchNorm", "Reshape", "Conv1D", "Flatten", "Dense", "Dense",
        "BatchNorm",
      ],
      [4, 2, 6, 5])
  }

  @Test func transposedConvolutionsAreFolded() throws {
    var network = NeuralNetwork(inputShape: [4, 3, 2], seed: 1)
    try network.append(
      ConvTranspose2D(outputChannels: 6, kernelSize: [3, 2], stride: 2, groups: 2, bias: false))
    try network.append(BatchNorm())
    try network.append(ConvTranspose2D(outputChannels: 2, kernelSize: 2, activation: .relu))
    try network.append(BatchNorm())
    try expectSame(network, ["ConvTranspose2D", "ConvTranspose2D", "BatchNorm"], [5, 4, 3, 2])
  }

  @Test func whatAPredictionNeedsStays() throws {
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 2, hiddenSizes: [3], classCount: 2, batchNorm: true, dropout: 0.25,
      optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(
      network.layers.map { type(of: $0).typeName } == [
        "Dense", "BatchNorm", "ReLU", "Dropout", "Dense",
      ])
    network.preprocessing = .dividing(by: 4)
    network.classNames = ["a", "b"]
    expectCourseError(.invalidData, "BatchNorm was never trained", "layer 1") {
      try network.fused()
    }
    let fused = try trained(network, [6, 2]).fused()
    #expect(fused.classNames == ["a", "b"] && fused.preprocessing == network.preprocessing)
    #expect(fused.layers.count == 4)
  }

  /// A checkpoint holds the running averages and the number of masks: training goes on bit for bit.
  @Test func aCheckpointOfABlockGoesOnBitForBit() throws {
    var network = try NeuralNetwork.vggNet(
      inputShape: [1, 4, 4], blocks: [[3]], hiddenSizes: [5], classCount: 3, batchNorm: true,
      dropout: 0.5, optimizer: Adam(learningRate: 0.01), seed: 1)
    let data = try Dataset(
      features: Tensor(normal: [24, 1, 4, 4], key: RandomKey(seed: 1)),
      targets: .classes((0..<24).map { $0 % 3 }))
    var whole = network
    try whole.fit(data, options: TrainingOptions(epochs: 4, batchSize: 8))
    try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 8))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url)
      #expect(
        loaded.forward(data.features, mode: .inference)
          == network.forward(data.features, mode: .inference))
      try loaded.fit(data, options: TrainingOptions(epochs: 4, batchSize: 8), resuming: true)
      #expect(
        loaded.forward(data.features, mode: .inference)
          == whole.forward(data.features, mode: .inference),
        "a resumed training differs: running averages or the count of masks are not in the file")
    }
  }

  /// Validation comes after an epoch, when the running averages exist.
  @Test func aFreshNetworkIsTrainedWithValidationData() throws {
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [8], classCount: 3, batchNorm: true, dropout: 0.1,
      optimizer: SGD(learningRate: 0.1), seed: 1)
    let parts = try Dataset.iris.split(seed: 1)
    let history = try network.fit(
      parts.train, validation: parts.validation, options: TrainingOptions(epochs: 2, batchSize: 15))
    #expect(history.epochs.allSatisfy { $0.validation?.loss.isFinite == true })
  }
}
