import Shared

/// A linear classifier on features that another model made: how much of the classes is there to be read off by weights alone.
///
/// Multinomial logistic regression: the scores are `S = ((X − μ) / s) · W + b`, and W and b minimise
///
///     L = −1/N Σₙ ln pₙ[yₙ] + λ/2 Σ W²                              p: softmax of a row of S
///
/// - `X`: features, `[N, D]`; `y`: classes
/// - `μ`: the mean of each column, `[D]`; `s`: the root mean square length of the rows of `X − μ`, one number, so that λ means
///   the same for any features while the columns keep their proportions
/// - `W`: weights, `[D, C]`; `b`: bias, `[C]`, which λ spares
/// - `λ`: `penalty`
///
/// L is convex, and where λ > 0 and each class has examples, it has one minimum, up to a number that is added to all of b. L-BFGS
/// finds it from W = 0: no step size, no seed, no order of the examples.
///
///     let probe = try LinearProbe(
///       features: encoder.predict(train.features), labels: train.targets.classIndices, classCount: 10)
///     probe.accuracy(on: encoder.predict(test.features), labels: test.targets.classIndices)
///
/// The encoder of the features stays as it is ("frozen"): a probe measures a representation, not its worth as a beginning of
/// further training.
/// Compare it with a probe on the raw inputs, and on the features of the same encoder before training: random weights
/// are a good part of many results.
///
/// - Complexity: O(N · D · C) for each of some dozen to some hundred iterations; O(N² · C) after O(N² · D) for many more
///   features than examples.
/// - Reference: Alain, Bengio (2016), *Understanding intermediate layers using linear classifier probes*; Nocedal (1980),
///   *Updating quasi-Newton matrices with limited storage*.
public struct LinearProbe: Sendable {
  /// The penalties among which `init(features:labels:classCount:)` chooses.
  public static let penalties: [Float] = [0.1, 0.01, 0.001, 0.0001, 0.00001]

  /// μ, `[D]`.
  public let mean: Tensor
  /// s.
  public let scale: Float
  /// W, `[D, C]`.
  public let weights: Tensor
  /// b, `[C]`.
  public let bias: Tensor
  /// λ.
  public let penalty: Float
  /// Whether no number in the gradient of L is larger than 10⁻⁵; otherwise W is where the search ended.
  public let isConverged: Bool

  /// Fits a probe.
  /// - Parameters:
  ///   - features: `[N, D]`
  ///   - labels: N classes from 0
  ///   - classCount: the number of classes, C
  ///   - penalty: λ, above 0
  /// - Throws: `CourseError` when features and labels do not fit each other
  public init(features: Tensor, labels: [Int], classCount: Int, penalty: Float) throws {
    guard penalty > 0, penalty.isFinite else {
      throw CourseError(
        .invalidArgument, "LinearProbe: penalty", expected: "a finite number above 0",
        received: "\(penalty)")
    }
    try Self.check(features, labels, classCount)
    let problem = Problem(features, labels, classCount)
    self.init(problem, problem.minimum(penalty: penalty), penalty: penalty)
  }

  /// Fits a probe with that one of `penalties` whose probes have the lowest loss on examples that they were not fitted on:
  /// each fifth of the examples in turn, or, of 2000 and more, the first. Each class is spread over the fifths
  /// in the order of its examples. (Of few examples, the loss tells more than the number of right answers.)
  /// - Throws: as with a given penalty
  public init(features: Tensor, labels: [Int], classCount: Int) throws {
    try Self.check(features, labels, classCount)
    var losses = [Double](repeating: 0, count: Self.penalties.count)
    let folds = Self.folds(of: labels, classCount: classCount)
    for fold in labels.count < 2000 ? 0..<Self.foldCount : 0..<1 {
      let held = labels.indices.filter { folds[$0] == fold }
      let kept = labels.indices.filter { folds[$0] != fold }
      guard !held.isEmpty, !kept.isEmpty else { continue }
      let problem = Problem(features.rows(at: kept), kept.map { labels[$0] }, classCount)
      let (others, truth) = (features.rows(at: held), held.map { labels[$0] })
      // From strong to weak, so that each minimum is near the one before.
      var last: Minimum?
      for (place, penalty) in Self.penalties.enumerated() {
        // The choice needs no more digits than this.
        let minimum = problem.minimum(penalty: penalty, from: last, tolerance: 1e-4, limit: 300)
        last = minimum
        let probe = LinearProbe(problem, minimum, penalty: penalty)
        losses[place] += probe.loss(on: others, labels: truth) * Double(held.count)
      }
    }
    let best = losses.indices.min { losses[$0] < losses[$1] } ?? 0
    try self.init(
      features: features, labels: labels, classCount: classCount, penalty: Self.penalties[best])
  }

  /// The scores of each class, `[N, C]`, for features `[N, D]`.
  public func scores(_ features: Tensor) -> Tensor {
    guard features.rank == 2, features.shape[1] == mean.count else {
      stop(
        "LinearProbe.scores", expected: "features [N, \(mean.count)]",
        received: "\(features.shape)")
    }
    return ((features - mean) / scale).matmul(weights) + bias
  }

