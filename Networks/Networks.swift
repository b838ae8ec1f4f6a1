import Foundation
// The one import for training networks rather than writing layers: everything of all phases, and the parts that
// combine several of them.
@_exported import Generator
@_exported import Phase1FeedForward
@_exported import Phase2CNN
@_exported import Phase3RNNRegularization
@_exported import Shared

extension NeuralNetwork {
  /// Every layer type of this package, which a checkpoint may name.
  public static var allLayers: [any Layer.Type] {
    [
      Dense.self, ReLU.self, Softmax.self,
      Conv1D.self, Conv2D.self, MaxPool1D.self, MaxPool2D.self, AveragePool1D.self,
      AveragePool2D.self, GlobalAveragePool2D.self, Flatten.self, Reshape.self, Transpose.self,
      ConvTranspose2D.self, Upsample2D.self, GroupNorm.self,
      TanH.self, ElmanRNN.self, LSTM.self, GRU.self, Bidirectional.self, Embedding.self,
      EmbeddingBag.self, EntityEmbedding.self,
      Sigmoid.self, LeakyReLU.self, GELU.self, BatchNorm.self, LayerNorm.self,
      Dropout.self, SpatialDropout2D.self,
      ConvReLU.self, ConvReLUPool.self, ConvBatchNormReLU.self,
      Sequential.self, Residual.self, Skip.self, Branches.self, Siamese.self,
    ]
  }

  /// Every loss type of this package.
  public static var allLosses: [any Loss.Type] {
    [
      CrossEntropyLoss.self, SoftmaxCrossEntropyLoss.self, SequenceCrossEntropyLoss.self,
      BinaryCrossEntropyLoss.self, MeanSquaredErrorLoss.self,
      MeanAbsoluteErrorLoss.self, HuberLoss.self, PixelCrossEntropyLoss.self, SoftDiceLoss.self,
      LossSum.self, MultiTaskLoss.self,
    ]
  }

  /// Every optimizer type of this package.
  public static var allOptimizers: [any Optimizer.Type] {
    [SGD.self, Momentum.self, Adam.self, AdamW.self, RMSProp.self, AdaGrad.self]
  }

  /// Every penalty type of this package.
  public static var allPenalties: [any Penalty.Type] { [L1.self, L2.self, ElasticNet.self] }

  /// Every learning-rate schedule of this package.
  public static var allSchedules: [any LearningRateSchedule.Type] {
    [StepDecay.self, ExponentialDecay.self, CosineDecay.self, OneCycle.self, WarmUp.self]
  }

  /// Loads a checkpoint that uses nothing but layers of this package; those of the explorations have to be added:
  /// `adding: NeuralNetwork.explorationTypes`.
  ///
  ///     let network = try NeuralNetwork(contentsOf: URL(fileURLWithPath: "digits.safetensors"))
  ///     let probabilities = try network.predict(features)
  ///
  public init(contentsOf url: URL) throws { try self.init(contentsOf: url, adding: []) }

  /// Loads a checkpoint that uses types of this package and of yours.
  ///
  ///     let network = try NeuralNetwork(contentsOf: url, adding: [Swish.self, QuantileLoss.self])
  ///
  /// - Parameter types: layers, losses, optimizers, penalties and schedules that the file may name besides those
  ///   of this package; one with the name of one of this package takes its place
  /// - Throws: as `init(contentsOf:layers:losses:optimizers:penalties:schedules:)`, which knows only the types
  ///   that it is given, and can leave parts out.
  public init(contentsOf url: URL, adding types: [any Configurable.Type]) throws {
    try self.init(
      contentsOf: url, layers: types.compactMap { $0 as? any Layer.Type } + Self.allLayers,
      losses: types.compactMap { $0 as? any Loss.Type } + Self.allLosses,
      optimizers: types.compactMap { $0 as? any Optimizer.Type } + Self.allOptimizers,
      penalties: types.compactMap { $0 as? any Penalty.Type } + Self.allPenalties,
      schedules: types.compactMap { $0 as? any LearningRateSchedule.Type } + Self.allSchedules)
  }
}
