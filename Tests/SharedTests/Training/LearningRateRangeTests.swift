import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct LearningRateRangeTests {
  /// `y = 2x` at -1 and 1: the loss is half the squared error of the one weight, which a step multiplies by `1 - η`.
  private func line(optimizer: any Optimizer = TinySGD(learningRate: 7)) throws -> (
    NeuralNetwork, Dataset
  ) {
    var network = NeuralNetwork(
      inputShape: [1], loss: TinySquaredError(), optimizer: optimizer, seed: 1)
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    let data = try Dataset(
      features: Tensor([[-1], [1]]), targets: .values(Tensor([[-2], [2]])))
    return (network, data)
  }

  // eta = 1e-3 * 1e4 ** (np.arange(60) / 59)
  // L = 0.5 * np.cumprod(1 - eta) ** 2
  // k = np.arange(60); d = k[:, None] - k
  // W = np.exp(-d**2 / 18) * (abs(d) <= 9)
  // S = W @ L / W.sum(1)                                    # S / 0.5
  // slope = S[2:S.argmin() + 1] - S[:S.argmin() - 1]
  // slope.argmin() + 1, eta[slope.argmin() + 1]             # 27, 0.0676875
  @Test func theRateOfTheSteepestSlopeIsSuggested() throws {
    let (network, data) = try line()
    let test = try network.learningRateRangeTest(
      on: data, options: TrainingOptions(epochs: 1, batchSize: 2), rates: 1e-3...10, steps: 60)
    try #require(test.losses.count > 50 && test.rates.count == test.losses.count)
    var error = 1.0
    for step in 0..<50 {
      let rate = 1e-3 * pow(1e4, Double(step) / 59)
      #expect(abs(Double(test.rates[step]) / rate - 1) < 1e-5)
      error *= 1 - rate
      let before = test.losses[0] / pow(1 - 1e-3, 2)
      #expect(abs(test.losses[step] / before - error * error) < 1e-4, "step \(step)")
    }
    for (step, expected) in [
      (0, 0.99183021), (10, 0.94075542), (20, 0.72106455), (30, 0.23458164),
    ] {
      let before = test.losses[0] / pow(1 - 1e-3, 2)
      #expect(abs(test.smoothedLosses[step] / before - expected) < 1e-4, "step \(step)")
    }
    #expect(test.learningRate == 0.068)
  }

  @Test func theNetworkStaysAndTheSeedDecides() throws {
    let network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.05))
    let options = TrainingOptions(epochs: 1, batchSize: 4)
    let data = try tinyData()
    let test = try network.learningRateRangeTest(on: data, options: options)
    #expect(network.progress == nil && network.optimizer?.learningRate == 0.05)
    #expect(try network.learningRateRangeTest(on: data, options: options) == test)
    let other = try tinyNetwork(seed: 2, optimizer: TinySGD(learningRate: 0.05))
    #expect(try other.learningRateRangeTest(on: data, options: options) != test)
    // It may be asked of a network that has been trained: the test begins with its weights.
    var trained = network
    try trained.fit(data, options: options)
    #expect(try trained.learningRateRangeTest(on: data, options: options).losses != test.losses)
  }

  @Test func theTestEndsWhereTheLossHasRisen() throws {
    let (network, data) = try line()
    let options = TrainingOptions(epochs: 1, batchSize: 2)
    let test = try network.learningRateRangeTest(
      on: data, options: options, rates: 1e-3...1000, steps: 40)
    #expect(test.losses.count < 40)
    #expect(test.rates.last! < 1000 && test.learningRate < 2)
  }

  @Test func aLossThatFallsNowhereIsRefused() throws {
    let (network, data) = try line()
    let options = TrainingOptions(epochs: 1, batchSize: 2)
    expectCourseError(.invalidData, "the loss falls at no learning rate", "1e-12") {
      try network.learningRateRangeTest(on: data, options: options, rates: 1e-12...1e-9)
    }
    for (rates, steps) in [(0...1, 100), (1...1, 100), (0.1...1, 5)] as [(ClosedRange<Float>, Int)]
    {
      expectCourseError(.invalidArgument, "a range of learning rates") {
        try network.learningRateRangeTest(on: data, options: options, rates: rates, steps: steps)
      }
    }
  }
}
