import Phase2CNN
import Shared
import Testing

/// A pooling in double precision, from PyTorch (`fill` as in ConvolutionNumbers):
///
///     x = fill(input, 11, 7, 4).requires_grad_()
///     y = F.max_pool2d(x, window, stride, padding)
///     y = F.avg_pool2d(x, window, stride, padding, count_include_pad=countIncludePad)
///     (y * fill(y.shape, 7, 3, 2)).sum().backward()
///     print(y, x.grad)                          # F.max_pool1d, F.avg_pool1d for signals
struct PoolingNumbers: Sendable, CustomTestStringConvertible {
  let name: String
  let input: [Int], window: [Int], stride: [Int], amounts: [Int], countIncludePad: Bool
  let outputShape: [Int]
  let y: [Float], dX: [Float]
  var testDescription: String { name }

  init(
    _ name: String, input: [Int], window: [Int], stride: [Int], padding: [Int],
    countIncludePad: Bool = true, outputShape: [Int], y: [Float], dX: [Float]
  ) {
    self.name = name
    self.input = input
    self.window = window
    self.stride = stride
    self.amounts = padding
    self.countIncludePad = countIncludePad
    self.outputShape = outputShape
    self.y = y
    self.dX = dX
  }

  var x: Tensor { patterned(input, 11, 7, 4) }
  var outputGradient: Tensor { patterned(outputShape, 7, 3, 2) }
  /// PyTorch pads the same amount on both sides.
  var padding: Padding { .explicit(before: amounts, after: amounts) }

  static let maxImages = [
    PoolingNumbers(
      "windows that touch", input: [1, 2, 4, 4], window: [2, 2], stride: [2, 2], padding: [0, 0],
      outputShape: [1, 2, 2, 2],
      y: [0.5, 1.25, 0.75, 1.25, 1, 0.5, 1.25, 0.75],
      dX: [
        0, -1.5, 0, 0, 0, 0, 0, 0, 0, 1.5, 0, 0, 0, 0, -0.5, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0.5,
        0, 0, 0, 0, 0, -1.5,
      ]),
    PoolingNumbers(
      "overlapping windows, padding 1", input: [1, 1, 5, 6], window: [3, 3], stride: [2, 2],
      padding: [1, 1],
      outputShape: [1, 1, 3, 3],
      y: [1, 1.25, 1.25, 1, 1.25, 1, 1.25, 1.25, 1],
      dX: [
        0, 0, 0, 1.5, 0, 0, -2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0,
        0, 0,
      ]),
    PoolingNumbers(
      "window [3, 2], stride [1, 2], padding [1, 0]", input: [1, 2, 4, 5], window: [3, 2],
      stride: [1, 2], padding: [1, 0],
      outputShape: [1, 2, 4, 2],
      y: [1, 1.25, 1, 1.25, 1, 1, 0.25, 1, 1.25, 1, 1.25, 1, 1.25, 1, 1.25, 0.25],
      dX: [
        0, 0, 0, -0.5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, -2.5, 0, 0, 0, 0, 0, 0, 0, -1.5,
        0, 0, 3, 0, 0, 0, 0, 0, 0, 0, -1.5, 0, 0, 0,
      ]),
  ]

  static let maxSignals = [
    PoolingNumbers(
      "window 3, stride 2, padding 1", input: [1, 2, 7], window: [3], stride: [2], padding: [1],
      outputShape: [1, 2, 4],
      y: [0.5, 1.25, 1.25, 1, 0, 0.75, 0.5, 0.5],
      dX: [0, -1.5, 0, 1.5, 0, 0, -0.5, 1, 0, -1, 0, 0, -1, 0])
  ]

