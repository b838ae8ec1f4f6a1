import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.5.
  @Suite struct SearchTests {
    /// The best weights are far enough from 0 that one draw in five is better than 0.
    private static let problem: LinearLeastSquares = {
      let features = Tensor(normal: [40, 3], key: RandomKey(seed: varied(1)))
      return LinearLeastSquares(features: features, targets: features.matmul([1.5, -1, 0.5]))
    }()

    /// L(w) = (x·w − y)²: x = 2, y = 3. At 0 it is 9, with the slope −12; η = 0.1 leads to 1.2, where L is 0.36.
    @Test func gradientDescent() {
      let problem = LinearLeastSquares(features: [[2]], targets: [3])
      let result = problem.gradientDescent(evaluations: 3, learningRate: 0.1)
      expectClose(
        result.weights, [1.44], "gradientDescent, the weights after two steps",
        mistakes: [
          "no step was better than the start: it goes along the gradient, uphill, or the learning rate is missing":
            [0],
          "only one step was made, or the second one uses the gradient at 0": [1.2],
          "there is one step too many: the start is an evaluation, too": [1.488],
        ])
      expectClose(
        Tensor(result.losses), [9, 0.36, 0.0144], "gradientDescent, the losses", atol: 1e-4)
    }

    @Test(arguments: ["randomSearch", "randomAdjustments", "gradientDescent"])
    func theBestIsKept(_ name: String) throws {
      let count = 200
      let result = search(name, count, seed: varied(3))
      try require(
        result.losses.count == count,
        """
        \(name): expected one loss for each of \(count) evaluations, the first at the start, got \
        \(result.losses.count)
        """)
      try require(
        zip(result.losses, result.losses.dropFirst()).allSatisfy { $0 >= $1 },
        "\(name): the lowest loss so far can never rise")
      let best = Self.problem.loss(result.weights)
      expectClose(
        best, result.losses[count - 1], "\(name): the loss of the weights that it returns")
      try require(
        best < result.losses[0],
        """
        \(name): it found nothing better than the weights 0: all candidates seem to be the same, or better \
        ones are not kept
        """)
    }

    @Test(arguments: ["randomSearch", "randomAdjustments"])
    func theSeedDecides(_ name: String) throws {
      let (one, same, other) = (
        search(name, 200, seed: varied(1)), search(name, 200, seed: varied(1)),
        search(name, 200, seed: varied(2))
      )
      try require(
        one.weights == same.weights, "\(name): the same seed must give the same weights")
      try require(
        one.weights != other.weights,
        "\(name): another seed must give other weights: draw with key.folded(number)")
    }

    /// Each candidate of a random search is a fresh draw; adjustments stay near the best so far.
    @Test func candidatesAreDrawnWhereTheyShould() throws {
      // Any step is an improvement at first, so after one evaluation the weights are the first step.
      let far = LinearLeastSquares(
        features: Tensor(ones: [1, 400]), targets: Tensor([Float(1e6)]))
      for seed in 1...64 as ClosedRange<UInt64> {
        let step = far.randomAdjustments(evaluations: 2, stepSize: 0.01, seed: varied(seed)).weights
        let draw = far.randomSearch(evaluations: 2, seed: varied(seed)).weights
        guard step.max() != 0, draw.max() != 0 else { continue }
        // 400 draws: the deviation is known to about 4 %.
        expectClose(
          square(step).mean().squareRoot(), 0.01, "randomAdjustments, the size of a step",
          atol: 0.002)
        expectClose(
          square(draw).mean().squareRoot(), 1, "randomSearch, the size of a candidate", atol: 0.2)
        return
      }
      fail("no search of 64 finds anything better than 0 in two evaluations")
    }

    /// Of 200 draws about five are better than all before. One search in ten has fewer than three of them; that ten have,
    /// happens once in 10¹⁰.
    @Test func everyCandidateIsAnother() throws {
      for name in ["randomSearch", "randomAdjustments"] {
        let counts = (1...10).map { Set(search(name, 200, seed: varied($0)).losses).count }
        try require(
          counts.contains { $0 > 3 },
          "\(name): all candidates seem to be the same: draw with key.folded(number)")
      }
    }

    /// The same step again and again leads along one line.
    @Test func everyAdjustmentHasADirectionOfItsOwn() throws {
      try Self.path.require()
      let far = LinearLeastSquares(
        features: Tensor(ones: [1, 400]), targets: Tensor([Float(1e6)]))
      let early = far.randomAdjustments(evaluations: 50, seed: varied(1)).weights
      let late = far.randomAdjustments(evaluations: 200, seed: varied(1)).weights
      let cosine = (early * late).sum() / (square(early).sum() * square(late).sum()).squareRoot()
      try require(
        cosine < 0.99,
        "randomAdjustments: all candidates seem to be the same step: draw with key.folded(number)")
    }

    /// Of 200 draws none is beyond 6, and 200 of them, one upon the other, lead about 80 away.
    @Test func drawsDoNotBuildOnEachOther() throws {
      let far = LinearLeastSquares(features: [[1]], targets: Tensor([Float(1e3)]))
      let weight = far.randomSearch(evaluations: 200, seed: varied(1)).weights[0]
      try require(
        weight < 6,
        "randomSearch: a candidate of the random search is a draw of its own, not a step from the best so far"
      )
    }

    /// From 0 to a far target in steps of about 0.01: 200 of them lead about 0.8 away, one alone at most 0.05.
    @Test func adjustmentsBuildOnEachOther() throws {
      let far = LinearLeastSquares(features: [[1]], targets: Tensor([Float(1e3)]))
      let weight = far.randomAdjustments(evaluations: 200, stepSize: 0.01, seed: varied(1)).weights[
        0]
      try require(
        weight > 0.3,
        "randomAdjustments: each step starts from result.weights, the best so far, not from 0")
    }

    private static let path = Stage("adjustmentsBuildOnEachOther()") {
      try SearchTests().adjustmentsBuildOnEachOther()
    }

    /// The point of the task: the more weights, the larger the lead of the gradient, in the mean of several problems.
    @Test func gradientsWinByMoreTheMoreWeightsThereAre() throws {
      let leads = [2, 20, 60].map { count in
        (0..<4 as Range<UInt64>).reduce(Float(0)) { sum, number in
          let problem = LinearLeastSquares(
            exampleCount: 4 * count, weightCount: count, seed: varied(5) &+ number)
          let start = problem.loss(Tensor(zeros: [count]))
          let adjustments = problem.randomAdjustments(
            evaluations: 100, seed: varied(1) &+ number)
          let descent = problem.gradientDescent(evaluations: 100)
          let lead = (adjustments.losses.last ?? 0) - (descent.losses.last ?? start)
          return sum + lead / start / 4
        }
      }
      try require(
        leads[0] < leads[1] && leads[1] < leads[2] && leads[2] > 0.2,
        "the lead of gradient descent must grow with the number of weights, got \(leads)")
    }

    private func search(_ name: String, _ count: Int, seed: UInt64) -> SearchResult {
      switch name {
      case "randomSearch": Self.problem.randomSearch(evaluations: count, seed: seed)
      case "randomAdjustments": Self.problem.randomAdjustments(evaluations: count, seed: seed)
      default: Self.problem.gradientDescent(evaluations: count)
      }
    }
  }
}
