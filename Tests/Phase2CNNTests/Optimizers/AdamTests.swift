import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

/// Task 2.8.
@Suite(.watched) struct AdamTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func everyPartOfTheFormulaCounts() async throws { try await Self.steps.run() }
  @Test func theFirstStepHasTheSizeOfTheLearningRate() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = FirstSteps(
    of: Adam.typeName,
    [
      ("everyPartOfTheFormulaCounts()", { everyPart() }),
      ("theFirstStepHasTheSizeOfTheLearningRate()", { firstStep() }),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AdamTests.steps.tryAndExit()
    }
  }

  /// Positive, so that also a root of what was not squared is a number.
  private static let gradients: [Tensor] = [[2, 0.5, 0.1], [1, 0.25, 0.3], [3, 0.5, 0]]
  private static let start: Tensor = [1, -1, 0.5]

  private static func everyPart() {
    let optimizer = Adam(
      learningRate: 0.5, beta1: 0.6, beta2: 0.8, epsilon: 0.25, implementation: .reference)
    expectClose(
      stepped(optimizer, start, gradients), AdamFormula().weights(gradients, from: start),
      "Adam.update",
      mistakes: mistakes,
      notFinite: """
        the weights are no numbers any more: for t − 1 the first step divides by 1 − β⁰ = 0, and t is 1 \
        in the first step
        """)
  }

  /// The weights by a formula that is wrong.
  private static func wrong(_ change: (inout AdamFormula) -> Void) -> Tensor {
    var formula = AdamFormula()
    change(&formula)
    return formula.weights(gradients, from: start)
  }

  private static let mistakes: KeyValuePairs<String, Tensor> = [
    "the weights do not change": start,
    "the step goes along the gradient, uphill: w ← w − η m̂ / (√v̂ + ε)": wrong {
      $0.rate = -0.5
    },
    "the learning rate is missing: w ← w − η m̂ / (√v̂ + ε)": wrong { $0.rate = 1 },
    "bias correction is missing: m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)":
      wrong {
        $0.firstCorrection = { _ in 1 }
        $0.secondCorrection = { _ in 1 }
      },
    "the bias of the second moment is not corrected: v̂ = v / (1 − β₂ᵗ)":
      wrong { $0.secondCorrection = { _ in 1 } },
    "the bias of the first moment is not corrected: m̂ = m / (1 − β₁ᵗ)":
      wrong { $0.firstCorrection = { _ in 1 } },
    "bias correction does not depend on the step: 1 − βᵗ, not 1 − β":
      wrong {
        $0.firstCorrection = { _ in 0.4 }
        $0.secondCorrection = { _ in 0.2 }
      },
    "bias correction is one step ahead (t + 1): t is 1 in the first step":
      wrong { $0.time = { $0 + 1 } },
    "v is corrected with β₁: v̂ = v / (1 − β₂ᵗ)":
      wrong { $0.secondCorrection = { 1 - pow(0.6, $0) } },
    "m is corrected with β₂: m̂ = m / (1 − β₁ᵗ)":
      wrong { $0.firstCorrection = { 1 - pow(0.8, $0) } },
    "m is corrected with β₂ and v with β₁: m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)":
      wrong {
        $0.firstCorrection = { 1 - pow(0.8, $0) }
        $0.secondCorrection = { 1 - pow(0.6, $0) }
      },
    "m̂ and v̂ are stored: m and v are kept, m̂ and v̂ are computed from them in each step":
      wrong { ($0.storesFirst, $0.storesSecond) = (true, true) },
    "m̂ is stored: m is kept, m̂ is computed from it in each step": wrong { $0.storesFirst = true },
    "v̂ is stored: v is kept, v̂ is computed from it in each step": wrong { $0.storesSecond = true },
    "epsilon is inside the root: √v̂ + ε, not √(v̂ + ε)":
      wrong { $0.root = { v, _ in (v + 0.25).squareRoot() } },
    "epsilon is added before the bias correction (it is ε, not the paper's ε̂): √v̂ + ε":
      wrong { $0.root = { v, t in v.squareRoot() + 0.25 / (1 - pow(0.8, t)).squareRoot() } },
    "epsilon is missing: √v̂ + ε": wrong { $0.root = { v, _ in v.squareRoot() } },
    "epsilon is added to the quotient: / (√v̂ + ε), with parentheses":
      wrong {
        $0.root = { v, _ in v.squareRoot() }
        $0.shift = 0.25
      },
    "the root is missing: √v̂ + ε, not v̂ + ε": wrong { $0.root = { v, _ in v + 0.25 } },
    "the gradient takes the place of the first moment: w ← w − η m̂ / (√v̂ + ε)":
      wrong {
        ($0.firstKept, $0.gradientShare) = (0, 1)
        $0.firstCorrection = { _ in 1 }
      },
    "the gradient in the first moment is not scaled by 1 − β₁": wrong { $0.gradientShare = 1 },
    "the square in the second moment is not scaled by 1 − β₂": wrong { $0.squareShare = 1 },
    "β₁ and β₂ are scaled by each other's remainder":
      wrong { ($0.gradientShare, $0.squareShare) = (0.2, 0.4) },
    "β₁ and β₂ are exchanged: m ← β₁ m + ..., v ← β₂ v + ...":
      wrong {
        ($0.firstKept, $0.gradientShare) = (0.8, 0.2)
        ($0.secondKept, $0.squareShare) = (0.6, 0.4)
      },
    "β and 1 − β are exchanged: m ← β₁ m + (1 − β₁) g":
      wrong {
        ($0.firstKept, $0.gradientShare) = (0.4, 0.6)
        ($0.secondKept, $0.squareShare) = (0.2, 0.8)
      },
    "the first moment is forgotten from step to step: m ← β₁ m + (1 − β₁) g":
      wrong { $0.firstKept = 0 },
    "the second moment is forgotten from step to step: v ← β₂ v + (1 − β₂) g²":
      wrong { $0.secondKept = 0 },
    "the old first moment is added once more: m becomes β₁ m + (1 − β₁) g (=, not +=)":
      wrong { $0.firstKept = 1.6 },
    "the gradient in the second moment is not squared: g², neither g nor |g|":
      wrong { $0.power = { g, _ in g } },
    "the second moment takes m²: v ← β₂ v + (1 − β₂) g²": wrong {
      $0.power = { _, m in m * m }
    },
    "the second moment is squared as a whole: v ← β₂ v + (1 − β₂) g²":
      wrong {
        $0.power = { g, _ in g }
        $0.squaresAll = true
      },
  ]

  private static func firstStep() {
    let optimizer = Adam(learningRate: 0.5, implementation: .reference)
    expectClose(
      stepped(optimizer, [1, 1, 1], [[8, -0.001, 0]]), [0.5, 1.5, 1], "Adam.update, first step",
      mistakes: [:],
      notFinite: "a gradient of 0 gives 0 / 0: √v̂ + ε in the denominator")
  }

  // MARK: Numbers

  @Test func everyMistakeIsToldInItsOwnWords() {
    expectOwnAnswers(
      Self.mistakes, right: AdamFormula().weights(Self.gradients, from: Self.start))
  }

  // torch.optim.Adam(w, lr=0.1), see Trajectory.
  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func tenStepsMatchPyTorch(implementation: Implementation) {
    expectTrajectory(
      of: Adam(learningRate: 0.1, implementation: implementation),
      Trajectory(
        weights: [[-0.0096455, -0.8384469, 1.2222541], [0.2037895, 0.2806046, -0.0383319]],
        bias: [0.3300657, -1.2132617, 0.0404511],
        path: [
          2.9, 2.8010445, 2.7013865, 2.6036795, 2.5143036, 2.4335275, 2.3531461, 2.2681167,
          2.1789181, 2.0886185,
        ]), "Adam.update (\(implementation))")
  }

  // torch.optim.Adam(w, lr=0.2, betas=(0.6, 0.8), eps=0.1), see Trajectory.
  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func tenStepsWithALargeEpsilonMatchPyTorch(implementation: Implementation) {
    expectTrajectory(
      of: Adam(
        learningRate: 0.2, beta1: 0.6, beta2: 0.8, epsilon: 0.1, implementation: implementation),
      Trajectory(
        weights: [[-0.1328268, -0.6290091, 0.7748728], [0.2313802, 0.2867824, -0.0116264]],
        bias: [0.0722496, -0.8407664, 0.0289961],
        path: [
          2.8125, 2.6206691, 2.4270725, 2.2475322, 2.1092578, 2.0106918, 1.901672, 1.7496404,
          1.5710202, 1.396465,
        ]), "Adam.update (\(implementation))")
  }

  // The two steps that the tests of the FAU exercise take, with their numbers.
  @Test(.waits(for: steps)) func theNumbersOfTheCourse() {
    let optimizer = Adam(learningRate: 1, beta1: 0.01, beta2: 0.02, implementation: .reference)
    expectClose(
      stepped(optimizer, Tensor(1), [Tensor(1), Tensor(0.5)]), Tensor(-0.98144732),
      "Adam.update, the two steps of the FAU exercise")
  }

  // MARK: What is given

  @Test(.waits(for: steps)) func theKernelComputesTheFormula() {
    expectKernelAgrees(with: Adam.self) {
      $1
        ? Adam(learningRate: 0.1, implementation: $0)
        : Adam(learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 0.1, implementation: $0)
    }
  }

  @Test(.waits(for: steps)) func resumingContinuesBitForBit() throws {
    try expectResumingBitForBit(Adam(learningRate: 0.05))
  }

  @Test(.waits(for: steps)) func withoutDecayAdamWIsAdam() {
    let (with, without) = (
      Trajectory(of: AdamW(learningRate: 0.1, weightDecay: 0)),
      Trajectory(of: Adam(learningRate: 0.1))
    )
    expectClose(with.weights, without.weights, "AdamW with weight decay 0 against Adam")
  }

  @Test(.waits(for: steps)) func manyThousandStepsStayFinite() {
    let weights = stepped(Adam(learningRate: 0.01), [1], [[2]], firstStep: 1_000_000_001)
    #expect(weights.isFinite && weights.scalar < 1)
  }

  @Test func argumentsOutOfRangeAreRefused() async throws {
    let optimizer = Adam(learningRate: 0.3, beta1: 0.5, beta2: 0.6, epsilon: 0.1)
    #expect(
      try Adam(configuration: optimizer.configuration).configuration == optimizer.configuration)
    expectRefusals(
      of: optimizer,
      [
        ("a finite learning rate of at least 0, got -1.0", { $0.learningRate = -1 }),
        ("a beta1 of at least 0 and below 1, got 1.0", { $0.beta1 = 1 }),
        ("a beta2 of at least 0 and below 1, got -0.1", { $0.beta2 = -0.1 }),
        ("a beta2 of at least 0 and below 1, got nan", { $0.beta2 = .nan }),
        ("a finite epsilon above 0, got 0.0", { $0.epsilon = 0 }),
      ])
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Adam(beta1: 1) }
    expectWords(
      of: result, "Adam: argument out of range: expected a beta1 of at least 0 and below 1, got 1.0"
    )
  }
}
