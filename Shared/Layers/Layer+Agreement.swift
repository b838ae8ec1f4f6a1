extension Layer {
  /// Whether two layers compute the same, up to rounding: tried on one batch, forward and backward.
  ///
  /// A layer that has a `.reference` and a `.fast` body asks this before it runs the fast one. Where the
  /// two differ, training runs the reference: a network trains by the formula that stands there, also
  /// while it is unfinished or wrong.
  package func agrees(with other: some Layer, on input: Tensor) -> Bool {
    var (first, second) = (self, other)
    func areClose(_ a: Tensor?, _ b: Tensor?) -> Bool {
      guard let a, let b else { return a == nil && b == nil }
      // The shapes first: an unfinished body may return anything.
      guard a.shape == b.shape else { return false }
      let areNaN = (a .!= a) * (b .!= b)
      return ((abs(a - b) .<= 1e-4 + 1e-4 * abs(b)) + areNaN).sum() == Float(a.count)
    }
    let output = second.forward(input, mode: .training)
    guard areClose(first.forward(input, mode: .training), output) else { return false }
    let gradient = Tensor(normal: output.shape, key: RandomKey(seed: 1).folded("agreement"))
    let inputGradient = second.backward(gradient)
    guard areClose(first.backward(gradient), inputGradient) else { return false }
    var gradients: [Tensor?] = []
    second.forEachParameter { gradients.append($1.gradient) }
    var (place, areEqual) = (0, true)
    first.forEachParameter { _, parameter in
      areEqual = areEqual && areClose(parameter.gradient, gradients[place])
      place += 1
    }
    return areEqual
  }
}
