import CourseTestSupport
import Networks
import Testing

/// A batch norm that is frozen normalises by its running averages, in training as well.
@Suite(.watched) struct FrozenBatchNormTests {
  private let input = Tensor(normal: [4, 3, 2, 5], key: RandomKey(seed: 1))

  /// A network of a batch norm that has seen batches, between two layers with weights.
  private func network(_ implementation: Implementation) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3, 2, 5], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1),
      seed: 2)
    try network.append(Conv2D(inputChannels: 3, outputChannels: 3, kernelSize: 1))
    var layer = BatchNorm(channels: 3, implementation: implementation)
    (layer.scale.value, layer.shift.value) = ([2, -0.5, 1.5], [1, 3, -1])
    try network.append(layer)
    try network.append(Conv2D(inputChannels: 3, outputChannels: 2, kernelSize: 1))
    for step in 0..<5 {
      _ = network.forward(
        Tensor(normal: [4, 3, 2, 5], mean: 1, key: RandomKey(seed: UInt64(step))))
    }
    return network
  }

  @Test(arguments: [Implementation.fast, .reference])
  func itComputesAsInInference(implementation: Implementation) throws {
    let network = try network(implementation)
    var frozen = network
    try frozen.freeze(1)
    var free = try #require(network.layers[1] as? BatchNorm)
    var layer = try #require(frozen.layers[1] as? BatchNorm)
    let (mean, variance) = (layer.runningMean, layer.runningVariance)
    let output = layer.forward(input, mode: .training)
    #expect(output == free.forward(input, mode: .inference))
    #expect(layer.runningMean == mean && layer.runningVariance == variance)
    #expect(layer.trainedBatches == free.trainedBatches)
    // dX = γ / √(σ̃² + ε) · dY
    let dY = Tensor(normal: input.shape, key: RandomKey(seed: 9))
    let slope = layer.scale.value / sqrt(variance + 1e-5)
    expectClose(layer.backward(dY), dY * slope.reshaped(to: [3, 1, 1]), "the input gradient")
    #expect(layer.scale.gradient == nil && layer.shift.gradient == nil)
    // An inference pass keeps nothing to go back through.
    expectInferenceKeepsNothing(layer, input: input)
  }

  /// One example has no variance, and needs none.
  @Test func aBatchOfOneIsEnough() throws {
    var network = try network(.fast)
    try network.freeze(1)
    let one = try Dataset(
      features: input[0..<1], targets: .values(Tensor(zeros: [1, 2, 2, 5])))
    let before = network.parameters
    try network.fit(one, options: TrainingOptions(epochs: 1))
    #expect(network.parameters["layers.0.weights"]?.value != before["layers.0.weights"]?.value)
    #expect(
      try #require(network.parameters["layers.1.scale"]).value == before["layers.1.scale"]?.value)
  }

  /// With one of the two frozen it measures its batches, and trains the other.
  @Test func aFrozenScaleAloneLeavesItAsItIs() throws {
    var network = try network(.fast)
    try network.freeze("layers.1.scale")
    var (layer, free) = (
      try #require(network.layers[1] as? BatchNorm), BatchNorm(channels: 3)
    )
    (free.scale.value, free.shift.value) = (layer.scale.value, layer.shift.value)
    #expect(layer.forward(input, mode: .training) == free.forward(input, mode: .training))
    let dY = Tensor(normal: input.shape, key: RandomKey(seed: 9))
    #expect(layer.backward(dY) == free.backward(dY))
    #expect(layer.scale.gradient == nil && layer.shift.gradient == free.shift.gradient)
  }

  @Test func withoutAveragesItIsRefused() throws {
    var network = NeuralNetwork(
      inputShape: [2], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1))
    try network.append(BatchNorm(channels: 2))
    try network.append(Dense(inputSize: 2, outputSize: 1))
    try network.freeze(0)
    let data = try Dataset(features: [[1, 2], [3, 4]], targets: .values([[1], [2]]))
    expectCourseError(.invalidData, "never trained", "layer 0") {
      try network.fit(data, options: TrainingOptions(epochs: 1))
    }
  }

  /// The gradient goes through it, and through ReLU, to the convolution in front of it.
  @Test func theGradientOfABlockAgreesWithFiniteDifferences() throws {
    for pool in [nil, 2] as [AxisSizes?] {
      var network = NeuralNetwork(inputShape: [2, 4, 5], seed: 3)
      try network.append(
        ConvBatchNormReLU(
          inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: .same, pool: pool))
      for seed in 0..<UInt64(3) {
        _ = network.forward(Tensor(normal: [4, 2, 4, 5], key: RandomKey(seed: seed)))
      }
      try network.freeze("layers.0.batchNorm")
      let block = try #require(network.layers[0] as? ConvBatchNormReLU)
      let report = checkGradients(of: TrainedPart(block: block), inputShape: [3, 2, 4, 5])
      #expect(report.passed, "\(report)")
    }
  }
}

/// A block, of which only the convolution is trained.
private struct TrainedPart: Layer {
  var block: ConvBatchNormReLU
  var configuration: NoConfiguration { NoConfiguration() }
  init(block: ConvBatchNormReLU) { self.block = block }
  init(configuration: NoConfiguration) throws {
    throw CourseError(.format, "TrainedPart is in no file")
  }
  func outputShape(for inputShape: [Int]) throws -> [Int] { try block.outputShape(for: inputShape) }
  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { block.forward(input, mode: mode) }
  mutating func backward(_ outputGradient: Tensor) -> Tensor { block.backward(outputGradient) }
  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try block.convolution.forEachParameter(body)
  }
}
