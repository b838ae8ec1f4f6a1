import Shared

extension Tensor {
  /// An image `[C, H, W]` as a mirror shows it, written out.
  ///
  /// Computes `Y[c, y, x] = X[c, y, W - 1 - x]`.
  ///
  ///     Tensor([[[1, 2, 3]]]).mirrored(implementation: .reference)      // [[[3, 2, 1]]]
  ///
  /// - Complexity: O(C·H·W).
  ///
  /// Task: Protocols/Generator.md, 4.4.
  func mirroredReference() -> Tensor {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    // TODO(4.4): copy each pixel to the other side of its row, in a result that begins as Tensor(zeros: shape).
    // BEGIN SOLUTION
    var result = Tensor(zeros: shape)
    for c in 0..<channels {
      for y in 0..<height {
        for x in 0..<width { result[c, y, x] = self[c, y, width - 1 - x] }
      }
    }
    return result
    // END SOLUTION
  }

  /// An image `[C, H, W]` turned by a quarter of a circle counter-clockwise, `[C, W, H]`, written out.
  ///
  /// Computes `Y[c, y, x] = X[c, x, W - 1 - y]`: the right edge becomes the upper one.
  ///
  ///     Tensor([[[1, 2], [3, 4]]]).rotated90(implementation: .reference)      // [[[2, 4], [1, 3]]]
  ///
  /// - Complexity: O(C·H·W).
  ///
  /// Task: Protocols/Generator.md, 4.4.
  func rotated90Reference() -> Tensor {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    // TODO(4.4): copy each pixel. Mind that the result, [C, W, H], is as high as the image is wide.
    // BEGIN SOLUTION
    var result = Tensor(zeros: [channels, width, height])
    for c in 0..<channels {
      for y in 0..<width {
        for x in 0..<height { result[c, y, x] = self[c, x, width - 1 - y] }
      }
    }
    return result
    // END SOLUTION
  }
}
