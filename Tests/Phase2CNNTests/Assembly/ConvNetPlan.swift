import CourseTestSupport
import Phase2CNN
import Shared

/// What goes wrong when a convolutional network is put together, in the words in which a test tells it.
enum AssemblyFault: String, CaseIterable, Sendable {
  case none = ""

  // MARK: Images

  case paddingMissing = "the padding is missing: without .same each convolution shrinks the images"
  case channelsLast = "the channels of the image come first: inputShape is [C, H, W]"
  case kernelSizeFixed = "the kernel size is not the one asked for"
  case poolingMissing = "no layer pools: ConvReLUPool closes a block"
  case poolingAfterEach = "every convolution pools: only the last one of a block does"
  case poolingAtTheStart = "the first convolution of a block pools: the last one does"
  case blocksMerged = "only the last block ends with a pooling: every block does"
  case imageChannelsForAll =
    "every convolution expects the channels of the image, not those of the layer before it"
  case onlyFirstOfBlock = "only one convolution of each block is there"

  // MARK: From images to rows

  case flattenMissing = "Flatten is missing: dense layers take rows"
  case poolingForgotten =
    "the first dense layer counts the places before the pooling, which halves height and width"
  case halvedOnce =
    "the first dense layer counts one pooling only: each block halves height and width once more"
  case onlyOneSideHalved =
    "the first dense layer counts half of the places: halved height and width leave a quarter"
  case halvedByEach =
    "the first dense layer counts a pooling for each convolution: one closes each block"
  case roundedLate =
    "C · H · W / 4 numbers are counted: each side is halved and rounded down by itself"
  case channelsMissing =
    "the first dense layer counts one channel: Flatten returns C · H · W numbers"
  case imageChannelsCounted =
    "the first dense layer counts the channels of the image: those of the last convolution arrive"

  // MARK: Dense layers

  case hiddenMissing = "the hidden dense layers are missing"
  case scoresMissing = "the last layer is missing: one score for each class"
  case hiddenLinear =
    "the hidden dense layers have no ReLU: without one, two dense layers are no more than one"
  case lastReLU =
    "the scores go through a ReLU: they may be negative, so their activation is .identity"
  case flatForAll =
    "every dense layer expects the flattened images: its inputs are the outputs of the layer before it"

  // MARK: Counts

  case biasesMissing =
    "the biases are missing: one for each kernel, one for each output of a dense layer"
  case biasForEachWeight = "one bias is counted for each input: a kernel, or an output, has one"
  case placesCounted =
    "the weights are counted at each place of the image: all places share those of a kernel"
  case sideCounted = "a kernel is counted as k weights a channel: it has k · k"
  case spanMissing = "a kernel is counted for one channel: it spans all channels of its input"
  case convolutionsMissing = "the convolutions are missing"
  case denseMissing = "the dense layers are missing"
}

/// The layers of a convolutional network in words, and its parameters: as they should be, or with a mistake.
struct ConvNetPlan: Sendable {
  var inputShape: [Int]
  var blocks: [[Int]]
  var kernelSize = 3
  var hiddenSizes: [Int]
  var classCount: Int

