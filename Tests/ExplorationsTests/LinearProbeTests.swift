import CourseTestSupport
import Explorations
import Shared
import Testing

@Suite(.watched) struct LinearProbeTests {
  // In double precision, from scikit-learn 1.9:
  //
  //     def fill(n, d, m, k): return np.array([(i * k % m - m // 2) / 4 for i in range(n * d)]).reshape(n, d)
  //     X, T, y = fill(12, 3, 17, 7), fill(5, 3, 13, 5), np.arange(12) * 5 % 7 % 3
  //     mu = X.mean(0); s = np.sqrt(((X - mu) ** 2).sum(1).mean())
  //     c = LogisticRegression(C=1 / (penalty * 12), tol=1e-12, max_iter=100000).fit((X - mu) / s, y)
  //     print(c.coef_.T, c.intercept_ - c.intercept_.mean(), c.predict_log_proba((T - mu) / s))
  private static func fill(_ n: Int, _ d: Int, _ m: Int, _ k: Int) -> Tensor {
    Tensor(shape: [n, d], scalars: (0..<(n * d)).map { Float($0 * k % m - m / 2) / 4 })
  }
  private static let (features, others) = (fill(12, 3, 17, 7), fill(5, 3, 13, 5))
  private static let labels = [0, 2, 0, 1, 0, 1, 2, 0, 2, 0, 1, 0]

  private func probe(_ penalty: Float) throws -> LinearProbe {
    try LinearProbe(
      features: Self.features, labels: Self.labels, classCount: 3, penalty: penalty)
  }

  @Test func matchesScikitLearn() throws {
    var probe = try probe(0.01)
    #expect(probe.isConverged)
    expectClose(probe.scale, 2.13914816, "s")
    expectClose(
      probe.weights,
      [
        [-0.5607879, -0.1863837, 0.7471716], [-0.3155372, -0.4467836, 0.7623208],
        [1.4932209, -1.1761566, -0.3170644],
      ], "W", atol: 2e-4, rtol: 2e-4)
    expectClose(probe.bias, [0.568438, -0.3251138, -0.2433242], "b", atol: 2e-4)
    expectClose(
      Float(probe.loss(on: Self.features, labels: Self.labels)), 0.799055762, "loss", atol: 1e-5)
    let scores = probe.scores(Self.others)
    expectClose(
      scores - log(exp(scores).sum(axis: 1, keepDims: true)),
      [
        [-0.1390702, -2.628221, -2.8537775], [-0.1158469, -3.1720973, -2.6960306],
        [-1.3601815, -0.9279559, -1.0554817], [-1.2311973, -1.3660712, -0.7919738],
        [-0.6678815, -1.1704527, -1.73172],
      ], "ln p", atol: 5e-4)
    #expect(probe.accuracy(on: Self.others, labels: [0, 0, 1, 2, 1]) == 0.8)

    probe = try self.probe(0.1)
    expectClose(
      probe.weights,
      [
        [-0.1416346, -0.0926441, 0.2342787], [-0.2480086, -0.0738653, 0.3218739],
        [0.7042036, -0.5080194, -0.1961842],
      ], "W, penalty 0.1", atol: 1e-4, rtol: 1e-4)
    expectClose(probe.bias, [0.4677336, -0.2453353, -0.2223982], "b, penalty 0.1", atol: 1e-4)
  }

  /// Two overlapping clouds in 40 dimensions with few examples: without a penalty the classes are separable. Of such clouds one
  /// in six is told best with hardly any penalty, by scikit-learn as well, so the seed stays as it is.
  private func clouds(_ count: Int, _ name: String) -> (features: Tensor, labels: [Int]) {
    let labels = (0..<count).map { $0 % 2 }
    var x = Tensor(normal: [count, 40], key: RandomKey(seed: 3).folded(name))
    for row in 0..<count { x[row, 0] += labels[row] == 0 ? -1.5 : 1.5 }
    return (x, labels)
  }

  @Test func thePenaltyIsChosenOnExamplesThatAreHeldOut() throws {
    let (train, test) = (clouds(60, "train"), clouds(600, "test"))
    let chosen = try LinearProbe(features: train.features, labels: train.labels, classCount: 2)
    #expect(chosen.isConverged)
    // Weak penalties separate the training examples, and tell little of others.
    #expect(chosen.penalty >= 0.001)
    let accuracies = try LinearProbe.penalties.map { penalty in
      try LinearProbe(
        features: train.features, labels: train.labels, classCount: 2, penalty: penalty
      ).accuracy(on: test.features, labels: test.labels)
    }
    // That of 60 examples is known to about one in twenty.
    let accuracy = chosen.accuracy(on: test.features, labels: test.labels)
    #expect(accuracy > (accuracies.max() ?? 1) - 0.05, "\(accuracies)")
    #expect(accuracy > (accuracies.min() ?? 1), "\(accuracies)")
  }

