import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.7.
@Suite(.watched) struct MomentumTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func theVelocityCarriesThePastStepsOn() async throws { try await Self.steps.run() }
  @Test func nesterovsStepLooksAhead() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = FirstSteps(
    of: Momentum.typeName,
    [
      ("theVelocityCarriesThePastStepsOn()", { classic() }),
      ("nesterovsStepLooksAhead()", { nesterov() }),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      MomentumTests.steps.tryAndExit()
    }
  }

  private static let gradients: [Tensor] = [[2, -1], [-4, 0.5], [1, 3]]
  private static let start: Tensor = [1, -1]

  /// The weights after the gradients above, by a formula that may be wrong.
  private static func byFormula(
    _ formula: (_ w: inout Tensor, _ v: inout Tensor, _ g: Tensor) -> Void
  ) -> Tensor {
    var (w, v) = (start, Tensor(zeros: [2]))
    for gradient in gradients { formula(&w, &v, gradient) }
    return w
  }

  /// η = 0.5, μ = 0.25: the velocity by a formula of v and g, then `w ← w + v`.
  private static func velocity(_ formula: (_ v: Tensor, _ g: Tensor) -> Tensor) -> Tensor {
    byFormula { w, v, g in
      v = formula(v, g)
      w += v
    }
  }

  /// η = 0.5, μ = 0.25: the right velocity, then a step by a formula of it, of the old one and of g.
  private static func step(_ formula: (_ v: Tensor, _ old: Tensor, _ g: Tensor) -> Tensor) -> Tensor
  {
    byFormula { w, v, g in
      let old = v
      v = 0.25 * v - 0.5 * g
      w += formula(v, old, g)
    }
  }

  // By hand, η = 0.5, μ = 0.25: v = [−1, 0.5], w = [0, −0.5]; v = [1.75, −0.125], w = [1.75, −0.625];
  // v = [−0.0625, −1.53125], w = [1.6875, −2.15625].
  private static func classic() {
    expectClose(
      stepped(
        Momentum(learningRate: 0.5, momentum: 0.25, implementation: .reference), start, gradients),
      [1.6875, -2.15625], "Momentum.update",
      mistakes: classicMistakes)
  }

  private static let classicMistakes: KeyValuePairs<String, Tensor> = [
    "the weights do not change": start,
    "the step goes along the gradient, uphill: v ← μ v − η g": velocity {
      0.25 * $0 + 0.5 * $1
    },
    "the velocity is forgotten from step to step: v ← μ v − η g": velocity { -0.5 * $1 },
    "the step is Nesterov's, which is for nesterov: true": step { v, _, g in 0.25 * v - 0.5 * g
    },
    "the learning rate is missing: v ← μ v − η g": velocity { 0.25 * $0 - $1 },
    "momentum is missing, the velocity never slows down: v ← μ v − η g":
      velocity { $0 - 0.5 * $1 },
    "momentum scales the gradient instead of the velocity: v ← μ v − η g":
      velocity { $0 - 0.25 * 0.5 * $1 },
    "momentum scales the gradient, too: v ← μ v − η g": velocity { 0.25 * ($0 - 0.5 * $1) },
    "the gradient is scaled by 1 − μ: v ← μ v − η g": velocity { 0.25 * $0 - 0.75 * 0.5 * $1 },
    "the old velocity is added once more: v becomes μ v − η g (=, not +=)":
      velocity { $0 + 0.25 * $0 - 0.5 * $1 },
    "the weights move by the old velocity: first v, then w ← w + v": step { _, old, _ in old },
    "the learning rate counts twice: w ← w + v": step { v, _, _ in 0.5 * v },
    "the gradient counts twice: w ← w + v": step { v, _, g in v - 0.5 * g },
    "the weights become the velocity: w ← w + v":
      byFormula { w, v, g in
        v = 0.25 * v - 0.5 * g
        w = v
      },
  ]

  // By hand: v as above, w += 0.25 v − 0.5 g: [−0.25, −0.375], [2.1875, −0.65625],
  // [1.671875, −2.5390625].
  private static func nesterov() {
    expectClose(
      stepped(
        Momentum(learningRate: 0.5, momentum: 0.25, nesterov: true, implementation: .reference),
        start, gradients),
      [1.671875, -2.5390625], "Momentum.update with Nesterov's momentum",
      mistakes: nesterovMistakes)
  }

  private static let nesterovMistakes: KeyValuePairs<String, Tensor> = [
    "the weights do not change": start,
    // The same numbers: v is μ times the old v, less η g.
    "the step is the classic one, or has the old velocity: w ← w + μ v − η g, with the new v": step
    { v, _, _ in v },
    "the gradient counts once only, inside the velocity: w ← w + μ v − η g":
      step { v, _, _ in 0.25 * v },
    "the classic step is added as well: w ← w + μ v − η g":
      step { v, _, g in v + 0.25 * v - 0.5 * g },
    "momentum is missing: w ← w + μ v − η g": step { v, _, g in v - 0.5 * g },
    "the step is kept as the velocity: v ← μ v − η g, and w ← w + μ v − η g":
      byFormula { w, v, g in
        v = 0.25 * (0.25 * v - 0.5 * g) - 0.5 * g
        w += v
      },
    "the step goes along the gradient, uphill: w ← w + μ v − η g":
      byFormula { w, v, g in
        v = 0.25 * v + 0.5 * g
        w += 0.25 * v + 0.5 * g
      },
    "the learning rate counts in the velocity only: w ← w + μ v − η g":
      step { v, _, g in 0.25 * v - g },
  ]

  @Test func everyMistakeIsToldInItsOwnWords() {
    expectOwnAnswers(Self.classicMistakes, right: [1.6875, -2.15625])
    expectOwnAnswers(Self.nesterovMistakes, right: [1.671875, -2.5390625])
  }

  // torch.optim.SGD(w, lr=0.1, momentum=0.9), see Trajectory.
  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
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
  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
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

  @Test(.waits(for: steps)) func aNewLearningRateCountsForNewGradientsOnly() {
    var optimizer = Momentum(learningRate: 1, momentum: 0.5, implementation: .reference)
    var weights: Tensor = [0]
    var state = Momentum.State(for: weights)
    optimizer.update(&weights, gradient: [4], state: &state, step: 1)
    optimizer.learningRate = 0.25
    optimizer.update(&weights, gradient: [4], state: &state, step: 2)
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

  @Test(.waits(for: steps)) func theKernelComputesTheFormula() {
    expectKernelAgrees(with: Momentum.self) {
      Momentum(learningRate: 0.1, momentum: 0.9, nesterov: $1, implementation: $0)
    }
  }

  @Test(.waits(for: steps)) func resumingContinuesBitForBit() throws {
    try expectResumingBitForBit(Momentum(learningRate: 0.05, nesterov: true))
  }

  @Test(.waits(for: steps)) func theVelocityGoesOnWithoutAGradient() {
    let optimizer = Momentum(learningRate: 1, momentum: 0.5, implementation: .reference)
    expectClose(
      stepped(optimizer, [8], [[4], [0]]), [2], "Momentum.update with gradients 4 and 0",
      mistakes: ["only the first step counts: v ← μ v − η g also where g is 0": [4]])
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
    expectWords(
      of: result,
      "Momentum: argument out of range: expected a momentum of at least 0 and below 1, got 1.5")
  }

  @Test(.waits(for: steps)) func theStateOfAnotherParameterIsRefused() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let optimizer = Momentum(learningRate: 0.1)
      var state = Momentum.State(for: [[1, 2]])
      var bias: Tensor = [1]
      optimizer.update(&bias, gradient: [1], state: &state, step: 1)
    }
    expectWords(
      of: result, "Momentum.update: expected a gradient and a state of shape [1]",
      "got [1] and [1, 2]")
  }
}
