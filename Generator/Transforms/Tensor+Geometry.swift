import CCourseKernels
import Foundation
import Shared

// The geometry of augmentations, on one image [C, H, W].

extension Tensor {
  /// The image mirrored from left to right.
  ///
  ///     Tensor([[[1, 2, 3]]]).mirrored()      // [[[3, 2, 1]]]
  ///
  /// - Parameter implementation: `.reference` is the body of task 4.4; `.fast` is a kernel, where that body
  ///   agrees with it
  public func mirrored(implementation: Implementation = .fast) -> Tensor {
    requireImage("Tensor.mirrored")
    return ImageBodies.standard.mirrored(self, implementation)
  }

  func mirroredByKernel() -> Tensor {
    strided(
      shape: shape, strides: [imageHeight * imageWidth, imageWidth, -1], start: imageWidth - 1)
  }

  /// The image turned by `turns` quarters of a circle, counter-clockwise: height and width change places
  /// when the number of turns is odd.
  ///
  ///     Tensor([[[1, 2], [3, 4], [5, 6]]]).rotated90()     // [[[2, 4, 6], [1, 3, 5]]]
  ///
  /// NumPy's `rot90(image, k: turns, axes: (1, 2))`.
  /// - Parameter implementation: `.reference` is the body of task 4.4; `.fast` is a kernel, where that body
  ///   agrees with it
  public func rotated90(turns: Int = 1, implementation: Implementation = .fast) -> Tensor {
    requireImage("Tensor.rotated90")
    return ImageBodies.standard.rotated90(self, turns: ((turns % 4) + 4) % 4, implementation)
  }

  /// - Parameter turns: from 0 to 3
  func rotated90ByKernel(turns: Int) -> Tensor {
    let (channels, height, width) = (shape[0], imageHeight, imageWidth)
    let area = height * width
    return switch turns {
    case 1:
      strided(shape: [channels, width, height], strides: [area, -1, width], start: width - 1)
    case 2: strided(shape: shape, strides: [area, -width, -1], start: area - 1)
    case 3:
      strided(
        shape: [channels, width, height], strides: [area, 1, -width], start: (height - 1) * width)
    default: self
    }
  }

  /// A rectangle of the image; pixels beyond its edges are 0.
  ///
  ///     Tensor([[[1, 2], [3, 4]]]).cropped(top: 1, left: -1, height: 1, width: 3)   // [[[0, 3, 4]]]
  public func cropped(top: Int, left: Int, height: Int, width: Int) -> Tensor {
    requireImage("Tensor.cropped")
    guard height >= 1, width >= 1 else {
      stop("Tensor.cropped", expected: "sizes of at least 1", received: "\(height) x \(width)")
    }
    let rows = clamp(0..<imageHeight, shiftedBy: top, within: height)
    let columns = clamp(0..<imageWidth, shiftedBy: left, within: width)
    guard !rows.isEmpty, !columns.isEmpty else { return Tensor(zeros: [shape[0], height, width]) }
    let inside = strided(
      shape: [shape[0], rows.count, columns.count],
      strides: [imageHeight * imageWidth, imageWidth, 1],
      start: (rows.lowerBound + top) * imageWidth + columns.lowerBound + left)
    return inside.padded(
      before: [0, rows.lowerBound, columns.lowerBound],
      after: [0, height - rows.upperBound, width - columns.upperBound])
  }

