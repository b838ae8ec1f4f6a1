import CourseTestSupport
import Networks
import Testing

/// The meaning of a loss on a text.
@Suite(.watched) struct PerplexityTests {
  /// A network that knows nothing is as uncertain as among all characters.
  @Test func uniformPredictionsAreAsUncertainAsTheAlphabet() throws {
    var network = NeuralNetwork(
      inputShape: [3, 2], loss: SequenceCrossEntropyLoss(), optimizer: SGD(learningRate: 0.001),
      seed: 1)
    var dense = Dense(inputSize: 2, outputSize: 8)
    dense.weights.value = Tensor(zeros: [2, 8])
    try network.append(dense)
    network.penalty = L2(1)
    network.forEachParameter { if $0 == "layers.0.bias" { $1.value = Tensor(zeros: [8]) } }
    let data = try Dataset(
      features: Tensor(normal: [2, 3, 2], key: RandomKey(seed: 1)),
      targets: .classSequences([0, 1, Target.ignored, 3, 7, 7], length: 3))
    let evaluation = try network.evaluate(data)
    #expect(abs(evaluation.perplexity - 8) < 1e-4 && abs(evaluation.bitsPerCharacter - 3) < 1e-5)
    // Penalties are no uncertainty.
    network.forEachParameter { if $0 == "layers.0.weights" { $1.value[0, 0] = 0.5 } }
    let other = try network.evaluate(data)
    #expect(other.penalty > 0.1 && abs(other.bitsPerCharacter - 3) < 0.2)
    let scores = try network.fit(data, options: TrainingOptions(epochs: 1)).epochs[0].training
    #expect(abs(scores.perplexity - other.perplexity) < 1e-4)
    #expect(abs(scores.bitsPerCharacter - other.bitsPerCharacter) < 1e-4)
  }
}
