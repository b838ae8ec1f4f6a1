import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.4.
  @Suite struct ClassificationCostTests {
    private static let p: Tensor = [[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.25, 0.25, 0.5]]
    private static let classes = [0, 1, 0]
    private static let oneHot: Tensor = [[1, 0, 0], [0, 1, 0], [1, 0, 0]]

    /// −ln 0.7
    @Test func loss() {
      expectClose(
        ClassificationCost.loss([0.7, 0.2, 0.1], class: 0), 0.3566749, "ClassificationCost.loss",
        mistakes: [
          "the sign is wrong: −ln p": -0.3566749,
          "this is 1 − p; the loss is −ln p": 0.3,
          "the logarithm has another base: −ln p is that of base e": 0.1549020,
          "the logarithm has another base: −ln p is that of base e, not 2": 0.5145732,
          "the logarithms of all classes were added: only that of the right class counts":
            4.2686979,
          "this is the probability itself": 0.7,
        ])
      expectClose(
        ClassificationCost.loss([0.2, 0.2, 0.6], class: 2), 0.5108256,
        "ClassificationCost.loss of class 2",
        mistakes: ["the first class was taken whatever the truth is": 1.6094379])
    }

    private static let example = Stage("loss()") { ClassificationCostTests().loss() }

    /// −ln 1e-7 = 16.118
    @Test func clipping() throws {
      try Self.example.require()
      expectClose(
        ClassificationCost.loss([0, 1], class: 0), 16.118096, "the loss of an impossible class",
        atol: 1e-4,
        mistakes: ["the loss was clipped, not the probability": 1e-7],
        notFinite: "the logarithm of 0 is −∞: clip the probability before the logarithm")
      let certain = ClassificationCost.loss([0, 1], class: 1)
      try require(
        certain >= 0 && certain < 1e-6,
        "the loss of a certain class: expected about 1e-7, got \(certain)")
    }

    private static let costs = Stage("costOfOneHotRows()") {
      ClassificationCostTests().costOfOneHotRows()
    }

    @Test func clippingOfOneHotRows() throws {
      try Self.costs.require()
      expectClose(
        ClassificationCost.cost([[0, 1], [1, 0]], oneHot: [[1, 0], [1, 0]]), 8.059048,
        "the cost with one impossible class, one-hot", atol: 1e-4,
        mistakes: [
          "it was divided by the number of classes as well: sum(axis: 1), then mean()": 4.029524
        ],
        notFinite: "0 · ln 0 is NaN: clip the probabilities before the logarithm")
    }

    private static let mistakes: KeyValuePairs<String, Float> = [
      "the losses were added: the cost is their mean": 2.4361165,
      "the sign is wrong": -0.8120388,
      "it was divided by the number of classes as well": 0.2706796,
      "only the first example was counted": 0.3566749,
      "only the last example was counted": 1.3862944,
      "the loss of the last example replaced the others: add them up (+=)": 0.4620981,
    ]

    /// The mean of −ln 0.7, −ln 0.5 and −ln 0.25.
    @Test func costOfClasses() throws {
      try Self.example.require()
      expectClose(
        ClassificationCost.cost(Self.p, classes: Self.classes), 0.8120388,
        "ClassificationCost.cost(_:classes:)", mistakes: Self.mistakes)
    }

    @Test func costOfOneHotRows() {
      expectClose(
        ClassificationCost.cost(Self.p, oneHot: Self.oneHot), 0.8120388,
        "ClassificationCost.cost(_:oneHot:)", mistakes: Self.mistakes)
      // Two rows of four classes: a mean over the wrong axis shows.
      expectClose(
        ClassificationCost.cost(
          [[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25]],
          oneHot: [[1, 0, 0, 0], [0, 0, 0, 1]]), 1.0397208, "the cost of two rows of four classes",
        mistakes: [
          "the mean runs over the classes: sum(axis: 1) makes one loss of each row": 0.5198604
        ])
    }

    @Test func accuracy() {
      expectClose(
        ClassificationCost.accuracy(Self.p, classes: Self.classes), 2.0 / 3,
        "ClassificationCost.accuracy",
        mistakes: [
          "this is the number of right answers, not yet the fraction": 2,
          "this is the fraction of wrong answers": 1.0 / 3,
          "the fraction was computed with whole numbers: 2 / 3 is 0 there": 0,
        ])
      expectClose(
        ClassificationCost.accuracy(
          [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]], classes: [1, 0, 1, 0]), 0.75,
        "ClassificationCost.accuracy of four rows of two classes",
        mistakes: [
          "the largest of each column was taken: a row is an example (axis: 1)": 0.5
        ])
    }
  }
}
