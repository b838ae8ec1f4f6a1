import CCourseKernels

/// A function applied to each element of a layer's output, which the matrix product can apply while
/// it writes that output.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// `f(x) = x`
  case identity
  /// `f(x) = max(0, x)`
  case relu
  /// `f(x) = 1 / (1 + e⁻ˣ)`
  case sigmoid
  /// `f(x) = tanh x`
  case tanh

  /// The kind of the results: probabilities after a sigmoid.
  public var outputKind: OutputKind { self == .sigmoid ? .probabilities : .numbers }

  /// `f(x)` for every element.
  public func callAsFunction(_ x: Tensor) -> Tensor { function.map(x.mapped) ?? x }

  /// The kernel of this function; `nil` for the identity.
  fileprivate var function: CourseUnary? {
    switch self {
    case .identity: nil
    case .relu: kernelReLU
    case .sigmoid: kernelSigmoid
    case .tanh: kernelTanh
    }
  }

  /// The gradient with respect to the input, `dX = dY ⊙ f'(x)`, from the *output* `y = f(x)`.
  ///
  /// All four derivatives can be written in terms of `y`, so a layer need not keep its input:
  /// ReLU `[y > 0]`, sigmoid `y (1 - y)`, tanh `1 - y²`.
  public func inputGradient(output: Tensor, outputGradient: Tensor) -> Tensor {
    guard output.shape == outputGradient.shape else {
      stop(
        "Activation.inputGradient", expected: "a gradient of shape \(output.shape)",
        received: "\(outputGradient.shape)")
    }
    if self == .identity { return outputGradient }
    return Tensor(shape: output.shape) { dX in
      output.read { y in
        outputGradient.read { dY in
          forEachChunk(of: output.count) { start, count in
            kernels.elementwise.activationGradient(kernel, y + start, dY + start, dX + start, count)
          }
        }
      }
    }
  }

  /// The name of this function in the kernels.
  var kernel: CourseActivation {
    switch self {
    case .identity: kernelActivationIdentity
    case .relu: kernelActivationReLU
    case .sigmoid: kernelActivationSigmoid
    case .tanh: kernelActivationTanh
    }
  }
}

extension Tensor {
  /// `self = f(self + other)`, in one pass over memory; the shapes must be equal.
  mutating func add(_ other: Tensor, applying activation: Activation) {
    guard let function = activation.function else { return self += other }
    requireCounts("addition", (other, count))
    func run(
      _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ sum: UnsafeMutablePointer<Float>
    ) {
      forEachChunk(of: other.count) { start, count in
        // A chunk is still in the cache when the function gets it.
        kernels.elementwise.binary(kernelAdd, x + start, 1, y + start, 1, sum + start, count)
        kernels.elementwise.unary(function, sum + start, sum + start, count)
      }
    }
    guard isUnshared else {
      self = Tensor(shape: shape) { sum in read { x in other.read { run(x, $0, sum) } } }
      return
    }
    other.read { y in write { run($0, y, $0) } }
  }
}
