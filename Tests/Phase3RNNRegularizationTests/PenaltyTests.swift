import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.7.
@Suite(.watched) struct PenaltyTests {
  private static let w: Tensor = [[3, -4, 0], [0.5, -2, -1]]
  private static let absolutes: Float = 10.5
  private static let squares: Float = 30.25

  // MARK: Task 3.7: the first of these that fails names the mistake

  static let l1: FirstSteps = FirstSteps(
    of: "L1", [("l1IsTheSumOfTheAbsoluteValues()", checkL1)], hints: hints
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      PenaltyTests.l1.tryAndExit()
    }
  }

  static let l2: FirstSteps = FirstSteps(
    of: "L2", [("l2IsHalfTheSumOfTheSquares()", checkL2)], hints: hints
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      PenaltyTests.l2.tryAndExit()
    }
  }

  private static let hints = ["shape": "The gradient has a number for each weight."]

  @Test func l1IsTheSumOfTheAbsoluteValues() async throws { try await Self.l1.run(0) }
  @Test func l2IsHalfTheSumOfTheSquares() async throws { try await Self.l2.run(0) }

  /// The gradient, if it has the shape of the weights: what uses it then does not stop the program.
  private static func gradient(of penalty: some Penalty) throws -> Tensor {
    let gradient = penalty.gradient(of: w)
    try require(
      gradient.shape == w.shape,
      """
      \(type(of: penalty).typeName).gradient: it has a number for each weight, expected shape \(w.shape), \
      got \(gradient.shape)
      """)
    return gradient
  }

  private static func checkL1() throws {
    let penalty = L1(0.25)
    expectClose(
      penalty.value(of: w), 0.25 * absolutes, "L1.value",
      mistakes: [
        "the strength is missing: λ Σ |w|": absolutes,
        "the absolute value is missing: λ Σ |w|": 0.25 * w.sum(),
        "the absolute value is that of the sum: λ Σ |w|": 0.25 * Swift.abs(w.sum()),
        "these are the squares: λ Σ |w|": 0.25 * squares,
        "there is no half: λ Σ |w|": 0.125 * absolutes,
        "it is the mean: λ Σ |w|, whatever the number of weights": 0.25 * absolutes / 6,
        "it is the largest weight only: λ Σ |w|": 0.25 * 4,
        "it is zero": 0,
      ])
    let signs: Tensor = [[1, -1, 0], [1, -1, -1]]
    expectClose(
      try gradient(of: penalty), 0.25 * signs, "L1.gradient",
      mistakes: [
        "the strength is missing: λ · sign(w)": signs,
        "it grows with the weight: that is the gradient of L2, here it is λ · sign(w)": 0.25 * w,
        "these are the weights: λ · sign(w)": w,
        "the sign of the weights is missing: λ · sign(w)": Tensor(repeating: 0.25, shape: [2, 3]),
        "the gradient at 0 is not 0": 0.25 * Tensor([[1, -1, 1], [1, -1, -1]]),
        "the gradient at 0 is not 0, but −λ": 0.25 * Tensor([[1, -1, -1], [1, -1, -1]]),
        "it has the wrong sign": -0.25 * signs,
        "this is the value, not its gradient": 0.25 * abs(w),
        "it is zero": 0 * w,
      ], notFinite: "the gradient at 0 is not 0, since w / |w| is 0 / 0 there: sign(w)")
  }

  private static func checkL2() throws {
    let penalty = L2(0.25)
    expectClose(
      penalty.value(of: w), 0.125 * squares, "L2.value",
      mistakes: [
        "the half is missing: λ/2 · Σ w²": 0.25 * squares,
        "the strength is missing: λ/2 · Σ w²": squares / 2,
        "this is the norm, the square root of the sum: λ/2 · Σ w²": 0.125 * squares.squareRoot(),
        "this is the norm, the square root of the sum, and without the half: λ/2 · Σ w²":
          0.25 * squares.squareRoot(),
        "the sum is squared: λ/2 · Σ w²": 0.125 * w.sum() * w.sum(),
        "the square is missing: λ/2 · Σ w²": 0.125 * w.sum(),
        "these are the absolute values: λ/2 · Σ w²": 0.125 * absolutes,
        "it is the mean: λ/2 · Σ w², whatever the number of weights": 0.125 * squares / 6,
        "it is zero": 0,
      ])
    expectClose(
      try gradient(of: penalty), 0.25 * w, "L2.gradient",
      mistakes: [
        "it is twice as large: the half of λ/2 · Σ w² makes it λ w": 0.5 * w,
        "it is half as large: the derivative of λ/2 · w² is λ w": 0.125 * w,
        "the strength is missing: λ w": w,
        "the sign is wrong": -0.25 * w,
        "this is the gradient of L1: here it is λ w": 0.25 * sign(w),
        "the weights are squared: the derivative of λ/2 · w² is λ w": 0.25 * square(w),
        "these are the weights after a step: the gradient is λ w": 0.75 * w,
        "it is zero": 0 * w,
      ])
  }

  @Test(.waits(for: l1), .waits(for: l2)) func elasticNetIsTheSumOfBoth() {
    let (w, absolutes, squares) = (Self.w, Self.absolutes, Self.squares)
    let penalty = ElasticNet(l1: 0.1, l2: 0.25)
    expectClose(penalty.value(of: w), 0.1 * absolutes + 0.125 * squares, "ElasticNet.value")
    expectClose(penalty.gradient(of: w), 0.1 * sign(w) + 0.25 * w, "ElasticNet.gradient")
  }

  /// By finite differences, where the penalty has a slope.
  @Test(.waits(for: l1), .waits(for: l2)) func gradientsAreTheSlopesOfTheValues() {
    let w: Tensor = [0.5, -1.25, 2, -0.75]
    let h: Float = 1 / 64
    for penalty in [L1(0.5), L2(0.5), ElasticNet(l1: 0.25, l2: 0.5)] as [any Penalty] {
      let gradient = penalty.gradient(of: w)
      for place in 0..<4 {
        var (up, down) = (w, w)
        up[place] += h
        down[place] -= h
        let slope = (penalty.value(of: up) - penalty.value(of: down)) / (2 * h)
        expectClose(
          gradient.scalars[place], slope,
          "\(type(of: penalty).typeName).gradient against finite differences of its value",
          atol: 1e-4)
      }
    }
  }

  // W = [[0.5, -1], [2, 0.25], [-0.75, 1.5]]; b = [0.1, -0.2]; X = [[1, 2, -1], [0.5, -1, 0.25]]
  // T = [[1, 0], [0, 1]]; SGD([{"params": [W], "weight_decay": 0.25}, {"params": [b]}], lr=0.1)
  // three steps on ((X @ W + b - T)**2).sum() / 4
  @Test(.waits(for: l1), .waits(for: l2)) func l2IsPyTorchsWeightDecayUnderGradientDescent() throws
  {
    var network = try smallNetwork()
    network.penalty = L2(0.25)
    try network.fit(smallData(), options: TrainingOptions(epochs: 3, batchSize: 2, shuffle: false))
    var values: [String: Tensor] = [:]
    network.forEachParameter { values[$0] = $1.value }
    expectClose(
      try #require(values["layers.0.weights"]),
      [[0.156456918, -0.597760211], [0.815599738, 0.463342883], [-0.229106709, 1.221153757]],
      "the weights after three steps with L2")
    expectClose(
      try #require(values["layers.0.bias"]), [-0.108649469, 0.248692615],
      "the bias, which no penalty touches, after three steps with L2")
  }

  // L = ((X @ W + b - T)**2).sum() / 4 + R(W), with R = 0.1 |W| and R = 0.25/2 W²: 8.0048828125, 8.4205078125
  // and their gradients with respect to W and b
  @Test(.waits(for: l1), .waits(for: l2)) func whatIsMinimisedMatchesPyTorch() throws {
    let bias: Tensor = [1.25625, -1.8875]
    let cases: [(any Penalty, Float, Tensor)] = [
      (
        L1(0.1), 8.0048828125,
        [[1.815625, -1.59375], [5.36875, -1.3125], [-2.5046875, 1.003125]]
      ),
      (
        L2(0.25), 8.4205078125,
        [[1.840625, -1.74375], [5.76875, -1.35], [-2.5921875, 1.278125]]
      ),
      (
        ElasticNet(l1: 0.1, l2: 0.25), 9.0205078125,
        [[1.940625, -1.84375], [5.86875, -1.25], [-2.6921875, 1.378125]]
      ),
    ]
    for (penalty, value, weights) in cases {
      let name = type(of: penalty).typeName
      var network = try smallNetwork()
      network.penalty = penalty
      let data = try smallData()
      expectClose(Float(try network.evaluate(data).loss), value, "the loss with \(name)")
      var loss = TinySquaredError()
      _ = loss.forward(network.forward(data.features), target: data.targets)
      network.backward(loss.backward())
      network.addPenaltyGradients()
      network.forEachParameter { parameterName, parameter in
        expectClose(
          parameter.gradient ?? Tensor(zeros: [0]),
          parameterName == "layers.0.weights" ? weights : bias,
          "the gradient of \(parameterName) with \(name)")
      }
    }
  }

  private func smallNetwork() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1))
    var layer = TinyDense(inputSize: 3, outputSize: 2)
    layer.weights.value = [[0.5, -1], [2, 0.25], [-0.75, 1.5]]
    layer.bias.value = [0.1, -0.2]
    try network.append(layer)
    return network
  }

  private func smallData() throws -> Dataset {
    try Dataset(features: [[1, 2, -1], [0.5, -1, 0.25]], targets: .values([[1, 0], [0, 1]]))
  }

  // MARK: The given parts

  @Test(.waits(for: l1), .waits(for: l2)) func strengthsOutOfRangeAreRefused() async {
    for strength in [-0.1, .nan, .infinity] as [Float] {
      expectCourseError(.invalidArgument, "L1: argument", "a finite strength", "\(strength)") {
        var penalty = L1(0)
        penalty.strength = strength
        return try L1(configuration: penalty)
      }
      expectCourseError(.invalidArgument, "L2: argument", "a finite strength", "\(strength)") {
        var penalty = L2(0)
        penalty.strength = strength
        return try L2(configuration: penalty)
      }
    }
    #expect(L2(0).value(of: Self.w) == 0)
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = ElasticNet(l1: 1, l2: -1) }
    expectWords(of: result, "ElasticNet: argument", "a finite strength l2 of at least 0", "-1")
  }
}
