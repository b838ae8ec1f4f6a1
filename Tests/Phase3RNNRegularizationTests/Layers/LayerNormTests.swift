import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct LayerNormTests {
  /// torch.set_default_dtype(torch.float64); layer = nn.LayerNorm([2, 3]); y = layer(x); y.backward(dY)
  @Test func matchesPyTorch() throws {
    var layer = LayerNorm(2, 3)
    layer.scale.value = [[1.34375, 0.21875, -1.40625], [0.84375, 2.09375, -1.46875]]
    layer.shift.value = [[0.125, 1.125, -2.0625], [-0.1875, 0.375, 0.875]]
    func tensor(_ scalars: [Float]) -> Tensor { Tensor(shape: [2, 2, 2, 3], scalars: scalars) }
    let (y, dX) = try trainingPass(
      &layer,
      input: tensor([
        1.4375, 0, 0.1875, -1.8125, 1.6875, -1.5625, 1.375, -1.625, -0.5625, 0.25, 2.4375, -0.75,
        0.8125, 1.8125, -2.375, 1.125, -2.5, -0.1875, -0.625, -2.125, -0.625, -1.125, -2.1875,
        -0.25,
      ]),
      outputGradient: tensor([
        2, -1.6875, 1.4375, 1.0625, -1.5, 1.125, 0.75, 2.375, 1.1875, 1.3125, -0.3125, -0.125,
        -0.5625, -2.0625, -1.0625, 1.6875, 1.9375, -2.0625, 2.3125, 1.875, -0.25, 1.9375, -0.5625,
        2.25,
      ]))
    expectClose(
      y,
      tensor([
        1.58364584, 1.1267083, -2.27115688, -1.3274255, 3.04019512, 2.5840341, 1.29276907,
        0.834844406, -1.29065753, -0.148907877, 3.82256302, 1.88268322, 0.95191786, 1.39014984,
        -0.253070855, 0.489069158, -2.47521512, 0.847610895, 1.07489246, 0.843020979, -3.05657351,
        -0.152415053, -2.49806735, -0.896140119,
      ]), "LayerNorm.forward")
    expectClose(
      dX,
      tensor([
        2.55571527, 0.173682151, -1.05328064, 1.00845348, -1.79789952, -0.886670731, 0.682504335,
        0.311941079, -1.28566152, 0.750439776, -0.529177027, 0.0699533541, -0.881694116,
        -0.269089838, -0.912179583, 0.553617993, 0.563099895, 0.94624565, 3.9685762, 0.209295822,
        0.30154948, 1.95227685, -1.91069018, -4.52100816,
      ]), "LayerNorm.backward")
    expectClose(
      try #require(layer.scale.gradient),
      [[4.11133284, -8.08038633, 0.751915684], [0.0582741986, -4.28959882, 1.45148751]],
      "LayerNorm: dγ")
    expectClose(
      try #require(layer.shift.gradient), [[4.5, 0.5, 1.3125], [6, -0.4375, 1.1875]],
      "LayerNorm: dβ")
  }

  @Test(arguments: [[4, 5], [2, 3, 5], [2, 2, 3, 5]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    var layer = LayerNorm(5)
    layer.scale.value = [1.5, -0.7, 0.4, 2, 1]
    layer.shift.value = [0.3, -2, 1, 0, -1]
    try expectGradients(of: layer, inputShape: shape)
  }

  @Test func eachRowIsOnItsOwn() {
    var layer = LayerNorm(4)
    let x = Tensor(normal: [3, 5, 4], mean: 7, key: RandomKey(seed: varied(1)))
    let y = layer.forward(x, mode: .training)
    expectClose(
      layer.forward(x.rows(at: [1]), mode: .inference), y.rows(at: [1]),
      "LayerNorm of one example, in inference", atol: 0, rtol: 0)
    expectClose(y.mean(axis: 2), Tensor(zeros: [3, 5]), "LayerNorm: mean of a row", atol: 1e-5)
    // Below 1, since ε is added to the variance of the input, which is small in some rows.
    let variance = x.variance(axis: 2)
    expectClose(
      y.variance(axis: 2), variance / (variance + layer.configuration.epsilon),
      "LayerNorm: variance of a row",
      atol: 1e-4)
    expectInferenceKeepsNothing(layer, input: x)
  }

  @Test func configurationAndParameters() throws {
    var layer = LayerNorm(2, 3, epsilon: 0.25)
    #expect(try LayerNorm(configuration: layer.configuration).configuration == layer.configuration)
    var seen: [String] = []
    layer.forEachParameter { seen.append("\($0) \($1.value.shape) \($1.isRegularized)") }
    #expect(seen == ["scale [2, 3] false", "shift [2, 3] false"])
    #expect(try layer.outputShape(for: [7, 2, 3]) == [7, 2, 3])
  }

  @Test func wrongArgumentsAndShapesAreRefused() async {
    expectCourseError(.shapeMismatch, "LayerNorm", "input that ends in [3]", "[3, 4]") {
      try LayerNorm(3).outputShape(for: [3, 4])
    }
    expectCourseError(.invalidArgument, "LayerNorm", "at least one axis", "[] and 1e-05") {
      var configuration = LayerNorm(3).configuration
      configuration.shape = []
      return try LayerNorm(configuration: configuration)
    }
    expectCourseError(.invalidArgument, "LayerNorm", "epsilon above 0", "0.0") {
      var configuration = LayerNorm(3).configuration
      configuration.epsilon = 0
      return try LayerNorm(configuration: configuration)
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LayerNorm(3)
      _ = layer.forward(Tensor(zeros: [2, 4]), mode: .training)
    }
    expectWords(of: stopped, "LayerNorm: expected input that ends in [3], got [4]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LayerNorm(3)
      _ = layer.forward(Tensor(zeros: [2, 3]), mode: .inference)
      _ = layer.backward(Tensor(zeros: [2, 3]))
    }
    expectWords(of: inference, "LayerNorm.backward", "no forward pass to go back through")
  }
}
