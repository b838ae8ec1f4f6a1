import Explorations
import Networks
import Shared

// Networks of texts that first learned to predict the next character, of texts without labels.

extension NeuralNetwork {
  /// The encoder in a `transformer` of characters: from a text to one vector, the mean over its characters of what the network
  /// knows after each of them.
  ///
  ///     let text = try CharacterText(lines: train.texts)
  ///     let windows = try TextWindows(
  ///       of: text.dataset(batchSize: 1, sequenceLength: 128), batchSize: 16, stepsPerEpoch: 500, seed: 1)
  ///     var network = try NeuralNetwork.transformer(
  ///       vocabulary: text.vocabulary, contextLength: 128, optimizer: AdamW(learningRate: 0.002), seed: 1)
  ///     try network.fit(windows, options: TrainingOptions(epochs: 5, clipping: .norm(1)))      // no labels
  ///     let encoder = try network.textEncoder(inputLength: train.inputShape[0])
  ///     let features = try encoder.predict(train.features)            // [N, 128], for a LinearProbe
  ///
  /// Computes `y = Σₜ H[t] / l`, with `H = F(E[X])`, the vectors that `TiedEmbedding` compares with those of the next
  /// characters, and l the number of characters. To predict the next character, `H[t]` must say what the text up to there is about.
  ///
  /// Its inputs are texts as bytes, as `Dataset(texts:labels:)` makes them. It reads as many characters as the network was
  /// trained on at a time. A character that its training text lacks has the mean vector of all characters.
  ///
  /// - Parameter inputLength: the bytes of an example, L
  /// - Throws: `CourseError` when the network is no `transformer` of characters.
  /// - Reference: Radford, Narasimhan, Salimans, Sutskever (2018), "Improving Language Understanding by Generative
  ///   Pre-Training".
  public func textEncoder(inputLength: Int) throws -> NeuralNetwork {
    guard let tied = layers.first as? TiedEmbedding, layers.count == 1, inputShape.count == 1,
      let vocabulary = try? Vocabulary(classNames: classNames),
      vocabulary.count == tied.vocabularySize
    else {
      throw CourseError(
        .invalidArgument, "the network has no encoder of texts",
        expected: "a transformer that was trained to predict the next character of a text",
        received: layers.map { type(of: $0).typeName }.joined(separator: ", "),
        remedy: "Train one with NeuralNetwork.transformer.")
    }
    let tokenizer = try Tokenizer(
      configuration: .init(
        unit: .singleCharacters(vocabulary: classNames), maximumWords: inputShape[0]))
    var table = try Embedding(
      configuration: .init(
        vocabularySize: tokenizer.tokenCount,
        embeddingSize: tied.embedding.configuration.embeddingSize, paddingIndex: Tokenizer.padding))
    let vectors = tied.embedding.weights.value
    table.weights.value = Tensor(concatenating: [
      Tensor(zeros: [1, vectors.shape[1]]), vectors.mean(axis: 0, keepDims: true), vectors,
    ])
    var network = NeuralNetwork(inputShape: [inputLength], seed: seed)
    try network.append(tokenizer)
    try network.append(
      PaddedSequence(table, body: Sequential(tied.body.layers + [PoolOverTime(.mean)])))
    return network
  }

  /// A network that gives a text one of several classes, and begins as the encoder of a network that has learned to predict the
  /// next character: pretrained on texts without labels, to be trained on few with labels.
  ///
  ///     var classifier = try NeuralNetwork.textClassifier(
  ///       pretrained: network, inputLength: few.inputShape[0], classNames: few.classNames,
  ///       optimizer: AdamW(learningRate: 0.0005), seed: 1)
  ///     try classifier.fit(few, options: TrainingOptions(epochs: 20, batchSize: 16))
  ///     try TextClassifier(classifier).predict(["a small sweet cake"])
  ///
  /// Dropout and a linear layer follow `textEncoder(inputLength:)`. All of it is trained, unless a part is frozen:
  /// `classifier.freeze(0..<2)` leaves the linear layer.
  ///
  /// - Parameters:
  ///   - languageModel: a `transformer` of characters
  ///   - inputLength: the bytes of an example, L
  ///   - classNames: at least two
  ///   - dropout: the dropout rate of the vectors of a text
  ///   - loss: the loss to minimise, of scores
  /// - Throws: `CourseError` when the network is no `transformer` of characters, or there are too few classes.
  /// - Reference: Howard, Ruder (2018), "Universal Language Model Fine-tuning for Text Classification", *ACL*.
  public static func textClassifier(
    pretrained languageModel: NeuralNetwork, inputLength: Int, classNames: [String],
    dropout: Float = 0.1, loss: any Loss = SoftmaxCrossEntropyLoss(), optimizer: any Optimizer,
    seed: UInt64
  ) throws -> NeuralNetwork {
    let encoder = try languageModel.textEncoder(inputLength: inputLength)
    var network = NeuralNetwork(
      inputShape: [inputLength], loss: loss, optimizer: optimizer, seed: seed)
    for layer in encoder.layers { try network.append(layer) }
    try network.appendClasses(classNames, dropout: dropout)
    return network
  }

  /// Adds a score for each class.
  mutating func appendClasses(_ classNames: [String], dropout: Float) throws {
    guard classNames.count >= 2 else {
      throw CourseError(
        .invalidArgument, "textClassifier: a choice between classes", expected: "at least two",
        received: "\(classNames)")
    }
    if dropout != 0 { try append(Dropout(configuration: .init(rate: dropout))) }
    try append(
      Dense(
        configuration: .init(
          inputSize: outputShape[0], outputSize: classNames.count, initializer: .xavierUniform)))
    self.classNames = classNames
  }
}
