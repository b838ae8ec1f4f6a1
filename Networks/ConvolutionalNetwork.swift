import Phase1FeedForward
import Phase2CNN
import Shared

extension NeuralNetwork {
  /// Blocks of convolutions that a pooling closes, then dense layers: what the networks of this folder have
  /// in common.
  static func convolutional(
    inputShape: [Int], blocks: [[Int]], kernelSize: Int, hiddenSizes: [Int], classCount: Int,
    biasInitializer: StandardInitializer = .zeros, optimizer: any Optimizer, seed: UInt64
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
    var network = NeuralNetwork(
      inputShape: inputShape, loss: SoftmaxCrossEntropyLoss(), optimizer: optimizer, seed: seed)
    for block in blocks {
      for (place, width) in block.enumerated() {
        let channels = network.outputShape[0]
        try checkSizes([width, channels, kernelSize, kernelSize], of: Conv2D.typeName)
        if place < block.count - 1 {
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
    }
    return network
  }
}
