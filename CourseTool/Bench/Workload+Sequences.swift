import ExplorationNetworks
import Networks

extension Workload {
  /// Training steps on sequences: an LSTM, a dense layer on each step, cross-entropy over all steps; a transformer.
  static let sequences: [Workload] = [
    lstm("lstm-char", sizes: (96, 256, 96), length: 64, batchSize: 32),
    lstm("lstm-tiny", sizes: (13, 7, 7), length: 10, batchSize: 1),
    transformer, transformerBlock,
  ]

  /// The network of the recipe char-transformer.
  private static let transformer = Workload(
    name: "transformer",
    description: "4 blocks of width 128, 4 heads, 64 steps, batch 12, AdamW"
  ) {
    let (batchSize, length, width, blocks) = (12, 64, 128, 4)
    let vocabulary = try Vocabulary(of: String((32..<108).map { Character(Unicode.Scalar($0)) }))
    var network = try NeuralNetwork.transformer(
      vocabulary: vocabulary, contextLength: length, width: width, blocks: blocks, heads: 4,
      optimizer: AdamW(
        learningRate: 1e-3, beta2: 0.99, weightDecay: 0.1, exemptsBiases: true), seed: 1)
    var loss = SequenceCrossEntropyLoss()
    let tokens = (0..<(batchSize * length)).map { $0 * 7 % vocabulary.count }
    let x = Tensor(shape: [batchSize, length], scalars: tokens.map { Float($0) })
    let target = Target.classSequences(tokens, length: length)
    let products = blocks * operations(ofBlock: width, length) + 6 * width * vocabulary.count
    return Prepared(operations: Double(batchSize * length * products)) {
      let output = network.forward(x, mode: .training)
      _ = loss.forward(output, target: target)
      network.backward(loss.backward())
      network.clipGradients(.norm(1))
      network.applyGradients()
    }
  }

  /// One of its blocks, forward and backward.
  private static let transformerBlock = Workload(
    name: "transformer-block",
    description: "one of its blocks, forward and backward"
  ) {
    let (batchSize, length, width) = (12, 64, 128)
    var block = Sequential(
      try NeuralNetwork.transformerBlock(width: width, heads: 4, blocks: 4))
    let x = Tensor(normal: [batchSize, length, width], key: RandomKey(seed: 2))
    let dY = Tensor(normal: [batchSize, length, width], key: RandomKey(seed: 3))
    let products = operations(ofBlock: width, length)
    return Prepared(operations: Double(batchSize * length * products)) {
      _ = block.forward(x, mode: .training)
      _ = block.backward(dY)
      block.forEachParameter { $1.clearGradient() }
    }
  }

  /// The floating-point operations of a training step on a step of a sequence: 12 · width² weights, and the weights
  /// and means of attention over all steps.
  private static func operations(ofBlock width: Int, _ length: Int) -> Int {
    6 * (12 * width * width + 2 * length * width)
  }

  private static func lstm(
    _ name: String, sizes: (input: Int, hidden: Int, output: Int), length: Int, batchSize: Int
  ) -> Workload {
    let what = "LSTM \(sizes.input)-\(sizes.hidden), \(length) steps, batch \(batchSize), Adam"
    return Workload(name: name, description: what) {
      var network = NeuralNetwork(
        inputShape: [length, sizes.input], optimizer: Adam(learningRate: 1e-3), seed: 1)
      try network.append(LSTM(inputSize: sizes.input, hiddenSize: sizes.hidden))
      try network.append(Dense(inputSize: sizes.hidden, outputSize: sizes.output))
      var loss = SequenceCrossEntropyLoss()
      let x = Tensor(normal: [batchSize, length, sizes.input], key: RandomKey(seed: 2))
      let classes = (0..<(batchSize * length)).map { $0 % sizes.output }
      let target = Target.classSequences(classes, length: length)
      // The weights of the LSTM and of the dense layer see each step once; the LSTM is the first layer and
      // computes no gradient for its input.
      let recurrent = 4 * sizes.hidden * (2 * sizes.input + 3 * sizes.hidden)
      let dense = 3 * sizes.hidden * sizes.output
      return Prepared(operations: Double(2 * batchSize * length * (recurrent + dense))) {
        let output = network.forward(x, mode: .training)
        _ = loss.forward(output, target: target)
        network.backward(loss.backward())
        network.applyGradients()
      }
    }
  }
}
