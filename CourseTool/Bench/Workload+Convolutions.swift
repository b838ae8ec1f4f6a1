import Networks

extension Workload {
  /// Single convolutions on 64 images: forward, and forward with all three gradients ("-both").
  static let convolutions: [Workload] =
    convolution("conv-64", channels: (64, 64), kernelSize: 3, image: 32)
    + convolution("conv-256", channels: (256, 256), kernelSize: 3, image: 8)
    + convolution("conv-5x5", channels: (32, 64), kernelSize: 5, image: 16)
    + convolution("conv-7x7", channels: (3, 64), kernelSize: 7, image: 32)
    + convolution("conv-strided", channels: (64, 128), kernelSize: 3, stride: 2, image: 32)

  private static func convolution(
    _ name: String, channels: (input: Int, output: Int), kernelSize: Int, stride: Int = 1,
    image: Int
  ) -> [Workload] {
    let batchSize = 64
    // As PyTorch users pad; with a stride, .same would put it elsewhere.
    let padding = [kernelSize / 2, kernelSize / 2]
    let outputShape = [batchSize, channels.output, image / stride, image / stride]
    let operations =
      2 * Double(outputShape.reduce(1, *)) * Double(channels.input * kernelSize * kernelSize)
    let what =
      "\(kernelSize) x \(kernelSize), \(channels.input) to \(channels.output) channels, "
      + "\(image) x \(image)" + (stride > 1 ? ", stride \(stride)" : "")
    return layer(
      name, what, operations: operations,
      shapes: ([batchSize, channels.input, image, image], outputShape)
    ) {
      Conv2D(
        inputChannels: channels.input, outputChannels: channels.output,
        kernelSize: AxisSizes(kernelSize), stride: AxisSizes(stride),
        padding: .explicit(before: padding, after: padding))
    }
  }
}
