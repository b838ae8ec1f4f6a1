import Foundation
import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.8.
@Suite(.watched) struct AdamTests {
  /// Adam on single numbers, with the parts of the formula replaceable by wrong ones.
  private struct Formula {
    var sign: Float = 1
    var rate: Float = 0.5
    var gradientShare: Float = 0.4
    var squareShare: Float = 0.2
    var power: @Sendable (Float) -> Float = { $0 * $0 }
    var firstCorrection: @Sendable (Float, Int) -> Float = { 1 - pow($0, Float($1)) }
    var secondCorrection: @Sendable (Float, Int) -> Float = { 1 - pow($0, Float($1)) }
    var root: @Sendable (_ v: Float, _ epsilon: Float, _ correction: Float) -> Float = {
      v, epsilon, _ in v.squareRoot() + epsilon
    }

    /// The weights after the gradients, from `start`.
    func weights(_ gradients: [Tensor], from start: Tensor) -> Tensor {
      var w = start.scalars
      for place in w.indices {
        var (m, v): (Float, Float) = (0, 0)
        for (index, gradient) in gradients.enumerated() {
          let g = gradient.scalars[place]
          m = 0.6 * m + gradientShare * g
          v = 0.8 * v + squareShare * power(g)
          let correction = secondCorrection(0.8, index + 1)
          let first = m / firstCorrection(0.6, index + 1)
          w[place] -= sign * rate * first / root(v / correction, 0.25, correction)
        }
      }
      return Tensor(w)
    }
  }

  private let gradients: [Tensor] = [[2, -0.5, 0.1], [1, 0.25, -0.3], [-3, 0.5, 0]]
  private let start: Tensor = [1, -1, 0.5]

  @Test func everyPartOfTheFormulaCounts() {
    var optimizer = Adam(
      learningRate: 0.5, beta1: 0.6, beta2: 0.8, epsilon: 0.25, implementation: .reference)
    var weights = start
    for gradient in gradients {
      optimizer.beginStep()
      optimizer.update(&weights, gradient: gradient, slot: 0)
    }
    func wrong(_ change: (inout Formula) -> Void) -> Tensor {
      var formula = Formula()
      change(&formula)
      return formula.weights(gradients, from: start)
    }
    expectClose(
      weights, Formula().weights(gradients, from: start), "Adam.update",
      mistakes: [
        "the weights do not change": start,
        "the step goes along the gradient, uphill: w ← w − η m̂ / (√v̂ + ε)": wrong { $0.sign = -1 },
        "the learning rate is missing: w ← w − η m̂ / (√v̂ + ε)": wrong { $0.rate = 1 },
        "bias correction is missing: m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)":
          wrong {
            $0.firstCorrection = { _, _ in 1 }
            $0.secondCorrection = { _, _ in 1 }
          },
        "the bias of the second moment is not corrected: v̂ = v / (1 − β₂ᵗ)":
          wrong { $0.secondCorrection = { _, _ in 1 } },
        "the bias of the first moment is not corrected: m̂ = m / (1 − β₁ᵗ)":
          wrong { $0.firstCorrection = { _, _ in 1 } },
        "bias correction does not depend on the step: 1 − βᵗ, not 1 − β":
          wrong {
            $0.firstCorrection = { beta, _ in 1 - beta }
            $0.secondCorrection = { beta, _ in 1 - beta }
          },
        "bias correction is one step behind: t is 1 in the first step":
          wrong {
            $0.firstCorrection = { 1 - pow($0, Float($1 + 1)) }
            $0.secondCorrection = { 1 - pow($0, Float($1 + 1)) }
          },
        "epsilon is inside the root: √v̂ + ε, not √(v̂ + ε)":
          wrong { $0.root = { v, epsilon, _ in (v + epsilon).squareRoot() } },
        "epsilon is added before the bias correction (it is ε, not the paper's ε̂): √v̂ + ε":
          wrong {
            $0.root = { v, epsilon, correction in
              v.squareRoot() + epsilon / correction.squareRoot()
            }
          },
        "epsilon is missing: √v̂ + ε": wrong { $0.root = { v, _, _ in v.squareRoot() } },
        "the root is missing: √v̂ + ε, not v̂ + ε": wrong {
          $0.root = { v, epsilon, _ in v + epsilon }
        },
        "the gradient in the first moment is not scaled by 1 − β₁": wrong { $0.gradientShare = 1 },
        "the square in the second moment is not scaled by 1 − β₂": wrong { $0.squareShare = 1 },
        "β₁ and β₂ are scaled by each other's remainder":
          wrong { ($0.gradientShare, $0.squareShare) = (0.2, 0.4) },
        "the gradient in the second moment is not squared": wrong { $0.power = { $0 } },
      ])
  }

