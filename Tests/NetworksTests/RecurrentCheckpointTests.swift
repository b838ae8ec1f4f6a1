import CourseTestSupport
import Foundation
import Networks
import Testing

/// Recurrent networks in files: saved, loaded, and trained on from where they were.
@Suite(.watched) struct RecurrentCheckpointTests {
  private static let batchSize = 4

  private static func network() throws -> NeuralNetwork {
    // Unfinished layers must not reach a network: the next layer would stop the program.
    func require(_ layer: some RecurrentLayer) throws {
      var layer = layer
      _ = try trainingPass(&layer, input: Tensor(ones: [1, 2, 2]))
    }
    try require(LSTM(inputSize: 2, hiddenSize: 3, seed: 1))
    try require(GRU(inputSize: 2, hiddenSize: 3, seed: 1))
    try require(ElmanRNN(inputSize: 2, hiddenSize: 3, seed: 1))
    var dense = Dense(inputSize: 2, outputSize: 3, seed: 1)
    _ = try trainingPass(&dense, input: Tensor(ones: [1, 2]))
    var network = NeuralNetwork(
      inputShape: [6], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.01),
      seed: 3)
    try network.append(Embedding(vocabularySize: 5, embeddingSize: 3, paddingIndex: 0))
    try network.append(LSTM(inputSize: 3, hiddenSize: 7, stateful: true))
    try network.append(GRU(inputSize: 7, hiddenSize: 5, stateful: true))
    try network.append(
      Bidirectional(ElmanRNN(inputSize: 5, hiddenSize: 4, returnsSequence: false, seed: 1)))
    try network.append(Dense(inputSize: 8, outputSize: 3))
    return network
  }

  /// Batch number `step` of a stream of tokens.
  private static func batch(_ step: Int) -> (features: Tensor, target: Target) {
    var draws = RandomKey(seed: 8).folded(step).generator
    let tokens = (0..<(batchSize * 6)).map { _ in Float(Int.random(in: 0..<5, using: &draws)) }
    let classes = (0..<batchSize).map { _ in Int.random(in: 0..<3, using: &draws) }
    return (Tensor(shape: [batchSize, 6], scalars: tokens), .classes(classes))
  }

  private static func train(_ network: inout NeuralNetwork, _ steps: Range<Int>) throws {
    for step in steps {
      let (features, target) = batch(step)
      let output = network.forward(features)
      var loss = SoftmaxCrossEntropyLoss()
      _ = loss.forward(output, target: target)
      network.backward(loss.backward())
      network.applyGradients()
    }
  }

  /// Every parameter and every carried state.
  private static func tensors(_ network: NeuralNetwork) -> [String: Tensor] {
    var copy = network
    var all: [String: Tensor] = [:]
    copy.forEachParameter { all[$0] = $1.value }
    copy.forEachState { all[$0] = $1 }
    return all
  }

  @Test func aLoadedNetworkGoesOnWithTheCarriedState() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var network = try Self.network()
      try Self.train(&network, 0..<3)
      try network.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url)
      #expect(Self.tensors(loaded) == Self.tensors(network))
      #expect(
        Self.tensors(loaded)["layers.1.cell"]?.shape == [4, 7], "the cell state is in the file")
      let next = Self.batch(3).features
      #expect(loaded.forward(next, mode: .inference) == network.forward(next, mode: .inference))
      for index in loaded.layers.indices {
        #expect(type(of: loaded.layers[index]) == type(of: network.layers[index]))
      }
    }
  }

  @Test func aNetworkThatHasSeenNothingIsSavedToo() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let network = try Self.network()
      try network.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url)
      #expect(Self.tensors(loaded) == Self.tensors(network))
      var same = network
      try Self.train(&same, 0..<2)
      try Self.train(&loaded, 0..<2)
      #expect(Self.tensors(loaded) == Self.tensors(same))
    }
  }

  /// `fit` in two parts, with a file between them, against one without a break. Three batches are an epoch:
  /// step 3 ends one, step 4 is inside, where the carried state counts.
  @Test(arguments: [3, 4, 8]) func aResumedTrainingEndsWithTheSameBits(step: Int) throws {
    struct Interruption: TrainingCallback {
      let step: Int
      let url: URL
      mutating func stepEnded(_ report: StepReport, network: inout NeuralNetwork) throws
        -> TrainingControl
      {
        if report.step == step { try network.save(to: url) }
        return .proceed
      }
    }
    let batches = (0..<3).map { Self.batch($0) }
    let data = try Dataset(
      features: Tensor(concatenating: batches.map(\.features)),
      targets: .classes(batches.flatMap(\.target.classIndices)))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var whole = try Self.network()
      try whole.fit(
        data, options: TrainingOptions(epochs: 4, batchSize: Self.batchSize, shuffle: false),
        callbacks: [Interruption(step: step, url: url)])
      var resumed = try NeuralNetwork(contentsOf: url)
      #expect(resumed.progress?.step == step)
      try resumed.fit(
        data, options: TrainingOptions(epochs: 4, batchSize: Self.batchSize, shuffle: false),
        resuming: true)
      #expect(resumed.progress == whole.progress)
      #expect(Self.tensors(resumed) == Self.tensors(whole))
    }
  }

  @Test func aFileWithAWrongStatefulLayerIsRefused() throws {
    let json =
      #"{"cell":"lstm","layer":{"inputSize":2,"hiddenSize":0,"returnsSequence":true,"#
      + #""isStateful":false,"isReversed":false,"initializer":{"xavierUniform":{}},"#
      + #""recurrentInitializer":{"orthogonal":{}},"biasInitializer":{"heNormal":{}},"forgetBias":1}}"#
    let configuration = try JSONDecoder().decode(
      Bidirectional.Configuration.self, from: Data(json.utf8))
    expectCourseError(.invalidArgument, "LSTM: size out of range", "[2, 0, 4]") {
      try Bidirectional(configuration: configuration)
    }
  }
}
