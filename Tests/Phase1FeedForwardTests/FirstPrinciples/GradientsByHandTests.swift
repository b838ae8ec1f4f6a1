import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.6.
  @Suite struct GradientsByHandTests {
    /// z = −3·1 + (−1)·(−2) + 2·3 + 1 = 6
    @Test func neuron() {
      let gradients = NeuronGradients(
        of: Neuron(weights: [-3, -1, 2], bias: 1), inputs: [1, -2, 3], outputGradient: 0.5)
      expectClose(
        gradients.sumGradient, 0.5, "dZ",
        mistakes: [
          "the output gradient is missing: dZ = dY · [z > 0]": 1,
          "the output was taken instead of the slope": 3, "it is zero although z is positive": 0,
        ])
      expectClose(
        Tensor(gradients.weights), [0.5, -1, 1.5], "dw",
        mistakes: [
          "these are the gradients of the inputs: dw[i] = dZ · x[i]": [-1.5, -0.5, 1],
          "the factor dZ is missing: dw[i] = dZ · x[i]": [1, -2, 3],
          "the sign is wrong": [-0.5, 1, -1.5],
        ])
      expectClose(
        Tensor(gradients.inputs), [-1.5, -0.5, 1], "dx",
        mistakes: [
          "these are the gradients of the weights: dx[i] = dZ · w[i]": [0.5, -1, 1.5],
          "the factor dZ is missing: dx[i] = dZ · w[i]": [-3, -1, 2],
          "the sign is wrong": [1.5, 0.5, -1],
        ])
      expectClose(
        gradients.bias, 0.5, "db",
        mistakes: ["the factor dZ is missing: db = dZ": 1, "it is zero: db = dZ": 0])
    }

    private static let example = Stage("neuron()") { GradientsByHandTests().neuron() }

    @Test func closedNeuron() throws {
      try Self.example.require()
      let gradients = NeuronGradients(
        of: Neuron(weights: [1, 1], bias: -5), inputs: [2, 3], outputGradient: 4)
      // z = 0: the slope of ReLU is taken for 0 there.
      let all = [gradients.sumGradient, gradients.bias] + gradients.weights + gradients.inputs
      expectClose(
        Tensor(all), Tensor(zeros: [6]), "the gradients where z is not positive",
        mistakes: [
          "at z = 0 nothing passes: [z > 0], not [z ≥ 0]": [4, 4, 8, 12, 4, 4]
        ])
    }

    @Test func printsEachPartialDerivative() throws {
      try Self.example.require()
      let text = NeuronGradients(
        of: Neuron(weights: [-3, -1, 2], bias: 1), inputs: [1, -2, 3], outputGradient: 1
      ).description
      for line in [
        "z = 6.0, y = 6.0", "dL/dz = 1.0", "dL/dw0 = 1.0    dL/dx0 = -3.0",
        "dL/dw1 = -2.0    dL/dx1 = -1.0", "dL/dw2 = 3.0    dL/dx2 = 2.0", "dL/db = 1.0",
      ] {
        try require(text.contains(line), "\"\(line)\" is not in\n\(text)")
      }
    }

    private static let x: Tensor = [[1, 2], [3, -1]]
    private static let w: Tensor = [[1, 2], [3, 5]]
    private static let dZ: Tensor = [[1, 0.5], [2, -1]]

    /// The sizes are all 2, so that a wrong transpose shows as a wrong number.
    @Test func squareLayer() {
      let (x, w, dZ) = (Self.x, Self.w, Self.dZ)
      let gradients = LayerGradients(
        of: NeuronLayer(weights: w, bias: [10, 20]), inputs: x, outputGradient: dZ)
      let right = x.transposed().matmul(dZ)
      expectClose(
        gradients.weights, [[7, -2.5], [0, 2]], "dW",
        mistakes: [
          "the input is not transposed: dW = Xᵀ · dZ": x.matmul(dZ),
          "it is transposed: dW = Xᵀ · dZ, not dZᵀ · X": right.transposed(),
          "the factors are swapped: dW = Xᵀ · dZ, not dZ · X": dZ.matmul(x),
          "the sign is wrong": -right, "it is a mean over the batch: dW is a sum": right / 2,
        ])
      expectClose(
        gradients.bias, [3, -0.5], "db",
        mistakes: [
          "the sum runs over the outputs instead of the batch: sum(axis: 0)": dZ.sum(axis: 1),
          "it is a mean over the batch: db is a sum": dZ.mean(axis: 0),
        ])
      expectClose(
        gradients.inputs, [[2, 5.5], [0, 1]], "dX",
        mistakes: [
          "the weights are not transposed: dX = dZ · Wᵀ": dZ.matmul(w),
          "the factors are swapped: dX = dZ · Wᵀ, not W · dZ": w.matmul(dZ),
          "it is the output gradient itself": dZ,
        ])
    }

    private static let square = Stage("squareLayer()") { GradientsByHandTests().squareLayer() }

    /// Finite differences of `Σ dZ ⊙ (X · W + b)`, which is linear: they are exact but for rounding.
    @Test func layerOfAnyShape() throws {
      try Self.square.require()
      let key = RandomKey(seed: varied(9))
      var layer = NeuronLayer(
        weights: Tensor(normal: [3, 2], key: key.folded("W")), bias: [1, -1])
      var x = Tensor(normal: [4, 3], key: key.folded("X"))
      let dZ = Tensor(normal: [4, 2], key: key.folded("dZ"))
      let gradients = LayerGradients(of: layer, inputs: x, outputGradient: dZ)
      func value() -> Float { ((x.matmul(layer.weights) + layer.bias) * dZ).sum() }
      func difference(_ change: (Float) -> Void) -> Float {
        change(0.5)
        let above = value()
        change(-1)
        let below = value()
        change(0.5)
        return above - below
      }
      for (i, o) in [(0, 0), (2, 1), (1, 0)] {
        expectClose(
          gradients.weights[i, o], difference { layer.weights[i, o] += $0 }, "dW[\(i), \(o)]",
          atol: 1e-3)
      }
      expectClose(gradients.bias[1], difference { layer.bias[1] += $0 }, "db[1]", atol: 1e-3)
      for (n, i) in [(0, 2), (3, 1)] {
        expectClose(
          gradients.inputs[n, i], difference { x[n, i] += $0 }, "dX[\(n), \(i)]", atol: 1e-3)
      }
    }
  }
}
