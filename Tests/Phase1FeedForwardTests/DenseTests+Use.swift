import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

// How a layer behaves in use: gradients that add up, modes, copies, first weights, wrong shapes.

extension DenseTests {
  @Test func gradientsAddUpOverTwoBackwardPassesAndClear() async throws {
    var layer = try await layer(3, 2)
    let (x, dY) = (
      Tensor(normal: [4, 3], key: RandomKey(seed: 1)),
      Tensor(normal: [4, 2], key: RandomKey(seed: 2))
    )
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    let first = try #require(layer.weights.gradient)
    let firstBias = try #require(layer.bias.gradient)
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    Self.expectSums(
      try #require(layer.weights.gradient), try #require(layer.bias.gradient), first, firstBias)

    layer.forEachParameter { $1.clearGradient() }
    #expect(layer.weights.gradient == nil && layer.bias.gradient == nil)
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    #expect(layer.weights.gradient == first, "Dense.backward after the gradients were cleared")
  }

  /// Names what is wrong with the gradients after a second pass like the first.
  private static func expectSums(
    _ dW: Tensor, _ db: Tensor, _ first: Tensor, _ firstBias: Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let replaced = "the second pass replaces the first: gradients add up until cleared"
    expectClose(
      dW, first * 2, "Dense.backward twice, dW", mistakes: [replaced: first],
      sourceLocation: sourceLocation)
    expectClose(
      db, firstBias * 2, "Dense.backward twice, db", mistakes: [replaced: firstBias],
      sourceLocation: sourceLocation)
  }

  static var wordsForGradientsThatAreReplaced: [String] {
    complaints { expectSums([[1, 2]], [3, 4], [[1, 2]], [3, 4]) }
  }

  @Test func backwardUsesTheLastForwardPass() async throws {
    var layer = try await layer(3, 2)
    var fresh = layer
    let (old, new) = (
      Tensor(normal: [5, 3], key: RandomKey(seed: 1)),
      Tensor(normal: [4, 3], key: RandomKey(seed: 2))
    )
    _ = try forwardPass(&layer, input: old)
    let dX = try trainingPass(&layer, input: new).inputGradient
    #expect(try trainingPass(&fresh, input: new).inputGradient == dX)
    #expect(layer.weights.gradient == fresh.weights.gradient, "dW comes from an earlier batch")
  }

  @Test func trainingAndInferenceComputeTheSame() async throws {
    var layer = try await layer(3, 4, activation: .tanh)
    let x = Tensor(normal: [2, 3], key: RandomKey(seed: 1))
    #expect(
      layer.forward(x, mode: .training) == layer.forward(x, mode: .inference),
      "Dense.forward computes something else in inference mode: only what is kept differs")
    expectInferenceKeepsNothing(try await self.layer(3, 4), input: x)
  }