  static let averageImages = [
    PoolingNumbers(
      "windows that touch, padding counts", input: [1, 2, 4, 4], window: [2, 2], stride: [2, 2],
      padding: [0, 0], countIncludePad: true,
      outputShape: [1, 2, 2, 2],
      y: [-0.3125, 0.4375, -0.0625, 0, 0.1875, -0.4375, 0.4375, -0.1875],
      dX: [
        -0.375, -0.375, 0, 0, -0.375, -0.375, 0, 0, 0.375, 0.375, -0.125, -0.125, 0.375, 0.375,
        -0.125, -0.125, 0.25, 0.25, -0.25, -0.25, 0.25, 0.25, -0.25, -0.25, 0.125, 0.125, -0.375,
        -0.375, 0.125, 0.125, -0.375, -0.375,
      ]),
    PoolingNumbers(
      "overlapping windows, padding 1, padding counts", input: [1, 1, 5, 6], window: [3, 3],
      stride: [2, 2], padding: [1, 1], countIncludePad: true,
      outputShape: [1, 1, 3, 3],
      y: [
        0.027777778, 0.11111111, 0, 0, 0.027777778, -0.13888889, -0.027777778, 0.027777778,
        -0.083333333,
      ],
      dX: [
        -0.16666667, -0.16666667, 0, 0.16666667, 0.16666667, 0.16666667, -0.22222222, -0.11111111,
        0.11111111, 0.16666667, 0.055555556, 0.055555556, -0.055555556, 0.055555556, 0.11111111,
        0, -0.11111111, -0.11111111, 0, -0.055555556, -0.055555556, -0.16666667, -0.11111111,
        -0.11111111, 0.055555556, -0.11111111, -0.16666667, -0.16666667, 0, 0,
      ]),
    PoolingNumbers(
      "overlapping windows, padding 1, padding does not count", input: [1, 1, 5, 6],
      window: [3, 3], stride: [2, 2], padding: [1, 1], countIncludePad: false,
      outputShape: [1, 1, 3, 3],
      y: [0.0625, 0.16666667, 0, 0, 0.027777778, -0.13888889, -0.0625, 0.041666667, -0.125],
      dX: [
        -0.375, -0.375, 0, 0.25, 0.25, 0.25, -0.45833333, -0.34722222, 0.11111111, 0.25,
        0.13888889, 0.13888889, -0.083333333, 0.027777778, 0.11111111, 0, -0.11111111,
        -0.11111111, 0.041666667, -0.097222222, -0.13888889, -0.25, -0.11111111, -0.11111111,
        0.125, -0.125, -0.25, -0.25, 0, 0,
      ]),
    PoolingNumbers(
      "window [3, 2], stride [1, 2], padding [1, 0], padding counts", input: [1, 2, 4, 5],
      window: [3, 2], stride: [1, 2], padding: [1, 0], countIncludePad: true,
      outputShape: [1, 2, 4, 2],
      y: [
        -0.083333333, -0.041666667, -0.33333333, -0.041666667, -0.29166667, 0, -0.33333333,
        0.16666667, 0.33333333, -0.083333333, 0.29166667, -0.33333333, 0.33333333, -0.29166667,
        0.083333333, -0.33333333,
      ],
      dX: [
        0, 0, -0.083333333, -0.083333333, 0, 0.16666667, 0.16666667, -0.25, -0.25, 0, 0.5, 0.5,
        -0.5, -0.5, 0, 0.25, 0.25, -0.41666667, -0.41666667, 0, -0.083333333, -0.083333333,
        0.41666667, 0.41666667, 0, -0.25, -0.25, 0.5, 0.5, 0, -0.5, -0.5, 0.25, 0.25, 0,
        -0.41666667, -0.41666667, 0.083333333, 0.083333333, 0,
      ]),
    PoolingNumbers(
      "window [3, 2], stride [1, 2], padding [1, 0], padding does not count", input: [1, 2, 4, 5],
      window: [3, 2], stride: [1, 2], padding: [1, 0], countIncludePad: false,
      outputShape: [1, 2, 4, 2],
      y: [
        -0.125, -0.0625, -0.33333333, -0.041666667, -0.29166667, 0, -0.5, 0.25, 0.5, -0.125,
        0.29166667, -0.33333333, 0.33333333, -0.29166667, 0.125, -0.5,
      ],
      dX: [
        -0.125, -0.125, -0.083333333, -0.083333333, 0, 0.041666667, 0.041666667, -0.25, -0.25, 0,
        0.54166667, 0.54166667, -0.625, -0.625, 0, 0.29166667, 0.29166667, -0.54166667,
        -0.54166667, 0, -0.083333333, -0.083333333, 0.54166667, 0.54166667, 0, -0.25, -0.25,
        0.625, 0.625, 0, -0.625, -0.625, 0.25, 0.25, 0, -0.54166667, -0.54166667, 0.083333333,
        0.083333333, 0,
      ]),
  ]

  static let averageSignals = [
    PoolingNumbers(
      "window 3, stride 2, padding 1, padding counts", input: [1, 2, 7], window: [3], stride: [2],
      padding: [1], countIncludePad: true,
      outputShape: [1, 2, 4],
      y: [-0.25, 0.41666667, 0.25, 0.083333333, -0.33333333, -0.16666667, -0.33333333, 0],
      dX: [
        -0.5, -0.5, 0, 0.5, 0.5, 0.33333333, -0.16666667, 0.33333333, 0, -0.33333333, -0.16666667,
        0.16666667, -0.33333333, -0.5,
      ]),
    PoolingNumbers(
      "window 3, stride 2, padding 1, padding does not count", input: [1, 2, 7], window: [3],
      stride: [2], padding: [1], countIncludePad: false,
      outputShape: [1, 2, 4],
      y: [-0.375, 0.41666667, 0.25, 0.125, -0.5, -0.16666667, -0.33333333, 0],
      dX: [
        -0.75, -0.75, 0, 0.5, 0.5, 0.25, -0.25, 0.5, 0.16666667, -0.33333333, -0.16666667,
        0.16666667, -0.58333333, -0.75,
      ]),
  ]
}
