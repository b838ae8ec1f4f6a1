import Phase2CNN
import Shared
import Testing

/// A convolution in double precision, from PyTorch:
///
///     def fill(shape, m, k, d):
///         count = torch.Size(shape).numel()
///         return torch.tensor([(i * k % m - m // 2) / d for i in range(count)]).reshape(shape)
///     torch.set_default_dtype(torch.float64)
///     x = fill(input, 11, 7, 4).requires_grad_()
///     w = fill([outputChannels, input[1] // groups, *kernelSize], 9, 5, 8).requires_grad_()
///     b = fill([outputChannels], 5, 3, 2).requires_grad_()
///     y = F.conv2d(F.pad(x, pytorchPadding), w, b, stride, dilation=dilation, groups=groups)
///     (y * fill(y.shape, 7, 3, 2)).sum().backward()
///     print(y, x.grad, w.grad, b.grad)          # F.conv1d for signals
///
/// The padding is explicit there, the last axis first: PyTorch has no SAME_UPPER.
struct ConvolutionNumbers: Sendable, CustomTestStringConvertible {
  let name: String
  let input: [Int], outputChannels: Int, kernelSize: [Int], stride: [Int], padding: Padding
  let dilation: [Int], groups: Int, pytorchPadding: [Int], outputShape: [Int]
  let y: [Float], dX: [Float], dW: [Float], db: [Float]
  var testDescription: String { name }

  init(
    _ name: String, input: [Int], outputChannels: Int, kernelSize: [Int], stride: [Int],
    padding: Padding, dilation: [Int], groups: Int, pytorchPadding: [Int], outputShape: [Int],
    y: [Float], dX: [Float], dW: [Float], db: [Float]
  ) {
    self.name = name
    self.input = input
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.pytorchPadding = pytorchPadding
    self.outputShape = outputShape
    self.y = y
    self.dX = dX
    self.dW = dW
    self.db = db
  }

  var x: Tensor { patterned(input, 11, 7, 4) }
  var weights: Tensor {
    patterned([outputChannels, input[1] / groups] + kernelSize, 9, 5, 8)
  }
  var bias: Tensor { patterned([outputChannels], 5, 3, 2) }
  var outputGradient: Tensor { patterned(outputShape, 7, 3, 2) }

