import Shared

// Task 2.9: layers made of layers.
//
//     ConvReLU         X ─ convolution ─ Z ─ ReLU ─ A
//     ConvReLUPool     X ─ convolution ─ Z ─ ReLU ─ A ─ pooling ─ Y
//
// Forward, each part gets the output of the one before it. Backward, from last to first, each part turns the
// gradient of its output into that of its input; ReLU lets it pass where its output is positive:
//
//     dZ = dA ⊙ [A > 0]
//
// `convolution` and `pool` are layers of this folder, which keep for themselves what their backward passes need.
// ReLU is a function here, `Activation.relu(Z)`, so you keep A for it. The layers themselves are in
// Layers/ConvReLU.swift and Layers/ConvReLUPool.swift.

extension ConvReLU {
  /// `A = max(0, Z)`, `Z = X ∗ W + b`
  mutating func referenceForward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(2.9): the convolution, then Activation.relu. Hand the mode on, and keep A for backward:
    // kept.set(a, in: mode).
    // BEGIN SOLUTION
    let a = Activation.relu(convolution.forward(input, mode: mode))
    kept.set(a, in: mode)
    return a
    // END SOLUTION
  }

  /// Accumulates the gradients of weights and bias and returns `dX`.
  mutating func referenceBackward(_ outputGradient: Tensor) -> Tensor {
    // TODO(2.9): take A with kept.take(for: Self.typeName), and hand dZ = dA ⊙ [A > 0] to the convolution.
    // (A .> 0) is 1 where A is positive, and 0 elsewhere.
    // BEGIN SOLUTION
    let a = kept.take(for: Self.typeName)
    return convolution.backward(outputGradient * (a .> 0))
    // END SOLUTION
  }
}

extension ConvReLUPool {
  /// `Y = maxpool(A)`, `A = max(0, Z)`, `Z = X ∗ W + b`
  mutating func referenceForward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(2.9): the convolution, Activation.relu, and the pooling. Keep A for backward.
    // BEGIN SOLUTION
    let a = Activation.relu(convolution.forward(input, mode: mode))
    kept.set(a, in: mode)
    return pool.forward(a, mode: mode)
    // END SOLUTION
  }

  /// Accumulates the gradients of weights and bias and returns `dX`.
  mutating func referenceBackward(_ outputGradient: Tensor) -> Tensor {
    // TODO(2.9): the pooling turns dY into dA, ReLU turns dA into dZ, the convolution turns dZ into dX.
    // BEGIN SOLUTION
    let a = kept.take(for: Self.typeName)
    let dA = pool.backward(outputGradient)
    return convolution.backward(dA * (a .> 0))
    // END SOLUTION
  }
}
