import Shared

// Tasks 2.1 and 2.2: the convolution as its formula has it, one product after the other.
//
//     Z[n, o, y, x] = b[o] + Σ_c Σᵢ Σⱼ X[n, first + c, y·s + i·d − p, x·s + j·d − p] · W[o, c, i, j]
//
// n is the image, o the output channel, (y, x) the output place, (i, j) the place in the kernel; X is 0 outside
// of the image. Channel o sees the input channels first ..< first + C / groups, those of its group.
//
// Given dZ, each product of the sum sends its share back to both of its factors:
//
//     dW[o, c, i, j] += dZ[n, o, y, x] · X[n, first + c, y·s + i·d − p, x·s + j·d − p]
//     db[o] += dZ[n, o, y, x]
//     dX[n, first + c, y·s + i·d − p, x·s + j·d − p] += dZ[n, o, y, x] · W[o, c, i, j]
//
// `geometry.rows` and `geometry.columns` say how the kernel slides down and to the right: `rows.output` output
// places, `rows.window` kernel places, `rows.stride` s, `rows.dilation` d, `rows.before` p and `rows.after` for
// the padding. The layer itself is in Layers/Conv2D.swift.

extension Conv2D {
  /// `Z = X ∗ W + b`, before the activation.
  func referenceForward(_ input: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    // TODO(2.1): put zeros around the input (paddedInput below). For each image, output channel and place,
    // sum the products of the kernel and the part of the padded input under it, and add the bias.
    // BEGIN SOLUTION
    let (rows, columns) = (geometry.rows, geometry.columns)
    let padded = paddedInput(input, geometry)
    let (weights, bias) = (weights.value, bias?.value)
    var output = Tensor(
      zeros: [geometry.batch, geometry.outputChannels, rows.output, columns.output])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for y in 0..<rows.output {
          for x in 0..<columns.output {
            var sum = bias?[o] ?? 0
            for c in 0..<weights.shape[1] {
              for i in 0..<rows.window {
                for j in 0..<columns.window {
                  sum +=
                    weights[o, c, i, j]
                    * padded[
                      n, first + c, y * rows.stride + i * rows.dilation,
                      x * columns.stride + j * columns.dilation]
                }
              }
            }
            output[n, o, y, x] = sum
          }
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
    // TODO(2.2): the same loops. Z[n, o, y, x] has the factor W[o, c, i, j] · X[...] for each product of
    // the forward pass, so add dZ[n, o, y, x] · X[...] to dW[o, c, i, j], and dZ[n, o, y, x] to db[o].
    // Then weights.accumulate(dW) and bias?.accumulate(db).
    // BEGIN SOLUTION
    let (rows, columns) = (geometry.rows, geometry.columns)
    let padded = paddedInput(input, geometry)
    var dW = Tensor(zeros: weights.value.shape)
    var db = Tensor(zeros: [geometry.outputChannels])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for y in 0..<rows.output {
          for x in 0..<columns.output {
            let gradient = dZ[n, o, y, x]
            db[o] += gradient
            for c in 0..<dW.shape[1] {
              for i in 0..<rows.window {
                for j in 0..<columns.window {
                  dW[o, c, i, j] +=
                    gradient
                    * padded[
                      n, first + c, y * rows.stride + i * rows.dilation,
                      x * columns.stride + j * columns.dilation]
                }
              }
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
    // TODO(2.2): the same loops once more. Add dZ[n, o, y, x] · W[o, c, i, j] to the gradient of the padded
    // input, at the place that W[o, c, i, j] was multiplied with; then cut the padding off.
    // BEGIN SOLUTION
    let (rows, columns) = (geometry.rows, geometry.columns)
    let weights = weights.value
    var padded = Tensor(zeros: [
      geometry.batch, geometry.inputChannels, rows.before + rows.input + rows.after,
      columns.before + columns.input + columns.after,
    ])
    for n in 0..<geometry.batch {
      for o in 0..<geometry.outputChannels {
        let first = firstInputChannel(of: o)
        for y in 0..<rows.output {
          for x in 0..<columns.output {
            let gradient = dZ[n, o, y, x]
            for c in 0..<weights.shape[1] {
              for i in 0..<rows.window {
                for j in 0..<columns.window {
                  padded[
                    n, first + c, y * rows.stride + i * rows.dilation,
                    x * columns.stride + j * columns.dilation] += gradient * weights[o, c, i, j]
                }
              }
            }
          }
        }
      }
    }
    return padded[
      0..., 0..., rows.before..<(rows.before + rows.input),
      columns.before..<(columns.before + columns.input)]
    // END SOLUTION
  }

  /// The first input channel of the group of output channel `o`.
  private func firstInputChannel(of o: Int) -> Int {
    let (inputs, outputs) = (configuration.inputChannels, configuration.outputChannels)
    return o / (outputs / configuration.groups) * (inputs / configuration.groups)
  }

  /// The input with zeros around each image.
  private func paddedInput(_ input: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    let (rows, columns) = (geometry.rows, geometry.columns)
    return input.padded(
      before: [0, 0, rows.before, columns.before], after: [0, 0, rows.after, columns.after])
  }
}