  static let images = [
    ConvolutionNumbers(
      "stride [2, 1], kernel [3, 2], padding on three sides", input: [2, 2, 5, 4],
      outputChannels: 2, kernelSize: [3, 2], stride: [2, 1],
      padding: .explicit(before: [1, 1], after: [2, 0]), dilation: [1, 1], groups: 1,
      pytorchPadding: [1, 0, 1, 2], outputShape: [2, 2, 3, 4],
      y: [
        -1.40625, -1.15625, -0.0625, -0.6875, -1.6875, 0.15625, -0.125, -2.46875, -1.875, -1.5,
        -0.1875, -2.65625, 0.65625, 0.34375, -0.0625, 0.90625, 0.65625, 0.15625, -0.21875,
        1.46875, 0.75, -0.09375, 0.84375, 1.09375, -1.375, -1.0625, -0.3125, -0.59375, -1.21875,
        -0.78125, -1.40625, -1, -0.375, -0.21875, -1.65625, -0.6875, 0.59375, 0.25, -0.5, 0.8125,
        1.125, -0.40625, -0.09375, 1.25, 0.75, -0.40625, 0.875, 1.46875,
      ],
      dX: [
        -0.0625, -1.1875, 0.75, -0.125, -0.1875, -1.125, 1, -0.125, 0.25, 0, 0.1875, -0.25,
        -0.875, 0.8125, -0.125, -0.8125, -1.1875, 0.75, 0.0625, 0.0625, 0.3125, 0.6875, -1.125,
        0.25, 1.125, -0.375, -0.125, -0.6875, 0.0625, 0, 0.375, 0.5, 0.8125, 0.625, -0.875, 0.875,
        0.6875, -1.125, -0.3125, -0.125, 0.0625, 0.25, 0, 0, 0.5, -0.875, 0.8125, 0.125, -0.0625,
        -1.1875, 0.75, -0.125, -0.1875, -1.125, 1, -0.125, 0.25, 0, 0.1875, -0.25, -0.3125,
        0.0625, 0, 0, -1.1875, 0.8125, 0.625, -0.0625, 0.3125, 0.6875, -1.125, 0.25, 1.125,
        -0.375, -0.125, -0.6875, 0.0625, 0, 0.375, 0.5,
      ],
      dW: [
        2.875, 0.875, -1.75, 1.5, -5, 6.375, 2.25, -7, 0.625, 2.25, 1.5, 1, -0.625, 4.5, 1.75,
        -4.25, -5, 3.875, 3.625, 1.375, -7.125, 5, -3.25, 3.25,
      ],
      db: [-1, 0.5]),
    ConvolutionNumbers(
      "two groups, dilation [2, 1], stride [1, 2]", input: [1, 4, 4, 5], outputChannels: 4,
      kernelSize: [2, 2], stride: [1, 2],
      padding: .explicit(before: [0, 1], after: [0, 1]), dilation: [2, 1], groups: 2,
      pytorchPadding: [1, 1, 0, 0], outputShape: [1, 4, 2, 3],
      y: [
        -1.4375, -1.34375, -1, -0.8125, -1.34375, -0.3125, 1.15625, 0.96875, -0.4375, 0.53125,
        0.71875, 0.34375, -0.46875, -0.9375, -0.84375, -0.4375, -0.875, -0.78125, 0.71875, 1.6875,
        0.375, 1.78125, 1.84375, 0.1875,
      ],
      dX: [
        -0.4375, 0, 0.75, -0.75, 0.1875, -0.8125, -0.5, 0.375, 0.5, -0.625, -0.5625, -0.1875,
        0.5625, -0.5625, 0.375, -0.6875, -0.4375, 0.4375, 0.5, -0.625, -0.6875, -0.375, 0.375,
        -0.375, 0.5625, -0.5625, -0.375, 0.5, 0.5, -0.625, -0.8125, -0.5625, 0.1875, -0.1875,
        0.75, -0.4375, -0.3125, 0.5625, 0.5, -0.625, 0.5, 0.375, -0.5, -0.8125, 0.25, -0.75, 0.75,
        0, -0.4375, 0.75, -0.625, -0.25, 0.5625, 0.75, -0.4375, 0.75, -0.75, 0.1875, 0.25,
        -0.8125, -0.625, -0.3125, 0.5, 0.625, -0.5625, 0.5625, -0.5625, 0.375, 0.375, -0.6875,
        -0.625, -0.375, 0.4375, 0.5, -0.6875, 0.375, -0.375, 0.5625, 0.5, -0.5625,
      ],
      dW: [
        3.875, 1.875, -1.5, 4.125, 0, -3.25, 0.125, 1.75, -2.25, -0.25, 2.25, -2, 1.25, 4.5, -2.5,
        0, -1, 4.5, -1, -2, 0.375, -0.25, -1, 0.125, 1.25, -3.25, 2.25, 4.125, -2.25, 1.875, 1.5,
        -3.125,
      ],
      db: [-0.5, 1, -1, 0.5]),
    ConvolutionNumbers(
      "even kernel [4, 2], stride 2, .same", input: [1, 2, 5, 4], outputChannels: 2,
      kernelSize: [4, 2], stride: [2, 2],
      padding: .same, dilation: [1, 1], groups: 1,
      pytorchPadding: [0, 0, 1, 2], outputShape: [1, 2, 3, 2],
      y: [
        -0.125, -1.90625, -0.1875, -2.625, -0.09375, -2.0625, 1.28125, -0.25, 2.84375, -0.78125,
        0.53125, 0.1875,
      ],
      dX: [
        0.3125, -0.3125, 0.75, -0.1875, -0.5625, -0.25, 1.5625, -0.4375, -0.5, -0.1875, -0.1875,
        -0.5, -1.125, 0.6875, 0.5625, 0.0625, -0.3125, 0.9375, -0.4375, 0.1875, -0.1875, 0.3125,
        0, 0.75, -0.3125, -0.5625, -0.375, 1.5625, -0.25, -0.5, -0.4375, -0.1875, 0.4375, -1.125,
        -0.0625, 0.5625, 0.6875, -0.3125, 0.0625, -0.4375,
      ],
      dW: [
        -0.875, -1.875, -0.25, 3, -0.25, 0.25, 0.375, 0.875, -1.625, 1.5, 2.875, -0.75, 0.125,
        -3.5, 0.75, -0.125, 2.5, 0.5, 0.125, -5, 0.5, 0, -0.125, 0.75, 1, -1, -0.625, 1.125,
        0.125, 1, 0.875, 0.375,
      ],
      db: [-0.5, 1]),
    ConvolutionNumbers(
      "even kernel [2, 4], stride 1, .same", input: [1, 1, 3, 4], outputChannels: 2,
      kernelSize: [2, 4], stride: [1, 1],
      padding: .same, dilation: [1, 1], groups: 1,
      pytorchPadding: [1, 2, 0, 1], outputShape: [1, 2, 3, 4],
      y: [
        -0.78125, -0.28125, -1.21875, -0.84375, -1.03125, -1.65625, -0.625, -1.90625, -1.46875,
        -0.625, -0.9375, -1.03125, 0.90625, 0.34375, 0.46875, 0.125, 0.46875, 0.625, -0.21875,
        0.75, 1.1875, 0.5625, 0.46875, 1.125,
      ],
      dX: [
        0.3125, -0.5625, 1.25, -1, -0.3125, -1.375, 0.9375, -0.8125, -0.875, 1.5625, -1.1875,
        0.0625,
      ],
      dW: [
        -3.25, 2, -0.375, -0.125, 0.125, 1.125, 1.5, -0.5, -2.125, 0.5, -3.5, 4.375, 2.75, -3,
        1.25, -0.75,
      ],
      db: [0.5, -0.5]),
    ConvolutionNumbers(
      "kernel 1 x 1", input: [2, 3, 2, 2], outputChannels: 2, kernelSize: [1, 1], stride: [1, 1],
      padding: .valid, dilation: [1, 1], groups: 1,
      pytorchPadding: [0, 0, 0, 0], outputShape: [2, 2, 2, 2],
      y: [
        0.03125, -1.625, -0.53125, -1.15625, -0.25, 1.09375, 0.03125, 0.34375, -1.625, -0.53125,
        -1.15625, -1.4375, 1.09375, 0.03125, 0.34375, 1,
      ],
      dX: [
        1, -0.25, -0.625, -0.125, -0.4375, 0.25, 0.0625, 0.3125, 0.9375, -0.375, -0.375, -0.375,
        -0.25, -0.625, -0.125, -0.5, 0.25, 0.0625, 0.3125, 0.125, -0.375, -0.375, -0.375, -0.375,
      ],
      dW: [-0.625, 1.625, 2.5, -6.5, 2.75, 1],
      db: [1.5, -3]),
  ]

