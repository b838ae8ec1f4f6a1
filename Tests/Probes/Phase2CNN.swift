import Phase2CNN
import Shared

/// The tasks of Phase 2.
let probes: [String: @Sendable (inout Probe) -> Void] = [
  "2.1": { probe in
    probe.convolutions { probe, name, layer, shape in
      var layer = layer
      probe.fill(&layer)
      probe.write(name, layer.forward(probe.tensor(shape), mode: .inference))
    }
  },
  "2.2": { probe in
    probe.convolutions { probe, name, layer, shape in probe.layer(name, layer, inputShape: shape) }
  },
  "2.3": { probe in
    for (name, stride, dilation, padding) in [
      ("plain", 1, 1, Padding.valid), ("strided", 2, 1, .same), ("dilated", 1, 2, .same),
    ] {
      let layer = Conv1D(
        inputChannels: 4, outputChannels: 2 * probe.size(1...2), kernelSize: probe.size(1...4),
        stride: stride, padding: padding, dilation: dilation, groups: probe.size(1...2),
        bias: probe.flag(), implementation: .reference, seed: 1)
      probe.layer(name, layer, inputShape: [probe.size(1...3), 4, probe.size(8...11)])
    }
  },
  "2.4": { probe in
    for (name, padding) in [("valid", Padding.valid), ("same", .same)] {
      let layer = MaxPool2D(
        kernelSize: [probe.size(2...3), probe.size(1...3)], stride: [probe.size(1...2), 2],
        padding: padding, implementation: .reference)
      probe.layer(name, layer, inputShape: [2, probe.size(1...3), probe.size(5...8), 7])
    }
  },
  "2.5": { probe in
    for countsPadding in [true, false] {
      let layer = AveragePool2D(
        kernelSize: [probe.size(2...3), probe.size(1...3)], stride: [probe.size(1...2), 2],
        padding: .same, countIncludePad: countsPadding, implementation: .reference)
      probe.layer(
        "countIncludePad \(countsPadding)", layer,
        inputShape: [2, probe.size(1...3), probe.size(5...8), 7])
    }
  },
  "2.6": { probe in
    probe.layer("images", Flatten(), inputShape: [probe.size(1...4), probe.size(1...3), 2, 5])
    probe.layer("rows", Flatten(), inputShape: [probe.size(1...4), 3])
  },
  "2.7": { probe in
    for nesterov in [false, true] {
      let method = Momentum(
        learningRate: probe.number(in: 0.05..<0.3), momentum: probe.number(in: 0.5..<0.95),
        nesterov: nesterov, implementation: .reference)
      probe.optimizer("nesterov \(nesterov)", method)
    }
  },
  "2.8": { probe in
    for epsilon: Float in [1e-8, 0.1] {
      let method = Adam(
        learningRate: probe.number(in: 0.05..<0.3), beta1: probe.number(in: 0.5..<0.95),
        beta2: probe.number(in: 0.8..<0.999), epsilon: epsilon, implementation: .reference)
      probe.optimizer("epsilon \(epsilon)", method)
    }
  },
  "2.9": { probe in
    let channels = probe.size(1...3)
    probe.layer(
      "ConvReLU",
      ConvReLU(
        inputChannels: channels, outputChannels: 2, kernelSize: 3, padding: .same,
        implementation: .reference, seed: 1), inputShape: [2, channels, probe.size(4...6), 5])
    probe.layer(
      "ConvReLUPool",
      ConvReLUPool(
        inputChannels: channels, outputChannels: 3, kernelSize: 2, pool: 2,
        implementation: .reference, seed: 1), inputShape: [2, channels, probe.size(5...7), 6])
  },
  "2.10": { probe in
    let shape = [probe.size(1...3), 8, 8]
    let (filters, hidden, classes) = (probe.size(1...3), probe.size(2...5), probe.size(2...4))
    let blocks = [[filters, 2], [3]]
    probe.network(
      "three layers",
      threeLayerConvNetLayers(
        inputShape: shape, filters: filters, kernelSize: 3, hiddenSize: hidden, classCount: classes,
        dense: tinyDense), inputShape: shape)
    probe.network(
      "VGG",
      vggNetLayers(
        inputShape: shape, blocks: blocks, hiddenSizes: [hidden, 3], classCount: classes,
        dense: tinyDense), inputShape: shape)
    for kernelSize in [3, 5] {
      let count = convNetParameterCount(
        inputShape: shape, blocks: blocks, kernelSize: kernelSize, hiddenSizes: [hidden, 3],
        classCount: classes)
      probe.write("parameters", [count])
    }
  },
]

private func tinyDense(_ inputs: Int, _ outputs: Int, _ activation: Activation) -> any Layer {
  TinyDense(inputSize: inputs, outputSize: outputs)
}

extension Probe {
  /// Calls `body` with convolutions of several kinds and the shapes of their inputs.
  fileprivate mutating func convolutions(
    _ body: (inout Probe, String, Conv2D, [Int]) -> Void
  ) {
    for (name, stride, dilation, padding, activation) in [
      ("plain", 1, 1, Padding.valid, Activation.identity), ("strided", 2, 1, .same, .tanh),
      ("dilated", 1, 2, .same, .relu),
    ] {
      let layer = Conv2D(
        inputChannels: 4, outputChannels: 2 * size(1...2), kernelSize: [size(1...3), size(1...2)],
        stride: [stride, 1], padding: padding, dilation: [1, dilation], groups: size(1...2),
        bias: flag(), activation: activation, implementation: .reference, seed: 1)
      body(&self, name, layer, [size(1...2), 4, size(5...7), size(5...6)])
    }
  }

  /// The shapes and numbers that a network computes, layer by layer.
  fileprivate mutating func network(
    _ name: String, _ layers: [any Layer], inputShape: [Int]
  ) {
    write("\(name), layers", [layers.count])
    var layers = layers
    var x = tensor([2] + inputShape)
    for index in layers.indices {
      layers[index].forEachParameter { _, parameter in
        parameter.value = tensor(parameter.value.shape) * 0.5
      }
      x = layers[index].forward(x, mode: .training)
      write("\(name), output \(index)", x)
    }
  }
}