  /// The mean of `−ln p[y]`. Stops without examples, or without a class for each.
  public func loss(on features: Tensor, labels: [Int]) -> Double {
    requireLabels(labels, of: features, "LinearProbe.loss")
    let (sum, _) = scores(features).softmaxCrossEntropy(labels: labels)
    return Double(sum) / Double(labels.count)
  }

  /// The share of the examples whose class has the highest score. Stops without examples, or without a class for each.
  public func accuracy(on features: Tensor, labels: [Int]) -> Double {
    requireLabels(labels, of: features, "LinearProbe.accuracy")
    let right = zip(scores(features).argmax(axis: 1), labels).count { $0 == $1 }
    return Double(right) / Double(labels.count)
  }

  private func requireLabels(_ labels: [Int], of features: Tensor, _ place: String) {
    guard !labels.isEmpty, features.shape.first == labels.count,
      labels.allSatisfy((0..<bias.count).contains)
    else {
      stop(
        place, expected: "a class from 0 to \(bias.count - 1) for each of at least one example",
        received: "features \(features.shape), labels \(labels)")
    }
  }

  // MARK: Fitting

  private static let foldCount = 5

  /// The fold of each example: its number within its class, modulo the number of folds.
  private static func folds(of labels: [Int], classCount: Int) -> [Int] {
    var seen = [Int](repeating: 0, count: classCount)
    return labels.map { label in
      seen[label] += 1
      return (seen[label] - 1) % foldCount
    }
  }

  private init(_ problem: Problem, _ minimum: Minimum, penalty: Float) {
    (mean, scale) = (problem.mean, problem.scale)
    let size = minimum.parameters.shape[0] - 1
    let weights = minimum.parameters[0..<size]
    self.weights = problem.basis.map { $0.matmul(weights, transposingSelf: true) } ?? weights
    bias = minimum.parameters.slice(axis: 0, at: size)
    (self.penalty, isConverged) = (penalty, minimum.isConverged)
  }

  private static func check(_ features: Tensor, _ labels: [Int], _ classCount: Int) throws {
    guard features.rank == 2, features.shape[1] >= 1, features.shape[0] == labels.count,
      !labels.isEmpty
    else {
      throw CourseError(
        .shapeMismatch, "LinearProbe: features and labels that do not fit each other",
        expected: "features [N, D] and N labels, at least one",
        received: "\(features.shape) and \(labels.count) labels")
    }
    guard classCount >= 1 else {
      throw CourseError(
        .invalidArgument, "LinearProbe: number of classes", expected: "at least 1",
        received: "\(classCount)")
    }
    if let wrong = labels.firstIndex(where: { !(0..<classCount).contains($0) }) {
      throw CourseError(
        .invalidData, "LinearProbe: label out of range", expected: "0 to \(classCount - 1)",
        received: "\(labels[wrong])", location: "example \(wrong)")
    }
    if let wrong = features.firstNonFiniteIndex {
      throw CourseError(
        .invalidData, "LinearProbe: feature is not finite", expected: "numbers",
        received: "NaN or infinity", location: "example \(wrong / features.shape[1])")
    }
  }

  /// A point where the gradient is 0, as far as can be told.
  private struct Minimum {
    /// W with b as its last row, `[D + 1, C]`.
    var parameters: Tensor
    var isConverged: Bool
  }

  /// The function to minimise, without its penalty.
  private struct Problem {
    let mean: Tensor
    let scale: Float
    /// The directions in which the examples differ, `[R, D]`, where these are few; `nil` for all, R = D.
    let basis: Tensor?
    /// The scaled features in these directions, and ones for the bias, `[N, R + 1]`.
    private let inputs: Tensor
    private let labels: [Int]
    private let classCount: Int
    /// 1 for weights and 0 for the bias, `[R + 1, 1]`.
    private let isWeight: Tensor

    init(_ features: Tensor, _ labels: [Int], _ classCount: Int) {
      mean = features.mean(axis: 0)
      let centred = features - mean
      let length = (square(centred).sum() / Float(labels.count)).squareRoot()
      // Features that do not vary say nothing, and stay 0.
      scale = length > 0 ? length : 1
      // The weights of the minimum lie where the examples do: of 50 examples with 3000 numbers, 50 are to be found.
      let rotated = Self.rotated(centred / scale)
      basis = rotated?.basis
      let values = rotated?.values ?? centred / scale
      inputs = Tensor(concatenating: [values, Tensor(ones: [labels.count, 1])], axis: 1)
      (self.labels, self.classCount) = (labels, classCount)
      isWeight = Tensor(
        concatenating: [Tensor(ones: [values.shape[1], 1]), Tensor(zeros: [1, 1])])
    }

