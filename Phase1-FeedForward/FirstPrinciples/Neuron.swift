import Shared

/// A single neuron: a weighted sum of its inputs, plus a bias.
///
/// Computes `z = x₁w₁ + x₂w₂ + ... + x_I w_I + b`.
/// - `x`: the inputs, I numbers; `w`: `weights`, one for each input
/// - `b`: `bias`; `z`: the output, one number
///
///     let neuron = Neuron(weights: [0.5, -1, 2], bias: 3)
///     neuron.output([1, 2, 0.5])   // 2.5 = 0.5·1 − 1·2 + 2·0.5 + 3
///
/// Task: Protocols/First-Principles.md, 0.1.
public struct Neuron: Sendable, Equatable {
  /// One weight for each input.
  public var weights: [Float]
  /// The number added to the weighted sum.
  public var bias: Float

  /// A neuron with these weights, one for each input, and this bias.
  public init(weights: [Float], bias: Float) {
    self.weights = weights
    self.bias = bias
  }

  /// The output of a neuron with three inputs, without a loop.
  public func outputOfThreeInputs(_ inputs: [Float]) -> Float {
    requireInputs(inputs, count: 3)
    // TODO(0.1): x₁w₁ + x₂w₂ + x₃w₃ + b, each product written out. Indices begin at 0.
    // BEGIN SOLUTION
    return inputs[0] * weights[0] + inputs[1] * weights[1] + inputs[2] * weights[2] + bias
    // END SOLUTION
  }

  /// The output for any number of inputs.
  public func output(_ inputs: [Float]) -> Float {
    requireInputs(inputs, count: weights.count)
    // TODO(0.1): the same sum as a loop over the inputs. What does it start with?
    // BEGIN SOLUTION
    var sum = bias
    for index in inputs.indices { sum += inputs[index] * weights[index] }
    return sum
    // END SOLUTION
  }

  private func requireInputs(_ inputs: [Float], count: Int) {
    guard inputs.count == count, weights.count == count else {
      stop(
        "Neuron", expected: "\(count) inputs and as many weights",
        received: "\(inputs.count) inputs and \(weights.count) weights")
    }
  }
}
