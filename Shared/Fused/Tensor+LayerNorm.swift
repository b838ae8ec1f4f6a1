import CCourseKernels

/// The values that a layer norm keeps for its backward pass: its input, and two numbers for each row.
package struct LayerNormPass: Sendable {
  fileprivate let input: Tensor
  /// The mean of each row.
  fileprivate let mean: Tensor
  /// 1 / √(σ² + ε) of each row.
  fileprivate let inverse: Tensor
  fileprivate let epsilon: Float
}

extension Tensor {
  /// `y = γ ⊙ (x − μ) / √(σ² + ε) + β` for each row x of the last axes, those of `scale`.
  /// - Returns: the output, of the shape of the input; the values that the backward pass needs
  package func layerNormalized(
    scale: Tensor, shift: Tensor, epsilon: Float
  ) -> (output: Tensor, pass: LayerNormPass) {
    let size = scale.count
    requireCounts("layer normalisation", (shift, size))
    guard size > 0, shape.suffix(scale.rank) == scale.shape[...] else {
      stop(
        "layer normalisation", expected: "an input that ends in \(scale.shape)",
        received: "\(shape)")
    }
    let rows = count / size
    var (mean, inverse) = (Tensor(zeros: [rows]), Tensor(zeros: [rows]))
    let output = Tensor(shape: shape) { y in
      read { x in
        scale.read { scale in
          shift.read { shift in
            var norm = CourseLayerNorm(
              rows: rows, size: size, epsilon: epsilon, scale: scale, shift: shift)
            mean.write { mean in
              inverse.write { kernels_layer_norm(nil, &norm, x, y, mean, $0) }
            }
          }
        }
      }
    }
    return (output, LayerNormPass(input: self, mean: mean, inverse: inverse, epsilon: epsilon))
  }
}

extension LayerNormPass {
  /// The shape of the output, and so of its gradient.
  package var outputShape: [Int] { input.shape }

  /// The gradients of input, scale and shift.
  /// - Parameter scale: that of the forward pass
  package func gradients(
    of outputGradient: Tensor, scale: Tensor
  ) -> (input: Tensor, scale: Tensor, shift: Tensor) {
    requireCounts("layer normalisation", (outputGradient, input.count))
    let size = scale.count
    var (dScale, dShift) = (Tensor(zeros: scale.shape), Tensor(zeros: scale.shape))
    let dX = Tensor(shape: input.shape) { dX in
      input.read { x in
        mean.read { mean in
          inverse.read { inverse in
            outputGradient.read { dY in
              scale.read { scale in
                var norm = CourseLayerNorm(
                  rows: input.count / size, size: size, epsilon: epsilon, scale: scale, shift: nil)
                dScale.write { dScale in
                  dShift.write { dShift in
                    kernels_layer_norm_gradient(
                      nil, &norm, x, mean, inverse, dY, dX, dScale, dShift)
                  }
                }
              }
            }
          }
        }
      }
    }
    return (dX, dScale, dShift)
  }
}