    /// An orthonormal basis of few rows, and the rows in it: `X = L · Q`, by Cholesky's decomposition of `X · Xᵀ = L · Lᵀ`.
    /// Rows that depend on those before them have no direction of their own.
    /// - Returns: L, `[N, N]`, and Q, `[N, D]`; `nil` where that would save little
    private static func rotated(_ x: Tensor) -> (values: Tensor, basis: Tensor)? {
      let n = x.shape[0]
      guard 2 * n < x.shape[1] else { return nil }
      let products = x.matmul(x, transposingOther: true).scalars.map(Double.init)
      let least = 1e-6 * ((0..<n).map { products[$0 * n + $0] }.max() ?? 0)
      var (lower, inverse) = (
        [Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n)
      )
      for j in 0..<n {
        var pivot = products[j * n + j]
        for k in 0..<j { pivot -= lower[j * n + k] * lower[j * n + k] }
        guard pivot > least else { continue }
        lower[j * n + j] = pivot.squareRoot()
        for i in (j + 1)..<max(n, j + 1) {
          var sum = products[i * n + j]
          for k in 0..<j { sum -= lower[i * n + k] * lower[j * n + k] }
          lower[i * n + j] = sum / lower[j * n + j]
        }
      }
      for j in 0..<n where lower[j * n + j] > 0 {
        inverse[j * n + j] = 1 / lower[j * n + j]
        for i in (j + 1)..<max(n, j + 1) where lower[i * n + i] > 0 {
          var sum = 0.0
          for k in j..<i { sum += lower[i * n + k] * inverse[k * n + j] }
          inverse[i * n + j] = -sum / lower[i * n + i]
        }
      }
      func matrix(_ values: [Double]) -> Tensor {
        Tensor(shape: [n, n], scalars: values.map { Float($0) })
      }
      return (matrix(lower), matrix(inverse).matmul(x))
    }

    /// `(p − [y]) / N`, `[N, C]`: the gradient of the cross-entropy with respect to the scores.
    private func errors(_ scores: Tensor) -> Tensor {
      scores.softmaxCrossEntropy(labels: labels).pass.gradient(scale: 1 / Float(labels.count))
    }

    private func gradient(_ parameters: Tensor, _ scores: Tensor, penalty: Float) -> Tensor {
      inputs.matmul(errors(scores), transposingSelf: true) + penalty * isWeight * parameters
    }

    /// L-BFGS with a memory of ten steps. Along a direction the scores change linearly, so a step of the search costs no
    /// matrix product. It looks at slopes alone: close to the minimum, values differ by less than their rounding.
    func minimum(
      penalty: Float, from start: Minimum? = nil, tolerance: Float = 1e-6, limit: Int = 2000
    ) -> Minimum {
      var parameters =
        start?.parameters ?? Tensor(zeros: [inputs.shape[1], classCount])
      var scores = inputs.matmul(parameters)
      var gradient = gradient(parameters, scores, penalty: penalty)
      var memory: [(step: Tensor, change: Tensor, product: Float)] = []
      for _ in 0..<limit {
        if abs(gradient).max() <= tolerance {
          return Minimum(parameters: parameters, isConverged: true)
        }
        var direction = -descent(gradient, memory)
        if (direction * gradient).sum() >= 0 {
          (memory, direction) = ([], -gradient)
        }
        let change = inputs.matmul(direction)
        let penalized = penalty * isWeight * direction
        func slope(_ length: Float) -> Float {
          (errors(scores + length * change) * change).sum()
            + ((parameters + length * direction) * penalized).sum()
        }
        guard let length = Self.length(slope) else { break }
        let step = length * direction
        parameters += step
        scores = inputs.matmul(parameters)
        let next = self.gradient(parameters, scores, penalty: penalty)
        let difference = next - gradient
        let product = (step * difference).sum()
        if product > 0 { memory.append((step, difference, product)) }
        if memory.count > 10 { memory.removeFirst() }
        gradient = next
      }
      return Minimum(parameters: parameters, isConverged: abs(gradient).max() <= 10 * tolerance)
    }

    /// The gradient times an estimate of the inverse matrix of second derivatives (two-loop recursion).
    private func descent(
      _ gradient: Tensor, _ memory: [(step: Tensor, change: Tensor, product: Float)]
    ) -> Tensor {
      var direction = gradient
      var factors: [Float] = []
      for (step, change, product) in memory.reversed() {
        let factor = (step * direction).sum() / product
        direction.add(change, scaledBy: -factor)
        factors.append(factor)
      }
      if let last = memory.last {
        direction *= last.product / square(last.change).sum()
      }
      for ((step, change, product), factor) in zip(memory, factors.reversed()) {
        direction.add(step, scaledBy: factor - (change * direction).sum() / product)
      }
      return direction
    }

    /// How far to go: to where the slope, which rises from below 0, is less than half as steep as at the start.
    /// - Returns: `nil` where rounding hides the slope
    private static func length(_ slope: (Float) -> Float) -> Float? {
      let first = slope(0)
      guard first < 0 else { return nil }
      var (low, high, length): (Float, Float?, Float) = (0, nil, 1)
      for _ in 0..<40 {
        let now = slope(length)
        if abs(now) <= -0.5 * first { return length }
        if now < 0 { low = length } else { high = length }
        length = high.map { (low + $0) / 2 } ?? 2 * length
      }
      return nil
    }
  }
}
