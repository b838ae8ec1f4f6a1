import CCourseKernels
import Shared

// The colour changes of augmentations, on one image [C, H, W] from 0 to 1, with torchvision's formulas.

extension Tensor {
  /// Brighter (`factor` above 1) or darker: `f · X`, cut off at 0 and 1.
  public func brightened(by factor: Float) -> Tensor {
    recolored { kernels_adjust_brightness(nil, $0, count, factor, $1) }
  }

  /// More (`factor` above 1) or less contrast: `f · X + (1 - f) · m`, where `m` is the mean of the grey
  /// image; cut off at 0 and 1.
  public func contrasted(by factor: Float) -> Tensor {
    requireImage("Tensor.contrasted")
    return recolored {
      kernels_adjust_contrast(nil, $0, shape[0], imageHeight * imageWidth, factor, $1)
    }
  }

  /// More (`factor` above 1) or less colour: `f · X + (1 - f) · G`, where `G` is the grey image; cut off
  /// at 0 and 1. A grey image stays unchanged.
  public func saturated(by factor: Float) -> Tensor {
    withColors { colors in
      colors.recolored { kernels_adjust_saturation(nil, $0, colors.count / 3, factor, $1) }
    }
  }

  /// All hues shifted along the colour circle by a fraction of it: by 1/3, red becomes green. A grey image
  /// stays unchanged.
  public func hueShifted(by turns: Float) -> Tensor {
    withColors { colors in
      colors.recolored { kernels_shift_hue(nil, $0, colors.count / 3, turns, $1) }
    }
  }

  /// The brightness of each pixel, `[1, H, W]`: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).
  public func grey() -> Tensor {
    requireImage("Tensor.grey")
    guard shape[0] >= 3 else { return self[0..<1] }
    return self[0..<1] * 0.299 + self[1..<2] * 0.587 + self[2..<3] * 0.114
  }

  /// Each channel shifted and scaled: `(X[c] - mean[c]) / std[c]`. A single number applies to all channels.
  public func normalized(mean: [Float], std: [Float]) -> Tensor {
    requireImage("Tensor.normalized")
    func spread(_ values: [Float]) -> Tensor {
      guard values.count == 1 || values.count == shape[0], values.allSatisfy(\.isFinite) else {
        stop(
          "Tensor.normalized", expected: "1 or \(shape[0]) finite numbers", received: "\(values)")
      }
      return Tensor(values).reshaped(to: [values.count, 1, 1])
    }
    return (self - spread(mean)) / spread(std)
  }

  /// A tensor of the same shape.
  private func recolored(
    _ change: (_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    Tensor(shape: shape) { out in read { change($0, out) } }
  }

  /// The same with three channels changed; a fourth one, opacity, and grey images stay.
  private func withColors(_ change: (Tensor) -> Tensor) -> Tensor {
    switch shape[0] {
    case ..<3: self
    case 3: change(self)
    default: Tensor(concatenating: [change(self[0..<3]), self[3..<shape[0]]])
    }
  }
}
