import Shared

/// One neuron with a sigmoid, which learns to tell two classes apart: logistic regression.
///
/// Computes `p = σ(X · w + b)`, the probability of class 1 for each example, with `σ(z) = 1 / (1 + e⁻ᶻ)`.
/// - `X`: `features`, `[N, D]`; `w`: `weights`, `[D]`; `b`: `bias`; `p`: `[N]`
/// - cost: `L = −1/N Σₙ (t[n] ln p[n] + (1 − t[n]) ln(1 − p[n]))`, for labels t of 0 and 1
/// - gradients: `dZ = (p − t) / N`, `[N]`; `dw = Xᵀ · dZ`, `[D]`; `db = Σₙ dZ`
///
///     var classifier = BinaryClassifier(inputCount: 2)
///     let history = classifier.fit([[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 1, 1, 1], epochs: 200)
///     history.last?.accuracy    // 1
///
/// - Reference: Cox (1958), *Journal of the Royal Statistical Society B* 20.
///   Task: Protocols/First-Principles.md, 0.9.
public struct BinaryClassifier: Sendable {
  /// w, `[D]`.
  public var weights: Tensor
  /// b
  public var bias: Float = 0

  /// A classifier with all weights 0: every probability is one half.
  public init(inputCount: Int) {
    guard inputCount >= 1 else {
      stop("BinaryClassifier", expected: "at least one input", received: "\(inputCount)")
    }
    weights = Tensor(zeros: [inputCount])
  }

  /// The quality of the classifier at one point of its training.
  public struct Score: Sendable, Equatable {
    /// The mean loss.
    public var cost: Float
    /// The fraction of the examples whose class has a probability above one half.
    public var accuracy: Float
  }

  /// The probability of class 1 for each row of `[N, D]`.
  public func probabilities(_ features: Tensor) -> Tensor {
    requireFeatures(features)
    // TODO(0.9): σ(X · w + b). exp(-z) works element by element.
    // BEGIN SOLUTION
    let z = features.matmul(weights) + bias
    return 1 / (1 + exp(-z))
    // END SOLUTION
  }

  /// Cost and accuracy.
  public func score(_ features: Tensor, labels: [Int]) -> Score {
    let t = targets(labels, count: features.shape[0])
    let p = probabilities(features)
    // TODO(0.9): the cost of the formula above, with p clipped to 1e-7...1 − 1e-7; and the fraction of
    // examples for which p > 0.5 is the right prediction.
    // BEGIN SOLUTION
    let clipped = p.clipped(to: 1e-7...(1 - 1e-7))
    let cost = -(t * log(clipped) + (1 - t) * log(1 - clipped)).mean()
    let isRight = zip(p.scalars, labels).count { ($0 > 0.5) == ($1 == 1) }
    return Score(cost: cost, accuracy: Float(isRight) / Float(labels.count))
    // END SOLUTION
  }

  /// The gradients of the cost: dw, `[D]`, and db.
  public func gradients(_ features: Tensor, labels: [Int]) -> (weights: Tensor, bias: Float) {
    let t = targets(labels, count: features.shape[0])
    let p = probabilities(features)
    // TODO(0.9): dZ = (p − t) / N, then dw = Xᵀ · dZ and db = Σ dZ.
    // BEGIN SOLUTION
    let dZ = (p - t) / Float(labels.count)
    return (features.transposed().matmul(dZ), dZ.sum())
    // END SOLUTION
  }

  /// Gradient descent on all examples at once.
  /// - Returns: the scores before the first step and after each step, `epochs + 1` of them
  @discardableResult
  public mutating func fit(
    _ features: Tensor, labels: [Int], learningRate: Float = 0.5, epochs: Int
  ) -> [Score] {
    // TODO(0.9): begin with var history = [score(features, labels: labels)]. In each epoch one step against the
    // gradients, then the new score.
    // BEGIN SOLUTION
    var history = [score(features, labels: labels)]
    for _ in 0..<epochs {
      let (dw, db) = gradients(features, labels: labels)
      weights -= dw * learningRate
      bias -= db * learningRate
      history.append(score(features, labels: labels))
    }
    return history
    // END SOLUTION
  }

  private func requireFeatures(_ features: Tensor) {
    guard features.rank == 2, features.shape[1] == weights.count else {
      stop(
        "BinaryClassifier", expected: "features [N, \(weights.count)]",
        received: "\(features.shape)")
    }
  }

  private func targets(_ labels: [Int], count: Int) -> Tensor {
    guard labels.count == count, count > 0, labels.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      stop(
        "BinaryClassifier", expected: "\(count) labels that are 0 or 1",
        received: "\(labels.count) labels")
    }
    return Tensor(labels.map(Float.init))
  }
}
