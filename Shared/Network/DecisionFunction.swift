/// A model that assigns examples to classes: a network, a perceptron, a single neuron.
///
/// `Pictures` draws the decision boundary of any of them.
///
///     struct LeftOfOne: DecisionFunction {
///       func classProbabilities(_ features: Tensor) -> Tensor {
///         let isLeft = features.slice(axis: 1, at: 0) .< 1
///         return Tensor(stacking: [isLeft, 1 - isLeft], axis: 1)
///       }
///     }
public protocol DecisionFunction {
  /// The probability of each class, `[N, C]`, for the raw features `[N, F]` of N examples; 0 and 1 from a model
  /// that only decides.
  func classProbabilities(_ features: Tensor) throws -> Tensor
}

extension NeuralNetwork: DecisionFunction {
  /// The predictions of the network, `[N, C]`; a network with a single output p, such as a sigmoid, has the two
  /// classes 1 − p and p.
  ///
  /// - Throws: `CourseError` when the features do not fit the network.
  public func classProbabilities(_ features: Tensor) throws -> Tensor {
    let predictions = try predict(features)
    guard outputShape == [1] else { return predictions }
    return Tensor(concatenating: [1 - predictions, predictions], axis: 1)
  }
}
