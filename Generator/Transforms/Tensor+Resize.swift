import CCourseKernels
import Shared

extension Tensor {
  /// The image in another size.
  ///
  /// Without `antialias`, each new pixel is interpolated between the pixels around the place it came
  /// from, as task 4.5 says for `.bilinear`. With it, a new pixel of a smaller image is a weighted mean of
  /// all the pixels it stands for; without it, most of them would be left out, and fine patterns would
  /// become coarse ones that are not in the image.
  ///
  ///     let image = Tensor([[[0, 1, 2, 3]]])                         // [1, 1, 4]
  ///     image.resized(height: 1, width: 2, antialias: false)         // [[[0.5, 2.5]]]
  ///
  /// Equals PyTorch's `interpolate(align_corners=False)` with the same `antialias`; `.nearest` its
  /// `nearest-exact`. `.bicubic` uses a = -0.75 without and -0.5 with antialiasing, as PyTorch does.
  ///
  /// - Parameter implementation: `.reference` is the body of task 4.5, for `.bilinear` without antialiasing
  ///   only; `.fast` is a kernel. Where that body does not agree with the kernel, it runs for `.bilinear`
  ///   in any case, and does not antialias.
  /// - Complexity: O(C · (H'·W·taps + W'·H'·taps)), with as many taps as pixels become one along an axis.
  /// - Reference: Keys (1981), *IEEE TASSP* 29, for `.bicubic`.
  public func resized(
    height: Int, width: Int, interpolation: Interpolation = .bilinear, antialias: Bool = true,
    implementation: Implementation = .fast
  ) -> Tensor {
    requireImage("Tensor.resized")
    guard height >= 1, width >= 1 else {
      stop("Tensor.resized", expected: "sizes of at least 1", received: "\(height) x \(width)")
    }
    if implementation == .reference {
      guard interpolation == .bilinear, !antialias else {
        stop(
          "Tensor.resized", expected: ".bilinear without antialiasing, the only case of .reference",
          received: ".\(interpolation)\(antialias ? " with antialiasing" : "")")
      }
    }
    guard interpolation == .bilinear else {
      return resizedByKernel(
        height: height, width: width, interpolation: interpolation, antialias: antialias)
    }
    return ImageBodies.standard.resized(
      self, height: height, width: width, antialias: antialias, implementation)
  }

  func resizedByKernel(
    height: Int, width: Int, interpolation: Interpolation, antialias: Bool
  ) -> Tensor {
    func axis(_ input: Int, _ output: Int) -> ResampleAxis? {
      input == output
        ? nil
        : ResampleAxis(
          input: input, output: output, interpolation: interpolation, antialias: antialias)
    }
    let (rows, columns) = (axis(imageHeight, height), axis(imageWidth, width))
    return Tensor(shape: [shape[0], height, width]) { out in
      read { image in
        withAxis(rows) { rows in
          withAxis(columns) { columns in
            kernels_resample(
              nil, image, shape[0], imageHeight, imageWidth, rows, columns, out)
          }
        }
      }
    }
  }

  /// An axis as kernels see it; `nil` stays `nil`.
  private func withAxis(
    _ axis: ResampleAxis?, _ body: (UnsafePointer<CourseResampling>?) -> Void
  ) {
    guard let axis else { return body(nil) }
    axis.read { withUnsafePointer(to: $0) { body($0) } }
  }
}
