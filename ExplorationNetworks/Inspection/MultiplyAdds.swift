import Explorations
import Networks
import Shared

extension NeuralNetwork {
  /// The number of products that a forward pass multiplies and adds up for one example: twice as many are
  /// floating-point operations, and a training step takes about three times that.
  ///
  ///     try NeuralNetwork.leNet(optimizer: SGD(learningRate: 0.1), seed: 1).multiplyAdds      // 6 522 000
  ///
  /// Counted are the layers with weights and attention, by their definitions: faster algorithms, such as Winograd's for
  /// convolutions, need fewer. Biases, activations, norms, pools and lookups in tables are not counted. Of a layer type of
  /// your own, each matrix of weights counts once.
  public var multiplyAdds: Int { multiplyAddsOfLayers.reduce(0) { $0 + $1.count } }

  /// The same for each layer that consists of no others, and for the scores of a tied embedding.
  package var multiplyAddsOfLayers: [(path: String, count: Int)] {
    // Layers within a Siamese see each view.
    let places = layerPlaces
    let repeated = places.compactMap { place in
      (place.layer as? Siamese).map { (path: place.path + ".", views: $0.views) }
    }
    return places.compactMap { place in
      let count = repeated.reduce(place.multiplyAdds) { count, siamese in
        place.path.hasPrefix(siamese.path) ? count * siamese.views : count
      }
      return count > 0 ? (place.path, count) : nil
    }
  }
}

extension NeuralNetwork.LayerPlace {
  /// Each weight takes part once at every place: of the output of a convolution, of the input of a transposed one, or in
  /// every step of a sequence.
  fileprivate var multiplyAdds: Int {
    func places(_ shape: some Collection<Int>) -> Int { shape.reduce(1, *) }
    /// The places of a convolution, before a pool that follows it.
    func convolution(_ layer: some Layer) -> Int {
      let output = (try? layer.outputShape(for: inputShape)) ?? outputShape
      return matrices(of: layer) * places(output.dropFirst())
    }
    switch layer {
    case let tied as TiedEmbedding:
      return places(inputShape) * tied.embedding.weights.value.count
    case is any LayerContainer, is Embedding, is EmbeddingBag, is EntityEmbedding: return 0
    // Q · Kᵀ and A · V, of all steps with all steps; PositionalEmbedding adds.
    case is Attention: return 2 * inputShape[0] * inputShape[0] * outputShape[1]
    case is PositionalEmbedding: return 0
    case is Dense: return matrices(of: layer) * places(inputShape.dropLast())
    case is ElmanRNN, is LSTM, is GRU, is Bidirectional:
      return matrices(of: layer) * inputShape[0]
    case is ConvTranspose2D: return matrices(of: layer) * places(inputShape.dropFirst())
    case let layer as ConvReLUPool: return convolution(layer.convolution)
    case let layer as ConvBatchNormReLU: return convolution(layer.convolution)
    case is Conv1D, is Conv2D, is ConvReLU: return convolution(layer)
    default: return matrices(of: layer)
    }
  }

  /// The number of weights in matrices and kernels.
  private func matrices(of layer: any Layer) -> Int {
    var count = 0
    layer.visitParameters { if $1.value.rank >= 2 { count += $1.value.count } }
    return count
  }
}
