import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.1.
  @Suite struct NeuronTests {
    private static let weights: [Float] = [0.5, -1, 2]
    private static let inputs: [Float] = [1, 2, 0.5]
    private static let neuron = Neuron(weights: weights, bias: 3)

    /// 0.5·1 − 1·2 + 2·0.5 + 3 = 2.5
    static let mistakes: KeyValuePairs<String, Float> = [
      "the bias is missing": -0.5,
      "the bias is subtracted": -3.5,
      "the products are missing: the inputs alone were added": 6.5,
      "the products are missing: the weights alone were added": 4.5,
      "only the bias is there: no product was added": 3,
      "only the first product was added": 3.5,
      "the last product is missing": 1.5,
      "the first product is missing": 2,
      "inputs and weights were added, not multiplied: each input times its weight": 8,
      "the bias is added once for each input, or x₂ was multiplied with w₃": 8.5,
      "only the last product is left: add it to the sum (+=)": 1,
    ]

    @Test func threeInputs() {
      expectClose(
        Self.neuron.outputOfThreeInputs(Self.inputs), 2.5, "Neuron.outputOfThreeInputs",
        mistakes: Self.mistakes)
    }

    @Test func loop() {
      expectClose(
        Self.neuron.output(Self.inputs), 2.5, "Neuron.output", mistakes: Self.mistakes)
    }

    private static let example = Stage("loop()") { NeuronTests().loop() }

    @Test func anyNumberOfInputs() throws {
      try Self.example.require()
      for count in [1, 2, 3, 8, 100] {
        let values = Tensor(normal: [2, count], key: RandomKey(seed: varied(UInt64(count)))).scalars
        let (w, x) = (Array(values[..<count]), Array(values[count...]))
        let expected = zip(w, x).reduce(Float(-1)) { $0 + $1.0 * $1.1 }
        expectClose(
          Neuron(weights: w, bias: -1).output(x), expected, "Neuron.output for \(count) inputs",
          atol: 1e-4)
      }
      expectClose(
        Neuron(weights: [], bias: 7).output([]), 7, "Neuron.output without inputs: the bias")
    }

    @Test func otherNumbersOfInputsAreRefused() async {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { _ = Neuron(weights: [1, 2], bias: 0).output([1]) }
      expectWords(of: result, "Neuron", "expected 2 inputs and as many weights", "got 1 inputs")
    }
  }
}
