import CCourseKernels

/// The place in its plane from which each output of a pooling of regions comes.
package struct RegionWinners: Sendable {
  // 32-bit indices in the memory of a tensor, so that the next step finds the same buffer again.
  fileprivate var places: Tensor
  fileprivate let sizes: CourseRegionPooling
  fileprivate let inputShape: [Int]
}

extension Tensor {
  /// The maxima of `size` × `size` bins of R regions in each image, `[N, R, C, size, size]`, for features `[N, C, H, W]`;
  /// and, if asked, where they were.
  /// - Parameters:
  ///   - boxes: `[N, R, 4]`, x1, y1, x2, y2 in pixels of the image, each at most 10⁶ from 0
  ///   - scale: the size of the feature map divided by that of the image
  package func regionMaxPooled(
    boxes: Tensor, size: Int, scale: Float, keepingWinners: Bool
  ) -> (output: Tensor, winners: RegionWinners?) {
    guard rank == 4, boxes.rank == 3, boxes.shape[0] == shape[0], boxes.shape[2] == 4 else {
      stop(
        "region pooling", expected: "features [N, C, H, W] and boxes [N, R, 4]",
        received: "\(shape) and \(boxes.shape)")
    }
    var sizes = CourseRegionPooling(
      images: shape[0], regions: boxes.shape[1], channels: shape[1], height: shape[2],
      width: shape[3], size: size, scale: scale)
    let outputShape = [shape[0], boxes.shape[1], shape[1], size, size]
    var winners: RegionWinners?
    let output = Tensor(shape: outputShape) { y in
      read { x in
        boxes.read { boxes in
          guard keepingWinners else { return kernels_region_max_pool(&sizes, x, boxes, y, nil) }
          let count = elementCount(outputShape)
          let places = Tensor(shape: outputShape) { places in
            places.withMemoryRebound(to: Int32.self, capacity: count) {
              kernels_region_max_pool(&sizes, x, boxes, y, $0)
            }
          }
          winners = RegionWinners(places: places, sizes: sizes, inputShape: shape)
        }
      }
    }
    return (output, winners)
  }

  /// `dX` of a pooling of regions from `dY` (`self`): each element goes to the place of its maximum, and adds up where
  /// one place won several bins.
  package func regionMaxPoolGradient(winners: RegionWinners) -> Tensor {
    requireCounts("region pooling", (self, winners.places.count))
    var sizes = winners.sizes
    return Tensor(shape: winners.inputShape) { dX in
      read { dY in
        winners.places.read { places in
          places.withMemoryRebound(to: Int32.self, capacity: winners.places.count) {
            kernels_region_max_pool_gradient(&sizes, dY, $0, dX)
          }
        }
      }
    }
  }
}
