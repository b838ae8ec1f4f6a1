/// The output `Y = f(Z)` of a layer with an activation f, as `backward` needs it: its values are kept unless f is the
/// identity, whose slope needs none. In a deep network they would be memory for nothing.
package struct ActivatedOutput: Sendable {
  private let values: Tensor?
  private let shape: [Int]
  private let activation: Activation

  /// Keeps Y.
  package init(_ output: Tensor, of activation: Activation) {
    values = activation == .identity ? nil : output
    shape = output.shape
    self.activation = activation
  }

  /// `dZ = dY ⊙ f'(Z)`; stops when the gradient does not have the shape of the output.
  package func gradientBeforeActivation(_ outputGradient: Tensor, of layer: String) -> Tensor {
    requireGradient(outputGradient, shape: shape, of: layer)
    guard let values else { return outputGradient }
    return activation.inputGradient(output: values, outputGradient: outputGradient)
  }
}
