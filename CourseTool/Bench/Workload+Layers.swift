import Networks

extension Workload {
  /// Other layers on 64 images: forward, and forward with all gradients ("-both").
  static let otherLayers: [Workload] =
    layer(
      "upconv-2x2", "transposed 2 x 2, stride 2, 64 to 32 channels",
      operations: 2 * Double(64 * 64 * 32 * 32 * 32), shapes: ([64, 64, 16, 16], [64, 32, 32, 32])
    ) { ConvTranspose2D(inputChannels: 64, outputChannels: 32, kernelSize: 2, stride: 2) }
    + layer(
      "upconv-4x4", "transposed 4 x 4, stride 2, else the same",
      operations: 8 * Double(64 * 64 * 32 * 32 * 32), shapes: ([64, 64, 16, 16], [64, 32, 32, 32])
    ) {
      ConvTranspose2D(
        inputChannels: 64, outputChannels: 32, kernelSize: 4, stride: 2,
        padding: .explicit(before: [1, 1], after: [1, 1]))
    }
    + layer(
      "upsample", "bilinear, 64 channels, 16 x 16 to 32 x 32",
      operations: 8 * Double(64 * 64 * 32 * 32),
      shapes: ([64, 64, 16, 16], [64, 64, 32, 32])
    ) { Upsample2D(scaleFactor: 2, mode: .bilinear) }
    + layer(
      "group-norm", "8 groups, 64 channels, 32 x 32", operations: 8 * Double(64 * 64 * 32 * 32),
      shapes: ([64, 64, 32, 32], [64, 64, 32, 32])
    ) { GroupNorm(groups: 8, channels: 64) }

  /// A layer alone: forward, and forward with its gradients ("-both").
  /// - Parameter operations: those of a forward pass; backward there are twice as many
  static func layer<L: Layer>(
    _ name: String, _ what: String, operations: Double, shapes: (input: [Int], output: [Int]),
    _ make: @escaping @Sendable () -> L
  ) -> [Workload] {
    @Sendable func input() -> Tensor { Tensor(normal: shapes.input, key: RandomKey(seed: 1)) }
    return [
      Workload(name: name, description: "\(what), forward") {
        var layer = make()
        let x = input()
        return Prepared(operations: operations) { _ = layer.forward(x, mode: .training) }
      },
      Workload(name: "\(name)-both", description: "the same, forward and backward") {
        var layer = make()
        let x = input()
        let gradient = Tensor(ones: shapes.output)
        return Prepared(operations: 3 * operations) {
          _ = layer.forward(x, mode: .training)
          _ = layer.backward(gradient)
          layer.forEachParameter { _, parameter in parameter.clearGradient() }
        }
      },
    ]
  }
}
