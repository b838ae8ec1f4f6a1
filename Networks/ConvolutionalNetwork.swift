import Phase1FeedForward
import Phase2CNN
import Phase3RNNRegularization
import Shared

extension NeuralNetwork {
  /// A convolutional network for classification: blocks of convolutions with ReLU, each block closed by a
  /// 2 x 2 max pooling, then dense layers with ReLU between them, scores out.
  ///
  ///     let network = try NeuralNetwork.convolutional(
  ///       inputShape: [1, 8, 8], blocks: [[16], [32, 32]], kernelSize: 3, hiddenSizes: [64],
  ///       classCount: 10, optimizer: Adam(), seed: 1)
  ///     network.layerOutputShapes   // [16, 4, 4], [32, 4, 4], [32, 2, 2], [128], [64], [10]
  ///
  /// A convolution pads (`.same`); every pooling halves the image. Weights are drawn as He et al. have it.
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`
  ///   - blocks: the output channels of the convolutions, block by block
  ///   - kernelSize: the side of all kernels
  ///   - hiddenSizes: the widths of the dense layers between the images and the scores
  ///   - batchNorm: whether batch norm stands between each convolution and its ReLU
  ///   - dropout: the fraction that is dropped behind each hidden dense layer
  ///   - biasInitializer: how the biases of all layers are drawn
  ///   - optimizer: how it is trained, on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when the sizes make no network.
  public static func convolutional(
    inputShape: [Int], blocks: [[Int]], kernelSize: Int, hiddenSizes: [Int], classCount: Int,
    batchNorm: Bool = false, dropout: Float = 0, biasInitializer: StandardInitializer = .zeros,
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    let sizes = inputShape + blocks.flatMap { $0 } + [kernelSize] + hiddenSizes + [classCount]
    guard inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "a convolutional network", expected: "images [C, H, W]",
        received: "\(inputShape)",
        remedy: "Give a grey image its channel axis: Dataset.reshaped(to: [1, H, W]).")
    }
    guard sizes.allSatisfy({ (1...1 << 20).contains($0) }), blocks.allSatisfy({ !$0.isEmpty })
    else {
      throw CourseError(
        .invalidArgument, "layer sizes", expected: "sizes from 1 to \(1 << 20), no empty block",
        received: "input \(inputShape), blocks \(blocks), kernels \(kernelSize) x \(kernelSize), "
          + "hidden \(hiddenSizes), \(classCount) classes")
    }
    var weights = WeightCount()
    var (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
    for block in blocks {
      for next in block {
        weights.add(next, channels, kernelSize, kernelSize)
        channels = next
      }
      (height, width) = (height / 2, width / 2)
    }
    var inputs = channels * height * width
    for size in hiddenSizes + [classCount] {
      weights.add(inputs, size)
      inputs = size
    }
    try weights.requireMemory()
    var network = NeuralNetwork(
      inputShape: inputShape, loss: SoftmaxCrossEntropyLoss(), optimizer: optimizer, seed: seed)
    for block in blocks {
      for (place, width) in block.enumerated() {
        let channels = network.outputShape[0]
        try checkSizes([width, channels, kernelSize, kernelSize], of: Conv2D.typeName)
        if batchNorm {
          try network.append(
            ConvBatchNormReLU(
              inputChannels: channels, outputChannels: width, kernelSize: kernelSize,
              padding: .same, pool: place < block.count - 1 ? nil : 2))
        } else if place < block.count - 1 {
          try network.append(
            ConvReLU(
              inputChannels: channels, outputChannels: width, kernelSize: kernelSize,
              padding: .same, biasInitializer: biasInitializer))
        } else {
          try network.append(
            ConvReLUPool(
              inputChannels: channels, outputChannels: width, kernelSize: kernelSize,
              padding: .same, biasInitializer: biasInitializer))
        }
      }
    }
    try network.append(Flatten())
    for (place, size) in (hiddenSizes + [classCount]).enumerated() {
      try checkSizes([network.outputShape[0], size], of: Dense.typeName)
      try network.append(
        Dense(
          inputSize: network.outputShape[0], outputSize: size,
          activation: place < hiddenSizes.count ? .relu : .identity,
          biasInitializer: biasInitializer))
      if place < hiddenSizes.count, dropout != 0 {
        try network.append(Dropout(configuration: DropoutConfiguration(rate: dropout)))
      }
    }
    return network
  }
}
