import Shared

// Task 2.3: the loops of tasks 2.1 and 2.2 with one axis less.
//
//     Z[n, o, x] = b[o] + Σ_c Σⱼ X[n, first + c, x·s + j·d − p] · W[o, c, j]
//
// The gradients follow as in Conv2D. `geometry.columns` says how the kernel slides along the signal. The layer
// itself is in Layers/Conv1D.swift.

extension Conv1D {
  /// `Z = X ∗ W + b`, before the activation.
  func referenceForward(_ input: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    // TODO(2.3): as in Conv2D. The output is [N, O, L'].
    // BEGIN SOLUTION
    let axis = geometry.columns
    let padded = paddedInput(input, axis)
    let (weights, bias) = (weights.value, bias?.value)
    var output = Tensor(zeros: [geometry.batch, geometry.outputChannels, axis.output])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for x in 0..<axis.output {
          var sum = bias?[o] ?? 0
          for c in 0..<weights.shape[1] {
            for j in 0..<axis.window {
              sum +=
                weights[o, c, j] * padded[n, first + c, x * axis.stride + j * axis.dilation]
            }
          }
          output[n, o, x] = sum
        }
      }
    }
    return output
    // END SOLUTION
  }

  /// Accumulates `dW` and `db`.
  mutating func accumulateReferenceGradients(
    _ input: Tensor, _ dZ: Tensor, _ geometry: ConvolutionGeometry
  ) {
    // TODO(2.3): as in Conv2D. Then weights.accumulate(dW) and bias?.accumulate(db).
    // BEGIN SOLUTION
    let axis = geometry.columns
    let padded = paddedInput(input, axis)
    var dW = Tensor(zeros: weights.value.shape)
    var db = Tensor(zeros: [geometry.outputChannels])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for x in 0..<axis.output {
          let gradient = dZ[n, o, x]
          db[o] += gradient
          for c in 0..<dW.shape[1] {
            for j in 0..<axis.window {
              dW[o, c, j] +=
                gradient * padded[n, first + c, x * axis.stride + j * axis.dilation]
            }
          }
        }
      }
    }
    weights.accumulate(dW)
    bias?.accumulate(db)
    // END SOLUTION
  }

  /// `dX`.
  func referenceInputGradient(_ dZ: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    // TODO(2.3): as in Conv2D. Add up the gradient of the padded signal, then cut the padding off.
    // BEGIN SOLUTION
    let axis = geometry.columns
    let weights = weights.value
    var padded = Tensor(zeros: [
      geometry.batch, geometry.inputChannels, axis.before + axis.input + axis.after,
    ])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for x in 0..<axis.output {
          let gradient = dZ[n, o, x]
          for c in 0..<weights.shape[1] {
            for j in 0..<axis.window {
              padded[n, first + c, x * axis.stride + j * axis.dilation] +=
                gradient * weights[o, c, j]
            }
          }
        }
      }
    }
    return padded[0..., 0..., axis.before..<(axis.before + axis.input)]
    // END SOLUTION
  }

  /// The first input channel of the group of output channel `o`.
  private func firstInputChannel(of o: Int) -> Int {
    let (inputs, outputs) = (configuration.inputChannels, configuration.outputChannels)
    return o / (outputs / configuration.groups) * (inputs / configuration.groups)
  }

  /// The input with zeros before and after each signal.
  private func paddedInput(_ input: Tensor, _ axis: WindowAxis) -> Tensor {
    input.padded(before: [0, 0, axis.before], after: [0, 0, axis.after])
  }
}
