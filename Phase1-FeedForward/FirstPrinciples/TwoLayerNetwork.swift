import Shared

/// A network of two inputs, h hidden neurons with tanh, and one output neuron with a sigmoid, written out.
///
/// Forward, for a batch `X`, `[N, 2]`: `A = tanh(X · W₁ + b₁)`, `[N, h]`; `p = σ(A · w₂ + b₂)`, `[N]`.
/// Backward, for labels `t` and the mean cross-entropy:
/// - `dZ₂ = (p − t) / N`, `[N]`; `dw₂ = Aᵀ · dZ₂`, `[h]`; `db₂ = Σₙ dZ₂`
/// - `dA[n, j] = dZ₂[n] w₂[j]`; `dZ₁ = dA ⊙ (1 − A²)`, `[N, h]`; `dW₁ = Xᵀ · dZ₁`, `[2, h]`; `db₁ = Σₙ dZ₁`, `[h]`
///
///     var network = TwoLayerNetwork(hiddenCount: 4, seed: 1)
///     for _ in 0..<2000 { network.step(xor, labels: [0, 1, 1, 0], learningRate: 1) }
///     network.probabilities(xor)    // near [0, 1, 1, 0]
///
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/First-Principles.md, 0.10.
public struct TwoLayerNetwork: Sendable {
  /// W₁, `[2, h]`.
  public var hiddenWeights: Tensor
  /// b₁, `[h]`.
  public var hiddenBias: Tensor
  /// w₂, `[h]`.
  public var outputWeights: Tensor
  /// b₂
  public var outputBias: Float = 0

  /// A network whose weights are drawn from a normal distribution with variance 1 / inputs; biases are 0.
  public init(hiddenCount: Int, seed: UInt64) {
    guard hiddenCount >= 1 else {
      stop("TwoLayerNetwork", expected: "at least one hidden neuron", received: "\(hiddenCount)")
    }
    let key = RandomKey(seed: seed).folded("TwoLayerNetwork")
    hiddenWeights = Tensor(
      normal: [2, hiddenCount], standardDeviation: Float(0.5).squareRoot(), key: key.folded(1))
    hiddenBias = Tensor(zeros: [hiddenCount])
    outputWeights = Tensor(
      normal: [hiddenCount], standardDeviation: (1 / Float(hiddenCount)).squareRoot(),
      key: key.folded(2))
  }

  /// The gradient of each parameter, with its shape.
  public struct Gradients: Sendable {
    /// dW₁, `[2, h]`.
    public var hiddenWeights: Tensor
    /// db₁, `[h]`.
    public var hiddenBias: Tensor
    /// dw₂, `[h]`.
    public var outputWeights: Tensor
    /// db₂
    public var outputBias: Float
  }

  /// A and p: the hidden activations `[N, h]` and the probabilities `[N]`.
  public func forward(_ x: Tensor) -> (hidden: Tensor, probabilities: Tensor) {
    guard x.rank == 2, x.shape[1] == 2 else {
      stop("TwoLayerNetwork", expected: "inputs [N, 2]", received: "\(x.shape)")
    }
    // TODO(0.10): the two formulas of the forward pass.
    // BEGIN SOLUTION
    let hidden = tanh(x.matmul(hiddenWeights) + hiddenBias)
    let z = hidden.matmul(outputWeights) + outputBias
    return (hidden, 1 / (1 + exp(-z)))
    // END SOLUTION
  }

  /// The probability of class 1 for each row.
  public func probabilities(_ x: Tensor) -> Tensor { forward(x).probabilities }

  /// The gradients of the mean cross-entropy.
  public func gradients(_ x: Tensor, labels: [Int]) -> Gradients {
    let (a, p) = forward(x)
    let t = Tensor(labels.map(Float.init))
    guard t.shape == p.shape else {
      stop("TwoLayerNetwork", expected: "\(p.count) labels", received: "\(labels.count)")
    }
    // TODO(0.10): the formulas of the backward pass, from the output to the input. dZ₂ as a column,
    // dZ₂.reshaped(to: [-1, 1]), times the row w₂ gives dA.
    // BEGIN SOLUTION
    let dZ2 = (p - t) / Float(labels.count)
    let dA = dZ2.reshaped(to: [-1, 1]) * outputWeights
    let dZ1 = dA * (1 - a * a)
    return Gradients(
      hiddenWeights: x.transposed().matmul(dZ1), hiddenBias: dZ1.sum(axis: 0),
      outputWeights: a.transposed().matmul(dZ2), outputBias: dZ2.sum())
    // END SOLUTION
  }

  /// One step of gradient descent on all examples: every parameter moves against its gradient.
  public mutating func step(_ x: Tensor, labels: [Int], learningRate: Float) {
    let gradients = gradients(x, labels: labels)
    // TODO(0.10): w ← w − η dw, for all four parameters.
    // BEGIN SOLUTION
    hiddenWeights -= gradients.hiddenWeights * learningRate
    hiddenBias -= gradients.hiddenBias * learningRate
    outputWeights -= gradients.outputWeights * learningRate
    outputBias -= gradients.outputBias * learningRate
    // END SOLUTION
  }
}
