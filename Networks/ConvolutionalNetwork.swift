import Phase1FeedForward
import Phase2CNN
import Phase3RNNRegularization
import Shared

extension NeuralNetwork {
  /// A convolutional network for classification: blocks of convolutions with an activation,
  /// each block closed by a 2 x 2 max pooling, then dense layers with the activation between them, scores out.
  ///
  ///     let network = try NeuralNetwork.convolutional(
  ///       inputShape: [1, 8, 8], blocks: [[16], [32, 32]], kernelSize: 3, hiddenSizes: [64],
  ///       classCount: 10, optimizer: Adam(), seed: 1)
  ///     network.layerOutputShapes   // [16, 4, 4], [32, 4, 4], [32, 2, 2], [128], [64], [10]
  ///
  /// A convolution pads (`.same`); every pooling halves the image. Weights are drawn as in He et al. (2015).
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`
  ///   - blocks: the output channels of the convolutions, block by block
  ///   - kernelSize: the side of all kernels
  ///   - hiddenSizes: the widths of the dense layers between the images and the scores
  ///   - activation: the function after each convolution and between the dense layers
  ///   - batchNorm: whether there is batch norm between each convolution and its activation
  ///   - dropout: the dropout rate after each hidden dense layer
  ///   - biasInitializer: the rule by which the biases of all layers are drawn
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  public static func convolutional(
    inputShape: [Int], blocks: [[Int]], kernelSize: Int, hiddenSizes: [Int], classCount: Int,
    activation: HiddenActivation = .relu, batchNorm: Bool = false, dropout: Float = 0,
    biasInitializer: StandardInitializer = .zeros,
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
        var convolution = ConvolutionConfiguration(
          inputChannels: network.outputShape[0], outputChannels: width,
          kernelSize: [kernelSize, kernelSize], padding: .same, hasBias: !batchNorm,
          biasInitializer: biasInitializer)
        let pool = place < block.count - 1 ? nil : MaxPoolConfiguration(kernelSize: [2, 2])
        guard activation == .relu else {
          convolution.initializer = activation.initializer
          try network.append(Conv2D(configuration: convolution))
          if batchNorm { try network.append(BatchNorm(configuration: .init(channels: width))) }
          try network.append(activation.layer)
          if let pool { try network.append(MaxPool2D(configuration: pool)) }
          continue
        }
        // One layer does the work of all.
        if batchNorm {
          try network.append(
            ConvBatchNormReLU(
              configuration: .init(
                convolution: convolution, batchNorm: .init(channels: width), pool: pool)))
        } else if let pool {
          try network.append(
            ConvReLUPool(configuration: .init(convolution: convolution, pool: pool)))
        } else {
          convolution.activation = .relu
          try network.append(ConvReLU(configuration: convolution))
        }
      }
    }
    try network.append(Flatten())
    for size in hiddenSizes {
      try network.appendHidden(size, activation, biasInitializer: biasInitializer)
      if dropout != 0 {
        try network.append(Dropout(configuration: DropoutConfiguration(rate: dropout)))
      }
    }
    try network.append(
      Dense(
        configuration: .init(
          inputSize: network.outputShape[0], outputSize: classCount,
          biasInitializer: biasInitializer)))
    return network
  }
}
