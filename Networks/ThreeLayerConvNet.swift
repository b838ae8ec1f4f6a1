import Shared

extension NeuralNetwork {
  /// The three-layer network of CS231n: convolution - ReLU - 2 x 2 max pooling - dense - ReLU - dense.
  ///
  ///     let network = try NeuralNetwork.threeLayerConvNet(
  ///       optimizer: Adam(learningRate: 1e-3), seed: 1)
  ///     network.layerOutputShapes   // [32, 16, 16], [8192], [500], [10]
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`
  ///   - filters: the output channels of the convolution, which pads (`.same`)
  ///   - kernelSize: the side of its kernels
  ///   - hiddenSize: the width of the first dense layer
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  public static func threeLayerConvNet(
    inputShape: [Int] = [3, 32, 32], filters: Int = 32, kernelSize: Int = 7, hiddenSize: Int = 500,
    classCount: Int = 10, optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try convolutional(
      inputShape: inputShape, blocks: [[filters]], kernelSize: kernelSize,
      hiddenSizes: [hiddenSize], classCount: classCount, optimizer: optimizer, seed: seed)
  }
}
