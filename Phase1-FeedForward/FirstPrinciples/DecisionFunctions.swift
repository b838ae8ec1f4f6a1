import Shared

// Given: the probabilities that a picture of a decision boundary shows, for the models of this folder.

extension Perceptron: DecisionFunction {
  /// A perceptron has no probabilities: these are a steep function of the distance to its line, so that a
  /// picture can place the line between the points at which it asks, `[N, 2]`.
  public func classProbabilities(_ features: Tensor) -> Tensor {
    let direction = Tensor(weights)
    let length = max(square(direction).sum().squareRoot(), .leastNormalMagnitude)
    let distances = (features.matmul(direction) + bias) / length
    return twoClasses(1 / (1 + exp(-20 * distances)))
  }
}

extension BinaryClassifier: DecisionFunction {
  /// 1 − p and p, `[N, 2]`.
  public func classProbabilities(_ features: Tensor) -> Tensor {
    twoClasses(probabilities(features))
  }
}

extension TwoLayerNetwork: DecisionFunction {
  /// 1 − p and p, `[N, 2]`.
  public func classProbabilities(_ features: Tensor) -> Tensor {
    twoClasses(probabilities(features))
  }
}

extension DeepNetwork: DecisionFunction {
  /// 1 − p and p, `[N, 2]`.
  public func classProbabilities(_ features: Tensor) -> Tensor {
    twoClasses(probabilities(features))
  }
}

/// The two columns 1 − p and p, from the probabilities of class 1, `[N]` or `[N, 1]`.
private func twoClasses(_ probabilities: Tensor) -> Tensor {
  let p = probabilities.reshaped(to: [-1, 1])
  return Tensor(concatenating: [1 - p, p], axis: 1)
}
