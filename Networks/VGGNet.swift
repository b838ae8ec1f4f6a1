import Shared

extension NeuralNetwork {
  /// A deep network in the style of VGG: blocks of 3 x 3 convolutions with ReLU, each block closed by a
  /// 2 x 2 max pooling, then dense layers; if wanted, with batch norm after every convolution and dropout
  /// after every hidden dense layer.
  ///
  ///     let network = try NeuralNetwork.vggNet(
  ///       blocks: [[32, 32], [64, 64]], hiddenSizes: [256], optimizer: Adam(learningRate: 1e-3), seed: 1)
  ///
  /// Two 3 x 3 convolutions see as far as one of 5 x 5, with fewer weights and one more ReLU. The convolutions pad
  /// (`.same`), and every pooling halves the image, whose side must be long enough for as many halvings as there are
  /// blocks.
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`
  ///   - blocks: the output channels of the convolutions, block by block
  ///   - hiddenSizes: the widths of the dense layers between the images and the scores
  ///   - batchNorm: whether batch norm follows every convolution (which then has no bias)
  ///   - dropout: the dropout rate after each hidden dense layer, 0.5 in the original
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  /// - Reference: Simonyan, Zisserman (2015), *ICLR*.
  public static func vggNet(
    inputShape: [Int] = [3, 32, 32], blocks: [[Int]] = [[64, 64], [128, 128], [256, 256]],
    hiddenSizes: [Int] = [512], classCount: Int = 10, batchNorm: Bool = false, dropout: Float = 0,
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try convolutional(
      inputShape: inputShape, blocks: blocks, kernelSize: 3, hiddenSizes: hiddenSizes,
      classCount: classCount, batchNorm: batchNorm, dropout: dropout, optimizer: optimizer,
      seed: seed)
  }
}
