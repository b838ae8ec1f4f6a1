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

  /// The distribution of the outputs of each layer for a batch of raw features.
  ///
  /// - Throws: `CourseError` when the features do not fit the network.
  public static func activations(of network: NeuralNetwork, for features: Tensor) throws -> Figure {
    _ = try network.predict(features, batchSize: features.shape.first)
    var layers = network.layers
    for index in layers.indices { layers[index].resetState() }
    var values = network.preprocessing?(features) ?? features
    var distributions: [(String, [Float])] = []
    for index in layers.indices {
      values = layers[index].forward(values, mode: .inference)
      distributions.append(("\(index) \(type(of: layers[index]).typeName)", values.scalars))
    }
    return self.distributions(title: "Activations", quantity: "output", distributions)
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
      title: "Gradients", quantity: "size of the gradient, as a power of ten", sets,
      keepsLargest: true)
  }

  /// The share of the values in each of 60 bins, a line for each set of values.
  /// - Parameter keepsLargest: whether the bins reach to the largest value, which is near the others
  static func distributions(
    title: String, quantity: String, _ sets: [(name: String, values: [Float])],
    keepsLargest: Bool = false
  ) -> Figure {
    let binCount = 60
    let finite = sets.flatMap(\.values).filter(\.isFinite).sorted()
    var figure = Figure(title: title, x: .init(quantity), y: .init("share of the values"))
    guard !finite.isEmpty else { return figure }
    // A handful of far values would squeeze all others into one bin.
    let cut = finite.count / 1000
    let (low, high) = (
      Double(finite[cut]), Double(finite[finite.count - 1 - (keepsLargest ? 0 : cut)])
    )
    let width = max((high - low) / Double(binCount), 1e-12)
    figure.marks = sets.map { name, values in
      var counts = [Int](repeating: 0, count: binCount)
      for value in values where value.isFinite {
        let bin = ((Double(value) - low) / width).rounded(.down)
        counts[Int(max(0, min(bin, Double(binCount - 1))))] += 1
      }
      let points = counts.enumerated().map { bin, count in
        (x: low + (Double(bin) + 0.5) * width, y: Double(count) / Double(max(values.count, 1)))
      }
      return .line(name, points, hasMarkers: false)
    }
    return figure
  }
}
