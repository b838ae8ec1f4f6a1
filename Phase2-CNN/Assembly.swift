import Shared

// Task 2.10: whole networks. The dense layers are those of Phase 1, which this phase does not know, so the caller
// says how one is made:
//
//     { Dense(inputSize: $0, outputSize: $1, activation: $2) }

/// Makes a dense layer, given the number of its inputs, the number of its outputs, and its activation.
public typealias DenseMaker = (
  _ inputSize: Int, _ outputSize: Int, _ activation: Activation
) -> any Layer

/// The layers of CS231n's three-layer network: convolution - ReLU - 2 x 2 max pooling - dense - ReLU - dense.
///
/// For images `[C, H, W]` the pooling leaves `[filters, ⌊H/2⌋, ⌊W/2⌋]`; the scores come out as they are, for a loss
/// that begins with a softmax.
///
///     let layers = threeLayerConvNetLayers(
///       inputShape: [3, 32, 32], filters: 32, kernelSize: 7, hiddenSize: 500, classCount: 10
///     ) { Dense(inputSize: $0, outputSize: $1, activation: $2) }
///
/// - Parameters:
///   - inputShape: `[C, H, W]`
///   - filters: the output channels of the convolution, which pads (`.same`)
///   - kernelSize: the side of its kernels
///   - hiddenSize: the outputs of the first dense layer
///   - dense: makes a dense layer
/// - Reference: Stanford CS231n, assignment 2. Task: Protocols/Phase2-CNN.md, 2.10.
public func threeLayerConvNetLayers(
  inputShape: [Int], filters: Int, kernelSize: Int, hiddenSize: Int, classCount: Int,
  dense: DenseMaker
) -> [any Layer] {
  // TODO(2.10): [ConvReLUPool(...), Flatten(), dense(...), dense(...)]. The convolution pads with .same; the
  // hidden layer has the activation .relu, and the scores have .identity.
  // BEGIN SOLUTION
  let (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
  return [
    ConvReLUPool(
      inputChannels: channels, outputChannels: filters, kernelSize: AxisSizes(kernelSize),
      padding: .same),
    Flatten(),
    dense(filters * (height / 2) * (width / 2), hiddenSize, .relu),
    dense(hiddenSize, classCount, .identity),
  ]
  // END SOLUTION
}

/// The layers of a network in the style of VGG: blocks of 3 x 3 convolutions with ReLU, each block closed by a
/// 2 x 2 max pooling, then dense layers with ReLU, then the scores.
///
///     let layers = vggNetLayers(
///       inputShape: [3, 32, 32], blocks: [[32, 32], [64, 64]], hiddenSizes: [256], classCount: 10
///     ) { Dense(inputSize: $0, outputSize: $1, activation: $2) }
///
/// - Parameters:
///   - inputShape: `[C, H, W]`
///   - blocks: the output channels of the convolutions, block by block; a block has at least one
///   - hiddenSizes: the outputs of the dense layers before the scores
///   - dense: makes a dense layer
/// - Reference: Simonyan, Zisserman (2015), *ICLR*. Task: Protocols/Phase2-CNN.md, 2.10.
public func vggNetLayers(
  inputShape: [Int], blocks: [[Int]], hiddenSizes: [Int], classCount: Int, dense: DenseMaker
) -> [any Layer] {
  // TODO(2.10): a loop over the blocks: ConvReLU for each convolution but the last, which is a ConvReLUPool;
  // Flatten; a loop over the hidden sizes. Variables follow the shape, as each layer changes it.
  // BEGIN SOLUTION
  var (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
  var layers: [any Layer] = []
  for block in blocks {
    for (place, filters) in block.enumerated() {
      if place < block.count - 1 {
        layers.append(
          ConvReLU(
            inputChannels: channels, outputChannels: filters, kernelSize: 3, padding: .same))
      } else {
        layers.append(
          ConvReLUPool(
            inputChannels: channels, outputChannels: filters, kernelSize: 3, padding: .same))
      }
      channels = filters
    }
    (height, width) = (height / 2, width / 2)
  }
  layers.append(Flatten())
  var inputs = channels * height * width
  for size in hiddenSizes {
    layers.append(dense(inputs, size, .relu))
    inputs = size
  }
  layers.append(dense(inputs, classCount, .identity))
  return layers
  // END SOLUTION
}

/// The number of weights and biases of such a network, without making it.
///
///     convNetParameterCount(
///       inputShape: [3, 32, 32], blocks: [[32]], kernelSize: 7, hiddenSizes: [500], classCount: 10)   // 4_106_246
///
/// - Parameter kernelSize: the side of all kernels
/// - Reference: Task: Protocols/Phase2-CNN.md, 2.10.
public func convNetParameterCount(
  inputShape: [Int], blocks: [[Int]], kernelSize: Int, hiddenSizes: [Int], classCount: Int
) -> Int {
  // TODO(2.10): O · C · k² + O for each convolution, I · O + O for each dense layer. ReLU, pooling and Flatten have
  // no parameters, but the pooling decides how many numbers the first dense layer sees.
  // BEGIN SOLUTION
  var (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
  var count = 0
  for block in blocks {
    for filters in block {
      count += filters * channels * kernelSize * kernelSize + filters
      channels = filters
    }
    (height, width) = (height / 2, width / 2)
  }
  var inputs = channels * height * width
  for size in hiddenSizes + [classCount] {
    count += inputs * size + size
    inputs = size
  }
  return count
  // END SOLUTION
}
