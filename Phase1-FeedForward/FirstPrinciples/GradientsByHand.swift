import Shared

/// One neuron with ReLU, and every partial derivative on the way back through it.
///
/// Forward: `z = Σᵢ xᵢ wᵢ + b`, `y = max(0, z)`. Backward, given `dY = ∂L/∂y`:
/// - `dZ = dY · [z > 0]`
/// - `dwᵢ = dZ · xᵢ`, `dxᵢ = dZ · wᵢ`, `db = dZ`
///
///     let gradients = NeuronGradients(
///       of: Neuron(weights: [-3, -1, 2], bias: 1), inputs: [1, -2, 3], outputGradient: 1)
///     gradients.weights   // [1, -2, 3]
///     gradients.inputs    // [-3, -1, 2]
///     print(gradients)    // each partial derivative on a line
///
/// Task: Protocols/First-Principles.md, 0.6.
public struct NeuronGradients: Sendable, CustomStringConvertible {
  /// z, the weighted sum with the bias.
  public let sum: Float
  /// y = max(0, z)
  public let output: Float
  /// dZ, the gradient of the weighted sum.
  public let sumGradient: Float
  /// dw, one number for each weight.
  public let weights: [Float]
  /// dx, one number for each input.
  public let inputs: [Float]
  /// db
  public let bias: Float

  /// Goes forward through the neuron and back.
  /// - Parameter outputGradient: dY, how the loss changes with the output
  public init(of neuron: Neuron, inputs x: [Float], outputGradient: Float) {
    sum = neuron.output(x)
    output = max(0, sum)
    // TODO(0.6): sumGradient, weights, inputs and bias, in the order of the way back: the ReLU first. Begin with a
    // constant, let dZ: Float = ..., since a closure cannot read properties before all of them are set.
    // BEGIN SOLUTION
    let dZ: Float = sum > 0 ? outputGradient : 0
    sumGradient = dZ
    weights = x.map { dZ * $0 }
    inputs = neuron.weights.map { dZ * $0 }
    bias = dZ
    // END SOLUTION
  }

  /// Each partial derivative on a line of its own.
  public var description: String {
    var lines = ["z = \(sum), y = \(output)", "dL/dz = \(sumGradient)"]
    for index in weights.indices {
      lines.append("dL/dw\(index) = \(weights[index])    dL/dx\(index) = \(inputs[index])")
    }
    return (lines + ["dL/db = \(bias)"]).joined(separator: "\n")
  }
}

/// The gradients of a layer of neurons without an activation, `Z = X · W + b`, for a batch.
///
/// Given `dZ`, `[N, O]`: `dW = Xᵀ · dZ`, `[I, O]`; `db = Σₙ dZ`, `[O]`; `dX = dZ · Wᵀ`, `[N, I]`.
///
/// Task: Protocols/First-Principles.md, 0.6.
public struct LayerGradients: Sendable {
  /// dW, `[I, O]`.
  public let weights: Tensor
  /// db, `[O]`.
  public let bias: Tensor
  /// dX, `[N, I]`.
  public let inputs: Tensor

  /// Goes back through the layer.
  public init(of layer: NeuronLayer, inputs x: Tensor, outputGradient dZ: Tensor) {
    guard x.rank == 2, x.shape[1] == layer.weights.shape[0],
      dZ.shape == [x.shape[0], layer.bias.count]
    else {
      stop(
        "LayerGradients", expected: "inputs [N, I] and an output gradient [N, O]",
        received: "\(x.shape) and \(dZ.shape)")
    }
    // TODO(0.6): the three formulas above. transposed() turns rows into columns.
    // BEGIN SOLUTION
    weights = x.transposed().matmul(dZ)
    bias = dZ.sum(axis: 0)
    inputs = dZ.matmul(layer.weights.transposed())
    // END SOLUTION
  }
}
