import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.7.
@Suite(.watched) struct MomentumTests {
  private let gradients: [Tensor] = [[2, -1], [-4, 0.5], [1, 3]]
  private let start: Tensor = [1, -1]

  /// The weights after the gradients above, by an optimizer or by a formula that may be wrong.
  private func stepped(_ optimizer: some Optimizer) -> Tensor {
    var (optimizer, weights) = (optimizer, start)
    for gradient in gradients {
      optimizer.beginStep()
      optimizer.update(&weights, gradient: gradient, slot: 0)
    }
    return weights
  }

  private func stepped(
    _ formula: (_ w: inout Tensor, _ v: inout Tensor, _ g: Tensor) -> Void
  ) -> Tensor {
    var (w, v) = (start, Tensor(zeros: [2]))
    for gradient in gradients { formula(&w, &v, gradient) }
    return w
  }

  // By hand, η = 0.5, μ = 0.5: v = [−1, 0.5], w = [0, −0.5]; v = [1.5, 0], w = [1.5, −0.5];
  // v = [0.25, −1.5], w = [1.75, −2].
  @Test func theVelocityCarriesThePastStepsOn() {
    expectClose(
      stepped(Momentum(learningRate: 0.5, momentum: 0.5, implementation: .reference)),
      [1.75, -2], "Momentum.update",
      mistakes: [
        "the weights do not change": start,
        "the step goes along the gradient, uphill: v ← μ v − η g":
          stepped { w, v, g in
            v = 0.5 * v + 0.5 * g
            w += v
          },
        "the velocity is forgotten from step to step: v ← μ v − η g":
          stepped { w, _, g in w -= 0.5 * g },
        "the step is Nesterov's, which is for nesterov: true":
          stepped { w, v, g in
            v = 0.5 * v - 0.5 * g
            w += 0.5 * v - 0.5 * g
          },
        "the learning rate is missing: v ← μ v − η g":
          stepped { w, v, g in
            v = 0.5 * v - g
            w += v
          },
        "momentum is missing, the velocity never slows down: v ← μ v − η g":
          stepped { w, v, g in
            v = v - 0.5 * g
            w += v
          },
        "the gradient is scaled by 1 − μ: v ← μ v − η g":
          stepped { w, v, g in
            v = 0.5 * v - 0.25 * g
            w += v
          },
        "the weights move by the old velocity: first v, then w ← w + v":
          stepped { w, v, g in
            w += v
            v = 0.5 * v - 0.5 * g
          },
      ])
  }

  // By hand: v as above, w += 0.5 v − 0.5 g: [−0.5, −0.25], [2.25, −0.5], [1.875, −2.75].
  @Test func nesterovsStepLooksAhead() {
    expectClose(
      stepped(
        Momentum(learningRate: 0.5, momentum: 0.5, nesterov: true, implementation: .reference)),
      [1.875, -2.75], "Momentum.update with Nesterov's momentum",
      mistakes: [
        "the weights do not change": start,
        "the step is the classic one": [1.75, -2],
        "the step uses the velocity from before this gradient: first v, then w ← w + μ v − η g":
          stepped { w, v, g in
            w += 0.5 * v - 0.5 * g
            v = 0.5 * v - 0.5 * g
          },
        "the gradient counts once only, inside the velocity: w ← w + μ v − η g":
          stepped { w, v, g in
            v = 0.5 * v - 0.5 * g
            w += 0.5 * v
          },
        "the step goes along the gradient, uphill: w ← w + μ v − η g":
          stepped { w, v, g in
            v = 0.5 * v + 0.5 * g
            w += 0.5 * v + 0.5 * g
          },
      ])
  }

  @Test func everyParameterHasItsOwnVelocity() {
    expectOneStateForEachParameter(
      Momentum(learningRate: 0.1, implementation: .reference), "Momentum.update")
  }

  // torch.optim.SGD(w, lr=0.1, momentum=0.9), see Trajectory.
  @Test(arguments: [Implementation.reference, .fast])
  func tenClassicStepsMatchPyTorch(implementation: Implementation) {
    expectTrajectory(
      of: Momentum(learningRate: 0.1, momentum: 0.9, implementation: implementation),
      Trajectory(
        weights: [[-0.4387626, 0.0352282, -0.6364617], [0.2288084, 0.2954658, 0.1526579]],
        bias: [-0.594224, 0.3461511, -0.0923466],
        path: [
          2.85, 2.4883529, 1.9475231, 1.3492882, 0.8190926, 0.3968543, 0.0249387, -0.3767309,
          -0.8183329, -1.2160698,
        ]), "Momentum.update (\(implementation))")
  }

