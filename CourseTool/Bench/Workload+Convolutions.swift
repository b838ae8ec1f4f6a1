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
    @Sendable func layer() -> Conv2D {
      Conv2D(
        inputChannels: channels.input, outputChannels: channels.output,
        kernelSize: AxisSizes(kernelSize), stride: AxisSizes(stride),
        padding: .explicit(before: padding, after: padding))
    }
    @Sendable func images() -> Tensor {
      Tensor(normal: [batchSize, channels.input, image, image], key: RandomKey(seed: 1))
    }
    let what =
      "\(kernelSize) x \(kernelSize), \(channels.input) to \(channels.output) channels, "
      + "\(image) x \(image)" + (stride > 1 ? ", stride \(stride)" : "")
    return [
      Workload(name: name, description: "\(what), forward") {
        var layer = layer()
        let x = images()
        return Prepared(operations: operations) { _ = layer.forward(x, mode: .training) }
      },
      Workload(name: "\(name)-both", description: "the same, forward and backward") {
        var layer = layer()
        let x = images()
        let gradient = Tensor(ones: outputShape)
        return Prepared(operations: 3 * operations) {
          _ = layer.forward(x, mode: .training)
          _ = layer.backward(gradient)
          layer.forEachParameter { _, parameter in parameter.clearGradient() }
        }
      },
    ]
  }
}