  /// One line a layer.
  func layers(_ fault: AssemblyFault = .none) -> [String] {
    if fault == .channelsLast { return withChannelsLast.layers() }
    var lines: [String] = []
    var (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
    var poolings = 0
    for (number, block) in blocks.enumerated() {
      for (place, filters) in block.enumerated() {
        if fault == .onlyFirstOfBlock, place > 0 { continue }
        let pools =
          switch fault {
          case .poolingMissing: false
          case .poolingAfterEach: true
          case .poolingAtTheStart: place == 0
          case .blocksMerged: number == blocks.count - 1 && place == block.count - 1
          case .onlyFirstOfBlock: true
          default: place == block.count - 1
          }
        let side = fault == .kernelSizeFixed ? kernelSize == 3 ? 5 : 3 : kernelSize
        let inputs = fault == .imageChannelsForAll ? inputShape[0] : channels
        lines.append(
          "\(pools ? "ConvReLUPool" : "ConvReLU") \(inputs) -> \(filters), \(side) x \(side), "
            + (fault == .paddingMissing ? "valid" : "same"))
        channels = filters
        if pools { (height, width, poolings) = (height / 2, width / 2, poolings + 1) }
      }
    }
    if fault != .flattenMissing { lines.append("Flatten") }
    var inputs = channels * height * width
    let full = inputShape[1] * inputShape[2]
    switch fault {
    case .poolingForgotten: inputs = channels * full
    case .onlyOneSideHalved: inputs = channels * (inputShape[1] >> poolings) * inputShape[2]
    case .halvedOnce: inputs = channels * (inputShape[1] / 2) * (inputShape[2] / 2)
    case .halvedByEach:
      let count = blocks.joined().count
      inputs = channels * (inputShape[1] >> count) * (inputShape[2] >> count)
    case .roundedLate: inputs = channels * full >> (2 * poolings)
    case .channelsMissing: inputs = height * width
    case .imageChannelsCounted: inputs = inputShape[0] * height * width
    default: break
    }
    let flat = inputs
    for size in fault == .hiddenMissing ? [] : hiddenSizes {
      lines.append("Dense \(inputs) -> \(size), \(fault == .hiddenLinear ? "identity" : "relu")")
      inputs = fault == .flatForAll ? flat : size
    }
    if fault != .scoresMissing {
      lines.append("Dense \(inputs) -> \(classCount), \(fault == .lastReLU ? "relu" : "identity")")
    }
    return lines
  }

  /// The number of weights and biases.
  func parameterCount(_ fault: AssemblyFault = .none) -> Int {
    if fault == .channelsLast { return withChannelsLast.parameterCount() }
    var (channels, height, width) = (inputShape[0], inputShape[1], inputShape[2])
    var count = 0
    func bias(_ inputs: Int, _ outputs: Int) -> Int {
      switch fault {
      case .biasesMissing: 0
      case .biasForEachWeight: inputs
      default: outputs
      }
    }
    for block in blocks where fault != .convolutionsMissing {
      for filters in block {
        let area = fault == .sideCounted ? kernelSize : kernelSize * kernelSize
        let weights = filters * (fault == .spanMissing ? 1 : channels) * area
        count += weights * (fault == .placesCounted ? height * width : 1) + bias(channels, filters)
        channels = fault == .imageChannelsForAll ? channels : filters
        if fault == .poolingAfterEach { (height, width) = (height / 2, width / 2) }
      }
      if fault != .poolingAfterEach { (height, width) = (height / 2, width / 2) }
    }
    channels = blocks.last?.last ?? channels
    let halvings = blocks.count
    var inputs = channels * (inputShape[1] >> halvings) * (inputShape[2] >> halvings)
    switch fault {
    case .poolingForgotten: inputs = channels * inputShape[1] * inputShape[2]
    case .halvedOnce: inputs = channels * (inputShape[1] / 2) * (inputShape[2] / 2)
    case .halvedByEach: inputs = channels * height * width
    case .roundedLate: inputs = channels * inputShape[1] * inputShape[2] >> (2 * halvings)
    case .channelsMissing: inputs /= channels
    case .imageChannelsCounted: inputs = inputs / channels * inputShape[0]
    default: break
    }
    let sizes =
      (fault == .hiddenMissing ? [] : hiddenSizes) + (fault == .scoresMissing ? [] : [classCount])
    for size in sizes where fault != .denseMissing {
      count += inputs * size + bias(inputs, size)
      inputs = size
    }
    return count
  }

  /// The plan of a reader who takes `[C, H, W]` for `[H, W, C]`.
  private var withChannelsLast: ConvNetPlan {
    var plan = self
    plan.inputShape = [inputShape[2], inputShape[0], inputShape[1]]
    return plan
  }

  /// The mistakes that change the layers, or the number of parameters.
  var layerFaults: [AssemblyFault] { AssemblyFault.allCases.filter { layers($0) != layers() } }
  var countFaults: [AssemblyFault] {
    AssemblyFault.allCases.filter { parameterCount($0) != parameterCount() }
  }
}

/// The line of a layer in a plan.
func layerLine(_ layer: any Layer) -> String {
  func line(_ name: String, _ convolution: ConvolutionConfiguration) -> String {
    let padding = convolution.padding == .same ? "same" : "\(convolution.padding)"
    return "\(name) \(convolution.inputChannels) -> \(convolution.outputChannels), "
      + "\(convolution.kernelSize.map { "\($0)" }.joined(separator: " x ")), \(padding)"
  }
  switch layer {
  case let layer as ConvReLU: return line("ConvReLU", layer.configuration)
  case let layer as ConvReLUPool:
    let pool = layer.configuration.pool
    let window = pool == MaxPoolConfiguration(kernelSize: [2, 2]) ? "" : ", pooling \(pool)"
    return line("ConvReLUPool", layer.configuration.convolution) + window
  case let layer as Conv2D: return line("Conv2D", layer.configuration)
  case let layer as AssembledDense:
    let configuration = layer.configuration
    return "Dense \(configuration.inputSize) -> \(configuration.outputSize), "
      + "\(configuration.activation)"
  default: return type(of: layer).typeName
  }
}

/// A dense layer with an activation, for networks whose test must not depend on a student's `Dense`.
struct AssembledDense: Layer {
  struct Configuration: Codable, Sendable, Equatable {
    var inputSize: Int
    var outputSize: Int
    var activation: Activation
  }

  static let typeName = "AssembledDense"
  let configuration: Configuration
  private var dense: TinyDense
  private var kept = Kept<Tensor>()

  init(configuration: Configuration) {
    self.configuration = configuration
    // What a student has computed may be no size.
    dense = TinyDense(
      inputSize: max(1, configuration.inputSize), outputSize: max(1, configuration.outputSize))
  }

  init(_ inputSize: Int, _ outputSize: Int, _ activation: Activation) {
    self.init(
      configuration: .init(inputSize: inputSize, outputSize: outputSize, activation: activation))
  }

  func outputShape(for inputShape: [Int]) throws -> [Int] { try dense.outputShape(for: inputShape) }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let output = configuration.activation(dense.forward(input, mode: mode))
    kept.set(output, in: mode)
    return output
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: Self.typeName)
    return dense.backward(
      configuration.activation.inputGradient(output: output, outputGradient: outputGradient))
  }

  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows { try dense.forEachParameter(body) }
}
