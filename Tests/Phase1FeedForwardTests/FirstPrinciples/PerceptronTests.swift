import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.8.
  @Suite struct PerceptronTests {
    @Test func predicts() throws {
      var perceptron = Perceptron(inputCount: 2)
      perceptron.weights = [2, -1]
      perceptron.bias = -1
      for (x, answer, hint) in [
        ([2, 1], 1, "2·2 − 1 − 1 = 2 is positive"), ([0.4, 0], 0, "the bias −1 counts as well"),
        ([0, 3], 0, "−3 − 1 = −4 is not positive"),
        ([1, 1], 0, "2 − 1 − 1 = 0 is not positive: the answer is 1 only above 0"),
        ([0.6, 0], 1, "1.2 − 1 = 0.2 is positive"),
      ] as [([Float], Int, String)] {
        try require(
          perceptron.predict(x) == answer,
          "Perceptron.predict(\(x)): expected \(answer), got \(1 - answer): \(hint)")
      }
    }

    private static let prediction = Stage("predicts()") { try PerceptronTests().predicts() }

    /// One example that is wrong, and what Rosenblatt's rule makes of it.
    @Test func learnsFromAMistake() throws {
      try Self.prediction.require()
      var perceptron = Perceptron(inputCount: 2)
      perceptron.weights = [1, 1]
      try require(
        !perceptron.learn([2, 3], label: 1) && perceptron.weights == [1, 1]
          && perceptron.bias == 0, "learn: an example that is answered rightly changes nothing")
      try require(
        perceptron.learn([2, 3], label: 0), "learn: returns true where the answer was wrong")
      expectClose(
        Tensor(perceptron.weights + [perceptron.bias]), [-1, -2, -1],
        "weights and bias after a wrong 1",
        mistakes: [
          "the sign is wrong: for class 0, x is taken off": [3, 4, 1],
          "the sign is wrong: for class 0, x is taken off, as the bias is": [3, 4, -1],
          "the bias was forgotten": [-1, -2, 0],
          "the label itself was the factor: class 0 stands for −1": [1, 1, 0],
          "the bias has the wrong sign": [-1, -2, 1],
          "nothing was changed": [1, 1, 0],
          "the inputs are missing: for class 0, x is taken off, not 1": [0, 0, -1],
          "the weights were replaced: the step is added to them": [-2, -3, -1],
        ])
      try require(
        perceptron.learn([2, 1], label: 1), "learn: returns true where the answer was wrong")
      expectClose(
        Tensor(perceptron.weights + [perceptron.bias]), [1, -1, 0],
        "weights and bias after a wrong 0")
    }

    private static let rule = Stage("learnsFromAMistake()") {
      try PerceptronTests().learnsFromAMistake()
    }

    @Test func learnsAnd() throws {
      try Self.rule.require()
      var perceptron = Perceptron(inputCount: 2)
      let training = perceptron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 0, 0, 1])
      try require(training.hasConverged, "AND: \(training)")
      try require(
        [[0, 0], [0, 1], [1, 0], [1, 1]].map(perceptron.predict) == [0, 0, 0, 1],
        "AND: converged, but an answer is wrong: an epoch without a mistake ends the training")
      // By hand, in the order of the examples from weights 0: see the text.
      try require(
        training.updates == 10 && training.epochs == 6 && training.mistakes == 0,
        "AND: expected 10 updates in 6 epochs, got \(training.updates) in \(training.epochs)")
      expectClose(
        Tensor(perceptron.weights + [perceptron.bias]), [2, 1, -2], "AND, weights and bias")
    }

    /// Never more than (R/γ)² updates, R and γ taken with a 1 appended to each example.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func convergesWithinTheBound(seed: UInt64) throws {
      try Self.rule.require()
      let key = RandomKey(seed: varied(seed))
      // A separating neuron of length 1; examples too near to its line are left out.
      let direction = Tensor(normal: [3], key: key.folded("direction"))
      let separator = direction / square(direction).sum().squareRoot()
      var (rows, labels, margin, radius): ([[Float]], [Int], Float, Float) = ([], [], .infinity, 0)
      let points = Tensor(normal: [200, 2], key: key.folded("points"))
      for n in 0..<200 {
        let x = points.slice(axis: 0, at: n).scalars
        let distance = x[0] * separator[0] + x[1] * separator[1] + separator[2]
        guard abs(distance) > 0.1 else { continue }
        rows.append(x)
        labels.append(distance > 0 ? 1 : 0)
        margin = min(margin, abs(distance))
        radius = max(radius, (x[0] * x[0] + x[1] * x[1] + 1).squareRoot())
      }
      var perceptron = Perceptron(inputCount: 2)
      let features = Tensor(rows.flatMap { $0 }).reshaped(to: [rows.count, 2])
      let training = perceptron.fit(features, labels: labels, epochLimit: 2000)
      let bound = (radius / margin) * (radius / margin)
      try require(training.hasConverged, "separable points: \(training)")
      try require(
        Float(training.updates) <= bound,
        "\(training.updates) updates, but (R/γ)² = \(bound) are enough: R \(radius), γ \(margin)")
      try require(
        zip(rows, labels).allSatisfy { perceptron.predict($0) == $1 },
        "converged, but some answer is wrong")
    }

    @Test func saysThatXorDoesNotConverge() throws {
      try Self.rule.require()
      var perceptron = Perceptron(inputCount: 2)
      let training = perceptron.fit(
        [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 1, 1, 0], epochLimit: 50)
      try require(
        !training.hasConverged && training.epochs == 50 && training.mistakes > 0,
        "XOR: expected to stop after 50 epochs without success, got: \(training)")
      for words in ["not converged after 50 epochs", "No line separates the classes"] {
        try require(
          "\(training)".contains(words), "the outcome must say \"\(words)\", got: \(training)")
      }
    }

    @Test func wrongShapesAreRefused() async {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        var perceptron = Perceptron(inputCount: 2)
        perceptron.fit([[1, 2], [3, 4]], labels: [1, 2])
      }
      expectWords(of: result, "Perceptron.fit", "labels that are 0 or 1")
    }
  }
}
