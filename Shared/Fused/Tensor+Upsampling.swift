import CCourseKernels

extension Tensor {
  /// `Y` of an upsampling of images `[N, C, H, W]` by whole numbers, `[N, C, H · scale[0], W · scale[1]]`:
  /// places between inputs take both in proportion to their distance, or the nearest one unless `bilinear`.
  package func upsampled(scale: [Int], bilinear: Bool) -> Tensor {
    var sizes = upsampling(shape, scale, bilinear)
    return Tensor(shape: [shape[0], shape[1], shape[2] * scale[0], shape[3] * scale[1]]) { y in
      read { kernels_upsample(&sizes, $0, y) }
    }
  }

  /// `dX` of an upsampling from `dY` (`self`).
  /// - Parameter shape: the shape of the result, `[N, C, H, W]`
  package func upsamplingGradient(scale: [Int], bilinear: Bool, shape: [Int]) -> Tensor {
    requireCounts("upsampling", (self, elementCount(shape) * scale[0] * scale[1]))
    var sizes = upsampling(shape, scale, bilinear)
    return Tensor(shape: shape) { dX in
      read { kernels_upsample_gradient(&sizes, $0, dX) }
    }
  }

  private func upsampling(_ shape: [Int], _ scale: [Int], _ bilinear: Bool) -> CourseUpsampling {
    CourseUpsampling(
      planes: shape[0] * shape[1], height: shape[2], width: shape[3], scaleY: scale[0],
      scaleX: scale[1], bilinear: bilinear)
  }
}
