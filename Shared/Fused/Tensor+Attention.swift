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
  /// The number of steps of each example that are no padding; `nil` for all.
  fileprivate let lengths: [Int]?
}

extension Tensor {
  /// Scaled dot-product attention of several heads: `O = softmax(Q · Kᵀ / √d) · V` for each; `self` is
  /// `[Q | K | V]`, `[N, T, 3 · H · d]`.
  /// - Parameters:
  ///   - heads: H
  ///   - isCausal: whether each step sees only itself and the steps before it
  ///   - lengths: how many steps of each example are no padding, which no step sees; `nil` for all
  /// - Returns: O, `[N, T, H · d]`; the values that the backward pass needs
  /// - Complexity: O(N · H · T² · d) in memory of O(N · T · H · d), on all threads; the result does not depend on how many.
  package func attention(heads: Int, isCausal: Bool, lengths: [Int]? = nil) -> (
    output: Tensor, pass: AttentionPass
  ) {
    guard rank == 3, heads >= 1, shape[2] > 0, shape[2] % (3 * heads) == 0 else {
      stop("attention", expected: "an input [N, T, 3 · H · d]", received: "\(shape)")
    }
    if let lengths, lengths.count != shape[0] || !lengths.allSatisfy((1...shape[1]).contains) {
      stop(
        "attention", expected: "\(shape[0]) lengths from 1 to \(shape[1])", received: "\(lengths)")
    }
    var logSums = Tensor(shape: [shape[0], heads, shape[1]]) { _ in }
    let output = Tensor(shape: [shape[0], shape[1], shape[2] / 3]) { o in
      read { x in
        logSums.write { logSums in
          withAttention(heads: heads, isCausal: isCausal, lengths: lengths) {
            kernels_attention_forward(nil, &$0, x, o, logSums)
          }
        }
      }
    }
    return (
      output,
      AttentionPass(
        input: self, output: output, logSums: logSums, heads: heads, isCausal: isCausal,
        lengths: lengths)
    )
  }

  fileprivate func withAttention(
    heads: Int, isCausal: Bool, lengths: [Int]?, _ body: (inout CourseAttention) -> Void
  ) {
    // Lengths are not negative, and an Int has the bits of a size_t.
    (lengths ?? []).withUnsafeBufferPointer { buffer in
      var attention = CourseAttention(
        batch: shape[0], steps: shape[1], heads: heads, size: shape[2] / (3 * heads),
        causal: isCausal, lengths: lengths == nil ? nil : buffer.baseAddress)
      body(&attention)
    }
  }
}

extension AttentionPass {
  /// The shape of the output, and so of its gradient.
  package var outputShape: [Int] { output.shape }

  /// `[dQ | dK | dV]`, `[N, T, 3 · H · d]`, from dO, `[N, T, H · d]`.
  /// - Complexity: O(N · H · T² · d), two and a half times the forward pass.
  package func gradient(of outputGradient: Tensor) -> Tensor {
    requireCounts("attention", (outputGradient, output.count))
    return Tensor(shape: input.shape) { dX in
      input.read { x in
        output.read { o in
          logSums.read { logSums in
            outputGradient.read { dO in
              input.withAttention(heads: heads, isCausal: isCausal, lengths: lengths) {
                kernels_attention_backward(nil, &$0, x, o, logSums, dO, dX)
              }
            }
          }
        }
      }
    }
  }
}
