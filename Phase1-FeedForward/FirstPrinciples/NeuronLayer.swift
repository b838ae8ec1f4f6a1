import Shared

/// A layer of neurons that all see the same inputs.
///
/// Output `o` of one example is `z[o] = Σᵢ x[i] W[i, o] + b[o]`; of a batch, `Z = X · W + b`.
/// - `W`: `weights`, `[I, O]` (I inputs, O neurons): column o holds the weights of neuron o
/// - `b`: `bias`, `[O]`
///
/// The three methods compute the same: neuron by neuron, as two loops, and as one matrix product for a whole
/// batch. The last is `Dense` of Phase 1, without its gradients.
///
///     let layer = NeuronLayer(weights: [[1, 0], [2, -1]], bias: [10, 20])
///     layer.outputs([3, 4])               // [21, 16]
///     layer.outputs(ofBatch: [[3, 4]])    // [[21, 16]]
///
/// Task: Protocols/First-Principles.md, 0.2.
public struct NeuronLayer: Sendable {
  /// W, `[I, O]`.
  public var weights: Tensor
  /// b, `[O]`.
  public var bias: Tensor

  /// A layer with the weights `[I, O]` and the bias `[O]`.
  public init(weights: Tensor, bias: Tensor) {
    guard weights.rank == 2, bias.shape == [weights.shape[1]] else {
      stop(
        "NeuronLayer", expected: "weights [I, O] and a bias [O]",
        received: "\(weights.shape) and \(bias.shape)")
    }
    self.weights = weights
    self.bias = bias
  }

  /// The neurons of the layer, first to last.
  public var neurons: [Neuron] {
    // TODO(0.2): one Neuron for each column of W: neuron o has the weights W[0, o], W[1, o], ... and the
    // bias b[o].
    // BEGIN SOLUTION
    let (inputCount, outputCount) = (weights.shape[0], weights.shape[1])
    return (0..<outputCount).map { o in
      Neuron(weights: (0..<inputCount).map { i in weights[i, o] }, bias: bias[o])
    }
    // END SOLUTION
  }

  /// The output of each neuron for one example: asks the neurons one after the other.
  public func outputs(_ inputs: [Float]) -> [Float] { neurons.map { $0.output(inputs) } }

  /// The same numbers from two loops, without neurons.
  public func outputsByLoops(_ inputs: [Float]) -> [Float] {
    guard inputs.count == weights.shape[0] else {
      stop(
        "NeuronLayer", expected: "\(weights.shape[0]) inputs", received: "\(inputs.count)")
    }
    // TODO(0.2): for each output o start from b[o] and add x[i] W[i, o] for each input i.
    // BEGIN SOLUTION
    var outputs: [Float] = []
    for o in 0..<bias.count {
      var sum = bias[o]
      for i in inputs.indices { sum += inputs[i] * weights[i, o] }
      outputs.append(sum)
    }
    return outputs
    // END SOLUTION
  }

  /// The outputs for a whole batch `[N, I]`, as `[N, O]`.
  public func outputs(ofBatch inputs: Tensor) -> Tensor {
    guard inputs.rank == 2, inputs.shape[1] == weights.shape[0] else {
      stop(
        "NeuronLayer", expected: "a batch [N, \(weights.shape[0])]", received: "\(inputs.shape)")
    }
    // TODO(0.2): X · W + b, with matmul and +. The bias is added to each row.
    // BEGIN SOLUTION
    return inputs.matmul(weights) + bias
    // END SOLUTION
  }
}