  @Test func everyParameterHasItsOwnMoments() {
    expectOneStateForEachParameter(
      Adam(learningRate: 0.1, implementation: .reference), "Adam.update")
  }

  // torch.optim.Adam(w, lr=0.1), see Trajectory.
  @Test(arguments: [Implementation.reference, .fast])
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
  @Test(arguments: [Implementation.reference, .fast])
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
  @Test func theNumbersOfTheCourse() {
    var optimizer = Adam(learningRate: 1, beta1: 0.01, beta2: 0.02, implementation: .reference)
    var weights = Tensor(1)
    for gradient: Float in [1, 0.5] {
      optimizer.beginStep()
      optimizer.update(&weights, gradient: Tensor(gradient), slot: 0)
    }
    expectClose(weights, Tensor(-0.98144732), "Adam.update, the two steps of the FAU exercise")
  }

  @Test func theFirstStepHasTheSizeOfTheLearningRate() {
    var optimizer = Adam(learningRate: 0.5, implementation: .reference)
    var weights: Tensor = [1, 1, 1]
    optimizer.beginStep()
    optimizer.update(&weights, gradient: [8, -0.001, 0], slot: 0)
    expectClose(
      weights, [0.5, 1.5, 1], "Adam.update, first step",
      mistakes: [
        "a gradient of 0 gives 0 / 0: √v̂ + ε in the denominator": Tensor([0.5, 1.5, Float.nan])
      ])
  }

  // MARK: What is given

  @Test func theKernelComputesTheFormula() {
    expectKernelAgrees(with: Adam.self) {
      $1
        ? Adam(learningRate: 0.1, implementation: $0)
        : Adam(learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 0.1, implementation: $0)
    }
  }

  @Test func resumingContinuesBitForBit() throws {
    try expectResumingBitForBit(Adam(learningRate: 0.05))
  }

  @Test func withoutDecayAdamWIsAdam() {
    let (with, without) = (
      Trajectory(of: AdamW(learningRate: 0.1, weightDecay: 0)),
      Trajectory(of: Adam(learningRate: 0.1))
    )
    expectClose(with.weights, without.weights, "AdamW with weight decay 0 against Adam")
  }

  @Test func aNewTrainingStartsAtStepOne() {
    var optimizer = Adam(learningRate: 0.5)
    var weights: Tensor = [0]
    for _ in 0..<2 {
      optimizer.prepare(shapes: [[1]])
      #expect(optimizer.counters == ["stepCount": 0])
      optimizer.beginStep()
      optimizer.update(&weights, gradient: [4], slot: 0)
    }
    expectClose(weights, [-1], "two first steps")
  }

  @Test func manyThousandStepsStayFinite() {
    var optimizer = Adam(learningRate: 0.01)
    optimizer.counters = ["stepCount": 1_000_000_000]
    var weights: Tensor = [1]
    optimizer.beginStep()
    optimizer.update(&weights, gradient: [2], slot: 0)
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
    expectWords(of: result, "Adam: expected a beta1 of at least 0 and below 1, got 1.0")
  }

  @Test func anUpdateBeforeTheFirstStepStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var (optimizer, weights): (Adam, Tensor) = (Adam(), [1])
      optimizer.update(&weights, gradient: [1], slot: 0)
    }
    expectWords(of: result, "Adam.update: expected beginStep() before the updates of each step")
  }
}
