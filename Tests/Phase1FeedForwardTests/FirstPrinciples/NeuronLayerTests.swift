import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.2.
  @Suite struct NeuronLayerTests {
    // All matrices of this example are 2 x 2: what is exchanged shows as a wrong number.
    private static let w: Tensor = [[1, 0], [2, -1]]
    private static let b: Tensor = [10, 20]
    private static let layer = NeuronLayer(weights: w, bias: b)

    @Test func neurons() {
      let neurons = Self.layer.neurons
      let right = [Neuron(weights: [1, 2], bias: 10), Neuron(weights: [0, -1], bias: 20)]
      if neurons == right { return }
      let rows = [Neuron(weights: [1, 0], bias: 10), Neuron(weights: [2, -1], bias: 20)]
      let mistake =
        neurons.count != 2
        ? "there are \(neurons.count) neurons; each of the 2 columns of W makes one"
        : neurons == rows
          ? "a neuron has a row of W; it is column o that belongs to neuron o"
          : neurons.map(\.bias) == [0, 0]
            ? "the bias is missing"
            : neurons.map(\.bias) == [10, 10]
              ? "every neuron has the bias of the first" : "expected \(right), got \(neurons)"
      fail("NeuronLayer.neurons: \(mistake)")
    }

    /// 3·1 + 4·2 + 10 = 21, 3·0 − 4·1 + 20 = 16
    @Test func loops() {
      let x: Tensor = [[3, 4]]
      expectClose(
        Tensor(Self.layer.outputsByLoops([3, 4])), [21, 16], "NeuronLayer.outputsByLoops",
        mistakes: [
          "the bias is missing": [11, -4],
          "the weights are transposed: W[i, o], not W[o, i]":
            (x.matmul(Self.w.transposed()) + Self.b).reshaped(to: [2]),
          "only the bias is there: no product was added": [10, 20],
          "the sum goes on from one output to the next: each begins at its own bias": [21, 37],
          "every output has the bias of the first": [21, 6],
        ])
    }

    @Test func batch() {
      let x: Tensor = [[3, 4], [-1, 2]]
      let (w, b) = (Self.w, Self.b)
      expectClose(
        Self.layer.outputs(ofBatch: x), [[21, 16], [13, 18]], "NeuronLayer.outputs(ofBatch:)",
        mistakes: [
          "the bias is missing: Z = X · W + b": x.matmul(w),
          "the weights are transposed: X · W, not X · Wᵀ": x.matmul(w.transposed()) + b,
          "the factors are swapped: X · W, not W · X": w.matmul(x) + b,
          "the factors are multiplied element by element: X · W is a matrix product (matmul)":
            x * w + b,
          "the bias is added to the columns: each row gets the whole bias":
            x.matmul(w) + b.reshaped(to: [2, 1]),
          "nothing happens: Z = X · W + b": x,
        ])
    }

    private static let example = Stage("neurons(), loops() and batch()") {
      NeuronLayerTests().neurons()
      NeuronLayerTests().loops()
      NeuronLayerTests().batch()
    }

    @Test(arguments: [(1, 1), (3, 2), (2, 5), (7, 4)])
    func allThreeAgree(inputs: Int, outputs: Int) throws {
      try Self.example.require()
      let key = RandomKey(seed: varied(4))
      let layer = NeuronLayer(
        weights: Tensor(normal: [inputs, outputs], key: key.folded("weights")),
        bias: Tensor(normal: [outputs], key: key.folded("bias")))
      let batch = Tensor(normal: [3, inputs], key: key.folded("batch"))
      let together = layer.outputs(ofBatch: batch)
      for n in 0..<3 {
        let x = batch.slice(axis: 0, at: n).scalars
        let expected = together.slice(axis: 0, at: n)
        expectClose(Tensor(layer.outputsByLoops(x)), expected, "by loops, example \(n)")
        expectClose(
          Tensor(
            layer.neurons.map { neuron in
              zip(neuron.weights, x).reduce(neuron.bias) { $0 + $1.0 * $1.1 }
            }), expected, "neuron by neuron, example \(n)")
      }
    }

    @Test func wrongShapesAreRefused() async {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { _ = NeuronLayer(weights: [[1, 2]], bias: [1]) }
      expectWords(of: result, "NeuronLayer", "weights [I, O] and a bias [O]", "[1, 2] and [1]")
    }
  }
}
