import Shared
import TestSupport
import Testing

@Suite(.watched) struct EarlyStoppingTests {
  /// Makes the validation loss of each epoch what the test wants: the single weight is set to a value
  /// whose distance to the target is known.
  private struct Steering: TrainingCallback {
    let weights: [Float]
    mutating func stepEnded(
      _ report: StepReport, network: inout NeuralNetwork
    ) -> TrainingControl {
      let weight = weights[report.epoch]
      network.forEachParameter { name, parameter in
        if name.hasSuffix("weights") { parameter.value = Tensor(shape: [1, 1], scalars: [weight]) }
      }
      return .proceed
    }
  }

  private func train(
    weights: [Float], patience: Int, minimumImprovement: Double = 0
  ) throws -> (network: NeuralNetwork, epochs: Int) {
    var network = NeuralNetwork(
      inputShape: [1], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0))
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    // Prediction = weight, target 0: the loss is weight² / 2.
    let data = try Dataset(
      features: Tensor(ones: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    let history = try network.fit(
      data, validation: data, epochs: weights.count, batchSize: 2,
      callbacks: [
        Steering(weights: weights),
        EarlyStopping(patience: patience, minimumImprovement: minimumImprovement),
      ])
    return (network, history.epochs.count)
  }

  private func weight(_ network: NeuralNetwork) throws -> Float {
    try network.predict(Tensor(ones: [1, 1])).scalar
  }

  @Test func stopsAfterPatienceAndRestoresTheBestWeights() throws {
    let (network, epochs) = try train(weights: [5, 3, 4, 4, 1, 0], patience: 2)
    #expect(epochs == 4, "epochs 2 and 3 (from 0) did not improve on epoch 1")
    #expect(try weight(network) == 3, "the weights of the best epoch must come back")
  }

  @Test func restoresTheBestWeightsAlsoWhenTrainingEndsByItself() throws {
    let (network, epochs) = try train(weights: [5, 3, 4], patience: 5)
    #expect(epochs == 3)
    #expect(try weight(network) == 3)
  }

  @Test func smallImprovementsDoNotCount() throws {
    let (network, epochs) = try train(
      weights: [5, 4.99, 4.98, 1], patience: 2, minimumImprovement: 1)
    #expect(epochs == 3)
    #expect(try weight(network) == 5)
  }

  @Test func aSecondTrainingStartsAfresh() throws {
    var (network, _) = try train(weights: [1, 2, 3], patience: 2)
    let data = try Dataset(
      features: Tensor(ones: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    let history = try network.fit(
      data, validation: data, epochs: 3, batchSize: 2,
      callbacks: [Steering(weights: [9, 8, 7]), EarlyStopping(patience: 2)])
    #expect(history.epochs.count == 3, "scores of an earlier training must not count")
    #expect(try weight(network) == 7)
  }

  @Test func validationLossNeedsValidationData() throws {
    var network = try tinyNetwork()
    expectCourseError(.invalidArgument, "EarlyStopping", "validation data") {
      try network.fit(
        tinyData(), epochs: 2, batchSize: 5, callbacks: [EarlyStopping(patience: 1)])
    }
  }

  @Test func theTrainingLossCanBeMonitored() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0))
    let history = try network.fit(
      tinyData(), epochs: 9, batchSize: 23,
      callbacks: [EarlyStopping(patience: 2, minimumImprovement: 1, monitor: .trainingLoss)])
    #expect(history.epochs.count == 3)
  }
}
