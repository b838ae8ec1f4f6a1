import Explorations
import Networks

extension NeuralNetwork {
  /// A character-level language model of attention: GPT, small.
  ///
  ///     let text = CharacterText.shakespeare
  ///     let parts = try text.split(batchSize: 1, sequenceLength: 64)
  ///     let windows = try TextWindows(of: parts.train, batchSize: 12, stepsPerEpoch: 250, seed: 1)
  ///     var network = try NeuralNetwork.transformer(
  ///       vocabulary: text.vocabulary,
  ///       optimizer: AdamW(learningRate: 0.001, weightDecay: 0.1, exemptsBiases: true), seed: 1)
  ///     try network.fit(
  ///       windows, validation: parts.validation,
  ///       options: TrainingOptions(epochs: 8, clipping: .norm(1)))
  ///     try network.sampleText(prompt: "ROMEO.", length: 200, temperature: 0.7, seed: 1)
  ///
  /// Each character becomes a vector of `width` numbers, to which that of its place is added. Then come `blocks` times
  ///
  ///     X ← X + Dense(Attention(Dense(LayerNorm(X))))            width → 3 · width → width
  ///     X ← X + Dense(GELU(Dense(LayerNorm(X))))                 width → 4 · width → width
  ///
  /// and a layer norm, and a score for every possible next character: how much the vector resembles that of the
  /// character, in the same table that the first one came from (`TiedEmbedding`). It reads at most `contextLength`
  /// characters: a state, as recurrent networks have one, does not exist.
  ///
  /// All weights are drawn with a standard deviation of 0.02, those of the dense layers that end a sum with
  /// `0.02 / √(2 · blocks)`, so that the sum does not grow with the number of blocks.
  ///
  /// - Parameters:
  ///   - contextLength: the training sequence length, and the most characters that the network sees, T
  ///   - width: the length of the vector of each character, a multiple of `heads`
  ///   - blocks: the number of blocks
  ///   - heads: the number of attention heads in each block
  ///   - dropout: the dropout rate before each sum, and after the embeddings
  ///   - optimizer: the optimizer, for training on `SequenceCrossEntropyLoss`
  /// - Throws: `CourseError` when a size or the dropout rate is out of range, or the width is no multiple of the heads.
  /// - Reference: Radford et al. (2019), "Language Models are Unsupervised Multitask Learners", with the layer norms
  ///   before attention; the settings are those of nanoGPT for a processor.
  public static func transformer(
    vocabulary: Vocabulary, contextLength: Int = 64, width: Int = 128, blocks: Int = 4,
    heads: Int = 4, dropout: Float = 0, optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    for (name, value) in [("contextLength", contextLength), ("blocks", blocks), ("heads", heads)]
    where value < 1 {
      throw CourseError(
        .invalidArgument, "transformer: \(name) out of range", expected: "at least 1",
        received: "\(value)")
    }
    guard width >= 1, width % heads == 0 else {
      throw CourseError(
        .invalidArgument, "transformer: the width is divided among the heads",
        expected: "a multiple of \(heads)", received: "\(width)")
    }
    var network = NeuralNetwork(
      inputShape: [contextLength], loss: SequenceCrossEntropyLoss(), optimizer: optimizer,
      seed: seed)
    let normal = StandardInitializer.normal(mean: 0, standardDeviation: 0.02)
    var body: [any Layer] = [
      try PositionalEmbedding(
        configuration: .init(maximumLength: contextLength, size: width, initializer: normal))
    ]
    if dropout != 0 { body.append(try Dropout(configuration: .init(rate: dropout))) }
    for _ in 0..<blocks {
      body += try transformerBlock(width: width, heads: heads, blocks: blocks, dropout: dropout)
    }
    body.append(try LayerNorm(configuration: .init(shape: [width])))
    try network.append(
      TiedEmbedding(
        Embedding(
          configuration: .init(
            vocabularySize: vocabulary.count, embeddingSize: width, initializer: normal)),
        body: Sequential(body)))
    network.classNames = vocabulary.classNames
    return network
  }

  /// The two residual blocks of a transformer: attention, and two dense layers for each step on its own.
  /// - Parameters:
  ///   - width: the length of the vector of each step
  ///   - heads: the number of attention heads
  ///   - isCausal: whether each step sees only itself and the steps before it
  ///   - isPadded: whether examples have different lengths, after which there is padding that no step sees
  ///   - blocks: the number of such blocks in the network, for the size of the first weights
  ///   - dropout: the dropout rate before each sum
  /// - Throws: `CourseError` when a size or the dropout rate is out of range.
  public static func transformerBlock(
    width: Int, heads: Int, isCausal: Bool = true, isPadded: Bool = false, blocks: Int,
    dropout: Float = 0
  ) throws -> [any Layer] {
    let normal = StandardInitializer.normal(mean: 0, standardDeviation: 0.02)
    let last = StandardInitializer.normal(
      mean: 0, standardDeviation: 0.02 / Float(2 * blocks).squareRoot())
    func dense(_ input: Int, _ output: Int, _ initializer: StandardInitializer) throws -> Dense {
      try Dense(
        configuration: .init(
          inputSize: input, outputSize: output, initializer: initializer))
    }
    func residual(_ layers: [any Layer]) throws -> Residual {
      let norm = try LayerNorm(configuration: .init(shape: [width]))
      let end: [any Layer] = dropout != 0 ? [try Dropout(configuration: .init(rate: dropout))] : []
      return Residual(Sequential([norm] + layers + end))
    }
    return [
      try residual([
        try dense(width, 3 * width, normal),
        try Attention(
          configuration: .init(heads: heads, isCausal: isCausal, isPadded: isPadded)),
        try dense(width, width, last),
      ]),
      try residual([
        try dense(width, 4 * width, normal), GELU(approximation: .tanh),
        try dense(4 * width, width, last),
      ]),
    ]
  }
}
