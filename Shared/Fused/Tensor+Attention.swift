import CCourseKernels

/// The values that attention keeps for its backward pass: input and output, and a number for each row of weights. The
/// weights themselves, `[N, H, T, T]`, are computed again.
package struct AttentionPass: Sendable {
  /// `[N, T, 3 · H · d]`
  fileprivate let input: Tensor
  /// `[N, T, H · d]`
  fileprivate let output: Tensor
  /// The logarithm of the sum of the exponentials of each row of scores, `[N, H, T]`.
  fileprivate let logSums: Tensor
  fileprivate let heads: Int
  fileprivate let isCausal: Bool
}

extension Tensor {
  /// Scaled dot-product attention of several heads: `O = softmax(Q · Kᵀ / √d) · V` for each; `self` is
  /// `[Q | K | V]`, `[N, T, 3 · H · d]`.
  /// - Parameters:
  ///   - heads: H
  ///   - isCausal: whether each step sees only itself and the steps before it
  /// - Returns: O, `[N, T, H · d]`; the values that the backward pass needs
  /// - Complexity: O(N · H · T² · d) in memory of O(N · T · H · d), on all threads; the result does not depend on how many.
  package func attention(heads: Int, isCausal: Bool) -> (output: Tensor, pass: AttentionPass) {
    guard rank == 3, heads >= 1, shape[2] > 0, shape[2] % (3 * heads) == 0 else {
      stop("attention", expected: "an input [N, T, 3 · H · d]", received: "\(shape)")
    }
    var sizes = attentionSizes(heads: heads, isCausal: isCausal)
    var logSums = Tensor(shape: [shape[0], heads, shape[1]]) { _ in }
    let output = Tensor(shape: [shape[0], shape[1], shape[2] / 3]) { o in
      read { x in logSums.write { kernels_attention_forward(nil, &sizes, x, o, $0) } }
    }
    return (
      output,
      AttentionPass(
        input: self, output: output, logSums: logSums, heads: heads, isCausal: isCausal)
    )
  }

  fileprivate func attentionSizes(heads: Int, isCausal: Bool) -> CourseAttention {
    CourseAttention(
      batch: shape[0], steps: shape[1], heads: heads, size: shape[2] / (3 * heads),
      causal: isCausal)
  }
}

extension AttentionPass {
  /// The shape of the output, and so of its gradient.
  package var outputShape: [Int] { output.shape }

  /// `[dQ | dK | dV]`, `[N, T, 3 · H · d]`, from dO, `[N, T, H · d]`.
  /// - Complexity: O(N · H · T² · d), two and a half times the forward pass.
  package func gradient(of outputGradient: Tensor) -> Tensor {
    requireCounts("attention", (outputGradient, output.count))
    var sizes = input.attentionSizes(heads: heads, isCausal: isCausal)
    return Tensor(shape: input.shape) { dX in
      input.read { x in
        output.read { o in
          logSums.read { logSums in
            outputGradient.read { dO in
              kernels_attention_backward(nil, &sizes, x, o, logSums, dO, dX)
            }
          }
        }
      }
    }
  }
}
