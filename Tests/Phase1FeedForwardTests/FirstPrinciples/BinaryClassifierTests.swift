import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.9. The numbers come from NumPy in double precision:
  ///
  ///     X = np.array([[0, 1], [2, 1], [1, -1], [-1, 0.5]]); t = np.array([0, 1, 1, 0])
  ///     p = 1 / (1 + np.exp(-(X @ w + b)))
  ///     cost = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
  ///     dz = (p - t) / 4; dw = X.T @ dz; db = dz.sum()
  @Suite struct BinaryClassifierTests {
    private static let x: Tensor = [[0, 1], [2, 1], [1, -1], [-1, 0.5]]
    private static let labels = [0, 1, 1, 0]

    private static func classifier() -> BinaryClassifier {
      var classifier = BinaryClassifier(inputCount: 2)
      classifier.weights = [0.5, -1]
      classifier.bias = 0.25
      return classifier
    }

    @Test func probabilities() {
      let z: Tensor = [-0.75, 0.25, 1.75, -0.75]
      expectClose(
        Self.classifier().probabilities(Self.x), [0.3208213, 0.5621765, 0.8519528, 0.3208213],
        "BinaryClassifier.probabilities",
        mistakes: [
          "the sigmoid is missing": z,
          "the sign in the exponent is wrong: 1 / (1 + e⁻ᶻ)": 1 / (1 + exp(z)),
          "the bias is missing": 1 / (1 + exp(0.25 - z)),
          "this is e⁻ᶻ without the quotient": exp(-z),
        ])
    }

    private static let forward = Stage("probabilities()") {
      BinaryClassifierTests().probabilities()
    }

    @Test func score() throws {
      try Self.forward.require()
      let score = Self.classifier().score(Self.x, labels: Self.labels)
      expectClose(
        score.cost, 0.3774764, "BinaryClassifier.score, cost",
        mistakes: [
          "the sign is wrong": -0.3774764,
          "the losses were added: the cost is their mean": 1.5099056,
          "only examples of class 1 were counted: the second half of the formula is missing":
            0.1840317,
          "classes 0 and 1 are exchanged": 1.2524764,
        ])
      expectClose(
        score.accuracy, 1, "BinaryClassifier.score, accuracy",
        mistakes: [
          "this is the number of right answers, not yet the fraction": 4,
          "only answers of class 1 were counted as right": 0.5,
          "this is the fraction of wrong answers": 0,
        ])
      var wrong = Self.classifier()
      wrong.bias = 2
      // z = 1, 2, 3.5, 1: everything is taken for class 1.
      expectClose(
        wrong.score(Self.x, labels: Self.labels).accuracy, 0.5, "accuracy, half wrong",
        mistakes: ["the fraction was computed with whole numbers: 2 / 4 is 0 there": 0])
    }

    private static let scores = Stage("score()") { try BinaryClassifierTests().score() }

    @Test func certainMistakesHaveAFiniteCost() throws {
      try Self.scores.require()
      var classifier = BinaryClassifier(inputCount: 1)
      classifier.weights = [1000]
      let score = classifier.score([[1], [-1]], labels: [0, 1])
      expectClose(
        score.cost, 16.118, "the cost of two certain mistakes", atol: 0.2, mistakes: [:],
        notFinite: "the logarithm of 0 is −∞: clip the probabilities to 1e-7...1 − 1e-7")
    }

    @Test func gradients() throws {
      try Self.forward.require()
      let (dw, db) = Self.classifier().gradients(Self.x, labels: Self.labels)
      let right: Tensor = [-0.33612887, 0.04786391]
      expectClose(
        dw, right, "dw",
        mistakes: [
          "the sign is wrong: dZ = (p − t) / N": -right,
          "1/N is missing: dZ = (p − t) / N": right * 4,
          "the labels are missing: dZ = (p − t) / N":
            Self.x.transposed().matmul(Self.classifier().probabilities(Self.x)) / 4,
          "the slope of the sigmoid was multiplied in: with the logarithm of the cost it cancels":
            Self.x.transposed().matmul(Self.slopedDZ()),
        ])
      expectClose(
        db, 0.01394298, "db",
        mistakes: [
          "the sign is wrong": -0.01394298, "1/N is missing, or the sum was taken twice": 0.0557719,
          "it is zero": 0, "1/N is there twice: dZ already has it": 0.00348574,
        ])
    }

    private static func slopedDZ() -> Tensor {
      let p = classifier().probabilities(x)
      return (p - [0, 1, 1, 0]) * p * (1 - p) / 4
    }

    private static let backward = Stage("gradients() and score()") {
      try BinaryClassifierTests().gradients()
      try BinaryClassifierTests().score()
    }

    /// Three steps from weights 0, by NumPy.
    @Test func fit() throws {
      try Self.backward.require()
      var classifier = BinaryClassifier(inputCount: 2)
      let history = classifier.fit(Self.x, labels: Self.labels, learningRate: 0.5, epochs: 4)
      try require(
        history.count == 5,
        "fit: expected the score before the first step and after each of 4, got \(history.count)")
      expectClose(
        Tensor(history.prefix(4).map(\.cost)), [0.6931472, 0.5623848, 0.4700277, 0.4024002],
        "fit, the costs",
        mistakes: [
          "they are those of steps uphill: w ← w − η dw": [
            0.6931472, 0.847541, 1.0571113, 1.3360297,
          ],
          "the weights step uphill: w ← w − η dw": [0.6931472, 0.847541, 1.0560993, 1.3307986],
          "the bias steps uphill: b ← b − η db": [0.6931472, 0.5623847, 0.4708542, 0.4054498],
          "the bias does not change": [0.6931472, 0.5623847, 0.4704269, 0.4037715],
          "the weights do not change": [0.6931472, 0.6931472, 0.6931472, 0.6931472],
          "the learning rate is missing: w ← w − η dw": [0.6931472, 0.4545214, 0.33635, 0.266611],
          "the score is that of the weights before the step": [
            0.6931472, 0.6931472, 0.5623848, 0.4700277,
          ],
        ])
      expectClose(classifier.weights, [0.7716392, -0.3391849], "fit, the weights", atol: 1e-4)
      expectClose(classifier.bias, -0.0493048, "fit, the bias", atol: 1e-4)
    }

    @Test func learnsOr() throws {
      try Self.backward.require()
      var classifier = BinaryClassifier(inputCount: 2)
      let history = classifier.fit(
        [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 1, 1, 1], epochs: 200)
      try require(
        history.last?.accuracy == 1, "OR after 200 epochs: accuracy \(history.last?.accuracy ?? 0)")
    }

    @Test func wrongLabelsAreRefused() async {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { _ = BinaryClassifier(inputCount: 1).score([[1], [2]], labels: [0, 2]) }
      expectWords(of: result, "BinaryClassifier", "2 labels that are 0 or 1")
    }
  }
}
