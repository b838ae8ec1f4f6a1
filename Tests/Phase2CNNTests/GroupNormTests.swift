import CourseTestSupport
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct GroupNormTests {
  /// Group norm in double precision, from PyTorch (`fill` as in ConvolutionNumbers):
  ///
  ///     layer = nn.GroupNorm(groups, input[1])
  ///     layer.weight.data, layer.bias.data = fill([C], 5, 2, 2) + 0.75, fill([C], 7, 3, 4)
  ///     x = fill(input, 11, 7, 4).requires_grad_(); y = layer(x)
  ///     (y * fill(y.shape, 17, 5, 4)).sum().backward()
  ///     print(y, x.grad, layer.weight.grad, layer.bias.grad)
  struct Numbers: Sendable, CustomTestStringConvertible {
    let groups: Int, input: [Int]
    let y: [Float], dX: [Float], dScale: [Float], dShift: [Float]
    var testDescription: String { "\(groups) groups of \(input)" }
  }

  static let numbers = [
    Numbers(
      groups: 2, input: [2, 4, 2, 3],
      y: [
        -0.405714115, -0.931532557, -0.631064876, -1.15688332, -0.856415637, -0.555947956,
        0.995299195, 0.0938961504, -0.807506894, 0.769948433, -0.131454611, -1.03285765, 1.79243714,
        -0.481971167, 3.49824337, 1.22383506, -1.05057324, 2.92964129, -0.263538145, -0.588453617,
        -0.0198515403, -0.344767013, -0.669682485, -0.101080408, -0.601080408, -1.16968249,
        -0.844767013, -0.51985154, -1.08845362, -0.763538145, -0.934131983, 0.771674247,
        -0.20307217, -1.17781859, 0.527987643, -0.446758775, 3.16000119, 1.05672742, -1.04654634,
        2.63418275, 0.530908982, -1.57236479, -0.0559479558, -0.356415637, -0.656883319,
        -0.131064876, -0.431532557, 0.0942858849,
      ],
      dX: [
        0.743394983, -0.00272967649, -0.166577102, -0.912701762, 0.200438458, 0.0365910323,
        0.79280478, -1.69966718, -0.361176196, 0.395037552, 1.73352853, -0.758943424, 1.45555644,
        2.68830914, -1.31696482, -0.0842121325, 1.14854056, -2.8567334, -0.161861083, -1.36597444,
        1.85812087, -0.726883243, -1.9309966, 1.29309871, 0.483446848, 0.99688828, 0.065266355,
        -0.86635557, 1.02797662, 0.0963546951, 1.1142256, -0.890427875, -0.197472437, 0.495483,
        -1.50917048, -0.816215042, -0.0958246052, 3.39264928, -2.05779036, -0.932616073, 2.55585781,
        -2.89458183, -0.868004496, 0.366961775, 1.60192805, -0.803392919, 0.431573351, -0.696759968,
      ], dScale: [1.59383341, -2.10092955, -2.40588343, -0.360795852],
      dShift: [-2, -1.25, -0.5, 4.5]),
    Numbers(
      groups: 2, input: [2, 6],
      y: [
        -0.459383731, 0.959033689, 0.546568612, 0.0561839215, 0.5, -0.193816079, -1.05618392, 0,
        -1.39328745, 0.0561839215, 0.5, -0.193816079,
      ],
      dX: [
        -0.438266003, -0.328726788, 0.766992791, 0.727190832, -1.45437363, 0.727182795, 0.293431425,
        -0.586852516, 0.293421091, -0.931310002, 1.86261886, -0.931308854,
      ], dScale: [3.85584976, -0.959033689, 0.554244589, 3.06183921, 0, 1.22473569],
      dShift: [-0.75, -2.5, 0, 2.5, 0.75, -1]),
    Numbers(
      groups: 1, input: [1, 2, 3],
      y: [-0.401739466, -0.924130267, -0.625621238, 1.19403612, 0.298509029, -0.597018058],
      dX: [0.746637221, -0.130780025, -0.215755763, 0.996390195, -1.40203052, 0.00553888906],
      dScale: [2.01493595, 2.28856922], dShift: [-2.25, 0.5]),
    Numbers(
      groups: 3, input: [2, 3, 5],
      y: [
        -0.370914881, -0.881221772, -0.589617834, -1.09992473, -0.808320788, -0.711506782,
        0.948675709, 0, -0.948675709, 0.711506782, 0.341754487, -1.69947308, 1.87267516,
        -0.168552405, 3.40359584, -0.871927094, -0.523563969, -1.13319944, -0.784836312,
        -0.436473188, 0.940580437, -0.104508937, -1.14959831, 0.679308094, -0.365781281, 2.94468769,
        0.506145813, -1.93239606, 2.33505222, -0.103489656,
      ],
      dX: [
        0.0853044967, 0.253663806, -0.415334963, -0.246975654, 0.323342314, 0.57394038, 0.531269629,
        -1.6127487, 0.275104723, 0.232433973, 3.38469112, -3.6762772, 0.515507091, 2.12975593,
        -2.35367694, -0.181365482, -0.148398457, 0.0769542876, 0.109921313, 0.142888339,
        0.687447457, -1.17953295, 1.39511649, 0.4819747, -1.3850057, 1.00021837, 0.769449192,
        0.538680013, -1.0387892, -1.26955838,
      ], dScale: [-0.348708832, 7.2796225, -6.79315586], dShift: [-3.25, -0.25, 2.75]),
  ]

  /// A layer whose scale and shift are not 1 and 0.
  private static func layer(_ groups: Int, _ channels: Int) -> GroupNorm {
    var layer = GroupNorm(groups: groups, channels: channels)
    layer.scale.value = patterned([channels], 5, 2, 2) + 0.75
    layer.shift.value = patterned([channels], 7, 3, 4)
    return layer
  }

  @Test(arguments: numbers) func matchesPyTorch(_ numbers: Numbers) throws {
    var layer = Self.layer(numbers.groups, numbers.input[1])
    let (y, dX) = try trainingPass(
      &layer, input: patterned(numbers.input, 11, 7, 4),
      outputGradient: patterned(numbers.input, 17, 5, 4))
    expectClose(y, Tensor(shape: numbers.input, scalars: numbers.y), "GroupNorm.forward")
    expectClose(dX, Tensor(shape: numbers.input, scalars: numbers.dX), "GroupNorm.backward")
    expectClose(try #require(layer.scale.gradient), Tensor(numbers.dScale), "GroupNorm: dγ")
    expectClose(try #require(layer.shift.gradient), Tensor(numbers.dShift), "GroupNorm: dβ")
  }

  @Test(arguments: [
    (1, [3, 4, 5, 3]), (2, [2, 6, 3, 7]), (4, [3, 4, 5]), (3, [5, 9]), (6, [1, 6, 2, 2]),
  ])
  func gradients(groups: Int, shape: [Int]) throws {
    try expectGradients(of: Self.layer(groups, shape[1]), inputShape: shape)
  }

  /// The same as without groups of more than one example: each alone, in training and in inference.
  @Test func examplesDoNotDependOnEachOther() throws {
    var layer = Self.layer(2, 4)
    let x = Tensor(normal: [5, 4, 3, 7], mean: 100, key: RandomKey(seed: varied(1)))
    let y = try forwardPass(&layer, input: x)
    for place in 0..<5 {
      let one = layer.forward(x.rows(at: [place]), mode: .inference)
      #expect(one == y.rows(at: [place]))
    }
    // Mean 0 and variance 1, in spite of the large mean.
    var plain = GroupNorm(groups: 2, channels: 4)
    let groups = plain.forward(x, mode: .inference).reshaped(to: [10, 42])
    expectClose(groups.mean(axis: 1), Tensor(zeros: [10]), "mean of a group", atol: 1e-5)
    expectClose(groups.variance(axis: 1), Tensor(ones: [10]), "variance of a group", atol: 1e-3)
  }

  @Test func inUse() async throws {
    let layer = GroupNorm(groups: 2, channels: 6, epsilon: 0.25)
    expectInferenceKeepsNothing(layer, input: Tensor(ones: [2, 6, 4, 5]))
    try expectBackwardUsesUp(layer, input: Tensor(normal: [2, 6, 4, 5], key: RandomKey(seed: 1)))
    #expect(try GroupNorm(configuration: layer.configuration).configuration == layer.configuration)
    #expect(try layer.outputShape(for: [6, 3, 5]) == [6, 3, 5])
    #expect(try GroupNorm(groups: 2).sized(for: [6, 3, 5]).configuration.channels == 6)
    expectCourseError(.invalidArgument, "no input size", "channels:") {
      try GroupNorm(groups: 2).outputShape(for: [6])
    }
    for (groups, channels) in [(0, 4), (3, 4), (-1, 4)] {
      expectCourseError(
        .invalidArgument, "GroupNorm: channels do not divide into groups",
        "\(channels) channels, \(groups) groups"
      ) { try GroupNorm(configuration: .init(groups: groups, channels: channels)) }
    }
    for epsilon: Float in [0, -1, .nan, .infinity] {
      expectCourseError(.invalidArgument, "GroupNorm: epsilon out of range", "\(epsilon)") {
        try GroupNorm(configuration: .init(groups: 1, channels: 2, epsilon: epsilon))
      }
    }
    expectCourseError(.shapeMismatch, "GroupNorm", "input [6, ...], channels first", "[5, 3]") {
      try layer.outputShape(for: [5, 3])
    }
    expectCourseError(.shapeMismatch, "a group of fewer than two values", "Use fewer groups") {
      try GroupNorm(groups: 6, channels: 6).outputShape(for: [6])
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = GroupNorm(groups: 1, channels: 3)
      _ = layer.forward(Tensor(ones: [2, 4]), mode: .training)
    }
    expectWords(of: stopped, "GroupNorm: expected input [3, ...], channels first", "got [4]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = GroupNorm(groups: 1, channels: 3)
      _ = layer.forward(Tensor(ones: [2, 3]), mode: .inference)
      _ = layer.backward(Tensor(ones: [2, 3]))
    }
    expectWords(of: inference, "GroupNorm.backward", "no forward pass to go back through")
  }
}
