import CourseTestSupport
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct ConvTranspose2DTests {
  /// A transposed convolution in double precision, from PyTorch (`fill` as in ConvolutionNumbers):
  ///
  ///     x = fill(input, 11, 7, 4).requires_grad_()
  ///     w = fill([input[1], outputChannels // groups, *kernelSize], 13, 5, 8).requires_grad_()
  ///     b = fill([outputChannels], 5, 3, 2).requires_grad_()
  ///     y = F.conv_transpose2d(x, w, b, stride, padding, outputPadding, groups, dilation)
  ///     (y * fill(y.shape, 17, 5, 4)).sum().backward()
  ///     print(y, x.grad, w.grad, b.grad)
  struct Numbers: Sendable, CustomTestStringConvertible {
    let name: String
    let input: [Int], outputChannels: Int, kernelSize: [Int], stride: [Int], padding: [Int]
    let outputPadding: [Int], dilation: [Int], groups: Int, outputShape: [Int]
    let y: [Float], dX: [Float], dW: [Float], db: [Float]
    var testDescription: String { name }

    var layer: ConvTranspose2D {
      var layer = ConvTranspose2D(
        inputChannels: input[1], outputChannels: outputChannels, kernelSize: AxisSizes(kernelSize),
        stride: AxisSizes(stride), padding: .explicit(before: padding, after: padding),
        outputPadding: AxisSizes(outputPadding), dilation: AxisSizes(dilation), groups: groups)
      layer.weights.value = patterned(layer.weights.value.shape, 13, 5, 8)
      layer.bias?.value = patterned([outputChannels], 5, 3, 2)
      return layer
    }
  }

  static let numbers = [
    Numbers(
      name: "windows that touch", input: [2, 1, 2, 2], outputChannels: 2, kernelSize: [2, 2],
      stride: [2, 2], padding: [0, 0], outputPadding: [0, 0], dilation: [1, 1], groups: 1,
      outputShape: [2, 2, 4, 4],
      y: [
        -0.0625, -0.84375, -1.375, -1.0625, -1.625, -0.375, -0.75, -1.25, -0.625, -0.9375, -1.9375,
        -1.15625, -1.25, -0.75, -0.375, -1.625, 0.34375, -0.4375, 0.5625, 0.875, 0.8125, 0.03125,
        0.375, 0.6875, 0.4375, 0.125, 0.65625, 1.4375, 0.625, 0.3125, 0.1875, 0.96875, -1.1875,
        -1.03125, -0.4375, -0.90625, -0.875, -1.125, -1.375, -0.625, -1.75, -1.125, -1, -1, -0.5,
        -1.5, -1, -1, 0.53125, 0.6875, 0.40625, -0.0625, 0.4375, 0.59375, 0.6875, 0.21875, 0.625,
        1.25, 0.5, 0.5, 0.25, 0.875, 0.5, 0.5,
      ],
      dX: [-1.3125, 1.65625, -0.59375, -1.34375, -0.5625, -1.3125, 2.28125, -0.59375],
      dW: [8.1875, -0.75, 3.25, -2.5, -0.9375, 8.1875, -0.5625, 3.25], db: [0.5, -1.25]),
    Numbers(
      name: "stride [2, 3], padding and output padding", input: [2, 2, 2, 2], outputChannels: 3,
      kernelSize: [3, 2], stride: [2, 3], padding: [1, 0], outputPadding: [1, 2], dilation: [1, 1],
      groups: 1, outputShape: [2, 3, 4, 7],
      y: [
        -1.53125, -0.53125, -1, -1.03125, -0.78125, -1, -1, -0.03125, -1.96875, -1, -1.875, -1.25,
        -1, -1, -0.875, -1.375, -1, -0.375, -1.625, -1, -1, -1.0625, -0.75, -1, -0.84375, -0.0625,
        -1, -1, 1.09375, 0.46875, 0.5, 0.75, 0.59375, 0.5, 0.5, -0.40625, 0.90625, 0.5, 0.125,
        1.15625, 0.5, 0.5, 0.0625, 0.375, 0.5, -0.28125, 0.5, 0.5, 0.5, 0.6875, 0.1875, 0.5,
        1.28125, 0.03125, 0.5, 0.5, -0.40625, -1.03125, -0.5, -0.375, -0.53125, -0.5, -0.5,
        -0.03125, 0.46875, -0.5, 0.03125, -1.375, -0.5, -0.5, -0.6875, -0.375, -0.5, -0.65625,
        0.125, -0.5, -0.5, -0.875, -0.5625, -0.5, -1.125, -0.34375, -0.5, -0.5, -1.3125, -0.8125,
        -1, -0.8125, -1.0625, -1, -1, 0, -1.71875, -1, 0.21875, -0.65625, -1, -1, -0.65625,
        -1.65625, -1, -1.53125, -0.53125, -1, -1, -1.03125, -0.40625, -1, -1.15625, -1.78125, -1,
        -1, 0.75, 0.4375, 0.5, 0.40625, 0.5625, 0.5, 0.5, -0.28125, 0.84375, 0.5, 0.9375, 0.0625,
        0.5, 0.5, -0.28125, 0.34375, 0.5, 1.09375, 0.46875, 0.5, 0.5, 0.96875, -0.03125, 0.5,
        -0.15625, 0.84375, 0.5, 0.5, -0.5, -0.8125, -0.5, -0.46875, -0.3125, -0.5, -0.5, -0.21875,
        0.5, -0.5, -0.84375, 0.71875, -0.5, -0.5, -0.78125, -0.15625, -0.5, -0.40625, -1.03125,
        -0.5, -0.5, -1.15625, -0.53125, -0.5, -0.03125, -0.65625, -0.5, -0.5,
      ],
      dX: [
        -0.5625, 1.84375, 0.375, -2.4375, -0.1875, 1.90625, -0.3125, 2.75, -1.1875, 2.28125,
        0.78125, -3.09375, -0.53125, 2.09375, 4.15625, -1.8125,
      ],
      dW: [
        2.125, -3.0625, -0.625, 5.6875, -1.0625, 5.25, -2.875, 1.5, -3.4375, 0.75, 5.6875, 0.3125,
        1.6875, 0.75, 1.1875, -1, 0.75, -1.4375, 0, -2.1875, -0.9375, -3.75, -0.4375, -3.25,
        -2.8125, -0.75, -1.0625, 0.375, -3.75, 0.875, -1.375, 1.75, -0.125, 2.375, 0.375, 2.875,
      ], db: [-1, -0.25, 0.5]),
    Numbers(
      name: "groups and dilation", input: [2, 4, 2, 3], outputChannels: 2, kernelSize: [2, 3],
      stride: [1, 2], padding: [0, 2], outputPadding: [0, 1], dilation: [2, 1], groups: 2,
      outputShape: [2, 2, 4, 4],
      y: [
        -2.625, -1.0625, -0.125, -1.3125, -0.96875, -1.125, 0.15625, -1.375, -2.5625, -0.9375,
        -0.375, -1.6875, -0.46875, -1.125, -0.34375, -1.875, -0.4375, 1.125, 1.0625, -0.625, -0.75,
        1.375, 0.75, -0.375, 0.9375, 0.75, -0.03125, -0.125, 0.78125, 0.875, -0.1875, 0, -1.75,
        -0.875, -0.96875, -1.125, -1.46875, -0.9375, -0.6875, -1.1875, -1.625, -0.375, -0.46875,
        -1.125, -1.59375, -0.5625, -0.4375, -1.3125, 0.5, 0.375, -0.75, 1.375, 0.1875, 0.625, 1,
        0.9375, 1.40625, 0.375, 0.78125, 0.875, 1.25, 0.5, -1.09375, 1,
      ],
      dX: [
        -1.375, 3.6875, -1.71875, -0.4375, 0.5, 0, 1.4375, -0.375, -0.09375, 0.6875, 1.03125,
        -1.125, -0.34375, 1.3125, -1.1875, -0.34375, 0.9375, 0.5625, -0.71875, 2.53125, -1.15625,
        0.03125, 3.1875, -1.25, 0.8125, -2.15625, 1.9375, 1.75, -2.15625, 1, -0.3125, 0.78125,
        0.6875, -1.0625, 0.59375, 1.25, 0.1875, -1.15625, 1.125, 0.1875, -1.53125, 0.75, -0.5625,
        -1.78125, 2.34375, 0.1875, -1.125, 2.25,
      ],
      dW: [
        -2.8125, 2.875, -2.5, 3.375, -1.5625, -0.9375, -0.5625, 2.25, -5.75, 1.75, -1.8125, -3.9375,
        -5.625, 6.5, -1.0625, 6.375, 1.5, -2.3125, -2.0625, 5.3125, -2.3125, 4.875, 0.5625, -1.0625,
      ], db: [0.5, -1.25]),
  ]

  @Test(arguments: numbers) func matchesPyTorch(_ numbers: Numbers) throws {
    var layer = numbers.layer
    let (y, dX) = try trainingPass(
      &layer, input: patterned(numbers.input, 11, 7, 4),
      outputGradient: patterned(numbers.outputShape, 17, 5, 4))
    let name = "ConvTranspose2D, \(numbers.name): "
    expectClose(y, Tensor(shape: numbers.outputShape, scalars: numbers.y), name + "forward")
    expectClose(dX, Tensor(shape: numbers.input, scalars: numbers.dX), name + "backward, dX")
    let shape = layer.weights.value.shape
    expectClose(
      try #require(layer.weights.gradient), Tensor(shape: shape, scalars: numbers.dW), name + "dW")
    expectClose(try #require(layer.bias?.gradient), Tensor(numbers.db), name + "db")
  }

  /// `Σ Z ⊙ V = Σ X ⊙ conv(V)` for all X and V: the transpose of the convolution with the same weights.
  @Test func isTheTransposeOfAConvolution() throws {
    var draw = RandomKey(seed: varied(3)).folded("sizes").generator
    for place in 0..<60 {
      func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &draw) }
      let groups = number(1...2)
      let (inputs, outputs) = (groups * number(1...9), groups * number(1...5))
      let stride = [number(1...3), number(1...3)]
      let kernel = [number(1...4), number(1...4)]
      let padding: Padding =
        switch place % 3 {
        case 0: .valid
        case 1: .same
        default: .explicit(before: [number(0...1), 0], after: [0, number(0...1)])
        }
      let extra = padding == .same ? [0, 0] : stride.map { number(0...($0 - 1)) }
      let dilation = [number(1...2), number(1...2)]
      let input = [number(1...3), inputs, number(2...7), number(2...9)]
      let name = "number \(place): \(input), kernel \(kernel), stride \(stride), \(padding)"
      var layer = ConvTranspose2D(
        inputChannels: inputs, outputChannels: outputs, kernelSize: AxisSizes(kernel),
        stride: AxisSizes(stride), padding: padding, outputPadding: AxisSizes(extra),
        dilation: AxisSizes(dilation), groups: groups, bias: false, seed: varied(4))
      var convolution = Conv2D(
        inputChannels: outputs, outputChannels: inputs, kernelSize: AxisSizes(kernel),
        stride: AxisSizes(stride), padding: padding, dilation: AxisSizes(dilation), groups: groups,
        bias: false, implementation: .kernel)
      convolution.weights.value = layer.weights.value
      let x = Tensor(normal: input, key: RandomKey(seed: varied(5)).folded(place))
      let z = try forwardPass(&layer, input: x)
      try require(
        convolution.outputShape(for: Array(z.shape.dropFirst())) == Array(input.dropFirst()),
        "\(name): the convolution gives \(z.shape) back")
      let v = Tensor(normal: z.shape, key: RandomKey(seed: varied(6)).folded(place))
      let back = convolution.forward(v, mode: .training)
      expectClose(
        Tensor((z * v).sum()), Tensor((back * x).sum()), name, atol: 1e-2, rtol: 1e-4)
      try requireClose(layer.backward(v), back, "\(name), dX")
      // dW is that of the convolution with the roles of input and output gradient exchanged.
      _ = convolution.backward(x)
      try requireClose(
        try #require(layer.weights.gradient), try #require(convolution.weights.gradient),
        "\(name), dW")
    }
  }

  /// In one pass over memory or after it, by sums or by Winograd's algorithm, and where no place of a kernel reaches.
  @Test(arguments: Activation.allCases) func biasAndActivation(_ activation: Activation) throws {
    for (kernel, stride) in [(3, 1), (3, 2), (2, 2), (2, 3)] {
      func layer(_ activation: Activation) -> ConvTranspose2D {
        ConvTranspose2D(
          inputChannels: 16, outputChannels: 18, kernelSize: AxisSizes(kernel),
          stride: AxisSizes(stride), activation: activation,
          biasInitializer: .uniform(low: -1, high: 1), seed: varied(3))
      }
      var (whole, sum) = (layer(activation), layer(.identity))
      let bias = try #require(sum.bias?.value)
      sum.bias = nil
      let x = Tensor(normal: [2, 16, 5, 6], key: RandomKey(seed: varied(4)))
      let z = sum.forward(x, mode: .inference) + bias.reshaped(to: [1, -1, 1, 1])
      try requireClose(
        whole.forward(x, mode: .inference), activation(z), "kernel \(kernel), stride \(stride)",
        atol: 1e-5, rtol: 1e-5)
    }
  }

  @Test(arguments: Activation.allCases) func gradients(_ activation: Activation) throws {
    try expectGradients(
      of: ConvTranspose2D(
        inputChannels: 4, outputChannels: 6, kernelSize: [3, 2], stride: [2, 3],
        padding: .explicit(before: [1, 0], after: [0, 1]), outputPadding: [1, 2], groups: 2,
        activation: activation, biasInitializer: .uniform(low: -1, high: 1), seed: varied(3)),
      inputShape: [2, 4, 3, 5], step: activation == .identity ? 0.5 : 0.02)
    try expectGradients(
      of: ConvTranspose2D(
        inputChannels: 3, outputChannels: 2, kernelSize: [2, 4], padding: .same, dilation: [3, 1],
        bias: false, activation: activation, seed: varied(4)),
      inputShape: [1, 3, 5, 4], step: activation == .identity ? 0.5 : 0.02)
  }

  @Test func sizes() throws {
    func shape(_ layer: ConvTranspose2D) throws -> [Int] { try layer.outputShape(for: [2, 5, 7]) }
    #expect(
      try shape(.init(outputChannels: 3, kernelSize: 2, stride: 2).sized(for: [2, 5, 7])) == [
        3, 10, 14,
      ])
    #expect(
      try shape(.init(inputChannels: 2, outputChannels: 3, kernelSize: [3, 4])) == [3, 7, 10])
    #expect(
      try shape(
        .init(
          inputChannels: 2, outputChannels: 1, kernelSize: 3, stride: 2,
          padding: .explicit(before: [1, 1], after: [1, 1]), outputPadding: 1)) == [1, 10, 14])
    for kernel in 1...5 {
      for stride in 1...4 {
        #expect(
          try shape(
            .init(
              inputChannels: 2, outputChannels: 1, kernelSize: AxisSizes(kernel),
              stride: AxisSizes(stride), padding: .same)) == [1, 5 * stride, 7 * stride])
      }
    }
  }

  /// Standard deviation of the output of standard normal inputs with He's initialisation: √2, whatever the stride.
  /// The deviation of the measured one is below 0.02, so a false alarm has a probability below 1e-6.
  @Test func theInitializerKeepsTheScale() {
    for stride in 1...3 {
      var layer = ConvTranspose2D(
        inputChannels: 32, outputChannels: 16, kernelSize: AxisSizes(2 * stride),
        stride: AxisSizes(stride), padding: .same, seed: varied(UInt64(stride)))
      let x = Tensor(normal: [4, 32, 16, 16], key: RandomKey(seed: varied(9)))
      let y = layer.forward(x, mode: .inference)
      let inner = y[0..., 0..., stride..<(15 * stride), stride..<(15 * stride)]
      expectClose(
        inner.variance().squareRoot(), Float(2).squareRoot(), "deviation, stride \(stride)",
        atol: 0.15)
    }
  }

  @Test func inUse() async throws {
    let layer = ConvTranspose2D(
      inputChannels: 2, outputChannels: 3, kernelSize: 3, stride: 2, outputPadding: [1, 0],
      activation: .sigmoid, seed: 1)
    expectInferenceKeepsNothing(layer, input: Tensor(ones: [2, 2, 4, 5]))
    try expectBackwardUsesUp(layer, input: Tensor(ones: [2, 2, 4, 5]))
    #expect(layer.outputKind(for: .numbers) == .probabilities)
    #expect(
      try ConvTranspose2D(configuration: layer.configuration).configuration == layer.configuration)
    // Without an input gradient the parameters' gradients are the same.
    let x = Tensor(normal: [2, 2, 4, 5], key: RandomKey(seed: varied(1)))
    var (whole, first) = (layer, layer)
    let dY = Tensor(normal: [2, 3, 10, 11], key: RandomKey(seed: varied(2)))
    _ = (whole.forward(x, mode: .training), whole.backward(dY))
    _ = first.forward(x, mode: .training)
    first.backwardWithoutInputGradient(dY)
    #expect(whole.weights.gradient == first.weights.gradient)
    #expect(try #require(whole.bias).gradient == first.bias?.gradient)
  }

  @Test func wrongArgumentsAndShapesAreRefused() async {
    var configuration = ConvTranspose2D(
      inputChannels: 4, outputChannels: 2, kernelSize: 2, stride: 2
    ).configuration
    func refused(
      _ words: String..., changing change: (inout ConvTransposeConfiguration) -> Void
    ) {
      var wrong = configuration
      change(&wrong)
      let layer = wrong
      for word in words {
        expectCourseError(.invalidArgument, "ConvTranspose2D", word) {
          try ConvTranspose2D(configuration: layer)
        }
      }
    }
    refused("kernel size out of range", "[0, 2]") { $0.kernelSize = [0, 2] }
    refused("stride out of range", "[2]") { $0.stride = [2] }
    refused("output padding out of range", "below the stride [2, 2]", "[2, 0]") {
      $0.outputPadding = [2, 0]
    }
    refused("output padding out of range") { $0.outputPadding = [0, -1] }
    refused("output padding with padding: .same", "[0, 1]") {
      ($0.padding, $0.outputPadding) = (.same, [0, 1])
    }
    refused("channels do not divide into groups") { $0.groups = 3 }
    refused("padding out of range") { $0.padding = .explicit(before: [1], after: [1, 1]) }
    configuration.padding = .explicit(before: [2, 0], after: [1, 0])
    let layer = ConvTranspose2D(
      inputChannels: 4, outputChannels: 2, kernelSize: 2, padding: configuration.padding)
    expectCourseError(
      .shapeMismatch, "ConvTranspose2D: padding cuts off the whole output", "spatial axis 0",
      "got 1 places, which become -1"
    ) { try layer.outputShape(for: [4, 1, 5]) }
    expectCourseError(.shapeMismatch, "ConvTranspose2D", "input [4, H, W]", "[3, 5, 5]") {
      try layer.outputShape(for: [3, 5, 5])
    }
    expectCourseError(.shapeMismatch, "size of the input out of range", "got 0") {
      try layer.outputShape(for: [4, 3, 0])
    }
    expectCourseError(.invalidArgument, "no input size", "inputChannels:") {
      try ConvTranspose2D(outputChannels: 2, kernelSize: 2).outputShape(for: [3, 5, 5])
    }
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ConvTranspose2D(inputChannels: 2, outputChannels: 1, kernelSize: 2)
      _ = layer.forward(Tensor(ones: [1, 3, 4, 4]), mode: .training)
    }
    expectWords(of: shape, "ConvTranspose2D.forward: expected input [N, 2, H, W], got [1, 3, 4, 4]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ConvTranspose2D(inputChannels: 1, outputChannels: 1, kernelSize: 2)
      _ = layer.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = layer.backward(Tensor(ones: [1, 1, 3, 3]))
    }
    expectWords(of: inference, "ConvTranspose2D.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ConvTranspose2D(inputChannels: 1, outputChannels: 1, kernelSize: 2)
      _ = layer.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = layer.backward(Tensor(ones: [1, 1, 2, 2]))
    }
    expectWords(
      of: gradient, "ConvTranspose2D.backward", "expected a gradient of shape [1, 1, 3, 3]")
  }
}
