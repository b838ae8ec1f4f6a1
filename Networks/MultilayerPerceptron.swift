import Phase1FeedForward
import Phase3RNNRegularization
import Shared

extension NeuralNetwork {
  /// A multilayer perceptron for classification: dense layers with an activation between them, scores out.
  ///
  ///     let network = NeuralNetwork.multilayerPerceptron(
  ///       inputSize: 64, hiddenSizes: [32], classCount: 10, optimizer: SGD(learningRate: 0.1), seed: 1)
  ///
  /// - Parameters:
  ///   - vocabularies: the features that are tokens and the number of tokens of each, as a `Preparation` has them: an
  ///     `EntityEmbedding` makes vectors of them
  ///   - hiddenSizes: the width of each hidden layer; none makes multinomial logistic regression
  ///   - batchNorm: whether there is batch norm between each hidden layer and its activation
  ///   - activation: the function between the layers; the weights before it are drawn by the rule that suits it
  ///   - dropout: the dropout rate after each hidden layer
  ///   - optimizer: the optimizer, for training on `SoftmaxCrossEntropyLoss`
  /// - Throws: `CourseError` when a size is out of range.
  public static func multilayerPerceptron(
    inputSize: Int, vocabularies: [Int: Int] = [:], hiddenSizes: [Int], classCount: Int,
    activation: HiddenActivation = .relu, batchNorm: Bool = false, dropout: Float = 0,
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try multilayerPerceptron(
      inputSize: inputSize, vocabularies: vocabularies, hiddenSizes: hiddenSizes,
      outputSize: classCount,
      loss: SoftmaxCrossEntropyLoss(), activation: activation, batchNorm: batchNorm,
      dropout: dropout, optimizer: optimizer, seed: seed)
  }

  /// A multilayer perceptron for any loss: dense layers with ReLU between them, and `outputSize` numbers out.
  ///
  ///     var network = try NeuralNetwork.multilayerPerceptron(
  ///       inputSize: 13, hiddenSizes: [64], outputSize: 1, loss: HuberLoss(),
  ///       optimizer: Adam(learningRate: 0.005), seed: 1)
  ///     network.targetScaling = try .standardizingTargets(parts.train)
  ///
  /// - Parameter loss: the loss; for regression `MeanSquaredErrorLoss`, `MeanAbsoluteErrorLoss`, `HuberLoss`
  /// - Throws: `CourseError` when a size is out of range.
  public static func multilayerPerceptron(
    inputSize: Int, vocabularies: [Int: Int] = [:], hiddenSizes: [Int], outputSize: Int,
    loss: any Loss,
    activation: HiddenActivation = .relu, batchNorm: Bool = false, dropout: Float = 0,
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    try checkShape([inputSize], of: "a multilayer perceptron")
    let words = EntityEmbedding.Configuration(inputSize: inputSize, vocabularies: vocabularies)
    var weights = WeightCount()
    for column in words.columns { weights.add(column.vocabularySize, column.embeddingSize) }
    for (size, next) in zip([words.outputSize] + hiddenSizes, hiddenSizes + [outputSize]) {
      weights.add(size, next)
    }
    try weights.requireMemory()
    var network = NeuralNetwork(
      inputShape: [inputSize], loss: loss, optimizer: optimizer, seed: seed)
    if !vocabularies.isEmpty { try network.append(EntityEmbedding(configuration: words)) }
    var size = words.outputSize
    for hiddenSize in hiddenSizes {
      try network.append(
        Dense(
          configuration: .init(
            inputSize: size, outputSize: hiddenSize, initializer: activation.initializer)))
      if batchNorm { try network.append(BatchNorm(configuration: .init(channels: hiddenSize))) }
      try network.append(activation.layer)
      if dropout != 0 {
        try network.append(Dropout(configuration: DropoutConfiguration(rate: dropout)))
      }
      size = hiddenSize
    }
    try network.append(Dense(configuration: .init(inputSize: size, outputSize: outputSize)))
    return network
  }
}
