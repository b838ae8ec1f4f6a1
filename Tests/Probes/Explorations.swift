import Explorations
import Shared

/// The tasks of the explorations.
let probes: [String: @Sendable (inout Probe) -> Void] = [
  "5.1": { probe in
    let (size, other) = (probe.size(2...5), probe.size(1...5))
    for shortcut in [nil, Affine(probe.tensor([size, other]))] as [Affine?] {
      let body = Affine(probe.tensor([size, shortcut == nil ? size : other]))
      var block = ResidualBlock(body: body, shortcut: shortcut)
      let output = block.forward(probe.tensor([3, size]), mode: .training)
      probe.write("output", output)
      probe.write("input gradient", block.backward(probe.tensor(output.shape)))
    }
  },
  "5.2": { probe in
    let (channels, maps) = (probe.size(1...3), probe.size(1...3))
    let weights = probe.tensor([channels, maps, probe.size(2...4), probe.size(2...4)])
    let layer = TransposedConvolution(
      weights: weights, stride: probe.size(1...3), padding: probe.size(0...1))
    let input = probe.tensor([2, channels, probe.size(2...4), probe.size(2...4)])
    let output = layer.forward(input)
    probe.write("output", output)
    let gradient = probe.tensor(output.shape)
    probe.write("input gradient", layer.inputGradient(gradient, input: input))
    probe.write("weight gradient", layer.weightGradient(gradient, input: input))
  },
  "5.3": { probe in
    let shape = [2, probe.size(1...4), probe.size(1...5), probe.size(1...5)]
    var loss = DiceLoss(epsilon: probe.number(in: 0.01..<1))
    let truth = probe.tensor(shape) .> 0
    probe.write("loss", loss.forward(probe.tensor(shape, in: 0..<1), truth))
    probe.write("gradient", loss.backward())
  },
  "5.4": { probe in
    let shape = [2, probe.size(1...3), probe.size(2...9), probe.size(2...9)]
    let features = probe.tensor(shape)
    let regions = (0..<4).map { _ in
      Region(image: probe.size(0...1), box: probe.box(from: -5, to: 40))
    }
    for (size, scale) in [(probe.size(1...4), 0.25), (2, 1)] as [(Int, Float)] {
      var pool = RoIPool(size: size, scale: scale)
      let output = pool.forward(features, regions: regions, mode: .training)
      probe.write("output, scale \(scale)", output)
      probe.write("input gradient, scale \(scale)", pool.backward(probe.tensor(output.shape)))
    }
  },
  "5.5": { probe in
    let boxes = (0..<12).map { _ in probe.box(from: 0, to: 30) }
    let pairs = zip(boxes, boxes.dropFirst())
    probe.write("overlaps", pairs.map { $0.overlap(with: $1) })
    let offsets = pairs.map { $0.offset(to: $1) }
    probe.write("offsets", offsets.flatMap { [$0.dx, $0.dy, $0.dw, $0.dh] })
    probe.write(
      "moved",
      zip(boxes, offsets).flatMap { box, offset in
        let moved = box.moved(by: offset)
        return [moved.x1, moved.y1, moved.x2, moved.y2]
      })
    for threshold: Float in [0.1, 0.4] {
      let scores = probe.tensor([12]).scalars
      probe.write(
        "suppression at \(threshold)",
        nonMaximumSuppression(boxes, scores: scores, threshold: threshold))
    }
    let (regions, classes) = (probe.size(1...6), probe.size(1...4))
    var loss = BoxLoss()
    probe.write(
      "loss",
      loss.forward(
        probe.tensor([regions, classes, 4]), classes: probe.classes(regions, below: classes + 1),
        targets: probe.tensor([regions, 4])))
    probe.write("gradient", loss.backward())
  },
  "5.6": { probe in
    for isCausal in [true, false] {
      let (heads, size) = (probe.size(1...3), probe.size(1...5))
      probe.layer(
        "\(heads) heads, causal: \(isCausal)", Attention(heads: heads, isCausal: isCausal),
        inputShape: [2, probe.size(1...6), 3 * heads * size])
    }
  },
  "5.7": { probe in
    let shape = [probe.size(2...7), probe.size(1...6)]
    var loss = VICRegLoss(
      invariance: probe.number(in: 1..<30), variance: probe.number(in: 1..<30),
      covariance: probe.number(in: 0.5..<3))
    let (a, b) = (0.7 * probe.tensor(shape), 0.7 * probe.tensor(shape))
    probe.write("loss", loss.forward(a, b))
    let (dA, dB) = loss.backward()
    probe.write("gradient of the first view", dA)
    probe.write("gradient of the second view", dB)
  },
  "5.8": { probe in
    let shape = [probe.size(1...3), probe.size(3...7), probe.size(3...7)]
    let (image, weights) = (probe.tensor(shape), probe.tensor(shape))
    let map = occlusionMap(
      of: image, size: probe.size(1...3), stride: probe.size(1...2), fill: 0.5, batchSize: 4
    ) { batch in (0..<batch.shape[0]).map { (batch.slice(axis: 0, at: $0) * weights).sum() } }
    probe.write("occlusion", map)
    probe.write("saliency", saliencyMap(ofGradient: image))
  },
]

extension Probe {
  /// A box whose sides are at least 1.
  mutating func box(from first: Float, to last: Float) -> Box {
    let (x, y) = (number(in: first..<last - 1), number(in: first..<last - 1))
    return Box(x1: x, y1: y, x2: number(in: x + 1..<last), y2: number(in: y + 1..<last))
  }
}

/// `X · W`, for a block around it.
private struct Affine: ParameterFreeLayer {
  let weights: Tensor

  init() { weights = Tensor(eye: 1) }
  init(_ weights: Tensor) { self.weights = weights }

  func outputShape(for inputShape: [Int]) -> [Int] { [weights.shape[1]] }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input.matmul(weights) }
  func backward(_ outputGradient: Tensor) -> Tensor {
    outputGradient.matmul(weights, transposingOther: true)
  }
}
