import Shared

/// The perceptron: a neuron that says yes or no, and learns from its mistakes only.
///
/// Predicts 1 where `w · x + b > 0`, else 0. Rosenblatt's rule goes through the examples one after the other; an
/// example that is predicted wrongly changes the neuron: with t = +1 for class 1 and −1 for class 0,
/// `w ← w + t x`, `b ← b + t`. Once an epoch passes without a mistake, it has converged.
/// - `x`: one example, D numbers; `features`: `[N, D]`; `labels`: N times 0 or 1
///
/// If some neuron separates the classes with margin γ, and no example (with a 1 appended for the bias) is
/// longer than R, then there are at most (R/γ)² changes, in any order. If none separates them, the rule
/// never ends; `fit` stops at `epochLimit` and says so.
///
///     var perceptron = Perceptron(inputCount: 2)
///     let and = perceptron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 0, 0, 1])
///     and.hasConverged     // true
///
/// - Complexity: O(N·D) for an epoch.
/// - Reference: Rosenblatt (1958), *Psychological Review* 65; the bound: Novikoff (1962).
///   Task: Protocols/First-Principles.md, 0.8.
public struct Perceptron: Sendable {
  /// One weight for each input.
  public var weights: [Float]
  /// The number added to the weighted sum.
  public var bias: Float = 0

  /// A perceptron with all weights 0.
  public init(inputCount: Int) {
    guard inputCount >= 1 else {
      stop("Perceptron", expected: "at least one input", received: "\(inputCount)")
    }
    weights = [Float](repeating: 0, count: inputCount)
  }

  /// 1 where the weighted sum is positive, else 0.
  public func predict(_ inputs: [Float]) -> Int {
    // TODO(0.8): compare w · x + b with 0.
    // BEGIN SOLUTION
    var sum = bias
    for index in inputs.indices { sum += weights[index] * inputs[index] }
    return sum > 0 ? 1 : 0
    // END SOLUTION
  }

  /// Changes the weights if the example is predicted wrongly.
  /// - Returns: whether it was
  public mutating func learn(_ inputs: [Float], label: Int) -> Bool {
    // TODO(0.8): Rosenblatt's rule for one example.
    // BEGIN SOLUTION
    guard predict(inputs) != label else { return false }
    let direction: Float = label == 1 ? 1 : -1
    for index in inputs.indices { weights[index] += direction * inputs[index] }
    bias += direction
    return true
    // END SOLUTION
  }

  /// Goes through the examples until an epoch passes without a mistake, at most `epochLimit` times.
  @discardableResult
  public mutating func fit(_ features: Tensor, labels: [Int], epochLimit: Int = 1000) -> Training {
    guard features.rank == 2, features.shape[0] == labels.count, !labels.isEmpty,
      features.shape[1] == weights.count, labels.allSatisfy({ $0 == 0 || $0 == 1 })
    else {
      stop(
        "Perceptron.fit",
        expected: "features [N, \(weights.count)] and N labels that are 0 or 1",
        received: "features \(features.shape) and \(labels.count) labels")
    }
    let rows = labels.indices.map { features.slice(axis: 0, at: $0).scalars }
    // TODO(0.8): begin with var training = Training(hasConverged: false, epochs: 0, updates: 0, mistakes: 0). Count
    // epochs, updates and the mistakes of each epoch; stop after an epoch without any.
    // BEGIN SOLUTION
    var training = Training(hasConverged: false, epochs: 0, updates: 0, mistakes: 0)
    while training.epochs < epochLimit, !training.hasConverged {
      training.mistakes = 0
      for (row, label) in zip(rows, labels) where learn(row, label: label) {
        training.mistakes += 1
      }
      training.epochs += 1
      training.updates += training.mistakes
      training.hasConverged = training.mistakes == 0
    }
    return training
    // END SOLUTION
  }
}

extension Perceptron {
  /// The outcome of a training.
  public struct Training: Sendable, CustomStringConvertible {
    /// Whether the last epoch was without a mistake.
    public var hasConverged: Bool
    /// The number of epochs, the last one included.
    public var epochs: Int
    /// The number of changes of the weights.
    public var updates: Int
    /// The mistakes in the last epoch.
    public var mistakes: Int

    /// The outcome in words.
    public var description: String {
      hasConverged
        ? "converged after \(updates) updates in \(epochs) epochs"
        : "not converged after \(epochs) epochs: still \(mistakes) mistakes in the last one. No line "
          + "separates the classes, or the margin is so small that it needs more epochs (epochLimit)."
    }
  }
}
