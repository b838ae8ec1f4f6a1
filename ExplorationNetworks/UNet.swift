extension NeuralNetwork {
  /// A network that names a class for each pixel of an image: U-Net, small.
  ///
  ///     let scenes = SyntheticScenes(count: 600, seed: 1)
  ///     let data = try Dataset(scenes, as: ImageInput(channels: 3, height: 64, width: 64))
  ///     let parts = try data.split(seed: 1)
  ///     var network = try NeuralNetwork.unet(
  ///       inputShape: [3, 64, 64], classCount: 6, optimizer: Adam(learningRate: 0.003), seed: 1)
  ///     try network.fit(parts.train, options: TrainingOptions(epochs: 10, batchSize: 16))
  ///     try network.evaluate(parts.test).metrics["mean IoU without background"]
  ///
  /// With B two times a 3 x 3 convolution, batch norm and ReLU, level k of `levels` computes
  ///
  ///     Xₖ = B(Iₖ)                       [C, H, W] becomes [w·2ᵏ, H, W]
  ///     Uₖ = up(level k + 1(pool(Xₖ)))   [w·2ᵏ, H, W]
  ///     Yₖ = B([Xₖ, Uₖ])                 [w·2ᵏ⁺¹, H, W] becomes [w·2ᵏ, H, W]
  ///
  /// where `pool` halves the image, `up` is a transposed convolution that doubles it, and `[,]` concatenates channels.
  /// The lowest level is B alone. In the end, a 1 x 1 convolution makes a score for each class of what the first level
  /// returns. The nested layers are `Skip`.
  ///
  /// - Parameters:
  ///   - inputShape: `[C, H, W]`, height and width multiples of `2^levels`
  ///   - classCount: the number of classes, the background among them
  ///   - width: the channels of the first level, w; each level below has twice as many
  ///   - levels: how often the image is halved
  ///   - skips: whether the convolutions on the way up see Xₖ; `false` for `Yₖ = B(Uₖ)`, the same network without
  ///     skips
  ///   - loss: the loss; unless given, the sum of the Dice loss without the background, class 0, and the cross-entropy of
  ///     all pixels
  ///   - optimizer: the optimizer
  /// - Throws: `CourseError` when a size is out of range, or the image cannot be halved so often.
  /// - Reference: Ronneberger, Fischer, Brox (2015), *U-Net*, MICCAI; with padding, so that the output is as large as the
  ///   input, and batch norm.
  public static func unet(
    inputShape: [Int], classCount: Int, width: Int = 16, levels: Int = 3, skips: Bool = true,
    loss: any Loss = LossSum([SoftDiceLoss(background: 0), PixelCrossEntropyLoss()]),
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try UNet.check(
      inputShape: inputShape, classCount: classCount, width: width, levels: levels)
    let parts = UNet(width: width, levels: levels, skips: skips)
    var network = NeuralNetwork(
      inputShape: inputShape, loss: loss, optimizer: optimizer, seed: seed)
    for layer in try parts.level(0, inputChannels: inputShape[0]) { try network.append(layer) }
    try network.append(
      Conv2D(
        configuration: ConvolutionConfiguration(
          inputChannels: width, outputChannels: classCount, kernelSize: [1, 1])))
    return network
  }
}

/// The parts of a U-Net.
public struct UNet {
  let width: Int
  let levels: Int
  let skips: Bool

  /// The layers of a level and of those below it.
  fileprivate func level(_ index: Int, inputChannels: Int) throws -> [any Layer] {
    let channels = width << index
    let down = try convolutions(from: inputChannels, to: channels)
    if index == levels { return down }
    let below =
      [try MaxPool2D(configuration: MaxPoolConfiguration(kernelSize: [2, 2]))]
      + (try level(index + 1, inputChannels: channels)) + [
        try ConvTranspose2D(
          configuration: ConvTransposeConfiguration(
            inputChannels: 2 * channels, outputChannels: channels, kernelSize: [2, 2],
            stride: [2, 2]))
      ]
    return down
      + (skips
        ? [Skip(Sequential(below))] + (try convolutions(from: 2 * channels, to: channels))
        : below + (try convolutions(from: channels, to: channels)))
  }

  private func convolutions(from input: Int, to output: Int) throws -> [any Layer] {
    try [input, output].map { channels in
      try ConvBatchNormReLU(
        configuration: .init(
          convolution: ConvolutionConfiguration(
            inputChannels: channels, outputChannels: output, kernelSize: [3, 3], padding: .same,
            hasBias: false),
          batchNorm: .init(channels: output)))
    }
  }

  /// Throws unless an image can be halved as often as the network does.
  /// - Parameter place: the place of the sizes in an error, such as `--size`
  public static func checkSize(
    height: Int, width: Int, levels: Int, remedy: String? = nil
  ) throws {
    let factor = 1 << levels
    guard height % factor != 0 || width % factor != 0 else { return }
    func nearest(_ side: Int) -> Int {
      max(factor, (side + factor / 2) / factor * factor)
    }
    let near = (height: nearest(height), width: nearest(width))
    throw CourseError(
      .shapeMismatch,
      "a U-Net halves the image \(levels == 1 ? "once" : "\(levels) times"), and this one cannot be halved so often",
      expected: "height and width that are multiples of \(factor), such as "
        + "\(near.height) x \(near.width)",
      received: "\(height) x \(width) (height x width)",
      remedy: remedy
        ?? "Bring the images to another size: Dataset(source, as: ImageInput(channels:height:width:)); or use fewer levels."
    )
  }

  fileprivate static func check(
    inputShape: [Int], classCount: Int, width: Int, levels: Int
  ) throws {
    guard inputShape.count == 3, inputShape.allSatisfy({ $0 >= 1 }) else {
      throw CourseError(
        .shapeMismatch, "a U-Net", expected: "images [C, H, W]", received: "\(inputShape)")
    }
    for (name, value, range) in [
      ("classCount", classCount, 2...65_536), ("width", width, 1...4096), ("levels", levels, 1...8),
    ] where !range.contains(value) {
      throw CourseError(
        .invalidArgument, "unet: \(name) out of range",
        expected: "\(range.lowerBound) to \(range.upperBound)", received: "\(value)")
    }
    try checkSize(height: inputShape[1], width: inputShape[2], levels: levels)
  }
}