  /// Many more features than examples: the same minimum in the few directions of the examples, and with the features one by
  /// one, which repeating examples asks for. Two examples are alike.
  @Test func fewExamplesOfManyFeatures() throws {
    var x = Tensor(normal: [9, 30], key: RandomKey(seed: varied(8)))
    for column in 0..<30 { x[7, column] = x[2, column] }
    let labels = [0, 1, 2, 0, 1, 2, 0, 2, 1]
    let few = try LinearProbe(features: x, labels: labels, classCount: 3, penalty: 0.01)
    let same = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    let many = try LinearProbe(
      features: x.rows(at: same + same), labels: labels + labels, classCount: 3, penalty: 0.01)
    #expect(few.isConverged && many.isConverged)
    expectClose(few.weights, many.weights, "W", atol: 2e-4, rtol: 1e-3)
    expectClose(few.bias, many.bias, "b", atol: 2e-4, rtol: 1e-3)
    let others = Tensor(normal: [5, 30], key: RandomKey(seed: varied(9)))
    expectClose(few.scores(others), many.scores(others), "scores", atol: 1e-3, rtol: 1e-3)
  }

  @Test func threadsAndRowsOfOneScaleDoNotCount() throws {
    let train = clouds(60, "train")
    let probe = try LinearProbe(
      features: train.features, labels: train.labels, classCount: 2, penalty: 0.001)
    let threads = Parallelism.threadCount
    defer { Parallelism.threadCount = threads }
    Parallelism.threadCount = 1
    let again = try LinearProbe(
      features: train.features, labels: train.labels, classCount: 2, penalty: 0.001)
    expectSame(again.weights, probe.weights, "weights with one thread")
    // Features in another unit, from another origin.
    let moved = try LinearProbe(
      features: train.features * 1000 + 50, labels: train.labels, classCount: 2, penalty: 0.001)
    expectClose(moved.weights, probe.weights, "weights of features in another unit", atol: 5e-3)
  }

  @Test func featuresThatSayNothing() throws {
    let probe = try LinearProbe(
      features: Tensor(repeating: 3, shape: [10, 2]), labels: [0, 1, 1, 1, 1, 0, 1, 1, 1, 1],
      classCount: 2)
    #expect(probe.isConverged)
    expectClose(
      probe.scores([[3, 3]]).slice(axis: 1, at: 1) - probe.scores([[3, 3]]).slice(axis: 1, at: 0),
      Tensor([1.3862944]), "ln (8 / 2)", atol: 1e-4)
    // A class without examples is possible, and never the answer.
    let missing = try LinearProbe(
      features: [[0], [1], [5], [6]], labels: [0, 0, 2, 2], classCount: 3, penalty: 0.01)
    #expect(missing.scores([[0], [6]]).argmax(axis: 1) == [0, 2])
  }

  @Test func wrongArgumentsAreRefused() async {
    expectCourseError(.shapeMismatch, "LinearProbe", "[2, 1] and 1 labels") {
      _ = try LinearProbe(features: [[1], [2]], labels: [0], classCount: 2)
    }
    expectCourseError(.invalidData, "label out of range", "0 to 1", "example 1") {
      _ = try LinearProbe(features: [[1], [2]], labels: [0, 2], classCount: 2)
    }
    expectCourseError(.invalidData, "not finite", "example 1") {
      _ = try LinearProbe(features: Tensor([[1], [Float.nan]]), labels: [0, 1], classCount: 2)
    }
    expectCourseError(.invalidArgument, "penalty", "above 0") {
      _ = try LinearProbe(features: [[1], [2]], labels: [0, 1], classCount: 2, penalty: 0)
    }
    // Labels that are not those of the examples: a class that the probe does not know, and one too many.
    let unknown = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let probe = try LinearProbe(features: [[1], [2]], labels: [0, 1], classCount: 2, penalty: 1)
      _ = probe.loss(on: [[1]], labels: [2])
    }
    expectWords(of: unknown, "LinearProbe.loss", "a class from 0 to 1", "labels [2]")
    let many = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let probe = try LinearProbe(features: [[1], [2]], labels: [0, 1], classCount: 2, penalty: 1)
      _ = probe.accuracy(on: [[1]], labels: [0, 1])
    }
    expectWords(of: many, "LinearProbe.accuracy", "features [1, 1], labels [0, 1]")
    let wide = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let probe = try LinearProbe(
        features: [[1, 2], [2, 1]], labels: [0, 1], classCount: 2, penalty: 1)
      _ = probe.scores([[1]])
    }
    expectWords(of: wide, "LinearProbe.scores", "features [N, 2]", "[1, 1]")
  }
}
