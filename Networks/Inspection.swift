import Generator
import Phase2CNN
import Shared

// Looking inside a convolutional network: its first filters, and the feature maps of an image.

extension NeuralNetwork {
  /// The kernels of the first convolution, `[outputChannels, inputChannels / groups, kH, kW]`: the patterns that
  /// its output channels respond to; `nil` when no layer is a two-dimensional convolution.
  ///
  ///     let filters = network.firstFilters!
  ///     try ImageGrid(scale: 8).image(of: filters).write(to: URL(filePath: "filters.png"))
  public var firstFilters: Tensor? {
    layers.lazy.compactMap { ($0 as? any ConvolutionLayer)?.kernels }.first
  }

  /// The output of each layer that returns images, `[C, H, W]`, for one example.
  ///
  ///     for (layer, maps) in network.featureMaps(of: image) {
  ///       print(layer, maps.shape)   // 0 [64, 8, 8], ...
  ///     }
  ///
  /// - Parameter example: raw, `[1] + inputShape` or `inputShape`; `preprocessing` is applied
  /// - Returns: the number of each such layer, and its output
  public func featureMaps(of example: Tensor) -> [(layer: Int, maps: Tensor)] {
    guard example.shape == inputShape || example.shape == [1] + inputShape else {
      stop(
        "NeuralNetwork.featureMaps", expected: "one example of shape \(inputShape)",
        received: "\(example.shape)")
    }
    let batch = example.reshaped([1] + inputShape)
    var layers = layers
    var activations = preprocessing?(batch) ?? batch
    var found: [(layer: Int, maps: Tensor)] = []
    for index in layers.indices {
      activations = layers[index].forward(activations, mode: .inference)
      if activations.rank == 4 {
        found.append((index, activations.reshaped(Array(activations.shape.dropFirst()))))
      }
    }
    return found
  }
}

extension NeuralNetwork {
  /// The kernels of the first convolution side by side, each from its smallest weight (black) to its
  /// largest (white); `nil` when no layer is a two-dimensional convolution.
  ///
  /// With 3 input channels a kernel is a coloured tile, with another number each channel a grey one.
  public func filterImage() -> PixelImage? {
    guard let filters = firstFilters else { return nil }
    let shape = filters.shape
    let tiles = [1, 3].contains(shape[1]) ? shape[0] : shape[0] * shape[1]
    let scale = tileScale(count: tiles, side: max(shape[2], shape[3]))
    return ImageGrid(margin: max(1, scale / 2), scale: scale).image(
      of: shape[1] == 4 ? filters.reshaped([tiles, 1, shape[2], shape[3]]) : filters)
  }

  /// An example, and below it the output of each layer that returns images: a block of tiles for each layer,
  /// from 0 (black) to the 99th percentile of the layer's values (white).
  public func featureMapImage(of example: Tensor) -> PixelImage {
    let maps = featureMaps(of: example)
    var input = example.reshaped(inputShape)
    if inputShape.count != 3 || ![1, 3].contains(inputShape[0]) {
      input = input.reshaped([1, 1, -1])
    }
    let blocks =
      [[PixelImage(input, range: input.min()...max(input.max(), input.min()))]]
      + maps.map { layer in
        let range = 0...brightest(layer.maps)
        return (0..<layer.maps.shape[0]).map {
          PixelImage(layer.maps.rows(at: [$0]), range: range)
        }
      }
    return Mosaic(blocks: blocks).image
  }
}

/// The 99th percentile, which becomes white: with the largest value in its place most maps would be dark.
private func brightest(_ maps: Tensor) -> Float {
  let values = maps.scalars.sorted()
  let value = values[values.count - 1 - values.count / 100]
  return value > 0 ? value : max(values[values.count - 1], .leastNormalMagnitude)
}

/// The side in pixels of the square drawn for each number of a tile, so that all tiles together are about 600
/// pixels wide.
private func tileScale(count: Int, side: Int) -> Int {
  let columns = Int(Double(count).squareRoot().rounded(.up))
  return min(24, max(1, 600 / (columns * side)))
}

/// Blocks of small images below each other; each tile is enlarged to about the same size.
private struct Mosaic {
  let blocks: [[PixelImage]]
  let columns = 16
  let margin = 3
  let background: UInt8 = 255

  var image: PixelImage {
    let largest = blocks.joined().map { max($0.width, $0.height) }.max() ?? 1
    let side = largest * ((47 + largest) / largest)
    let channels = blocks.joined().map(\.channels).max() ?? 1
    let rows = blocks.map { ($0.count + columns - 1) / columns }
    // A gap of two margins more between the blocks.
    var result = PixelImage(
      width: columns * (side + margin) + margin,
      height: rows.reduce(0, +) * (side + margin) + margin + (blocks.count - 1) * 2 * margin,
      channels: channels, repeating: background)
    var top = margin
    for (block, rowCount) in zip(blocks, rows) {
      for (place, tile) in block.enumerated() {
        result.paste(
          tile.converted(toChannels: channels), side: side,
          row: top + place / columns * (side + margin),
          column: margin + place % columns * (side + margin))
      }
      top += rowCount * (side + margin) + 2 * margin
    }
    return result
  }
}

extension PixelImage {
  /// Draws a tile into a square of `side` pixels, its longer side filling as much of it as whole pixels
  /// allow.
  fileprivate mutating func paste(_ tile: PixelImage, side: Int, row: Int, column: Int) {
    let scale = max(1, side / max(tile.width, tile.height))
    for y in 0..<min(side, tile.height * scale) {
      for x in 0..<min(side, tile.width * scale) {
        for channel in 0..<channels {
          self[row + y, column + x, channel] = tile[y / scale, x / scale, channel]
        }
      }
    }
  }
}

/// A layer with one two-dimensional convolution.
protocol ConvolutionLayer: Layer {
  var kernels: Tensor { get }
}

extension Conv2D: ConvolutionLayer {
  var kernels: Tensor { weights.value }
}

extension ConvReLU: ConvolutionLayer {
  var kernels: Tensor { convolution.weights.value }
}

extension ConvBatchNormReLU: ConvolutionLayer {
  var kernels: Tensor { convolution.weights.value }
}

extension ConvReLUPool: ConvolutionLayer {
  var kernels: Tensor { convolution.weights.value }
}
