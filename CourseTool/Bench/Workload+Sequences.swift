import Networks

extension Workload {
  /// Training steps on sequences: an LSTM, a dense layer on each step, cross-entropy over all steps.
  static let sequences: [Workload] = [
    lstm("lstm-char", sizes: (96, 256, 96), length: 64, batchSize: 32),
    lstm("lstm-tiny", sizes: (13, 7, 7), length: 10, batchSize: 1),
  ]

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
