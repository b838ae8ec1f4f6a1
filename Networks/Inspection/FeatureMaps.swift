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
  ///
  /// `TileSheet.filters(of:)` in `Pictures` draws them with their layer.
  public var firstFilters: Tensor? { firstConvolution?.kernels }

  /// The first convolution: its path, the name of its type, and its kernels.
  package var firstConvolution: (path: String, typeName: String, kernels: Tensor)? {
    for place in layerPlaces {
      if let layer = place.layer as? any ConvolutionLayer {
        return (place.path, type(of: layer).typeName, layer.kernels)
      }
    }
    return nil
  }

  /// The output of each layer that returns images, `[C, H, W]`, for one example: also of those inside of containers, and
  /// after them of the container.
  ///
  ///     for (path, typeName, maps) in network.featureMaps(of: image) {
  ///       print(path, typeName, maps.shape)   // 0 ConvReLU [64, 8, 8], ...
  ///     }
  ///
  /// - Parameter example: raw, `[1] + inputShape` or `inputShape`; `preprocessing` is applied
  /// - Returns: the path of each such layer, such as "3" or "3.body.0", the name of its type, and its output
  public func featureMaps(of example: Tensor) -> [(path: String, typeName: String, maps: Tensor)] {
    guard example.shape == inputShape || example.shape == [1] + inputShape else {
      stop(
        "NeuralNetwork.featureMaps", expected: "one example of shape \(inputShape)",
        received: "\(example.shape)")
    }
    let batch = example.reshaped(to: [1] + inputShape)
    // A layer that asks for regions or the like cannot go on without them.
    let layers = Array(layers.prefix { $0.sideInputShapes.isEmpty })
    return Self.activations(of: layers, for: preprocessing?(batch) ?? batch).compactMap {
      // The output of a sequence is that of its last layer.
      guard $0.output.rank == 4, !($0.layer is Sequential) else { return nil }
      return (
        $0.path, type(of: $0.layer).typeName,
        $0.output.reshaped(to: Array($0.output.shape.dropFirst()))
      )
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