  /// The image turned about its centre by any angle, counter-clockwise, in the same size: corners are cut
  /// off, and pixels from beyond the edges are 0.
  ///
  /// Each pixel is sampled at the place that it came from: with `d` the offset from the centre (rows count
  /// downwards), `x' = cos θ · dx - sin θ · dy`, `y' = sin θ · dx + cos θ · dy`. Equals torchvision's
  /// `rotate(image, angle, interpolation: BILINEAR)`; with its `fill: 0` torchvision darkens the pixels at
  /// the edge twice, which this does not.
  ///
  /// - Parameter interpolation: `.bilinear`, or `.nearest` for masks
  public func rotated(degrees: Float, interpolation: Interpolation = .bilinear) -> Tensor {
    requireImage("Tensor.rotated")
    guard degrees.isFinite, interpolation != .bicubic else {
      stop(
        "Tensor.rotated", expected: "a finite angle, .bilinear or .nearest",
        received: "\(degrees), .\(interpolation)")
    }
    let (sine, cosine) = sineAndCosine(degrees: degrees)
    let (x, y) = (Double(imageWidth - 1) / 2, Double(imageHeight - 1) / 2)
    let matrix = [
      cosine, -sine, x - cosine * x + sine * y,
      sine, cosine, y - sine * x - cosine * y,
    ].map { Float($0) }
    return Tensor(shape: shape) { out in
      read {
        kernels_sample_affine(
          nil, $0, shape[0], imageHeight, imageWidth, matrix, interpolation == .bilinear,
          imageHeight,
          imageWidth, out)
      }
    }
  }

  /// The image with each pixel taken from a place of its own: `Y[c, i, j] = X[c, i + dy[i, j], j + dx[i, j]]`, and 0
  /// beyond the edges.
  ///
  ///     let half = Tensor([[[0.5, 0.5, 0.5]], [[0, 0, 0]]])                 // half a pixel from the right
  ///     Tensor([[[2, 4, 6]]]).displaced(by: half)                          // [[[3, 5, 3]]]
  ///
  /// Equals PyTorch's `grid_sample` with zeros beyond the edges.
  /// - Parameters:
  ///   - shifts: dx and dy in pixels, `[2, H, W]`
  ///   - interpolation: `.bilinear`, or `.nearest` for masks
  public func displaced(by shifts: Tensor, interpolation: Interpolation = .bilinear) -> Tensor {
    requireImage("Tensor.displaced")
    guard shifts.shape == [2, imageHeight, imageWidth], interpolation != .bicubic else {
      stop(
        "Tensor.displaced",
        expected: "shifts of shape \([2, imageHeight, imageWidth]), .bilinear or .nearest",
        received: "\(shifts.shape), .\(interpolation)")
    }
    return Tensor(shape: shape) { out in
      read { pixels in
        shifts.read {
          kernels_sample_shifted(
            pixels, shape[0], imageHeight, imageWidth, $0, interpolation == .bilinear, out)
        }
      }
    }
  }

  // MARK: Helpers

  /// The number of rows of an image `[C, H, W]`.
  var imageHeight: Int { shape[1] }
  /// The number of columns of an image `[C, H, W]`.
  var imageWidth: Int { shape[2] }

  func requireImage(_ place: String) {
    guard rank == 3, count > 0 else {
      stop(place, expected: "an image [C, H, W]", received: "shape \(shape)")
    }
  }

  /// Elements taken in another order.
  private func strided(shape: [Int], strides: [Int], start: Int) -> Tensor {
    Tensor(shape: shape) { out in
      read { kernels_copy_strided($0 + start, shape.count, shape, strides, out) }
    }
  }
}

/// The part of `range` that is seen through a window of `size` places from `offset` on, counted within
/// the window.
func clamp(_ range: Range<Int>, shiftedBy offset: Int, within size: Int) -> Range<Int> {
  let lower = min(max(range.lowerBound - offset, 0), size)
  return lower..<max(lower, min(range.upperBound - offset, size))
}

/// Sine and cosine, exact for multiples of 90 degrees.
func sineAndCosine(degrees: Float) -> (sine: Double, cosine: Double) {
  switch degrees.truncatingRemainder(dividingBy: 360) {
  case 0: return (0, 1)
  case 90, -270: return (1, 0)
  case 180, -180: return (0, -1)
  case 270, -90: return (-1, 0)
  default:
    let angle = Double(degrees) * .pi / 180
    return (sin(angle), cos(angle))
  }
}
