import Shared

/// A fully connected (dense) layer.
///
/// Computes `Y = f(X · W + b)`.
/// - `X`: input, `[N, I]` (N batch size, I `inputSize`), or `[..., I]`: leading axes are all batch
/// - `W`: weights, `[I, O]`; `b`: bias, `[O]` (O `outputSize`)
/// - `f`: `activation`, the identity by default
/// - `Y`: output, `[N, O]`
///
/// Given `dY`, `[N, O]`: `dZ = dY ⊙ f'(Z)` with `Z = X · W + b`, then
/// - `dW = Xᵀ · dZ`, `[I, O]`: how each input went along with each output's gradient
/// - `db = Σₙ dZ`, `[O]`: the bias was added to every row, so every row has a say
/// - `dX = dZ · Wᵀ`, `[N, I]`: the gradient goes back through the same weights
///
///     var layer = Dense(inputSize: 4, outputSize: 3)
///     layer.forward(Tensor(zeros: [2, 4]), mode: .training).shape   // [2, 3]
///
/// A wrong input shape stops the program; `outputShape(for:)` finds it before any data flows.
///
/// - Complexity: O(N·I·O) for each of the three products of a training step.
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/Phase1-FeedForward.md, 1.2.
public struct Dense: Layer {
  /// The constructor arguments.
  public internal(set) var configuration: Configuration
  /// The weights W, `[inputSize, outputSize]`.
  public var weights: Parameter
  /// The bias b, `[outputSize]`.
  public var bias: Parameter
  /// X, and Y to differentiate the activation.
  var kept: KeptPass

  /// `Y = f(X · W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    requireInput(input)
    // TODO(1.2): Y = f(X · W + b), with one call of matmul, where f is configuration.activation. Keep X and
    // Y for backward: kept.set((input, output), in: mode).
    // BEGIN SOLUTION
    let output = input.matmul(
      weights.value, bias: bias.value, activation: configuration.activation)
    kept.set((input, output), in: mode)
    return output
    // END SOLUTION
  }

  /// Accumulates `dW` and `db` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (x, dZ) = takeGradientBeforeActivation(outputGradient)
    accumulateGradients(x: rows(of: x), dZ: rows(of: dZ))
    // TODO(1.2): dX = dZ · Wᵀ.
    // BEGIN SOLUTION
    return dZ.matmul(weights.value, transposingOther: true)
    // END SOLUTION
  }

  /// Accumulates `dW = Xᵀ · dZ` and `db = Σₙ dZ`, for the matrices X, `[N, I]`, and dZ, `[N, O]`.
  private mutating func accumulateGradients(x: Tensor, dZ: Tensor) {
    // TODO(1.2): dW = Xᵀ · dZ and db = Σₙ dZ. Add them with weights.accumulate and bias.accumulate.
    // BEGIN SOLUTION
    weights.accumulate(x.matmul(dZ, transposingSelf: true))
    bias.accumulate(dZ.sum(axis: 0))
    // END SOLUTION
  }

  /// Accumulates `dW` and `db` only, for the first layer of a network, whose input needs no gradient.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let (x, dZ) = takeGradientBeforeActivation(outputGradient)
    accumulateGradients(x: rows(of: x), dZ: rows(of: dZ))
  }

  /// The X of the forward pass, and `dZ = dY ⊙ f'(Z)`, the gradient before the activation.
  private mutating func takeGradientBeforeActivation(_ outputGradient: Tensor) -> (Tensor, Tensor) {
    let (input, output) = kept.take(for: "Dense")
    return (input, output.gradientBeforeActivation(outputGradient, of: "Dense"))
  }

  /// `[..., C]` as a matrix `[N, C]`: every axis but the last is batch.
  private func rows(of x: Tensor) -> Tensor { x.reshaped(to: [-1, x.shape[x.rank - 1]]) }
}
