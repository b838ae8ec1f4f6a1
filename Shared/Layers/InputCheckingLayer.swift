/// A layer that can process some numbers only, such as an `Embedding`, whose inputs are tokens.
///
/// As the first layer of a network it sees the data themselves: then `fit`, `evaluate` and `predict` show
/// them to it, all at once, before anything is computed from them.
public protocol InputCheckingLayer: Layer {
  /// Throws when one of the inputs is nothing that the layer can process.
  /// - Parameters:
  ///   - inputs: `[n] + inputShape`, preprocessed
  ///   - firstExample: the number of the first of them in its data set, for the message
  func check(inputs: Tensor, firstExample: Int) throws
}
