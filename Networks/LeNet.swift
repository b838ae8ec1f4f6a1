import Shared

extension NeuralNetwork {
  /// A network in the style of LeNet: two sandwiches of 5 x 5 convolution, ReLU and 2 x 2 max pooling, a
  /// hidden dense layer with ReLU, scores out.
  ///
  ///     let network = try NeuralNetwork.leNet(optimizer: Adam(learningRate: 1e-3), seed: 1)
  ///     network.layerOutputShapes   // [20, 14, 14], [50, 7, 7], [2450], [500], [10]
  ///
  /// The convolutions pad (`.same`), so images keep their size up to the pooling. Weights are drawn
  /// as in He et al. (2015).
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`; for grey images C is 1
  ///   - maps: the output channels of each convolution
  ///   - hiddenSizes: the widths of the dense layers between the images and the scores
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  /// - Reference: LeCun, Bottou, Bengio, Haffner (1998), *Proceedings of the IEEE* 86; these widths are
  ///   those of the example networks of Caffe.
  public static func leNet(
    inputShape: [Int] = [1, 28, 28], maps: [Int] = [20, 50], hiddenSizes: [Int] = [500],
    classCount: Int = 10, optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try convolutional(
      inputShape: inputShape, blocks: maps.map { [$0] }, kernelSize: 5, hiddenSizes: hiddenSizes,
      classCount: classCount, optimizer: optimizer, seed: seed)
  }

  /// LeNet-5 with ReLU and max pooling, as the exercises of FAU Erlangen build it: 6 and 16 maps, dense
  /// layers of 120 and 84, biases that start at 0.1.
  ///
  ///     let network = try NeuralNetwork.leNet5(optimizer: Adam(learningRate: 5e-4), seed: 1)
  ///     network.parameterCount   // 107_786
  ///
  /// The original pads the image once to 32 x 32 and not again, so that its dense layers see 16 · 5 · 5
  /// numbers; here every convolution pads, and they see 16 · 7 · 7.
  ///
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  /// - Reference: LeCun, Bottou, Bengio, Haffner (1998), *Proceedings of the IEEE* 86.
  public static func leNet5(
    inputShape: [Int] = [1, 28, 28], classCount: Int = 10, optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try convolutional(
      inputShape: inputShape, blocks: [[6], [16]], kernelSize: 5, hiddenSizes: [120, 84],
      classCount: classCount, biasInitializer: .constant(0.1), optimizer: optimizer, seed: seed)
  }
}
