import Phase1FeedForward
import Phase3RNNRegularization
import Shared

extension NeuralNetwork {
  /// A recurrent network with one output for each sequence: recurrent layers, the state after the last step of the
  /// last of them, and dense layers with an activation between them, which return scores (or numbers).
  ///
  ///     let network = try NeuralNetwork.recurrent(
  ///       inputShape: [8, 8], cell: .lstm, hiddenSizes: [64], outputSize: 10,
  ///       optimizer: Adam(learningRate: 0.005), seed: 1)
  ///
  /// - Parameters:
  ///   - inputShape: `[T, F]`, the number of steps and of features in each step
  ///   - cell: the kind of the recurrent layers
  ///   - hiddenSizes: the width of each recurrent layer; at least one
  ///   - denseSizes: the widths of the dense layers between the recurrent ones and the output
  ///   - activation: the function between the dense layers
  ///   - outputSize: the number of classes, or of predicted numbers
  ///   - loss: the loss to minimise; `MeanSquaredErrorLoss` for numbers
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  public static func recurrent(
    inputShape: [Int], cell: RecurrentCell = .lstm, hiddenSizes: [Int], denseSizes: [Int] = [],
    activation: HiddenActivation = .relu, outputSize: Int,
    loss: any Loss = SoftmaxCrossEntropyLoss(), optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    guard inputShape.count == 2, inputShape.allSatisfy({ $0 >= 1 }) else {
      throw CourseError(
        .shapeMismatch, "recurrent layers need sequences", expected: "an input shape [T, F]",
        received: "\(inputShape)", remedy: "Reshape the examples to steps of features.")
    }
    var weights = WeightCount()
    weights.add(cell, inputSize: inputShape[1], hiddenSizes: hiddenSizes)
    let sizes = [hiddenSizes.last ?? 0] + denseSizes + [outputSize]
    for (size, next) in zip(sizes, sizes.dropFirst()) { weights.add(size, next) }
    try weights.requireMemory()
    var network = NeuralNetwork(
      inputShape: inputShape, loss: loss, optimizer: optimizer, seed: seed)
    try network.appendRecurrent(cell, hiddenSizes: hiddenSizes, isStateful: false)
    for size in denseSizes { try network.appendHidden(size, activation) }
    try network.append(
      Dense(configuration: .init(inputSize: network.outputShape[0], outputSize: outputSize)))
    return network
  }

  /// A character-level language model: an embedding of each character, recurrent layers that carry their state
  /// from batch to batch, and after each character a score for every possible next one.
  ///
  ///     let text = CharacterText.shakespeare
  ///     let parts = try text.split(batchSize: 32, sequenceLength: 50)
  ///     var network = try NeuralNetwork.charLSTM(
  ///       vocabulary: text.vocabulary, sequenceLength: 50, optimizer: Adam(learningRate: 0.003), seed: 1)
  ///     try network.fit(
  ///       parts.train,
  ///       options: TrainingOptions(epochs: 5, batchSize: 32, shuffle: false, clipping: .norm(1)))
  ///     try network.sampleText(prompt: "ROMEO.", length: 200, temperature: 0.7, seed: 1)
  ///
  /// - Parameters:
  ///   - sequenceLength: the training sequence length, in characters
  ///   - embeddingSize: the size of the vector that represents a character
  ///   - cell: the kind of the recurrent layers
  ///   - hiddenSizes: the width of each recurrent layer; at least one
  ///   - optimizer: the optimizer, for training on `SequenceCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range or two layers do not fit together.
  /// - Reference: Karpathy (2015), *The unreasonable effectiveness of recurrent neural networks*.
  public static func charLSTM(
    vocabulary: Vocabulary, sequenceLength: Int, embeddingSize: Int = 32,
    cell: RecurrentCell = .lstm, hiddenSizes: [Int] = [128], optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    guard sequenceLength >= 1 else {
      throw CourseError(
        .invalidArgument, "charLSTM: sequences of length \(sequenceLength)",
        expected: "at least one step", received: "\(sequenceLength)")
    }
    var weights = WeightCount()
    weights.add(vocabulary.count, embeddingSize)
    weights.add(cell, inputSize: embeddingSize, hiddenSizes: hiddenSizes)
    weights.add(hiddenSizes.last ?? 0, vocabulary.count)
    try weights.requireMemory()
    var network = NeuralNetwork(
      inputShape: [sequenceLength], loss: SequenceCrossEntropyLoss(), optimizer: optimizer,
      seed: seed)
    try network.append(
      Embedding(
        configuration: .init(vocabularySize: vocabulary.count, embeddingSize: embeddingSize)))
    try network.appendRecurrent(
      cell, hiddenSizes: hiddenSizes, isStateful: true, returnsLastSequence: true)
    try network.append(
      Dense(
        configuration: .init(inputSize: network.outputShape[1], outputSize: vocabulary.count)))
    network.classNames = vocabulary.classNames
    return network
  }

  /// Appends recurrent layers; all but the last return their whole sequence.
  private mutating func appendRecurrent(
    _ cell: RecurrentCell, hiddenSizes: [Int], isStateful: Bool, returnsLastSequence: Bool = false
  ) throws {
    guard !hiddenSizes.isEmpty else {
      throw CourseError(
        .invalidArgument, "a recurrent network without recurrent layers",
        expected: "at least one width", received: "none")
    }
    for (place, size) in hiddenSizes.enumerated() {
      let configuration = RecurrentConfiguration(
        inputSize: outputShape[1], hiddenSize: size,
        returnsSequence: returnsLastSequence || place < hiddenSizes.count - 1,
        isStateful: isStateful, forgetBias: cell == .lstm ? 1 : nil)
      switch cell {
      case .elman: try append(ElmanRNN(configuration: configuration))
      case .lstm: try append(LSTM(configuration: configuration))
      case .gru: try append(GRU(configuration: configuration))
      }
    }
  }
}

extension WeightCount {
  /// Adds recurrent layers: a matrix for the input and one for the hidden state, for each gate.
  fileprivate mutating func add(_ cell: RecurrentCell, inputSize: Int, hiddenSizes: [Int]) {
    let gates =
      switch cell {
      case .elman: 1
      case .gru: 3
      case .lstm: 4
      }
    for (size, hiddenSize) in zip([inputSize] + hiddenSizes, hiddenSizes) {
      add(gates, size, hiddenSize)
      add(gates, hiddenSize, hiddenSize)
    }
  }
}
