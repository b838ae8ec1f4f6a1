import Shared

// Given: what a picture of a decision boundary asks the models of this folder.

extension Perceptron: DecisionFunction {
  /// 1 for the class that the perceptron predicts, 0 for the other one, `[N, 2]`.
  public func classProbabilities(_ features: Tensor) -> Tensor {
    let rows = (0..<features.shape[0]).map { features.slice(axis: 0, at: $0).scalars }
    return Tensor(oneHot: rows.map(predict), classCount: 2)
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
  let p = probabilities.reshaped([-1, 1])
  return Tensor(concatenating: [1 - p, p], axis: 1)
}
