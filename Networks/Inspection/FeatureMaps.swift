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
    let batch = example.reshaped(to: [1] + inputShape)
    var layers = layers
    var activations = preprocessing?(batch) ?? batch
    var found: [(layer: Int, maps: Tensor)] = []
    // A layer that asks for regions or the like cannot go on without them.
    for index in layers.indices
    where !layers[...index].contains(where: { !$0.sideInputShapes.isEmpty }) {
      activations = layers[index].forward(activations, mode: .inference)
      if activations.rank == 4 {
        found.append((index, activations.reshaped(to: Array(activations.shape.dropFirst()))))
      }
    }
    return found
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
