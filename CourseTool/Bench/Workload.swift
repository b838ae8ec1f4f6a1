import Networks

/// A piece of work that is timed: the same work, on the same shapes, as its namesake in
/// Benchmarks/compare_pytorch.py.
struct Workload: Sendable {
  /// The name on the command line.
  let name: String
  /// One line for the list.
  let description: String
  /// Floating-point operations of one repetition.
  let operations: Double
  /// Makes the work ready to be repeated. Everything goes through the public API.
  let prepare: @Sendable () throws -> () -> Void

  /// All workloads, smallest first.
  static let all: [Workload] = [
    mlp(
      name: "mlp-small", sizes: [64, 32, 10], batchSize: 50,
      description: "training step of an MLP 64-32-10, batch 50, SGD"),
    mlp(
      name: "mlp-large", sizes: [784, 512, 256, 10], batchSize: 128,
      description: "training step of an MLP 784-512-256-10, batch 128, SGD"),
    mlp(
      name: "mlp-adam", sizes: [784, 512, 256, 10], batchSize: 128,
      optimizer: Adam(learningRate: 0.001),
      description: "training step of an MLP 784-512-256-10, batch 128, Adam"),
    matmul(size: 64), matmul(size: 256), matmul(size: 1024), matmul(size: 2048),
  ]

  private static func matmul(size: Int) -> Workload {
    Workload(
      name: "matmul-\(size)", description: "product of two \(size) x \(size) matrices",
      operations: 2 * Double(size * size * size)
    ) {
      let key = RandomKey(seed: 1)
      let a = Tensor(normal: [size, size], key: key.folded("a"))
      let b = Tensor(normal: [size, size], key: key.folded("b"))
      return { _ = a.matmul(b) }
    }
  }

  /// A training step: forward, loss, backward, update.
  private static func mlp(
    name: String, sizes: [Int], batchSize: Int,
    optimizer: any Optimizer = SGD(learningRate: 0.01), description: String
  ) -> Workload {
    // Three products a layer: the output, the weights' gradient, and the input's gradient, which the
    // first layer does without.
    let products = zip(sizes, sizes.dropFirst()).map { 2 * Double(batchSize * $0 * $1) }
    let operations = products.reduce(0) { $0 + 3 * $1 } - (products.first ?? 0)
    return Workload(name: name, description: description, operations: operations) {
      var network = try NeuralNetwork.multilayerPerceptron(
        inputSize: sizes[0], hiddenSizes: Array(sizes[1..<(sizes.count - 1)]),
        classCount: sizes[sizes.count - 1], optimizer: optimizer, seed: 1)
      var loss = SoftmaxCrossEntropyLoss()
      let key = RandomKey(seed: 2)
      let features = Tensor(normal: [batchSize, sizes[0]], key: key)
      let target = Target.classes((0..<batchSize).map { $0 % sizes[sizes.count - 1] })
      return {
        let output = network.forward(features, mode: .training)
        _ = loss.forward(output, target: target)
        network.backward(loss.backward())
        network.applyGradients()
      }
    }
  }
}
