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
    _ = try network.predict(features)
    var layers = network.layers
    var values = network.preprocessing?(features) ?? features
    var distributions: [(String, [Float])] = []
    for index in layers.indices {
      values = layers[index].forward(values, mode: .inference)
      distributions.append(("\(index) \(type(of: layers[index]).typeName)", values.scalars))
    }
    return self.distributions(title: "Activations", quantity: "output", distributions)
  }

  /// The share of the values in each of 60 bins, a line for each set of values.
  static func distributions(
    title: String, quantity: String, _ sets: [(name: String, values: [Float])]
  ) -> Figure {
    let binCount = 60
    let finite = sets.flatMap(\.values).filter(\.isFinite).sorted()
    var figure = Figure(title: title, x: .init(quantity), y: .init("share of the values"))
    guard !finite.isEmpty else { return figure }
    // A handful of far values would squeeze all others into one bin.
    let cut = finite.count / 1000
    let (low, high) = (Double(finite[cut]), Double(finite[finite.count - 1 - cut]))
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
