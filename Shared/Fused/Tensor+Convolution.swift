import CCourseKernels

/// The sizes of a convolution of images, or of signals, which are images of height 1.
package struct ConvolutionGeometry: Sendable, Equatable {
  /// The number of images N.
  package let batch: Int
  /// The number of input channels C.
  package let inputChannels: Int
  /// The number of output channels O.
  package let outputChannels: Int
  /// The channels come in this many groups; output channels see the input channels of their group.
  package let groups: Int
  /// How the kernel slides down.
  package let rows: WindowAxis
  /// How the kernel slides to the right.
  package let columns: WindowAxis

  /// Collects the sizes.
  package init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1,
    rows: WindowAxis = .single, columns: WindowAxis
  ) {
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.rows = rows
    self.columns = columns
  }

  fileprivate var inputCount: Int { batch * inputChannels * rows.input * columns.input }
  fileprivate var outputCount: Int { batch * outputChannels * rows.output * columns.output }
  fileprivate var weightCount: Int {
    outputChannels * (inputChannels / groups) * rows.window * columns.window
  }

  fileprivate var kernel: CourseConvolution {
    CourseConvolution(
      batch: batch, inputChannels: inputChannels, inputHeight: rows.input,
      inputWidth: columns.input, outputChannels: outputChannels, outputHeight: rows.output,
      outputWidth: columns.output, kernelHeight: rows.window, kernelWidth: columns.window,
      strideY: rows.stride, strideX: columns.stride, dilationY: rows.dilation,
      dilationX: columns.dilation, padTop: rows.before, padLeft: columns.before, groups: groups)
  }
}

extension Tensor {
  /// `Y = f(X ∗ W + b)`, the cross-correlation of each image with every kernel.
  /// - `X` (`self`): `[N, C, H, W]` or `[N, C, L]`
  /// - `weights`: `[O, C / groups, kernel...]`; `bias`: `[O]`
  /// - Parameter shape: the shape of the result, `[N, O, H', W']` or `[N, O, L']`
  package func convolved(
    with weights: Tensor, bias: Tensor?, activation: Activation, _ geometry: ConvolutionGeometry,
    shape: [Int]
  ) -> Tensor {
    requireCounts("convolution", (self, geometry.inputCount), (weights, geometry.weightCount))
    if let bias { requireCounts("convolution", (bias, geometry.outputChannels)) }
    var sizes = geometry.kernel
    return Tensor(shape: shape) { y in
      read { x in
        weights.read { w in
          guard let bias else {
            return kernels_convolution_forward(nil, &sizes, x, w, nil, activation.kernel, y)
          }
          bias.read {
            kernels_convolution_forward(nil, &sizes, x, w, $0, activation.kernel, y)
          }
        }
      }
    }
  }

  /// `dX` of a convolution, from `dZ` (`self`, of the shape of the output).
  /// - Parameter shape: the shape of the result, that of the input
  package func convolutionInputGradient(
    weights: Tensor, _ geometry: ConvolutionGeometry, shape: [Int]
  ) -> Tensor {
    requireCounts("convolution", (self, geometry.outputCount), (weights, geometry.weightCount))
    var sizes = geometry.kernel
    return Tensor(shape: shape) { dX in
      read { dZ in
        weights.read { kernels_convolution_input_gradient(nil, &sizes, dZ, $0, dX) }
      }
    }
  }

  /// `dW` of a convolution, from `dZ` (`self`, of the shape of the output) and its input.
  /// - Parameter shape: the shape of the result, that of the weights
  package func convolutionWeightGradient(
    input: Tensor, _ geometry: ConvolutionGeometry, shape: [Int]
  ) -> Tensor {
    requireCounts("convolution", (self, geometry.outputCount), (input, geometry.inputCount))
    var sizes = geometry.kernel
    return Tensor(shape: shape) { dW in
      read { dZ in
        input.read { kernels_convolution_weight_gradient(nil, &sizes, $0, dZ, dW) }
      }
    }
  }

  /// The sum over everything but the channels: `[N, C, ...]` becomes `[C]`. The bias gradient.
  package func channelSums() -> Tensor {
    let (batch, channels) = (shape[0], shape[1])
    let area = shape.dropFirst(2).reduce(1, *)
    return Tensor(shape: [channels]) { sums in
      read { kernels_channel_sums(nil, $0, batch, channels, area, sums) }
    }
  }
}

/// Stops unless each tensor has as many elements as the kernel will touch.
func requireCounts(_ place: String, _ tensors: (tensor: Tensor, count: Int)...) {
  for (tensor, count) in tensors where tensor.count != count {
    stop(place, expected: "a tensor of \(count) elements", received: "shape \(tensor.shape)")
  }
}
