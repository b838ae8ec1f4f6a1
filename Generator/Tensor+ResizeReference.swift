import Shared

extension Tensor {
  /// Bilinear interpolation of an image `[C, H, W]`, written out.
  ///
  /// `Y[c, y, x]` lies between the four pixels around `(y', x')` in `X`, where
  /// `y' = (y + 1/2) · H / H' - 1/2`, at least 0, and `x'` likewise: pixels are little squares, and the
  /// interpolation is between their middles. With `t = ⌊y'⌋`, `v = y' - t`, `l = ⌊x'⌋`, `u = x' - l`:
  ///
  ///     Y = (1 - v) · ((1 - u) · X[t, l] + u · X[t, l + 1])
  ///             + v · ((1 - u) · X[t + 1, l] + u · X[t + 1, l + 1])
  ///
  /// A row or column beyond the last one is the last one.
  ///
  ///     Tensor([[[0, 1, 2, 3]]]).resized(
  ///       height: 1, width: 2, antialias: false, implementation: .reference)   // [[[0.5, 2.5]]]
  ///
  /// - Complexity: O(C·H'·W').
  ///
  /// Task: Protocols/Generator.md, 4.5.
  func resizedReference(height: Int, width: Int) -> Tensor {
    let (channels, oldHeight, oldWidth) = (shape[0], shape[1], shape[2])
    // TODO(4.5): for each new pixel find (y', x'), then mix the four pixels around it. The result begins as
    // Tensor(zeros: [channels, height, width]).
    // BEGIN SOLUTION
    var result = Tensor(zeros: [channels, height, width])
    let (scaleY, scaleX) = (Float(oldHeight) / Float(height), Float(oldWidth) / Float(width))
    for y in 0..<height {
      let sourceY = Swift.max((Float(y) + 0.5) * scaleY - 0.5, 0)
      let top = Swift.min(Int(sourceY), oldHeight - 1)
      let bottom = Swift.min(top + 1, oldHeight - 1)
      let v = sourceY - Float(top)
      for x in 0..<width {
        let sourceX = Swift.max((Float(x) + 0.5) * scaleX - 0.5, 0)
        let left = Swift.min(Int(sourceX), oldWidth - 1)
        let right = Swift.min(left + 1, oldWidth - 1)
        let u = sourceX - Float(left)
        for c in 0..<channels {
          let upper = (1 - u) * self[c, top, left] + u * self[c, top, right]
          let lower = (1 - u) * self[c, bottom, left] + u * self[c, bottom, right]
          result[c, y, x] = (1 - v) * upper + v * lower
        }
      }
    }
    return result
    // END SOLUTION
  }
}
