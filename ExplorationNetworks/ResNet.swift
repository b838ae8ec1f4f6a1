extension NeuralNetwork {
  /// A residual network for small images, such as those of CIFAR-10.
  ///
  ///     var network = try NeuralNetwork.resNet(
  ///       depth: 20, optimizer: Momentum(learningRate: 0.1), seed: 1)      // ResNet-20, 272,474 weights
  ///     network.penalty = L2(1e-4)
  ///
  /// A 3 x 3 convolution with batch norm and ReLU, then one stage for each of the `widths`, and a dense layer on the mean
  /// of each channel. A stage is n residual blocks
  ///
  ///     X ← max(0, X + BatchNorm(Conv(max(0, BatchNorm(Conv(X))))))
  ///
  /// of two 3 x 3 convolutions; every stage but the first halves height and width in its first convolution. There the
  /// shortcut is a 1 x 1 convolution of stride 2 with batch norm. With S stages that makes `2 S n + 2` layers with
  /// weights, shortcuts not counted: 8, 14, 20, ... for three.
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`
  ///   - depth: the number of layers, `2 · widths.count · n + 2`
  ///   - widths: the channels of each stage
  ///   - shortcuts: whether there are shortcuts; without them it is the plain network that residual networks were
  ///     compared with
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range, or there is no such depth.
  /// - Reference: He, Zhang, Ren, Sun (2016), "Deep Residual Learning for Image Recognition", *CVPR*, section 4.2, with
  ///   projections where the shape changes (option B).
  public static func resNet(
    inputShape: [Int] = [3, 32, 32], depth: Int = 20, widths: [Int] = [16, 32, 64],
    classCount: Int = 10, shortcuts: Bool = true, optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    guard inputShape.count == 3 else {
      throw CourseError(
        .invalidArgument, "resNet: input shape", expected: "images [C, H, W]",
        received: "\(inputShape)")
    }
    guard !widths.isEmpty, (inputShape + widths + [classCount]).allSatisfy((1...65_536).contains)
    else {
      throw CourseError(
        .invalidArgument, "resNet: sizes", expected: "sizes from 1 to 65536, at least one width",
        received: "input \(inputShape), widths \(widths), \(classCount) classes")
    }
    let layers = 2 * widths.count
    guard depth > 2, depth <= 1202, (depth - 2) % layers == 0 else {
      throw CourseError(
        .invalidArgument, "resNet: no such depth",
        expected: "\(layers) n + 2 with \(widths.count) widths, such as \(layers + 2) or "
          + "\(2 * layers + 2), at most 1202",
        received: "\(depth)")
    }
    var network = NeuralNetwork(
      inputShape: inputShape, loss: SoftmaxCrossEntropyLoss(), optimizer: optimizer, seed: seed)
    try network.append(
      ConvBatchNormReLU(outputChannels: widths[0], kernelSize: 3, padding: around))
    for (stage, width) in widths.enumerated() {
      for block in 0..<(depth - 2) / layers {
        let changes = block == 0 && (stage > 0)
        let block = residualBlock(channels: width, stride: changes ? 2 : 1, shortcuts)
        for layer in block { try network.append(layer) }
      }
    }
    try network.append(GlobalAveragePool2D())
    try network.append(
      Dense(configuration: .init(inputSize: widths[widths.count - 1], outputSize: classCount)))
    return network
  }

  /// The padding of a 3 x 3 convolution as in PyTorch: with a stride of 2, `.same` would put it on one side.
  private static var around: Padding { .explicit(before: [1, 1], after: [1, 1]) }

  /// The layers of a residual block.
  /// - Parameters:
  ///   - channels: the output channels
  ///   - stride: 1, or 2 to halve height and width: then the shortcut is a projection
  ///   - hasShortcut: whether there is a shortcut
  private static func residualBlock(
    channels: Int, stride: Int, _ hasShortcut: Bool
  ) -> [any Layer] {
    let first = ConvBatchNormReLU(
      outputChannels: channels, kernelSize: 3, stride: AxisSizes(stride), padding: around)
    guard hasShortcut else {
      return [
        first, ConvBatchNormReLU(outputChannels: channels, kernelSize: 3, padding: around),
      ]
    }
    let body = Sequential(
      first, Conv2D(outputChannels: channels, kernelSize: 3, padding: around, bias: false),
      BatchNorm())
    let shortcut =
      stride == 1
      ? Sequential()
      : Sequential(
        Conv2D(
          outputChannels: channels, kernelSize: 1, stride: AxisSizes(stride), bias: false),
        BatchNorm())
    return [Residual(body, shortcut: shortcut, activation: .relu)]
  }
}
