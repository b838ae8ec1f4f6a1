import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.10, second part: a network of sizes 2, 3, 2, 1. The numbers come from NumPy in double precision;
  /// the snippet is the loop of the text, with
  ///
  ///     f = {'sigmoid': lambda z: 1 / (1 + np.exp(-z)), 'tanh': np.tanh, 'relu': lambda z: np.maximum(z, 0)}
  @Suite struct DeepNetworkTests {
    private static let x: Tensor = [[0, 1], [2, 1], [1, -1], [-1, 0.5]]
    private static let labels = [0, 1, 1, 0]

    private static func network(_ activation: DeepNetwork.Activation) -> DeepNetwork {
      var network = DeepNetwork([2, 3, 2, 1], activation: activation, seed: 1)
      network.layers = [
        .init(weights: [[0.5, -1, 0.25], [1, 0.5, -0.75]], bias: [0.1, -0.2, 0.3]),
        .init(weights: [[0.4, -0.3], [-0.6, 0.8], [0.2, 0.1]], bias: [0.05, -0.1]),
        .init(weights: [[1.2], [-0.7]], bias: [0.15]),
      ]
      return network
    }

    private static let numbers:
      [DeepNetwork.Activation: (p: Tensor, gradients: [DeepNetwork.Layer])] =
        [
          .sigmoid: (
            [0.597415, 0.635679, 0.61897, 0.575575],
            [
              .init(
                weights: [[-0.012966, 0.020037, -0.003995], [0.010286, -0.016219, 0.002013]],
                bias: [0.00555, -0.012689, 0.001439]),
              .init(
                weights: [[0.02159, -0.011465], [0.049216, -0.027894], [0.000025, 0.000896]],
                bias: [0.03357, -0.017787]),
              .init(weights: [[0.037098], [0.078123]], bias: [0.10691]),
            ]
          ),
          .tanh: (
            [0.595422, 0.837182, 0.772116, 0.342584],
            [
              .init(
                weights: [[-0.072411, 0.046167, -0.018807], [0.082753, -0.192712, 0.02476]],
                bias: [0.060847, -0.197773, 0.026778]),
              .init(
                weights: [[0.147949, -0.087259], [0.180761, -0.101974], [-0.14265, 0.081952]],
                bias: [0.194279, -0.114015]),
              .init(weights: [[-0.082126], [0.080637]], bias: [0.136826]),
            ]
          ),
          .relu: (
            [0.627615, 0.773819, 0.622694, 0.41411],
            [
              .init(
                weights: [[-0.076024, 0.057975, -0.043177], [0.059042, -0.141958, 0.002465]],
                bias: [0.069913, -0.170946, -0.029606]),
              .init(
                weights: [[0.064619, -0.007247], [0.056485, -0.076093], [-0.150542, 0.085837]],
                bias: [0.007238, -0.006441]),
              .init(weights: [[-0.031492], [0.070675]], bias: [0.10956]),
            ]
          ),
        ]

    @Test func initialisation() throws {
      let network = DeepNetwork([50, 40, 30, 1], activation: .relu, seed: varied(1))
      let shapes = network.layers.map { [$0.weights.shape, $0.bias.shape] }
      try require(
        shapes == [[[50, 40], [40]], [[40, 30], [30]], [[30, 1], [1]]],
        """
        DeepNetwork.init: expected weights [n[l − 1], n[l]] and biases [n[l]], \
        [[50, 40], [40]], [[40, 30], [30]], [[30, 1], [1]]; got \(shapes)
        """)
      try require(
        network.layers.allSatisfy { $0.bias.max() == 0 && $0.bias.min() == 0 },
        "DeepNetwork.init: biases begin at 0")
      // 2000 draws: their standard deviation is known to 1.6 %, so 5 % is three times that, and the seed is fixed.
      func deviation(_ activation: DeepNetwork.Activation) -> Float {
        let weights = DeepNetwork([50, 40, 1], activation: activation, seed: varied(3)).layers[0]
          .weights
        return square(weights).mean().squareRoot()
      }
      expectClose(
        deviation(.relu), 0.2, "the deviation of weights behind 50 inputs, for ReLU: √(2/50)",
        rtol: 0.05,
        mistakes: [
          "that is the deviation for tanh": 0.1414, "that is the variance: take its root": 0.04,
          "the variance goes by the number of outputs": 0.2236,
          "the weights are 0: were whole numbers divided? Float(n) makes a number of n": 0,
        ])
      expectClose(
        deviation(.tanh), 0.1414, "the deviation of weights behind 50 inputs, for tanh: √(1/50)",
        rtol: 0.05,
        mistakes: [
          "that is the deviation for ReLU": 0.2, "that is the variance: take its root": 0.02,
          "the variance goes by the number of outputs": 0.1581,
        ])
      let same = DeepNetwork([50, 40, 30, 1], activation: .relu, seed: varied(1))
      let other = DeepNetwork([50, 40, 30, 1], activation: .relu, seed: varied(2))
      try require(
        network.layers == same.layers && network.layers != other.layers,
        "DeepNetwork.init: the weights must be a function of the seed")
      try require(
        DeepNetwork([3, 3, 3, 1], seed: varied(1)).layers[0].weights
          != DeepNetwork([3, 3, 3, 1], seed: varied(1)).layers[1].weights,
        "DeepNetwork.init: two layers drew the same weights: key.folded(l) makes them differ")
    }

    private static let start = Stage("initialisation()") {
      try DeepNetworkTests().initialisation()
    }

    @Test(arguments: DeepNetwork.Activation.allCases)
    func forward(_ activation: DeepNetwork.Activation) throws {
      try Self.start.require()
      let network = Self.network(activation)
      let all = network.forward(Self.x)
      try require(
        all.count == 4,
        "DeepNetwork.forward: expected A[0] (the input) to A[3], 4 tensors, got \(all.count)")
      try require(all[0] == Self.x, "DeepNetwork.forward: A[0] is the input")
      let expected = Self.numbers[activation]?.p.reshaped(to: [4, 1]) ?? []
      let z = all[2].matmul([[1.2], [-0.7]])
      expectClose(
        all[3], expected, "DeepNetwork.forward with \(activation), A[L]",
        mistakes: [
          "the sigmoid of the last layer is missing": z + 0.15,
          "the last layer applies the activation of the hidden layers, not the sigmoid":
            activation == .sigmoid ? Tensor(Float.nan) : network.apply(activation, to: z + 0.15),
          "every layer has the sigmoid, not only the last":
            activation == .sigmoid
            ? Tensor(Float.nan) : Self.numbers[.sigmoid]?.p.reshaped(to: [4, 1]) ?? [],
        ])
    }

    private static let outputs = Stage("initialisation() and forward()") {
      try DeepNetworkTests().initialisation()
      for activation in DeepNetwork.Activation.allCases {
        try DeepNetworkTests().forward(activation)
      }
    }

    @Test(arguments: DeepNetwork.Activation.allCases)
    func backward(_ activation: DeepNetwork.Activation) throws {
      try Self.outputs.require()
      let network = Self.network(activation)
      let all = network.forward(Self.x)
      let gradients = network.backward(all, labels: Self.labels)
      try require(
        gradients.count == 3,
        "DeepNetwork.backward: expected the gradients of 3 layers, got \(gradients.count)")
      let expected = Self.numbers[activation]?.gradients ?? []
      if gradients[0].weights.shape == expected[2].weights.shape {
        fail(
          "DeepNetwork.backward: the gradients are in the order of the way back: turn them round")
        return
      }
      // The way back without f' of the hidden layers.
      var dZ = (all[3] - [[0], [1], [1], [0]]) / 4
      var withoutSlopes: [Tensor] = []
      for l in [2, 1, 0] {
        withoutSlopes.insert(all[l].transposed().matmul(dZ), at: 0)
        dZ = dZ.matmul(network.layers[l].weights.transposed())
      }
      for l in [2, 1, 0] {
        let right = expected[l]
        expectClose(
          gradients[l].weights, right.weights,
          "DeepNetwork.backward with \(activation), dW[\(l + 1)]", atol: 2e-6,
          mistakes: [
            "the sign is wrong: dZ[L] = (A[L] − t) / N": -right.weights,
            "1/N is missing: dZ[L] = (A[L] − t) / N": right.weights * 4,
            "1/N is there twice": right.weights / 4,
            "the slope of the layer behind it is missing: dZ[l − 1] = dA[l − 1] ⊙ f'":
              withoutSlopes[l],
          ])
        expectClose(
          gradients[l].bias, right.bias, "DeepNetwork.backward with \(activation), db[\(l + 1)]",
          atol: 2e-6, mistakes: ["it is a mean over the batch: db is a sum": right.bias / 4])
      }
    }

    @Test func slopes() {
      let network = Self.network(.tanh)
      let a: Tensor = [0.25, 0.5, 0]
      expectClose(
        network.slope(of: .sigmoid, at: a), [0.1875, 0.25, 0], "the slope of the sigmoid",
        mistakes: [
          "that is the slope of tanh": [0.9375, 0.75, 1],
          "the slope takes a = f(z), here z was expected": [0.2461341, 0.2350037, 0.25],
        ])
      expectClose(
        network.slope(of: .tanh, at: a), [0.9375, 0.75, 1], "the slope of tanh",
        mistakes: [
          "1 − a² takes a, here z was expected": [0.9400148, 0.7864477, 1],
          "the square is missing: 1 − a²": [0.75, 0.5, 1],
          "that is the slope of the sigmoid": [0.1875, 0.25, 0],
        ])
      expectClose(
        network.slope(of: .relu, at: a), [1, 1, 0], "the slope of ReLU",
        mistakes: ["at 0 it is 0": [1, 1, 1], "that is the activation itself": a])
    }

    private static let gradients = Stage("backward()") {
      for activation in DeepNetwork.Activation.allCases {
        try DeepNetworkTests().backward(activation)
      }
    }

    @Test func update() throws {
      try Self.gradients.require()
      var network = Self.network(.tanh)
      let before = network
      network.update(Self.numbers[.tanh]?.gradients ?? [], learningRate: 2)
      for (l, (new, old)) in zip(network.layers, before.layers).enumerated() {
        let step = Self.numbers[.tanh]!.gradients[l]
        expectClose(
          new.weights, old.weights - step.weights * 2, "DeepNetwork.update, W[\(l + 1)]",
          mistakes: [
            "the step goes along the gradient, uphill": old.weights + step.weights * 2,
            "the learning rate is missing": old.weights - step.weights,
            "it does not change": old.weights,
          ])
        expectClose(
          new.bias, old.bias - step.bias * 2, "DeepNetwork.update, b[\(l + 1)]",
          mistakes: ["it does not change": old.bias])
      }
    }

    private static let steps = Stage("update()") { try DeepNetworkTests().update() }

    @Test(arguments: DeepNetwork.Activation.allCases)
    func learnsXor(_ activation: DeepNetwork.Activation) throws {
      try Self.steps.require()
      let xor: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
      var network = DeepNetwork([2, 16, 16, 1], activation: activation, seed: varied(1))
      let rate: Float = activation == .sigmoid ? 5 : 0.5
      for _ in 0..<3000 { network.step(xor, labels: [0, 1, 1, 0], learningRate: rate) }
      let cost = network.cost(xor, labels: [0, 1, 1, 0])
      try require(cost < 0.1, "XOR with \(activation) after 3000 steps: the cost is still \(cost)")
    }

    @Test func wrongSizesAreRefused() async {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { _ = DeepNetwork([2, 3], seed: 1) }
      expectWords(of: result, "DeepNetwork", "the last one 1", "got [2, 3]")
    }
  }
}
