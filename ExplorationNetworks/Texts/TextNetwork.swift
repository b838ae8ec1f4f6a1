import Explorations
import Networks
import Shared

/// The networks that classify texts.
public enum TextNetwork: String, CaseIterable, Codable, Sendable {
  /// The average of the vectors of words, of pairs of words, and of pieces of words.
  case bag
  /// Convolutions over one, two and three words, and the maximum over time.
  case cnn
  /// An LSTM in both directions, and the mean over time.
  case lstm
  /// A transformer whose steps see each other, and the mean over time.
  case transformer
}

/// The sizes of a network that classifies texts.
public struct TextNetworkSizes: Sendable, Equatable {
  /// The most words of a text that are read.
  public var maximumWords: Int
  /// The length of the vectors.
  public var width: Int
  /// The number of hashed pairs, and of hashed pieces, of a bag.
  public var buckets: Int
  /// The output channels of each convolution, or the hidden size of each direction of an LSTM.
  public var hidden: Int
  /// The number of blocks of a transformer.
  public var blocks: Int
  /// The number of attention heads in each block.
  public var heads: Int
  /// The dropout rate of the vectors of a text, and of the words where there are some.
  public var dropout: Float

  /// Creates the sizes.
  public init(
    maximumWords: Int = 64, width: Int = 64, buckets: Int = 65_536, hidden: Int = 64,
    blocks: Int = 2, heads: Int = 4, dropout: Float = 0.3
  ) {
    (self.maximumWords, self.width, self.buckets) = (maximumWords, width, buckets)
    (self.hidden, self.blocks, self.heads) = (hidden, blocks, heads)
    self.dropout = dropout
  }
}

extension NeuralNetwork {
  /// A network that gives a text one of several classes.
  ///
  ///     let data = Dataset.definitions.subset(0..<1000)
  ///     var network = try NeuralNetwork.textClassifier(
  ///       .bag, inputLength: data.inputShape[0],
  ///       vocabulary: Tokenizer.vocabulary(of: data.texts), classNames: data.classNames,
  ///       optimizer: AdamW(learningRate: 0.01, weightDecay: 0.3), seed: 1)
  ///     try network.fit(data, options: TrainingOptions(epochs: 5, batchSize: 128))
  ///     try TextClassifier(network).predict(["a small sweet cake"])
  ///
  /// Each begins with a `Tokenizer`, so its inputs are texts as bytes. With x the vectors of the words, `[T, width]`:
  ///
  ///     bag            y = (Σ words + Σ pairs of words + Σ pieces of 3 to 6 characters, each sum over the root of its number)
  ///     cnn            y = maximum over time of ReLU(convolutions of x over 1, 2 and 3 words), side by side
  ///     lstm           y = mean over time of an LSTM that reads x from the front, and one that reads it from the back
  ///     transformer    y = mean over time of LayerNorm(blocks(x + vectors of the places))
  ///
  /// and then the scores `y · W + b`, with dropout before.
  ///
  /// - Parameters:
  ///   - inputLength: the bytes of an example, L
  ///   - vocabulary: the words that it knows, as `Tokenizer.vocabulary(of:)` finds them in the training texts
  ///   - classNames: at least two
  ///   - loss: the loss to minimise, of scores
  /// - Throws: `CourseError` when a size is out of range, or the width is no multiple of the heads.
  /// - Reference: bag: Joulin et al. (2017); cnn: Kim (2014), "Convolutional neural networks for sentence classification";
  ///   lstm: Graves, Schmidhuber (2005); transformer: Vaswani et al. (2017), without a decoder.
  public static func textClassifier(
    _ kind: TextNetwork, inputLength: Int, vocabulary: [String], classNames: [String],
    sizes: TextNetworkSizes = TextNetworkSizes(), loss: any Loss = SoftmaxCrossEntropyLoss(),
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try sizes.check(for: kind)
    var network = NeuralNetwork(
      inputShape: [inputLength], loss: loss, optimizer: optimizer, seed: seed)
    if kind == .bag {
      try network.append(bag(vocabulary: vocabulary, sizes))
    } else {
      let tokenizer = try Tokenizer(
        configuration: .init(
          unit: .words(vocabulary: vocabulary), maximumWords: sizes.maximumWords))
      try network.append(tokenizer)
      try network.append(
        PaddedSequence(
          Embedding(
            configuration: .init(
              vocabularySize: tokenizer.tokenCount, embeddingSize: sizes.width,
              paddingIndex: Tokenizer.padding, initializer: .normal(mean: 0, standardDeviation: 0.1)
            )),
          body: Sequential(body(kind, sizes))))
    }
    try network.appendClasses(classNames, dropout: sizes.dropout)
    return network
  }

