import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.10, first part. The numbers come from NumPy in double precision:
  ///
  ///     A = np.tanh(X @ W1 + b1); p = 1 / (1 + np.exp(-(A @ w2 + b2)))
  ///     dz2 = (p - t) / 4; dz1 = np.outer(dz2, w2) * (1 - A * A)
  ///     X.T @ dz1, dz1.sum(0), A.T @ dz2, dz2.sum()
  @Suite struct TwoLayerNetworkTests {
    private static let x: Tensor = [[0, 1], [2, 1], [1, -1], [-1, 0.5]]
    private static let labels = [0, 1, 1, 0]

    private static func network() -> TwoLayerNetwork {
      var network = TwoLayerNetwork(hiddenCount: 3, seed: 1)
      network.hiddenWeights = [[0.5, -1, 0.25], [1, 0.5, -0.75]]
      network.hiddenBias = [0.1, -0.2, 0.3]
      network.outputWeights = [1, -0.5, 2]
      network.outputBias = -0.4
      return network
    }

    @Test func forward() {
      let (hidden, p) = Self.network().forward(Self.x)
      let z1 = Self.x.matmul([[0.5, -1, 0.25], [1, 0.5, -0.75]])
      expectClose(
        hidden,
        [
          [0.8004990, 0.2913126, -0.4218990], [0.9704519, -0.9354091, 0.0499584],
          [-0.3799490, -0.9354091, 0.8617232], [0.0996680, 0.7818064, -0.3140209],
        ], "TwoLayerNetwork.forward, A",
        mistakes: [
          "tanh is missing": z1 + [0.1, -0.2, 0.3], "the bias b₁ is missing": tanh(z1),
          "the sigmoid was taken for tanh": 1 / (1 + exp(-(z1 + [0.1, -0.2, 0.3]))),
        ])
      let z2 = hidden.matmul([1, -0.5, 2])
      expectClose(
        p, [0.3568746, 0.7573257, 0.8039554, 0.2109386], "TwoLayerNetwork.forward, p",
        mistakes: [
          "the sigmoid is missing": z2 - 0.4, "the bias b₂ is missing": 1 / (1 + exp(-z2)),
          "the sign in the exponent is wrong: 1 / (1 + e⁻ᶻ)": 1 / (1 + exp(z2 - 0.4)),
          "tanh was taken for the sigmoid": tanh(z2 - 0.4),
        ])
    }

    private static let first = Stage("forward()") { TwoLayerNetworkTests().forward() }

    @Test func backward() throws {
      try Self.first.require()
      let gradients = Self.network().gradients(Self.x, labels: Self.labels)
      let (a, p) = Self.network().forward(Self.x)
      let dZ2 = (p - [0, 1, 1, 0]) / 4
      let dA = dZ2.reshaped(to: [-1, 1]) * Tensor([1, -0.5, 2])
      func hidden(_ dZ1: Tensor) -> Tensor { Self.x.transposed().matmul(dZ1) }
      expectClose(
        gradients.outputWeights, [0.0364212, 0.1698142, -0.0994660], "dw₂",
        mistakes: [
          "the sign is wrong: dZ₂ = (p − t) / N": -a.transposed().matmul(dZ2),
          "1/N is missing: dZ₂ = (p − t) / N": a.transposed().matmul(dZ2) * 4,
          "the slope of the sigmoid was multiplied in: with the logarithm of the cost it cancels":
            a.transposed().matmul(dZ2 * p * (1 - p)),
        ])
      expectClose(
        gradients.outputBias, 0.0322736, "db₂",
        mistakes: ["the sign is wrong": -0.0322736, "1/N is missing": 0.1290943, "it is zero": 0])
      let right = hidden(dA * (1 - a * a))
      expectClose(
        gradients.hiddenWeights,
        [[-0.1012112, 0.0208987, -0.3623719], [0.0965564, -0.0452205, 0.0984101]], "dW₁",
        mistakes: [
          "the slope of tanh is missing: dZ₁ = dA ⊙ (1 − A²)": hidden(dA),
          "the slope of the sigmoid was taken: that of tanh is 1 − A²": hidden(dA * a * (1 - a)),
          "the slope of tanh is 1 − A², not 1 − A": hidden(dA * (1 - a)),
          "the weights w₂ are missing: dA[n, j] = dZ₂[n] w₂[j]":
            hidden(dZ2.reshaped(to: [-1, 1]) * (1 - a * a)),
          "the sign is wrong": -right, "1/N is missing": right * 4, "1/N is there twice": right / 4,
        ])
      expectClose(
        gradients.hiddenBias, [0.0387901, -0.0442192, 0.0954762], "db₁",
        mistakes: [
          "the slope of tanh is missing: dZ₁ = dA ⊙ (1 − A²)": dA.sum(axis: 0),
          "it is a mean over the batch: dZ₁ has 1/N already": (dA * (1 - a * a)).mean(axis: 0),
        ])
    }

    private static let second = Stage("forward() and backward()") {
      TwoLayerNetworkTests().forward()
      try TwoLayerNetworkTests().backward()
    }

    @Test func step() throws {
      try Self.second.require()
      var network = Self.network()
      let before = network
      let gradients = network.gradients(Self.x, labels: Self.labels)
      network.step(Self.x, labels: Self.labels, learningRate: 2)
      expectClose(
        network.hiddenWeights, before.hiddenWeights - gradients.hiddenWeights * 2, "step, W₁",
        mistakes: [
          "the step goes along the gradient, uphill":
            before.hiddenWeights + gradients.hiddenWeights * 2,
          "the learning rate is missing": before.hiddenWeights - gradients.hiddenWeights,
          "it does not change": before.hiddenWeights,
        ])
      expectClose(
        network.hiddenBias, before.hiddenBias - gradients.hiddenBias * 2, "step, b₁",
        mistakes: ["it does not change": before.hiddenBias])
      expectClose(
        network.outputWeights, before.outputWeights - gradients.outputWeights * 2, "step, w₂",
        mistakes: ["it does not change": before.outputWeights])
      expectClose(
        network.outputBias, before.outputBias - gradients.outputBias * 2, "step, b₂",
        mistakes: ["it does not change": before.outputBias])
    }

    private static let third = Stage("step()") { try TwoLayerNetworkTests().step() }

    @Test func learnsXor() throws {
      try Self.third.require()
      let xor: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
      var network = TwoLayerNetwork(hiddenCount: 8, seed: varied(1))
      for _ in 0..<2000 { network.step(xor, labels: [0, 1, 1, 0], learningRate: 1) }
      expectClose(
        network.probabilities(xor), [0, 1, 1, 0], "XOR after 2000 steps", atol: 0.05)
    }

    @Test func theSeedDecides() {
      let (one, same, other) = (
        TwoLayerNetwork(hiddenCount: 3, seed: varied(1)),
        TwoLayerNetwork(hiddenCount: 3, seed: varied(1)),
        TwoLayerNetwork(hiddenCount: 3, seed: varied(2))
      )
      #expect(one.hiddenWeights == same.hiddenWeights && one.outputWeights == same.outputWeights)
      #expect(one.hiddenWeights != other.hiddenWeights)
    }
  }
}
