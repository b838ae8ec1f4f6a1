import CCourseKernels

/// The normalisation of each channel of a batch: `y = f((x - center) · factor + shift)`, with `f(z) = max(0, z)`
/// if `relu`. All three tensors are `[C]`.
package struct ChannelNormalization: Sendable {
  /// Subtracted first.
  package var center: Tensor
  /// Multiplies the difference.
  package var factor: Tensor
  /// Added last.
  package var shift: Tensor
  /// Whether ReLU is applied to the result.
  package var relu: Bool

  /// Collects the numbers of each channel.
  package init(center: Tensor, factor: Tensor, shift: Tensor, relu: Bool = false) {
    self.center = center
    self.factor = factor
    self.shift = shift
    self.relu = relu
  }
}

// Batches are `[N, C, ...]`: axis 1 is the channel, of dense rows `[N, F]` the feature.
extension Tensor {
  /// The mean and the biased variance of each channel, over the batch and all places, `[C]` each.
  ///
  /// In one pass over memory, and without loss of digits where the mean is large.
  package func channelMoments() -> (mean: Tensor, variance: Tensor) {
    var sizes = channelSizes
    var variance = Tensor(zeros: [shape[1]])
    let mean = Tensor(shape: [shape[1]]) { mean in
      read { x in
        variance.write { kernels_channel_moments(nil, &sizes, x, mean, $0) }
      }
    }
    return (mean, variance)
  }

  /// `y = f((x - center) · factor + shift)` for each channel.
  package func normalized(_ normalization: ChannelNormalization) -> Tensor {
    Tensor(shape: shape) { y in
      read { x in
        withKernel(normalization) { kernels_normalize(nil, &$0, x, y) }
      }
    }
  }

  /// For each channel `Σ dZ` and `Σ dZ (x - center)`, where dZ is dY, or 0 where ReLU gave 0.
  /// - `x` (`self`): the input of the normalisation
  package func normalizationSums(
    outputGradient: Tensor, _ normalization: ChannelNormalization
  ) -> (gradients: Tensor, products: Tensor) {
    requireCounts("normalisation", (outputGradient, count))
    var products = Tensor(zeros: [shape[1]])
    let gradients = Tensor(shape: [shape[1]]) { gradients in
      read { x in
        outputGradient.read { dY in
          products.write { products in
            withKernel(normalization) {
              kernels_normalization_sums(nil, &$0, x, dY, gradients, products)
            }
          }
        }
      }
    }
    return (gradients, products)
  }

  /// `dX = factor · dZ + slope · (x - center) + offset` for each channel, where dZ is dY, or 0 where ReLU
  /// gave 0.
  /// - `x` (`self`): the input of the normalisation
  /// - Parameter outputGradient: dY. Where no other tensor shares its memory, dX takes it over.
  package func normalizationGradient(
    overwriting outputGradient: consuming Tensor, slope: Tensor, offset: Tensor,
    _ normalization: ChannelNormalization
  ) -> Tensor {
    var gradient = consume outputGradient
    let channels = shape[1]
    requireCounts("normalisation", (gradient, count), (slope, channels), (offset, channels))
    func run(_ dY: UnsafePointer<Float>, _ dX: UnsafeMutablePointer<Float>) {
      read { x in
        slope.read { slope in
          offset.read { offset in
            withKernel(normalization) {
              kernels_normalization_gradient(nil, &$0, slope, offset, x, dY, dX)
            }
          }
        }
      }
    }
    guard gradient.isUnshared else {
      return Tensor(shape: shape) { dX in gradient.read { run($0, dX) } }
    }
    gradient.write { run($0, $0) }
    return gradient
  }

  /// Adds `shift[c]` to every value of channel c and, with `relu`, cuts the sums off at 0; in place.
  package mutating func addToChannels(_ shift: Tensor, relu: Bool = false) {
    requireCounts("addition to channels", (shift, shape[1]))
    let (zeros, ones) = (Tensor(zeros: [shape[1]]), Tensor(ones: [shape[1]]))
    var kernel = channelSizes
    kernel.relu = relu
    zeros.read { center in
      ones.read { factor in
        shift.read { shift in
          (kernel.center, kernel.factor, kernel.shift) = (center, factor, shift)
          write { kernels_normalize(nil, &kernel, $0, $0) }
        }
      }
    }
  }

  private var channelSizes: CourseNormalization {
    var sizes = CourseNormalization()
    (sizes.batch, sizes.channels) = (shape[0], shape[1])
    sizes.area = shape.dropFirst(2).reduce(1, *)
    return sizes
  }

  private func withKernel(
    _ normalization: ChannelNormalization, _ body: (inout CourseNormalization) -> Void
  ) {
    requireCounts(
      "normalisation", (normalization.center, shape[1]), (normalization.factor, shape[1]),
      (normalization.shift, shape[1]))
    var kernel = channelSizes
    kernel.relu = normalization.relu
    normalization.center.read { center in
      normalization.factor.read { factor in
        normalization.shift.read { shift in
          (kernel.center, kernel.factor, kernel.shift) = (center, factor, shift)
          body(&kernel)
        }
      }
    }
  }
}
