// One import for the layers of the explorations and everything below them.
@_exported import Explorations
@_exported import Networks

extension NeuralNetwork {
  /// The layers and losses of the explorations, which a checkpoint may name: `NeuralNetwork(contentsOf: url, adding: ...)`.
  public static var explorationTypes: [any Configurable.Type] {
    [
      Attention.self, MultiHeadAttention.self, PositionalEmbedding.self, TiedEmbedding.self,
      PoolOverTime.self, PaddedSequence.self, Tokenizer.self, RegionPooling.self,
      RegionBoxLoss.self, TwoViewLoss.self,
    ]
  }
}