  @Test(.waits(for: steps)) func backwardAfterInferenceStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Dense(inputSize: 2, outputSize: 2, seed: 1)
      let x = Tensor(ones: [1, 2])
      _ = layer.forward(x, mode: .training)
      _ = layer.forward(x, mode: .inference)
      _ = layer.backward(x)
    }
    expectWords(of: result, "Dense.backward", "no forward pass to go back through")
  }

  @Test(.waits(for: steps)) func anInputOfTheWrongShapeStops() async {
    let wrong = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Dense(inputSize: 3, outputSize: 2, seed: 1)
      _ = layer.forward(Tensor(zeros: [5, 4]), mode: .training)
    }
    expectWords(of: wrong, "Dense.forward: expected input [N, 3], got [5, 4]")
    let vector = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Dense(inputSize: 3, outputSize: 2, seed: 1)
      _ = layer.forward([1, 2, 3], mode: .training)
    }
    expectWords(of: vector, "Dense.forward: expected input [N, 3], got [3]")
    expectCourseError(.shapeMismatch, "Dense", "[..., 3]", "[4]") {
      try Dense(inputSize: 3, outputSize: 2, seed: 1).outputShape(for: [4])
    }
  }

  @Test(.waits(for: steps)) func aGradientOfTheWrongShapeStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Dense(inputSize: 2, outputSize: 3, seed: 1)
      _ = layer.forward(Tensor(ones: [4, 2]), mode: .training)
      _ = layer.backward(Tensor(ones: [4, 2]))
    }
    expectWords(of: result, "Dense.backward", "shape [4, 3]", "got [4, 2]")
  }

  /// A mistake that no test can survive: what it prints must say what is wrong.
  @Test func aBiasGradientThatIsNotSummedStopsWithAHint() async {
    let rows = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var bias = Parameter(Tensor(zeros: [3]))
      bias.accumulate(Tensor(ones: [5, 3]))
    }
    expectWords(of: rows, "shape [3]", "got [5, 3] (not summed over the batch?)")
    let turned = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var weights = Parameter(Tensor(zeros: [2, 3]))
      weights.accumulate(Tensor(ones: [3, 2]))
    }
    expectWords(of: turned, "shape [2, 3]", "got [3, 2] (transposed?)")
  }

  // MARK: Values

  @Test func theCallersTensorsStayAsTheyAre() async throws {
    var layer = try await layer(2, 2, activation: .relu)
    let (x, dY): (Tensor, Tensor) = ([[1, -2], [3, 4]], [[5, 6], [-7, 8]])
    let (input, gradient) = (x, dY)
    _ = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(input == [[1, -2], [3, 4]], "Dense.forward changes its input in place")
    #expect(gradient == [[5, 6], [-7, 8]], "Dense.backward changes its argument in place")
  }

  @Test func copiesAreIndependent() async throws {
    var layer = try await layer(2, 3)
    let weights = layer.weights.value
    var copy = layer
    copy.weights.value *= 2
    _ = try trainingPass(&copy, input: [[1, 2]])
    #expect(layer.weights.value == weights)
    #expect(layer.weights.gradient == nil && layer.bias.gradient == nil)
    let x = Tensor(ones: [4, 2])
    let dX = try trainingPass(&layer, input: x, outputGradient: Tensor(ones: [4, 3])).inputGradient
    expectClose(
      dX, weights.sum(axis: 1).broadcast(to: [4, 2]), "Dense.backward after a copy was changed")
  }

  // MARK: First weights and configuration

  /// 40 000 draws: their standard deviation is within 1.5 % of the right one but for one seed in 10⁴,
  /// and the seed is fixed.
  @Test func heInitialisationGoesByTheNumberOfInputs() {
    let layer = Dense(inputSize: 400, outputSize: 100, seed: 1)
    #expect(layer.weights.value.shape == [400, 100])
    expectClose(
      layer.weights.value.variance().squareRoot(), 0.0707107, "standard deviation of the weights",
      atol: 0, rtol: 0.015,
      mistakes: [
        "He initialisation divides by the number of inputs (fan-in), not of outputs (fan-out): √(2 / 400)":
          0.1414214,
        "this is Xavier initialisation, not He": 0.0632456,
      ])
    #expect(Swift.abs(layer.weights.value.mean()) < 0.002)
    #expect(layer.bias.value == Tensor(zeros: [100]), "the bias starts at 0")
  }

  @Test func theVisitorShowsWeightsThenBias() throws {
    var layer = Dense(inputSize: 3, outputSize: 2, seed: 1)
    var seen: [String] = []
    layer.forEachParameter { name, parameter in
      seen.append("\(name) \(parameter.value.shape) \(parameter.isRegularized)")
      parameter.value = Tensor(ones: parameter.value.shape)
    }
    #expect(seen == ["weights [3, 2] true", "bias [2] false"])
    #expect(layer.weights.value == Tensor(ones: [3, 2]), "the visitor may change parameters")
  }

  @Test func aConfigurationMakesAnEqualLayer() throws {
    let layer = Dense(
      inputSize: 3, outputSize: 2, activation: .tanh, initializer: .xavierUniform,
      biasInitializer: .constant(0.1), seed: 1)
    let copy = try Dense(configuration: layer.configuration)
    #expect(copy.configuration == layer.configuration)
    #expect(copy.weights.value.shape == [3, 2])
    #expect(copy.bias.value == [0.1, 0.1])
    var configuration = layer.configuration
    configuration.outputSize = 0
    expectCourseError(.invalidArgument, "Dense", "at least 1", "0") {
      try Dense(configuration: configuration)
    }
  }

  @Test func aSizeOfZeroStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Dense(inputSize: 0, outputSize: 2, seed: 1) }
    expectWords(of: result, "Dense: size out of range: expected sizes of at least 1", "got [0, 2]")
  }
}