  static let signals = [
    ConvolutionNumbers(
      "even kernel 4, .same", input: [2, 2, 5], outputChannels: 2, kernelSize: [4], stride: [1],
      padding: .same, dilation: [1], groups: 1,
      pytorchPadding: [1, 2], outputShape: [2, 2, 5],
      y: [
        -1.875, 0.25, -1.46875, -1.15625, -1.0625, 1.9375, -0.59375, 0.59375, 0.4375, -0.0625,
        0.25, -1.8125, 0.25, -1.90625, -0.96875, -0.1875, 2, -0.59375, 0.78125, 0.125,
      ],
      dX: [
        0.3125, -0.5625, 1.25, -1.5, 0.5, -0.1875, -1.0625, 0.625, -0.875, 1, -0.5625, 0.0625,
        -0.4375, 0.3125, 0.1875, -0.0625, 0.1875, 0.0625, 0.3125, -0.4375,
      ],
      dW: [
        4.25, -3, 3.25, -0.875, 2, 2, -2.5, 1.625, 1.75, -1.25, -0.375, -0.625, -1.625, 1.75, 1,
        -1.125,
      ],
      db: [-1, 0.5]),
    ConvolutionNumbers(
      "stride 2, dilation 2, two groups", input: [1, 4, 9], outputChannels: 4, kernelSize: [3],
      stride: [2],
      padding: .explicit(before: [2], after: [1]), dilation: [2], groups: 2,
      pytorchPadding: [2, 1], outputShape: [1, 4, 4],
      y: [
        -1.625, -0.21875, -1.1875, -0.4375, 0.4375, 0.0625, 1.15625, 0.875, -0.59375, -1.0625,
        0.1875, -1.3125, 0.90625, 1.65625, 0, 1.78125,
      ],
      dX: [
        0.4375, 0, -0.75, 0, 0.875, 0, -1.375, 0, 0.1875, 1, 0, -0.9375, 0, 0.6875, 0, 0.3125, 0,
        0.375, 0, 0, 0.6875, 0, 0.5625, 0, 0.125, 0, 0.375, 0.1875, 0, -0.0625, 0, 0.1875, 0,
        -0.0625, 0, 0,
      ],
      dW: [
        -0.875, 1.75, 2.75, -1.625, -2, 1.75, 0.625, -2.125, 1.25, -0.625, 1.375, -2.125, -1.625,
        1.25, -1.375, -0.375, -1.625, 1.25, -1.125, 2.25, -0.625, -0.375, -0.375, 2.25,
      ],
      db: [-0.5, -1, 2, -2]),
    ConvolutionNumbers(
      "kernel 2, .valid", input: [1, 3, 4], outputChannels: 2, kernelSize: [2], stride: [1],
      padding: .valid, dilation: [1], groups: 1,
      pytorchPadding: [0, 0], outputShape: [1, 2, 3],
      y: [-0.0625, -1.0625, -1.375, 0.875, -0.125, 1.625],
      dX: [
        0.8125, -0.5625, -0.125, -0.3125, 0.5625, -0.125, -1.0625, 0.875, 0.3125, -0.25, -0.875,
        0.9375,
      ],
      dW: [1.125, 1.125, 1.125, 1.125, 1.125, -3, 1.625, -2, -1.875, 1.375, 1.5, 0.625],
      db: [0, -0.5]),
  ]
}

/// Numbers without much of a pattern that `Float` holds exactly: `(i · k mod m − ⌊m / 2⌋) / d`.
func patterned(_ shape: [Int], _ m: Int, _ k: Int, _ d: Float) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(shape: shape, scalars: (0..<count).map { Float($0 * k % m - m / 2) / d })
}
