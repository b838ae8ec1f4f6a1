import CourseTestSupport
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct Upsample2DTests {
  // MARK: Against PyTorch in double precision (`fill` as in ConvolutionNumbers)

  /// An upsampling:
  ///
  ///     x = fill(input, 11, 7, 4).requires_grad_()
  ///     y = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
  ///     (y * fill(y.shape, 17, 5, 4)).sum().backward()
  ///     print(y, x.grad)
  struct Numbers: Sendable, CustomTestStringConvertible {
    let mode: Upsample2D.Interpolation
    let input: [Int], scale: [Int]
    let y: [Float], dX: [Float]
    var testDescription: String { "\(mode), \(scale) times \(input)" }
  }

  static let numbers = [
    Numbers(
      mode: .bilinear, input: [1, 2, 2, 3], scale: [2, 2],
      y: [
        -1.25, -0.8125, 0.0625, 0.25, -0.25, -0.5, -0.625, -0.359375, 0.171875, 0.1875, -0.3125,
        -0.5625, 0.625, 0.546875, 0.390625, 0.0625, -0.4375, -0.6875, 1.25, 1, 0.5, 0, -0.5, -0.75,
        1, 0.75, 0.25, -0.25, -0.75, -1, 0.9375, 0.6875, 0.1875, -0.3125, -0.8125, -1.0625, 0.8125,
        0.5625, 0.0625, -0.4375, -0.9375, -1.1875, 0.75, 0.5, 0, -0.5, -1, -1.25,
      ],
      dX: [
        -2.328125, 1.203125, -0.3125, 0.765625, 0.046875, 0.125, -1.328125, 1.40625, -1.703125,
        1.765625, 0.78125, 0.328125,
      ]),
    Numbers(
      mode: .bilinear, input: [1, 1, 3, 2], scale: [3, 2],
      y: [
        -1.25, -0.8125, 0.0625, 0.5, -1.25, -0.8125, 0.0625, 0.5, -1, -0.5625, 0.3125, 0.75, -0.75,
        -0.3125, 0.5625, 1, -0.5, -0.0625, 0.8125, 1.25, -0.25, -0.0416666667, 0.375, 0.583333333,
        0, -0.0208333333, -0.0625, -0.0833333333, 0.25, 0, -0.5, -0.75, 0.25, 0, -0.5, -0.75,
      ], dX: [-2.66666667, 1.25, 0.0625, 0.4375, -1.45833333, -0.375]),
    Numbers(
      mode: .bilinear, input: [2, 1, 1, 3], scale: [4, 3],
      y: [
        -1.25, -1.25, -0.666666667, -0.0833333333, 0.5, 0.166666667, -0.166666667, -0.5, -0.5,
        -1.25, -1.25, -0.666666667, -0.0833333333, 0.5, 0.166666667, -0.166666667, -0.5, -0.5,
        -1.25, -1.25, -0.666666667, -0.0833333333, 0.5, 0.166666667, -0.166666667, -0.5, -0.5,
        -1.25, -1.25, -0.666666667, -0.0833333333, 0.5, 0.166666667, -0.166666667, -0.5, -0.5, 1.25,
        1.25, 0.916666667, 0.583333333, 0.25, -0.0833333333, -0.416666667, -0.75, -0.75, 1.25, 1.25,
        0.916666667, 0.583333333, 0.25, -0.0833333333, -0.416666667, -0.75, -0.75, 1.25, 1.25,
        0.916666667, 0.583333333, 0.25, -0.0833333333, -0.416666667, -0.75, -0.75, 1.25, 1.25,
        0.916666667, 0.583333333, 0.25, -0.0833333333, -0.416666667, -0.75, -0.75,
      ], dX: [2.5, 0.5, -5.75, 2.75, -3.5, 3]),
    Numbers(
      mode: .nearest, input: [1, 2, 2, 2], scale: [2, 3],
      y: [
        -1.25, -1.25, -1.25, 0.5, 0.5, 0.5, -1.25, -1.25, -1.25, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5,
        1.25, 1.25, 1.25, -0.5, -0.5, -0.5, 1.25, 1.25, 1.25, 0.25, 0.25, 0.25, -0.75, -0.75, -0.75,
        0.25, 0.25, 0.25, -0.75, -0.75, -0.75, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0,
      ], dX: [-3.25, 2.25, 1.75, -1.25, -1.75, -0.5, 3.25, 0.25]),
  ]

  @Test(arguments: numbers) func matchesPyTorch(_ numbers: Numbers) throws {
    var layer = Upsample2D(scaleFactor: AxisSizes(numbers.scale), mode: numbers.mode)
    let shape = zip(numbers.input, [1, 1] + numbers.scale).map(*)
    let (y, dX) = try trainingPass(
      &layer, input: patterned(numbers.input, 11, 7, 4),
      outputGradient: patterned(shape, 17, 5, 4))
    expectClose(y, Tensor(shape: shape, scalars: numbers.y), "Upsample2D.forward")
    expectClose(dX, Tensor(shape: numbers.input, scalars: numbers.dX), "Upsample2D.backward")
  }

  @Test(arguments: Upsample2D.Interpolation.allCases)
  func gradients(_ mode: Upsample2D.Interpolation) throws {
    for (scale, shape) in [
      ([2, 2], [2, 3, 5, 7]), ([3, 1], [2, 1, 1, 4]), ([1, 5], [1, 2, 4, 1]),
      ([4, 3], [1, 2, 3, 5]),
    ] {
      try expectGradients(
        of: Upsample2D(scaleFactor: AxisSizes(scale), mode: mode), inputShape: shape, step: 0.5)
    }
  }

  /// By the definition, in double precision: the mean of the four neighbours, weighted by their distances.
  @Test func manySizesAgreeWithTheDefinition() throws {
    var draw = RandomKey(seed: varied(3)).folded("sizes").generator
    for place in 0..<40 {
      let shape =
        [Int.random(in: 1...2, using: &draw), Int.random(in: 1...3, using: &draw)]
        + (0..<2).map { _ in Int.random(in: 1...19, using: &draw) }
      let scale = (0..<2).map { _ in Int.random(in: 1...5, using: &draw) }
      let mode: Upsample2D.Interpolation = place % 3 == 0 ? .nearest : .bilinear
      let x = Tensor(normal: shape, key: RandomKey(seed: varied(5)).folded(place))
      var layer = Upsample2D(scaleFactor: AxisSizes(scale), mode: mode)
      let name = "\(mode), \(scale) times \(shape)"
      let y = try forwardPass(&layer, input: x)
      try requireClose(y, Self.definition(x, scale, mode), name)
      // The two passes are each other's adjoint: Σ dY ⊙ Y = Σ dX ⊙ X.
      let dY = Tensor(normal: y.shape, key: RandomKey(seed: varied(6)).folded(place))
      let (forward, backward) = ((dY * y).sum(), (layer.backward(dY) * x).sum())
      expectClose(Tensor(backward), Tensor(forward), name, atol: 1e-3, rtol: 1e-4)
    }
  }

  private static func definition(
    _ x: Tensor, _ scale: [Int], _ mode: Upsample2D.Interpolation
  ) -> Tensor {
    let shape = zip(x.shape, [1, 1] + scale).map(*)
    /// The inputs of an output place along an axis with `size` inputs, with their weights.
    func inputs(_ place: Int, _ scale: Int, _ size: Int) -> [(Int, Double)] {
      guard mode == .bilinear else { return [(place / scale, 1)] }
      let exact = (Double(place) + 0.5) / Double(scale) - 0.5
      let weight = exact - exact.rounded(.down)
      let first = Int(exact.rounded(.down))
      return [(first, 1 - weight), (first + 1, weight)]
        .map { (min(max($0.0, 0), size - 1), $0.1) }
    }
    let (from, height, width) = (x.scalars, x.shape[2], x.shape[3])
    var scalars: [Float] = []
    for plane in 0..<(x.shape[0] * x.shape[1]) {
      for y in 0..<shape[2] {
        for column in 0..<shape[3] {
          var sum = 0.0
          for (i, a) in inputs(y, scale[0], height) {
            for (j, b) in inputs(column, scale[1], width) {
              sum += a * b * Double(from[(plane * height + i) * width + j])
            }
          }
          scalars.append(Float(sum))
        }
      }
    }
    return Tensor(shape: shape, scalars: scalars)
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() throws {
    let x = Tensor(normal: [3, 5, 9, 11], key: RandomKey(seed: varied(2)))
    let before = Parallelism.threadCount
    defer { Parallelism.threadCount = before }
    let results = try [1, 3].map { count in
      Parallelism.threadCount = count
      var layer = Upsample2D(scaleFactor: [2, 3], mode: .bilinear)
      let (y, dX) = try trainingPass(&layer, input: x)
      return [y, dX]
    }
    #expect(results[0] == results[1])
  }

  @Test func inUse() async throws {
    let layer = Upsample2D(scaleFactor: [2, 3], mode: .bilinear)
    expectInferenceKeepsNothing(layer, input: Tensor(ones: [2, 3, 4, 5]))
    try expectBackwardUsesUp(layer, input: Tensor(ones: [2, 3, 4, 5]))
    #expect(try layer.outputShape(for: [8, 3, 5]) == [8, 6, 15])
    #expect(try Upsample2D(configuration: layer.configuration).configuration == layer.configuration)
    #expect(Upsample2D(scaleFactor: 2).configuration == .init(scaleFactor: [2, 2], mode: .nearest))
    #expect(layer.outputKind(for: .distributions) == .probabilities)
    #expect(layer.outputKind(for: .scores) == .scores)
    // Infinite values stay what they are, and spread no NaN.
    var nearest = Upsample2D(scaleFactor: 2)
    let y = nearest.forward(Tensor([[[[.infinity, 1]]]]), mode: .inference)
    #expect(y == Tensor([[[[.infinity, .infinity, 1, 1], [.infinity, .infinity, 1, 1]]]]))
    expectCourseError(.shapeMismatch, "Upsample2D", "[C, H, W]", "got [8]") {
      try layer.outputShape(for: [8])
    }
    expectCourseError(.shapeMismatch, "Upsample2D: output too large", "spatial axis 1") {
      try layer.outputShape(for: [1, 1, 1 << 29])
    }
    for scale in [[0, 2], [2], [1, 2, 3]] {
      expectCourseError(.invalidArgument, "Upsample2D: scale factor out of range", "\(scale)") {
        try Upsample2D(configuration: .init(scaleFactor: scale))
      }
    }
    let rank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Upsample2D(scaleFactor: 2)
      _ = layer.forward([[1, 2]], mode: .inference)
    }
    expectWords(of: rank, "Upsample2D.forward: expected input [N, C, H, W], got [1, 2]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Upsample2D(scaleFactor: 2)
      _ = layer.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = layer.backward(Tensor(ones: [1, 1, 4, 4]))
    }
    expectWords(of: inference, "Upsample2D.backward", "no forward pass to go back through")
  }
}