  // torch.optim.SGD(w, lr=0.1, momentum=0.8, nesterov=True), see Trajectory.
  @Test(arguments: [Implementation.reference, .fast])
  func tenStepsOfNesterovMatchPyTorch(implementation: Implementation) {
    expectTrajectory(
      of: Momentum(
        learningRate: 0.1, momentum: 0.8, nesterov: true, implementation: implementation),
      Trajectory(
        weights: [[-0.2990949, -0.1975764, 0.0075701], [0.2724617, 0.2456271, -0.0026778]],
        bias: [-0.3099901, -0.175786, 0.0457033],
        path: [
          2.73, 2.2368352, 1.6538324, 1.1754008, 0.9005368, 0.7586755, 0.586508, 0.2857244,
          -0.0826829, -0.3535709,
        ]), "Momentum.update with Nesterov's momentum (\(implementation))")
  }

  @Test func aNewLearningRateCountsForNewGradientsOnly() {
    var optimizer = Momentum(learningRate: 1, momentum: 0.5, implementation: .reference)
    var weights: Tensor = [0]
    optimizer.update(&weights, gradient: [4], slot: 0)
    optimizer.learningRate = 0.25
    optimizer.update(&weights, gradient: [4], slot: 0)
    // v = −4, then −2 − 1.
    expectClose(
      weights, [-7], "Momentum.update after the learning rate changed from 1 to 0.25",
      mistakes: [
        "the step has the learning rate that the optimizer was created with": [-10],
        "the new rate scales the whole velocity, as PyTorch's does: v ← μ v − η g": [-5.5],
      ])
    #expect(optimizer.configuration.learningRate == 0.25)
  }

  // MARK: What is given

  @Test func theKernelComputesTheFormula() {
    expectKernelAgrees(with: Momentum.self) {
      Momentum(learningRate: 0.1, momentum: 0.9, nesterov: $1, implementation: $0)
    }
  }

  @Test func resumingContinuesBitForBit() throws {
    try expectResumingBitForBit(Momentum(learningRate: 0.05, nesterov: true))
  }

  @Test func theVelocityGoesOnWithoutAGradient() {
    var optimizer = Momentum(learningRate: 1, momentum: 0.5, implementation: .reference)
    var weights: Tensor = [8]
    optimizer.update(&weights, gradient: [4], slot: 0)
    optimizer.update(&weights, gradient: [0], slot: 0)
    expectClose(
      weights, [2], "Momentum.update with gradients 4 and 0",
      mistakes: ["only the first step counts: v ← μ v − η g also where g is 0": [4]])
  }

  @Test func aNewTrainingStartsAtRest() {
    var optimizer = Momentum(learningRate: 1, momentum: 0.5)
    var weights: Tensor = [0]
    optimizer.update(&weights, gradient: [4], slot: 0)
    optimizer.prepare(shapes: [[1]])
    optimizer.update(&weights, gradient: [0], slot: 0)
    #expect(weights == [-4], "prepare must set the velocity to 0")
  }

  @Test func argumentsOutOfRangeAreRefused() async throws {
    let optimizer = Momentum(learningRate: 0.3, momentum: 0.5, nesterov: true)
    #expect(
      try Momentum(configuration: optimizer.configuration).configuration
        == optimizer.configuration)
    expectRefusals(
      of: optimizer,
      [
        ("a finite learning rate of at least 0, got -0.1", { $0.learningRate = -0.1 }),
        ("a finite learning rate of at least 0, got nan", { $0.learningRate = .nan }),
        ("a finite learning rate of at least 0, got inf", { $0.learningRate = .infinity }),
        ("a momentum of at least 0 and below 1, got 1.0", { $0.momentum = 1 }),
        ("a momentum of at least 0 and below 1, got -0.5", { $0.momentum = -0.5 }),
      ])
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Momentum(learningRate: 0.1, momentum: 1.5) }
    expectWords(of: result, "Momentum: expected a momentum of at least 0 and below 1, got 1.5")
  }

  @Test func aSlotBelongsToOneShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var optimizer = Momentum(learningRate: 0.1)
      var (weights, bias): (Tensor, Tensor) = ([[1, 2]], [1])
      optimizer.update(&weights, gradient: [[1, 2]], slot: 0)
      optimizer.update(&bias, gradient: [1], slot: 0)
    }
    expectWords(
      of: result, "Momentum.update: expected a slot for each parameter",
      "got slot 0 with a parameter of shape [1]")
  }
}
