import ExplorationNetworks
import Networks

extension Workload {
  /// Training steps: forward, loss, backward, update.
  static let networks: [Workload] = [
    step("mlp-small", "MLP 64-32-10, batch 50, SGD", batchSize: 50) {
      try .multilayerPerceptron(
        inputSize: 64, hiddenSizes: [32], classCount: 10, optimizer: SGD(learningRate: 0.01),
        seed: 1)
    },
    step("mlp-large", "MLP 784-512-256-10, batch 128, SGD", batchSize: 128) {
      try .multilayerPerceptron(
        inputSize: 784, hiddenSizes: [512, 256], classCount: 10, optimizer: SGD(learningRate: 0.01),
        seed: 1)
    },
    step("mlp-adam", "the same with Adam", batchSize: 128) {
      try .multilayerPerceptron(
        inputSize: 784, hiddenSizes: [512, 256], classCount: 10, optimizer: adam, seed: 1)
    },
    step("lenet", "LeNet (20 and 50 maps, 500 hidden), batch 50, Adam", batchSize: 50) {
      try .leNet(optimizer: adam, seed: 1)
    },
    step("three-layer", "three-layer CNN, 3 x 32 x 32, batch 50, Adam", batchSize: 50) {
      try .threeLayerConvNet(optimizer: adam, seed: 1)
    },
    step(
      "vgg", "VGG-style CNN with batch norm, 3 x 32 x 32, batch 64, Adam",
      batchSize: 64
    ) {
      try .vggNet(batchNorm: true, dropout: 0.5, optimizer: adam, seed: 1)
    },
    step("vgg-plain", "the same without batch norm or dropout", batchSize: 64) {
      try .vggNet(optimizer: adam, seed: 1)
    },
    step("resnet", "ResNet-20, 3 x 32 x 32, batch 64, SGD with momentum", batchSize: 64) {
      try .resNet(optimizer: Momentum(learningRate: 0.01), seed: 1)
    },
    step(
      "unet", "U-Net, width 16, 3 levels, 3 x 64 x 64, batch 16, Adam", batchSize: 16,
      loss: PixelCrossEntropyLoss()
    ) {
      try .unet(
        inputShape: [3, 64, 64], classCount: 6, loss: PixelCrossEntropyLoss(), optimizer: adam,
        seed: 1)
    },
  ]

  private static var adam: Adam { Adam(learningRate: 1e-3) }

  private static func step(
    _ name: String, _ description: String, batchSize: Int,
    loss: any Loss = SoftmaxCrossEntropyLoss(),
    network make: @escaping @Sendable () throws -> NeuralNetwork
  ) -> Workload {
    Workload(name: name, description: description) {
      var network = try make()
      var loss = loss
      let key = RandomKey(seed: 2)
      let features = Tensor(normal: [batchSize] + network.inputShape, key: key)
      // A class for each image, or for each of its pixels.
      let (classCount, places) = (network.outputShape[0], network.outputShape.dropFirst())
      let area = places.reduce(1, *)
      let classes = (0..<(batchSize * area)).map { $0 % classCount }
      let target =
        places.isEmpty ? Target.classes(classes) : .classSequences(classes, length: area)
      return Prepared(operations: Double(batchSize) * network.operationsOfAStep) {
        let output = network.forward(features, mode: .training)
        _ = loss.forward(output, target: target)
        network.backward(loss.backward())
        network.applyGradients()
      }
    }
  }
}

extension NeuralNetwork {
  /// The floating-point operations in the products of a training step on one example.
  ///
  /// Three products a layer: the output, the weights' gradient, and the input's gradient, which the first
  /// layer does without.
  var operationsOfAStep: Double {
    let layers = multiplyAddsOfLayers
    let isContainer = self.layers.first is any LayerContainer
    let first = isContainer ? 0 : layers.first { $0.path == "0" }?.count ?? 0
    return Double(2 * (3 * layers.reduce(0) { $0 + $1.count } - first))
  }
}
