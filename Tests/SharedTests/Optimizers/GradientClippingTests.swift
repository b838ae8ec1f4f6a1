import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct GradientClippingTests {
  /// Two layers with gradients of these values: `[3, 4]` weights, `[4]` bias and so on.
  private func network(weightGradient: Float, biasGradient: Float) throws -> NeuralNetwork {
    var network = try tinyNetwork()
    network.forEachParameter { name, parameter in
      let value = name.hasSuffix("bias") ? biasGradient : weightGradient
      parameter.accumulate(Tensor(repeating: value, shape: parameter.value.shape))
    }
    return network
  }

  private func gradients(_ network: NeuralNetwork) -> [String: Tensor] {
    var (copy, all) = (network, [String: Tensor]())
    copy.forEachParameter { all[$0] = $1.gradient }
    return all
  }

  // 20 weights and 6 biases: 20 · 9 + 6 · 36 = 396.
  @Test func theNormIsThatOfAllGradientsTogether() throws {
    var network = try network(weightGradient: 3, biasGradient: -6)
    let norm = network.clipGradients(.norm(1.5))
    expectClose(norm, Float(396).squareRoot(), "the norm before clipping")
    let scale = 1.5 / Float(396).squareRoot()
    for (name, gradient) in gradients(network) {
      expectClose(
        gradient,
        Tensor(repeating: name.hasSuffix("bias") ? -6 * scale : 3 * scale, shape: gradient.shape),
        "the gradient of \(name) after clipping by norm")
    }
    expectClose(network.clipGradients(.norm(100)), 1.5, "the norm after clipping")
  }

  // torch.nn.utils.clip_grad_norm_([a, b], 2.0) with a.grad = [[3, -4], [0, 1]], b.grad = [2]:
  // norm 5.477225575, [[1.09544491, -1.46059321], [0, 0.3651483]], [0.7302966] (to 2e-7 · g)
  @Test func clippingByNormMatchesPyTorch() throws {
    var network = NeuralNetwork(inputShape: [2])
    try network.append(TinyDense(inputSize: 2, outputSize: 2))
    network.forEachParameter { name, parameter in
      parameter.accumulate(name.hasSuffix("weights") ? [[3, -4], [0, 1]] : [2, 0])
    }
    expectClose(network.clipGradients(.norm(2)), 5.477225575, "norm")
    let clipped = gradients(network)
    expectClose(
      try #require(clipped["layers.0.weights"]), [[1.09544491, -1.46059321], [0, 0.3651483]],
      "weights")
    expectClose(try #require(clipped["layers.0.bias"]), [0.7302966, 0], "bias")
  }

  @Test func smallGradientsStayAsTheyAre() throws {
    var network = try network(weightGradient: 0.25, biasGradient: -0.5)
    let before = gradients(network)
    network.clipGradients(.norm(100))
    network.clipGradients(.value(0.5))
    #expect(gradients(network) == before)
  }

  @Test func clippingByValueLimitsEveryElement() throws {
    var network = try network(weightGradient: 3, biasGradient: -6)
    network.clipGradients(.value(2))
    for (name, gradient) in gradients(network) {
      #expect(
        gradient == Tensor(repeating: name.hasSuffix("bias") ? -2 : 2, shape: gradient.shape))
    }
  }

  @Test func hugeGradientsAreScaledNotLost() throws {
    var network = try network(weightGradient: 1e30, biasGradient: 0)
    expectClose(network.clipGradients(.norm(1)), 1e30 * Float(20).squareRoot(), "norm")
    for (name, gradient) in gradients(network) where name.hasSuffix("weights") {
      expectClose(
        gradient, Tensor(repeating: 1 / Float(20).squareRoot(), shape: gradient.shape), name)
    }
  }

  /// Their squares vanish in single precision.
  @Test(arguments: [Float(1e-20), 3e-23, 2e-30, 1e-37]) func tinyGradientsHaveANorm(size: Float)
    throws
  {
    var network = try network(weightGradient: 3 * size, biasGradient: -6 * size)
    let norm = network.clipGradients(.norm(1))
    #expect(Swift.abs(norm / (size * Float(396).squareRoot()) - 1) < 1e-6, "\(norm)")
    network.forEachParameter { $1.clearGradient() }
    #expect(network.clipGradients(.norm(1)) == 0)
    var zeros = try self.network(weightGradient: 0, biasGradient: 0)
    #expect(zeros.clipGradients(.norm(1)) == 0)
  }

  @Test func whatIsNotFiniteIsNotHidden() throws {
    let cases: [(Float, GradientClipping)] = [
      (.nan, .norm(1)), (.nan, .value(1)), (.infinity, .norm(1)),
    ]
    for (value, clipping) in cases {
      var network = try network(weightGradient: value, biasGradient: 1)
      network.clipGradients(clipping)
      let gradient = try #require(gradients(network)["layers.0.weights"])
      #expect(!gradient.isFinite, "\(value) clipped \(clipping)")
    }
  }

  @Test func largeGradientsGiveTheSameNormOnAnyNumberOfThreads() throws {
    var network = NeuralNetwork(inputShape: [300])
    try network.append(TinyDense(inputSize: 300, outputSize: 400))
    network.forEachParameter { _, parameter in
      parameter.accumulate(Tensor(normal: parameter.value.shape, key: RandomKey(seed: 3)))
    }
    let previous = Parallelism.threadCount
    defer { Parallelism.threadCount = previous }
    var norms: [Float] = []
    for threads in [1, 2, 5] {
      Parallelism.threadCount = threads
      norms.append(network.clipGradients(.norm(.greatestFiniteMagnitude)))
    }
    #expect(norms[0] == norms[1] && norms[0] == norms[2])
    let sum = gradients(network).values.reduce(0.0) { sum, gradient in
      gradient.scalars.reduce(sum) { $0 + Double($1) * Double($1) }
    }
    expectClose(norms[0], Float(sum.squareRoot()), "norm of 120 400 numbers")
  }

  // MARK: In fit

  @Test func fitClipsTheGradientOfTheWholeStep() throws {
    // One step with learning rate 1: the weights move by the clipped gradient.
    for parts in [1, 2] {
      var network = try tinyNetwork(optimizer: TinySGD(learningRate: 1))
      var before: [Tensor] = []
      network.forEachParameter { before.append($1.value) }
      try network.fit(
        tinyData(count: 12),
        options: TrainingOptions(
          epochs: 1, batchSize: 12 / parts, accumulationSteps: parts, clipping: .norm(0.01)))
      var (squares, slot): (Float, Int) = (0, 0)
      network.forEachParameter { _, parameter in
        squares += square(parameter.value - before[slot]).sum()
        slot += 1
      }
      expectClose(
        squares.squareRoot(), 0.01, "the length of a step of \(parts) batches", rtol: 1e-3)
    }
  }

  @Test func aLimitThatMakesNoSenseIsRefused() async throws {
    for limit: Float in [0, -1, .nan, .infinity] {
      var network = try tinyNetwork()
      expectCourseError(.invalidArgument, "gradient clipping", "above 0", "\(limit)") {
        try network.fit(
          tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4, clipping: .norm(limit)))
      }
      expectCourseError(.invalidArgument, "gradient clipping") {
        try network.fit(
          tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4, clipping: .value(limit)))
      }
    }
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var network = NeuralNetwork(inputShape: [1])
      network.clipGradients(.value(0))
    }
    expectWords(
      of: result,
      "NeuralNetwork.clipGradients: expected a limit that is finite and above 0, got 0.0")
  }

  @Test func aResumedRunMustClipAlike() throws {
    var network = try tinyNetwork()
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4, clipping: .norm(1)))
    expectCourseError(.invalidArgument, "gradients clipped to norm 1.0") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 4), resuming: true)
    }
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: 2, batchSize: 4, clipping: .norm(1)),
      resuming: true)
  }
}
