import Shared

/// Makes images larger: each pixel of the input paints the kernel, multiplied by its value, into the output.
///
/// Computes
///
///     Y[n, o, y·s + i − p, x·s + j − p] += X[n, c, y, x] · W[c, o, i, j]
///
/// over all n, c, y, x, o, i and j whose place lies in the output.
/// - `X`: input, `[N, C, H, W]`; `Y`: output, `[N, O, H', W']`, with `H' = (H − 1)·s + kH − 2p`, and W' likewise
/// - `W`: `weights`, `[C, O, kH, kW]`; `s`: `stride`; `p`: `padding`, the rows and columns that are cut off at each edge
///
/// Given `dY`:
///
///     dX[n, c, y, x] = Σ dY[n, o, y·s + i − p, x·s + j − p] · W[c, o, i, j]       over o, i, j
///     dW[c, o, i, j] = Σ dY[n, o, y·s + i − p, x·s + j − p] · X[n, c, y, x]       over n, y, x
///
/// The first is a convolution: forward and backward of a convolution have changed places, hence the name.
///
///     let layer = TransposedConvolution(weights: [[[[1, 2], [3, 4]]]], stride: 2)
///     layer.forward([[[[1, 10]]]])                    // [[[[1, 2, 10, 20], [3, 4, 30, 40]]]]
///
/// In a network use `ConvTranspose2D` of Phase 2, which is a layer with kernels.
///
/// - Complexity: O(N · C · H · W · O · kH · kW).
/// - Reference: Dumoulin, Visin (2016), "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4;
///   as `torch.nn.functional.conv_transpose2d`. Task: Protocols/Explorations.md, 5.2.
public struct TransposedConvolution: Sendable {
  /// W, `[C, O, kH, kW]`.
  public let weights: Tensor
  /// s, the distance in the output of what neighbouring pixels paint.
  public let stride: Int
  /// p, the rows and columns that are cut off at each edge of the output.
  public let padding: Int

  /// The length of the output for an input of `input` pixels and a kernel of `kernel`.
  func outputLength(input: Int, kernel: Int) -> Int {
    // TODO(5.2): the formula of H'.
    // BEGIN SOLUTION
    return (input - 1) * stride + kernel - 2 * padding
    // END SOLUTION
  }

  /// `Y`, `[N, O, H', W']`.
  public func forward(_ input: Tensor) -> Tensor {
    let (size, output) = sizes(input)
    return sum(output, size, output) { y, n, c, o, place, kernel, target in
      // TODO(5.2): what this pixel, place.y and place.x of X[n, c], adds to the pixel target.y and target.x of Y[n, o] with
      // the weight kernel.i and kernel.j: y[n, o, target.y, target.x] += ...
      // BEGIN SOLUTION
      y[n, o, target.y, target.x] +=
        input[n, c, place.y, place.x] * weights[c, o, kernel.i, kernel.j]
      // END SOLUTION
    }
  }

  /// `dX`, `[N, C, H, W]`.
  public func inputGradient(_ outputGradient: Tensor, input: Tensor) -> Tensor {
    let (size, output) = sizes(input)
    requireGradient(outputGradient, shape: output, of: "TransposedConvolution")
    return sum(input.shape, size, output) { dX, n, c, o, place, kernel, target in
      // TODO(5.2): what dY at the target adds to dX at the place.
      // BEGIN SOLUTION
      dX[n, c, place.y, place.x] +=
        outputGradient[n, o, target.y, target.x] * weights[c, o, kernel.i, kernel.j]
      // END SOLUTION
    }
  }

  /// `dW`, `[C, O, kH, kW]`.
  public func weightGradient(_ outputGradient: Tensor, input: Tensor) -> Tensor {
    let (size, output) = sizes(input)
    requireGradient(outputGradient, shape: output, of: "TransposedConvolution")
    return sum(weights.shape, size, output) { dW, n, c, o, place, kernel, target in
      // TODO(5.2): what dY at the target adds to dW at the kernel's place.
      // BEGIN SOLUTION
      dW[c, o, kernel.i, kernel.j] +=
        outputGradient[n, o, target.y, target.x] * input[n, c, place.y, place.x]
      // END SOLUTION
    }
  }

  typealias Place = (y: Int, x: Int)
  typealias Offset = (i: Int, j: Int)

  /// Where a pixel of the input meets the output by a place of the kernel; `nil` where that is cut off.
  func target(_ place: Place, _ kernel: Offset, in output: [Int]) -> Place? {
    // TODO(5.2): row y·s + i − p and column x·s + j − p; nil unless 0 ≤ row < H' and 0 ≤ column < W'. H' is output[2], W' is
    // output[3].
    // BEGIN SOLUTION
    let row = place.y * stride + kernel.i - padding
    let column = place.x * stride + kernel.j - padding
    guard (0..<output[2]).contains(row), (0..<output[3]).contains(column) else { return nil }
    return (row, column)
    // END SOLUTION
  }

  /// Creates the layer.
  /// - Parameters:
  ///   - weights: W, `[C, O, kH, kW]`
  ///   - stride: s, at least 1
  ///   - padding: p, at least 0
  public init(weights: Tensor, stride: Int = 1, padding: Int = 0) {
    guard weights.rank == 4, weights.count > 0, stride >= 1, padding >= 0 else {
      stop(
        "TransposedConvolution",
        expected: "weights [C, O, kH, kW], a stride of at least 1, a padding of at least 0",
        received: "\(weights.shape), stride \(stride), padding \(padding)")
    }
    (self.weights, self.stride, self.padding) = (weights, stride, padding)
  }
}

// MARK: - Given

extension TransposedConvolution {
  /// The shapes of input and output.
  private func sizes(_ input: Tensor) -> (input: [Int], output: [Int]) {
    guard input.rank == 4, input.shape[1] == weights.shape[0], input.count > 0 else {
      stop(
        "TransposedConvolution.forward", expected: "[N, \(weights.shape[0]), H, W]",
        received: "\(input.shape)")
    }
    let lengths = (2..<4).map {
      outputLength(input: input.shape[$0], kernel: weights.shape[$0])
    }
    guard lengths.allSatisfy({ $0 >= 1 }) else {
      stop(
        "TransposedConvolution.forward", expected: "an output of at least one pixel",
        received: "\(lengths[0]) x \(lengths[1])")
    }
    return (input.shape, [input.shape[0], weights.shape[1]] + lengths)
  }

  /// Goes through all pixels of the input and all weights, with the pixel of the output at which they meet, and lets the
  /// body add to a tensor of zeros.
  private func sum(
    _ shape: [Int], _ input: [Int], _ output: [Int],
    _ body: (
      _ result: inout Tensor, _ n: Int, _ c: Int, _ o: Int, _ place: Place, _ kernel: Offset,
      _ target: Place
    ) -> Void
  ) -> Tensor {
    var result = Tensor(zeros: shape)
    for y in 0..<input[2] {
      for x in 0..<input[3] {
        for i in 0..<weights.shape[2] {
          for j in 0..<weights.shape[3] {
            guard let target = target((y, x), (i, j), in: output) else { continue }
            for n in 0..<input[0] {
              for c in 0..<input[1] {
                for o in 0..<output[1] { body(&result, n, c, o, (y, x), (i, j), target) }
              }
            }
          }
        }
      }
    }
    return result
  }
}
