import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

// Three training batches and an inference in PyTorch:
//
//   torch.set_default_dtype(torch.float64)
//   layer = nn.BatchNorm1d(3)      # or BatchNorm2d(2), BatchNorm1d(2); momentum 0.1 there is 0.9 here
//   layer.weight.data, layer.bias.data = scale, shift
//   for x in batches: layer.zero_grad(); y = layer(x); y.backward(dY)
//   layer.eval(); inference = layer(x)
//
// y, dX and the gradients are those of the third batch.

extension BatchNormTests {
  struct Numbers: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var shape: [Int]
    var scale, shift: [Float]
    var batches: [[Float]]
    var dY, y, dX, dScale, dShift, runningMean, runningVariance, inference: [Float]
  }

  @Test(.waits(for: steps), arguments: [dense, images, signals], BatchNormTests.both)
  func matchesPyTorchAfterThreeBatches(numbers: Numbers, implementation: Implementation) throws {
    var layer = BatchNorm(channels: numbers.shape[1], implementation: implementation)
    layer.scale.value = Tensor(numbers.scale)
    layer.shift.value = Tensor(numbers.shift)
    func tensor(_ scalars: [Float]) -> Tensor { Tensor(shape: numbers.shape, scalars: scalars) }
    let name = "\(numbers.testDescription) (\(implementation))"
    var y = Tensor(zeros: numbers.shape)
    var dX = y
    for batch in numbers.batches {
      layer.scale.clearGradient()
      layer.shift.clearGradient()
      y = try normalizationForward(&layer, tensor(batch))
      dX = layer.backward(tensor(numbers.dY))
    }
    expectClose(y, tensor(numbers.y), "BatchNorm.forward, \(name)")
    expectClose(dX, tensor(numbers.dX), "BatchNorm.backward, \(name)")
    expectClose(
      try #require(layer.scale.gradient), Tensor(numbers.dScale), "BatchNorm: dγ, \(name)")
    expectClose(
      try #require(layer.shift.gradient), Tensor(numbers.dShift), "BatchNorm: dβ, \(name)")
    expectClose(
      layer.runningMean, Tensor(numbers.runningMean), "BatchNorm: running mean, \(name)")
    expectClose(
      layer.runningVariance, Tensor(numbers.runningVariance),
      "BatchNorm: running variance, \(name)")
    expectClose(
      layer.forward(tensor(numbers.batches[2]), mode: .inference), tensor(numbers.inference),
      "BatchNorm.forward in inference, \(name)")
  }

  static let dense = Numbers(
    testDescription: "dense rows", shape: [4, 3], scale: [1.34375, 0.21875, -1.40625],
    shift: [0.125, 1.125, -2.0625],
    batches: [
      [2.5, -0.25, 0.4375, 0.6875, -0.9375, -1, -0.9375, 1.5, 1.5, 1.4375, -0.875, -1.25],
      [0.4375, -1.1875, 3, 2.1875, 3.4375, 1.375, -1.375, 1.625, 1.8125, 2.4375, -0.25, 0.9375],
      [0.0625, 2.125, 3.375, 2.875, 0.5625, 1.9375, 3.4375, 2, 0.5625, 0.4375, 2.125, 1.8125],
    ],
    dY: [
      -0.625, 1.4375, -0.25, -2.3125, -1.75, -0.625, 1.4375, -0.375, 0.0625, 2.375, 1.875, 1.375,
    ],
    y: [
      -1.37201773, 1.26471549, -4.11321926, 1.19429838, 0.7472507, -2.08455074, 1.7075616,
      1.22331831, -0.144085206, -1.02984225, 1.26471549, -1.90814479,
    ],
    dX: [
      -1.14907691, 0.114977608, 0.237134064, -2.03884016, 0.0325779166, 1.0771087, 1.51291993,
      -0.407423275, 0.404121533, 1.67499713, 0.25986775, -1.7183643,
    ],
    dScale: [-1.49204425, 4.9691405, -0.610560622],
    dShift: [0.875, 1.1875, 0.5625],
    runningMean: [0.327953125, 0.240484375, 0.346171875],
    runningVariance: [1.46968652, 1.27121061, 1.06673405],
    inference: [
      -0.16923375, 1.49062623, -6.18638979, 2.94819958, 1.18747619, -4.22916695, 3.57168625,
      1.46637422, -2.35704076, 0.246424028, 1.49062623, -4.05897366,
    ]
  )

  static let images = Numbers(
    testDescription: "images", shape: [2, 2, 2, 3], scale: [1.34375, 0.21875],
    shift: [0.125, 1.125],
    batches: [
      [
        2.5, -0.25, 0.4375, 0.6875, -0.9375, -1, -0.9375, 1.5, 1.5, 1.4375, -0.875, -1.25, -2.125,
        -0.0625, -1.875, -1.8125, 0.3125, 1.4375, 0.0625, -1.1875, 1.9375, -1.8125, -0.3125, 0.4375,
      ],
      [
        0.4375, -1.1875, 3, 2.1875, 3.4375, 1.375, -1.375, 1.625, 1.8125, 2.4375, -0.25, 0.9375,
        -1.4375, 1.8125, -0.125, 1.875, 0.375, 2.8125, 0.3125, 1.1875, 2.25, 2.8125, 2.9375, 1.75,
      ],
      [
        0.0625, 2.125, 3.375, 2.875, 0.5625, 1.9375, 3.4375, 2, 0.5625, 0.4375, 2.125, 1.8125,
        0.1875, 0.6875, -0.3125, 0.1875, 3.5, 0.75, 0.75, 1.5625, -0.4375, -0.3125, 1.4375, 3.5625,
      ],
    ],
    dY: [
      -0.625, 1.4375, -0.25, -2.3125, -1.75, -0.625, 1.4375, -0.375, 0.0625, 2.375, 1.875, 1.375,
      0.0625, 0.3125, -2.125, 1.25, -2, 1.375, -0.8125, -1.875, 0.375, -0.375, -0.0625, 1.0625,
    ],
    y: [
      -1.17515417, 0.943615586, 2.22771847, 1.71407731, -0.661513014, 0.751000154, 1.48419129,
      1.22934091, 0.974490539, 0.952329637, 1.25150182, 1.19609956, -1.04674388, -0.533102726,
      -1.56038503, -1.04674388, 2.35612876, -0.468897582, 1.00773189, 1.15177776, 0.797203321,
      0.819364223, 1.12961685, 1.50635219,
    ],
    dX: [
      -0.480286387, 2.10728048, 0.657861051, -1.57455649, -1.5223312, -0.0541071944, 0.0875320848,
      -0.168153265, -0.0249423752, 0.390742815, 0.225034477, 0.150662114, 0.254382143, 0.624850504,
      -2.10644568, 1.47427988, -1.11147104, 1.73054393, -0.188631439, -0.414104348, 0.0761278682,
      -0.0625460438, -0.0870627668, 0.0153408796,
    ],
    dScale: [-3.47305035, 3.81404957],
    dShift: [-5.25, 5.0625],
    runningMean: [0.223890625, 0.267802083],
    runningVariance: [1.30772363, 1.18145105],
    inference: [
      -0.0646431385, 2.35891135, 3.82773225, 3.24020389, 0.522885222, 2.13858821, 1.76290533,
      1.47360681, 1.18430829, 1.1591519, 1.4987632, 1.43587222, 0.0822389515, 0.669767312,
      -0.505289409, 0.0822389515, 3.97461434, 0.743208357, 1.22204288, 1.38555944, 0.983057149,
      1.00821354, 1.36040304, 1.78806172,
    ]
  )

  static let signals = Numbers(
    testDescription: "signals", shape: [3, 2, 2], scale: [1.34375, 0.21875], shift: [0.125, 1.125],
    batches: [
      [2.5, -0.25, 0.4375, 0.6875, -0.9375, -1, -0.9375, 1.5, 1.5, 1.4375, -0.875, -1.25],
      [0.4375, -1.1875, 3, 2.1875, 3.4375, 1.375, -1.375, 1.625, 1.8125, 2.4375, -0.25, 0.9375],
      [0.0625, 2.125, 3.375, 2.875, 0.5625, 1.9375, 3.4375, 2, 0.5625, 0.4375, 2.125, 1.8125],
    ],
    dY: [
      -0.625, 1.4375, -0.25, -2.3125, -1.75, -0.625, 1.4375, -0.375, 0.0625, 2.375, 1.875, 1.375,
    ],
    y: [
      -1.38878186, 2.13743941, 1.38197384, 1.2152881, -0.533940338, 1.81687384, 1.40280955,
      0.923588075, -0.533940338, -0.747650718, 0.965259508, 0.861080926,
    ],
    dX: [
      -0.882871537, 1.63003432, -0.0431553886, -0.819871858, -3.05191717, -1.80406736, 0.530551182,
      -0.329955852, 0.0468833327, 4.06193841, 0.442414395, 0.220017521,
    ],
    dScale: [1.35515574, -2.10539953],
    dShift: [0.875, 1.75],
    runningMean: [0.263354167, 0.346385417],
    runningVariance: [1.21157526, 1.11340534],
    inference: [
      -0.120201054, 2.39768136, 1.75286095, 1.64920614, 0.490194682, 2.16878296, 1.7658178,
      1.46781022, 0.490194682, 0.337595748, 1.49372392, 1.42893966,
    ]
  )
}
