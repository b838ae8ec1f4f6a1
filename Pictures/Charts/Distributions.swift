import Foundation
import Networks

extension Figure {
  /// The distribution of the weights of each layer that has some.
  public static func weights(of network: NeuralNetwork) -> Figure {
    distributions(
      title: "Weights", quantity: "weight",
      network.layers.enumerated().flatMap { index, layer in
        layer.parameters.sorted { $0.key < $1.key }.filter(\.value.isRegularized).map {
          ("\(index) \(type(of: layer).typeName) \($0.key)", $0.value.value.scalars)
        }
      })
  }

  /// The distribution of the outputs of each layer for a batch of raw features, also of those inside of containers. A
  /// `Sequential` is its layers, and the numbers of words are no outputs.
  ///
  /// - Parameter sideInputs: the side inputs that the layers ask for, `[N]` + shape each
  /// - Throws: `CourseError` when the features do not fit the network.
  public static func activations(
    of network: NeuralNetwork, for features: Tensor, sideInputs: [String: Tensor] = [:]
  ) throws -> Figure {
    _ = try network.predict(features, sideInputs: sideInputs, batchSize: features.shape.first)
    let all = network.activations(of: features, sideInputs: sideInputs)
    let tokens = all.filter { $0.layer is any TokenLayer }.map(\.input)
    let layers = all.filter { !($0.layer is Sequential) && !tokens.contains($0.output) }
    return distributions(
      title: "Activations", quantity: "output",
      layers.map { ("\($0.path) \(type(of: $0.layer).typeName)", $0.output.scalars) })
  }

  /// The distribution of the gradients of the weights of each layer, by the power of ten of their size: one forward
  /// and one backward pass of a batch, as in a training step without penalties and clipping.
  ///
  ///     try Figure.gradients(of: network, for: parts.train.batch(at: 0..<256)).write(to: ...)
  ///
  /// Layers whose curves lie some powers of ten below the others learn slowly: their gradients vanish. The share of
  /// gradients that are 0, as behind a ReLU that never answers, is in the legend.
  ///
  /// - Parameter batch: raw features, and their targets
  /// - Throws: `CourseError` when the batch does not fit the network, and when the network has no loss.
  public static func gradients(
    of network: NeuralNetwork, for batch: TrainingBatch
  ) throws -> Figure {
    // All that can be wrong with the batch.
    _ = try network.evaluate(
      Dataset(name: "the batch", features: batch.features, targets: batch.targets)
        .weighted(by: batch.weights).with(sideInputs: batch.sideInputs),
      batchSize: batch.targets.count, keepingPredictions: false)
    var network = network
    network.resetState()
    var shape = [batch.targets.count] + network.inputShape
    for (layer, outputShape) in zip(network.layers, network.layerOutputShapes) {
      try layer.check(batchShape: shape, mode: .training)
      shape = [shape[0]] + outputShape
    }
    let features = network.preprocessing?(batch.features) ?? batch.features
    let output = network.forward(features, sideInputs: batch.sideInputs, mode: .training)
    _ = network.loss?.forward(output, target: batch.targets, weights: batch.weights)
    network.backward(network.loss!.backward())
    let sets = network.layers.enumerated().flatMap { index, layer in
      layer.parameters.sorted { $0.key < $1.key }.filter(\.value.isRegularized).map {
        name, parameter in
        let gradients =
          parameter.gradient?.scalars ?? [Float](repeating: 0, count: parameter.value.count)
        let zeros = 100 * gradients.count { $0 == 0 } / max(gradients.count, 1)
        return (
          "\(index) \(type(of: layer).typeName) \(name)" + (zeros > 0 ? ", \(zeros) % are 0" : ""),
          // The logarithm of 0 is not finite: it is in no bin, and counts among all values.
          gradients.map { log10(abs($0)) }
        )
      }
    }
    return distributions(
      title: "Gradients", quantity: "size of the gradient, as a power of ten", sets)
  }

  /// The most lines that are told apart: those of each colour, drawn and dashed.
  private static let mostLines = 2 * Theme.paletteSize

  /// The share of the values in each of 60 bins: a line for each set of values or, for more sets than lines can be told
  /// apart, a row of shades. Where the bins do not reach to all values, the label says how many are beyond.
  static func distributions(
    title: String, quantity: String, _ sets: [(name: String, values: [Float])]
  ) -> Figure {
    let binCount = 60
    // Of each set by itself: a small one may lie beyond nearly all values of the others.
    let ranges = sets.compactMap { set -> ClosedRange<Float>? in
      let sorted = set.values.filter(\.isFinite).sorted()
      guard let least = sorted.first, let most = sorted.last else { return nil }
      let cut = sorted.count / 1000
      let (low, high) = (sorted[cut], sorted[sorted.count - 1 - cut])
      // A handful of far values would squeeze all others into one bin.
      let isFar = low < high && most / 2 - least / 2 > high - low
      return isFar ? low...high : least...most
    }
    var figure = Figure(title: title, x: .init(quantity), y: .shares("share of the values"))
    guard let least = ranges.map(\.lowerBound).min(), let most = ranges.map(\.upperBound).max()
    else { return figure }
    var (low, high) = (Double(least), Double(most))
    // Equal values are in the middle of the figure.
    let size = max(abs(low), abs(high))
    if high - low <= 1e-6 * size || size == 0 {
      let reach = size == 0 ? 0.5 : size / 2
      (low, high) = (low - reach, high + reach)
    }
    let width = (high - low) / Double(binCount)
    var (inside, all) = (0, 0)
    let shares = sets.map { _, values in
      var counts = [Int](repeating: 0, count: binCount)
      for value in values where value.isFinite {
        all += 1
        guard (low...high).contains(Double(value)) else { continue }
        inside += 1
        counts[min(Int((Double(value) - low) / width), binCount - 1)] += 1
      }
      return counts.map { Double($0) / Double(max(values.count, 1)) }
    }
    if sets.count > mostLines {
      figure.makeRows(of: shares, names: sets.map(\.name), range: low...high)
    } else {
      figure.marks = zip(sets, shares).map { set, shares in
        let points = shares.enumerated().map { bin, share in
          (x: low + (Double(bin) + 0.5) * width, y: share)
        }
        return .line(set.name, points, hasMarkers: false)
      }
    }
    if inside < all {
      let percent = 100 * Double(all - inside) / Double(all)
      let share = percent < 0.01 ? "less than 0.01" : String(format: "%.2f", percent)
      figure.x.label += "; \(share) % of the values are beyond"
    }
    return figure
  }

  /// A row of shades for each set of values, the darkest where the most of them are.
  private mutating func makeRows(
    of shares: [[Double]], names: [String], range: ClosedRange<Double>
  ) {
    let rows = shares.count
    title += ": the darker, the more values"
    x.range = range
    y = Axis(categories: names)
    y.isReversed = true
    size.height = 110 + 17 * Double(rows)
    let pixels = shares.flatMap { shares -> [UInt8] in
      let most = Float(shares.max() ?? 0)
      return shares.flatMap { Shade(-Float($0), largest: most).pixel }
    }
    marks = [
      .image(
        Image(
          columns: shares[0].count, pixels: pixels, x: range, y: -0.5...(Double(rows) - 0.5)))
    ]
  }
}
