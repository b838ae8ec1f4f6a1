import Shared

/// Cuts regions of any size out of a feature map and reduces each to `P × P` numbers a channel: the maximum of each bin.
///
/// Computes `Y[r, c, i, j] = max F[n, c, y, x]` over the places (y, x) of bin (i, j) of region r, or 0 where the bin is
/// empty.
/// - `F`: features, `[N, C, H, W]`, computed once for all regions of an image
/// - regions: R boxes, each in image n, in pixels of the image; one pixel of F stands for `1 / scale` pixels
/// - `P`: `size`, the number of bins on each side
/// - `Y`: `[R, C, P, P]`
///
/// The region on the feature map goes from pixel `round(x1 · scale)` to `round(x2 · scale)`, both included, and is at least
/// one pixel wide; the same for y. Bin i of P, of a side that begins at pixel s and is n pixels long, has the pixels
///
///     s + ⌊i · n / P⌋  up to, and without,  s + ⌈(i + 1) · n / P⌉
///
/// as far as they lie on the feature map. So bins can overlap by a pixel, and no pixel is left out.
///
/// Given `dY`: `dF[n, c, y, x] = Σ dY[r, c, i, j]` over all bins of all regions whose maximum is at (y, x), the first such
/// place of the bin, row by row.
///
///     var pool = RoIPool(size: 2)
///     let features = Tensor(arange: 0, to: 16).reshaped(to: [1, 1, 4, 4])
///     let region = Region(image: 0, box: Box(x1: 1, y1: 0, x2: 3, y2: 2))      // columns 1 to 3, rows 0 to 2
///     pool.forward(features, regions: [region], mode: .training)             // [[[[6, 7], [10, 11]]]]
///     pool.backward([[[[1, 2], [3, 4]]]])                                    // 1 at place 6, 2 at 7, 3 at 10, 4 at 11
///
/// - Complexity: O(R · C · (region's area)).
/// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*, section 2.1; as `torchvision.ops.roi_pool`.
///   Task: Protocols/Explorations.md, 5.4.
public struct RoIPool: Sendable {
  /// P, the number of bins on each side.
  public let size: Int
  /// The size of the feature map divided by that of the image.
  public let scale: Float
  private var kept = Kept<(winners: [Int], inputShape: [Int], outputShape: [Int])>()

  /// The pixels of bin `index` on a side of `limit` pixels, for a region between two coordinates of the image.
  func bin(_ index: Int, from first: Float, to last: Float, limit: Int) -> Range<Int> {
    // TODO(5.4): start and length of the region on the feature map, both whole numbers; the bounds of the bin; cut to
    // 0..<limit. x.rounded() rounds halves away from 0. Of whole numbers, a / b rounds down and (a + b − 1) / b up.
    // BEGIN SOLUTION
    let start = Int((first * scale).rounded())
    let length = Swift.max(Int((last * scale).rounded()) - start + 1, 1)
    let lower = start + index * length / size
    let upper = start + ((index + 1) * length + size - 1) / size
    return Swift.min(Swift.max(lower, 0), limit)..<Swift.min(Swift.max(upper, 0), limit)
    // END SOLUTION
  }

  /// `Y`, `[R, C, P, P]`; and for each number of it, in its order, the place of the maximum in F, as `place(n, c, y, x)`, or
  /// −1 for an empty bin.
  func maxima(of features: Tensor, in regions: [Region]) -> (output: Tensor, winners: [Int]) {
    let (channels, height, width) = (features.shape[1], features.shape[2], features.shape[3])
    func place(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
      ((n * channels + c) * height + y) * width + x
    }
    // TODO(5.4): for each region r, channel c and bin (i, j) the maximum of features[n, c, y, x] and its first place.
    // Append the places to a list; both in a tuple are the result.
    // BEGIN SOLUTION
    var output = Tensor(zeros: [regions.count, channels, size, size])
    var winners: [Int] = []
    for (r, region) in regions.enumerated() {
      let (n, box) = (region.image, region.box)
      for c in 0..<channels {
        for i in 0..<size {
          let rows = bin(i, from: box.y1, to: box.y2, limit: height)
          for j in 0..<size {
            var (largest, winner) = (-Float.infinity, -1)
            for y in rows {
              for x in bin(j, from: box.x1, to: box.x2, limit: width)
              where features[n, c, y, x] > largest {
                (largest, winner) = (features[n, c, y, x], place(n, c, y, x))
              }
            }
            if winner >= 0 { output[r, c, i, j] = largest }
            winners.append(winner)
          }
        }
      }
    }
    return (output, winners)
    // END SOLUTION
  }

  /// `dF`, `[N, C, H, W]`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (winners, inputShape, outputShape) = kept.take(for: "RoIPool")
    requireGradient(outputGradient, shape: outputShape, of: "RoIPool")
    let (dY, count) = (outputGradient.scalars, inputShape.reduce(1, *))
    // TODO(5.4): add dY to the place of each maximum; an empty bin has none. Begin with a list of
    // `count` zeros; the result is Tensor(shape: inputShape, scalars: list).
    // BEGIN SOLUTION
    var gradient = [Float](repeating: 0, count: count)
    for (number, winner) in winners.enumerated() where winner >= 0 {
      gradient[winner] += dY[number]
    }
    return Tensor(shape: inputShape, scalars: gradient)
    // END SOLUTION
  }

  // MARK: Given

  /// `Y`, `[R, C, P, P]`.
  public mutating func forward(_ features: Tensor, regions: [Region], mode: Mode) -> Tensor {
    check(features, regions)
    let (output, winners) = maxima(of: features, in: regions)
    kept.set((winners, features.shape, output.shape), in: mode)
    return output
  }

  /// Creates the layer.
  /// - Parameters:
  ///   - size: the number of bins on each side, at least 1
  ///   - scale: the size of the feature map divided by that of the image, above 0: 1/8 after three poolings by 2
  public init(size: Int, scale: Float = 1) {
    guard size >= 1, scale > 0, scale.isFinite else {
      stop(
        "RoIPool", expected: "a size of at least 1, and a finite scale above 0",
        received: "size \(size), scale \(scale)")
    }
    (self.size, self.scale) = (size, scale)
  }

  private func check(_ features: Tensor, _ regions: [Region]) {
    guard features.rank == 4, !regions.isEmpty else {
      stop(
        "RoIPool.forward", expected: "features [N, C, H, W] and at least one region",
        received: "\(features.shape), \(regions.count) regions")
    }
    if let region = regions.first(where: { !(0..<features.shape[0]).contains($0.image) }) {
      stop(
        "RoIPool.forward", expected: "regions of the images 0..<\(features.shape[0])",
        received: "image \(region.image)")
    }
    // Beyond that, the whole numbers of its pixels could overflow.
    let edges = regions.flatMap { [$0.box.x1, $0.box.y1, $0.box.x2, $0.box.y2] }
    if let edge = edges.first(where: { !(Swift.abs($0) <= 1e6) }) {
      stop("RoIPool.forward", expected: "boxes near the image", received: "a corner at \(edge)")
    }
  }
}