  /// The sum of three bags: of words, of pairs of words, and of pieces of words.
  private static func bag(vocabulary: [String], _ sizes: TextNetworkSizes) throws -> Branches {
    let units: [Tokenizer.Unit] = [
      .words(vocabulary: vocabulary), .wordPairs(buckets: sizes.buckets),
      .characters(minimum: 3, maximum: 6, buckets: sizes.buckets),
    ]
    return Branches(
      try units.map { unit in
        let tokenizer = try Tokenizer(
          configuration: .init(unit: unit, maximumWords: sizes.maximumWords))
        let table = Embedding.Configuration(
          vocabularySize: tokenizer.tokenCount, embeddingSize: sizes.width,
          paddingIndex: Tokenizer.padding, initializer: .uniform(low: -0.01, high: 0.01))
        return Sequential(
          tokenizer,
          try EmbeddingBag(configuration: .init(table: table, reduction: .squareRoot)))
      }, merge: .add)
  }

  /// The layers between the vectors of the words and that of the text.
  private static func body(_ kind: TextNetwork, _ sizes: TextNetworkSizes) throws -> [any Layer] {
    var layers: [any Layer] = []
    if kind == .transformer {
      layers.append(
        try PositionalEmbedding(
          configuration: .init(maximumLength: sizes.maximumWords, size: sizes.width)))
    }
    if sizes.dropout != 0 { layers.append(try Dropout(configuration: .init(rate: sizes.dropout))) }
    switch kind {
    case .bag: break
    case .cnn:
      let convolutions = try [1, 2, 3].map { size in
        Sequential(
          try Conv1D(
            configuration: ConvolutionConfiguration(
              inputChannels: sizes.width, outputChannels: sizes.hidden, kernelSize: [size],
              padding: .same, activation: .relu)),
          Transpose(), PoolOverTime(.maximum))
      }
      layers += [Transpose(), Branches(convolutions, merge: .concatenate)]
    case .lstm:
      layers += [
        Bidirectional(
          try LSTM(
            configuration: RecurrentConfiguration(
              inputSize: sizes.width, hiddenSize: sizes.hidden, paddingValue: 0, forgetBias: 1))),
        PoolOverTime(.mean),
      ]
    case .transformer:
      for _ in 0..<sizes.blocks {
        layers += try transformerBlock(
          width: sizes.width, heads: sizes.heads, isCausal: false, isPadded: true,
          blocks: sizes.blocks, dropout: sizes.dropout)
      }
      layers += [
        try LayerNorm(configuration: .init(shape: [sizes.width])), PoolOverTime(.mean),
      ]
    }
    return layers
  }
}

extension TextNetworkSizes {
  /// Throws when there is no network of such sizes.
  fileprivate func check(for kind: TextNetwork) throws {
    var sizes = [("maximumWords", maximumWords), ("width", width)]
    switch kind {
    case .bag: sizes.append(("buckets", buckets))
    case .cnn, .lstm: sizes.append(("hidden", hidden))
    case .transformer: sizes += [("blocks", blocks), ("heads", heads)]
    }
    for (name, value) in sizes where value < 1 {
      throw CourseError(
        .invalidArgument, "textClassifier: \(name) out of range", expected: "at least 1",
        received: "\(value)")
    }
    guard kind != .transformer || width % heads == 0 else {
      throw CourseError(
        .invalidArgument, "textClassifier: the width is divided among the heads",
        expected: "a multiple of \(heads)", received: "\(width)")
    }
  }
}
