import Networks

// Looking inside a convolutional network.

extension TileSheet {
  /// The kernels of a network's first convolution, each from its smallest weight (dark) to its largest (bright);
  /// `nil` when no layer is a two-dimensional convolution.
  ///
  ///     try TileSheet.filters(of: network)!.write(to: URL(filePath: "filters.svg"))
  ///
  /// With 3 input channels a kernel is a coloured tile, with another number each channel a grey one.
  public static func filters(of network: NeuralNetwork) -> TileSheet? {
    guard let (path, typeName, filters) = network.firstConvolution else { return nil }
    let shape = filters.shape
    let isColored = shape[1] == 3
    let kernels =
      isColored ? filters : filters.reshaped(to: [shape[0] * shape[1], 1, shape[2], shape[3]])
    let tiles = (0..<kernels.shape[0]).map { number in
      let kernel = kernels.rows(at: [number]).reshaped(to: Array(kernels.shape.dropFirst()))
      return Tile(PixelImage(kernel, range: finiteRange(kernel)))
    }
    return TileSheet(
      title: "Filters of layer \(path), \(typeName)",
      groups: [
        .init(
          "\(counted(shape[0], "kernel")) of \(shape.dropFirst().map(String.init).joined(separator: " × ")), "
            + "each from its smallest weight (dark) to its largest (bright)",
          tiles)
      ], side: side(count: tiles.count))
  }

  /// An example with its prediction, and below it the output of each layer that returns images, from 0 (black)
  /// to the 99th percentile of the layer's values (white).
  ///
  /// - Parameters:
  ///   - example: raw, `[1] + inputShape` or `inputShape`
  ///   - name: what the example is called
  ///   - actual: its class, where it is known
  /// - Throws: `CourseError` when the example does not fit the network.
  public static func featureMaps(
    of network: NeuralNetwork, for example: Tensor, name: String, actual: Int? = nil
  ) throws -> TileSheet {
    guard [network.inputShape, [1] + network.inputShape].contains(example.shape) else {
      throw CourseError(
        .shapeMismatch, "the example does not fit the network",
        expected: "shape \(network.inputShape)", received: "\(example.shape)", location: name)
    }
    let batch = example.reshaped(to: [1] + network.inputShape)
    // A network that asks for regions or the like has no answer without them.
    let probabilities =
      network.sideInputShapes.isEmpty ? try network.classProbabilities(batch) : nil
    func className(_ label: Int) -> String {
      network.classNames.indices.contains(label) ? network.classNames[label] : "\(label)"
    }
    var captions: [String] = []
    // Not of the features of an encoder.
    if let probabilities, probabilities.rank == 2, probabilities.shape[1] > 1,
      probabilities.min() >= 0, Swift.abs(probabilities.sum() - 1) < 0.01
    {
      let best = probabilities.argmax(axis: -1)[0]
      let percent = Int((100 * probabilities[0, best]).rounded())
      captions = ["predicted \(className(best)), \(percent) %"]
    }
    captions += actual.map { ["true \(className($0))"] } ?? []
    let shape = network.inputShape
    let input = example.reshaped(
      to: shape.count == 3 && [1, 3].contains(shape[0]) ? shape : [1, 1, shape.reduce(1, *)])
    let range = finiteRange(input)
    let layers = network.featureMaps(of: example).map { path, typeName, maps in
      let brightest = brightest(maps)
      return Group(
        "Layer \(path), \(typeName): " + maps.shape.map(String.init).joined(separator: " × ")
          + ", from 0 (black) to \(short(brightest)) (white)",
        (0..<maps.shape[0]).map { channel in
          Tile(PixelImage(maps.rows(at: [channel]), range: 0...brightest))
        })
    }
    return TileSheet(
      title: captions.isEmpty ? name : name + ": " + captions.joined(separator: ", "),
      groups: [.init("Input", [.init(PixelImage(input, range: range))])] + layers, side: 48)
  }

  /// The side of each of so many tiles: a few are large.
  private static func side(count: Int) -> Double { count <= 32 ? 64 : count <= 128 ? 48 : 24 }

  private static func finiteRange(_ tensor: Tensor) -> ClosedRange<Float> {
    let (low, high) = (tensor.min(), tensor.max())
    return low.isFinite && high.isFinite && low <= high ? low...high : 0...1
  }

  /// The 99th percentile, which becomes white: with the largest value in its place most maps would be dark.
  private static func brightest(_ maps: Tensor) -> Float {
    let values = maps.scalars.filter(\.isFinite).sorted()
    guard let last = values.last else { return 1 }
    let value = values[values.count - 1 - values.count / 100]
    return value > 0 ? value : max(last, .leastNormalMagnitude)
  }
}
