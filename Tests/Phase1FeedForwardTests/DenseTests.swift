import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.2.
@Suite(.watched) struct DenseTests {
  // MARK: The example to begin with
  //
  // All of its matrices are 2 x 2, so a wrong transpose fits, too, and shows as a wrong number. The other
  // tests require that these numbers are right: with their shapes a wrong transpose would end the process.

  private static let x: Tensor = [[1, 2], [3, -1]]
  static let w: Tensor = [[1, 2], [3, 5]]
  private static let b: Tensor = [10, 20]
  private static let dY: Tensor = [[1, 0.5], [2, -1]]

  private static func squareLayer() -> Dense {
    var layer = Dense(inputSize: 2, outputSize: 2, seed: 1)
    layer.weights.value = w
    layer.bias.value = b
    return layer
  }

  /// What all other tests wait for, tried in a process of its own.
  static let steps: FirstSteps = FirstSteps(
    of: "Dense",
    [
      ("squareForward()", { checkForward() }), ("squareBackward()", { try checkBackward() }),
    ],
    hints: [
      "not summed over the batch?": "db = Σₙ dZ: bias.accumulate(dZ.sum(axis: 0))",
      "Dense.backward: no forward pass":
        "forward must keep the input and the output: kept.set((input, output), in: mode)",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      DenseTests.steps.tryAndExit()
    }
  }

  @Test func squareForward() async throws { try await Self.steps.run(0) }
  @Test func squareBackward() async throws { try await Self.steps.run(1) }

  private static func checkForward() {
    var layer = squareLayer()
    expectOutput(layer.forward(x, mode: .inference))
  }

  /// Names what is wrong with the output.
  static func expectOutput(_ y: Tensor, sourceLocation: SourceLocation = #_sourceLocation) {
    expectClose(
      y, [[17, 32], [10, 21]], "Dense.forward",
      mistakes: [
        "the bias is missing: Y = X · W + b": x.matmul(w),
        "the bias is subtracted: Y = X · W + b": x.matmul(w) - b,
        "the bias is added to the columns: each row of X · W gets the whole bias":
          x.matmul(w) + b.reshaped(to: [2, 1]),
        "the weights are transposed: X · W, not X · Wᵀ": x.matmul(w.transposed()) + b,
        "the factors are swapped: X · W, not W · X": w.matmul(x) + b,
        "the factors are multiplied element by element: X · W is a matrix product (matmul)":
          x * w + b,
        "the bias is multiplied instead of added: Y = X · W + b": x.matmul(w) * b,
        "the bias is added twice: Y = X · W + b": x.matmul(w) + b + b,
        "the weights are missing: Y = X · W + b": x + b,
        "nothing happens: Y is X": x,
        "it is zero: Y = X · W + b": Tensor(zeros: [2, 2]),
      ], sourceLocation: sourceLocation)
  }

  private static func checkBackward() throws {
    var layer = squareLayer()
    let dX = try trainingPass(&layer, input: x, outputGradient: dY)
      .inputGradient
    expectInputGradient(dX, weightsAfterwards: layer.weights.value)
    let dW = try require(
      layer.weights.gradient, "Dense.backward: weights.accumulate was not called: dW = Xᵀ · dZ")
    expectWeightGradient(dW)
    let db = try require(
      layer.bias.gradient, "Dense.backward: bias.accumulate was not called: db = Σₙ dZ")
    expectBiasGradient(db)
    try require(
      layer.weights.value == w && layer.bias.value == b,
      "Dense.backward changes the weights: only the optimizer may, after the whole backward pass")
  }

  /// Names what is wrong with dX.
  static func expectInputGradient(
    _ dX: Tensor, weightsAfterwards: Tensor = w, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      dX, [[2, 5.5], [0, 1]], "Dense.backward, input gradient dX",
      mistakes: [
        "it is zero: dX = dY · Wᵀ": Tensor(zeros: [2, 2]),
        "the weights are not transposed: dX = dY · Wᵀ, not dY · W": dY.matmul(w),
        "the factors are swapped: dX = dY · Wᵀ, not W · dY": w.matmul(dY),
        "the factors are swapped: dX = dY · Wᵀ, not Wᵀ · dY": w.transposed().matmul(dY),
        "it is the output gradient, not yet multiplied with Wᵀ": dY,
        "the sign is wrong: dX = dY · Wᵀ": -dY.matmul(w.transposed()),
        "the bias takes part: it has no effect on how Y changes with X":
          dY.matmul(w.transposed()) + b,
        "it is divided by the batch size: the loss has averaged already, no layer does":
          dY.matmul(w.transposed()) / 2,
        "the factors are swapped: dX = dY · Wᵀ, not W · dYᵀ": w.matmul(dY.transposed()),
        "it was computed with weights that had already been changed":
          dY.matmul((w - x.transposed().matmul(dY)).transposed()),
        "it was computed with weights that had already been changed, by a step of the optimizer's":
          dY.matmul(weightsAfterwards.transposed()),
      ], sourceLocation: sourceLocation)
  }

  /// Names what is wrong with dW.
  static func expectWeightGradient(
    _ dW: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let right = x.transposed().matmul(dY)
    expectClose(
      dW, [[7, -2.5], [0, 2]], "Dense.backward, weight gradient dW",
      mistakes: [
        "it is zero: dW = Xᵀ · dZ": Tensor(zeros: [2, 2]),
        "it is transposed: dW = Xᵀ · dZ, not dZᵀ · X": right.transposed(),
        "the input is not transposed: dW = Xᵀ · dZ, not X · dZ": x.matmul(dY),
        "the factors are swapped: dW = Xᵀ · dZ, not dZ · X": dY.matmul(x),
        "the sign is wrong: dW = Xᵀ · dZ; the optimizer subtracts it": -right,
        "it is divided by the batch size: the loss has averaged already, no layer does":
          right / 2,
        "it is added twice": right * 2,
        "it is the weights themselves: dW = Xᵀ · dZ": w,
        "it is the gradient for an input that is no longer X: dW = Xᵀ · dZ, not Yᵀ · dZ":
          (x.matmul(w) + b).transposed().matmul(dY),
      ], sourceLocation: sourceLocation)
  }

  /// Names what is wrong with db.
  static func expectBiasGradient(
    _ db: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      db, [3, -0.5], "Dense.backward, bias gradient db",
      mistakes: [
        "it is zero: db = Σₙ dZ": [0, 0],
        "the sum runs over the outputs instead of the batch: db = dZ.sum(axis: 0)":
          dY.sum(axis: 1),
        "it is not summed over the batch, only the first row counts: db = Σₙ dZ": [1, 0.5],
        "it is not summed over the batch, only the last row counts: db = Σₙ dZ": [2, -1],
        "it is a mean over the batch: the loss has averaged already, so db = Σₙ dZ":
          dY.mean(axis: 0),
        "the sign is wrong: db = Σₙ dZ; the optimizer subtracts it": -dY.sum(axis: 0),
        "it is added twice": dY.sum(axis: 0) * 2,
        "everything is summed: db = Σₙ dZ has a value for each output":
          Tensor([dY.sum(), dY.sum()]),
      ], sourceLocation: sourceLocation)
  }

  /// A layer of any shape, once the square example is right.
  func layer(
    _ inputSize: Int, _ outputSize: Int, activation: Activation = .identity,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Dense {
    try await Self.steps.require(sourceLocation: sourceLocation)
    var layer = Dense(
      inputSize: inputSize, outputSize: outputSize, activation: activation, seed: varied(1))
    layer.bias.value = Tensor(normal: [outputSize], key: RandomKey(seed: varied(3)))
    return layer
  }

  // MARK: Shapes

  @Test(arguments: [[1, 4], [5, 4], [2, 3, 4], [2, 1, 3, 4]])
  func leadingAxesStay(shape: [Int]) async throws {
    var layer = try await layer(4, 3)
    let input = Tensor(normal: shape, key: RandomKey(seed: varied(5)))
    let (output, inputGradient) = try trainingPass(
      &layer, input: input, outputGradient: Tensor(ones: shape.dropLast() + [3]))
    #expect(output.shape == shape.dropLast() + [3])
    #expect(try layer.outputShape(for: shape) == output.shape)

    // The same rows as one matrix give the same numbers.
    var flat = layer
    flat.weights.clearGradient()
    flat.bias.clearGradient()
    let rows = input.reshaped(to: [-1, 4])
    let (flatOutput, flatInputGradient) = try trainingPass(
      &flat, input: rows, outputGradient: Tensor(ones: [rows.shape[0], 3]))
    expectClose(output, flatOutput.reshaped(to: output.shape), "Dense.forward of shape \(shape)")
    expectClose(inputGradient, flatInputGradient.reshaped(to: shape), "dX of shape \(shape)")
    expectClose(
      try #require(layer.weights.gradient), try #require(flat.weights.gradient),
      "Dense.backward, dW summed over all leading axes of \(shape)")
    expectClose(
      try #require(layer.bias.gradient), try #require(flat.bias.gradient),
      "Dense.backward, db summed over all leading axes of \(shape)")
  }

  // MARK: Numbers

  @Test(arguments: references)
  func matchesPyTorch(reference: Reference) async throws {
    try await Self.steps.require()
    try Self.check(reference)
  }

  /// What the gradient checks wait for.
  private static let numbers = Stage("matchesPyTorch(reference:)") {
    for reference in references { try check(reference) }
  }

  private static func check(_ reference: Reference) throws {
    let name = reference.activation.rawValue
    var layer = Dense(inputSize: 4, outputSize: 2, activation: reference.activation, seed: 1)
    layer.weights.value = [[0.2, -0.6], [1.1, 0.4], [-0.3, 0.9], [0.7, -0.8]]
    layer.bias.value = [0.25, -0.15]
    let x: Tensor = [[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, 1.2], [-0.4, 0.8, 0.6, -1.1]]
    let withoutActivation = x.matmul(layer.weights.value) + layer.bias.value
    let dY: Tensor = [[1.0, -0.5], [0.3, 2.0], [-1.2, 0.7]]
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let (w, f) = (layer.weights.value, reference.activation)
    let right = f(withoutActivation)
    expectClose(
      y, reference.y, "Dense.forward with activation \(name)",
      mistakes: [
        "the activation is not applied: Y = f(X · W + b)": withoutActivation,
        "the bias is added after the activation: Y = f(X · W + b), not f(X · W) + b":
          f(x.matmul(w)) + layer.bias.value,
        "the activation is applied twice: Y = f(X · W + b)": f(right),
        "the activation is that of X · W, and the bias is missing: Y = f(X · W + b)":
          f(x.matmul(w)),
      ])
    // What dZ is when something else stands in the place of Y, or of dZ.
    let kept = f.inputGradient(output: withoutActivation, outputGradient: dY)
    let keptInput = "forward keeps Z as the output: keep Y = f(Z), from which f'(Z) is computed"
    let noSlope = "the slope of the activation is missing: dZ = dY ⊙ f'(Z) takes part, not dY"
    let twice = f.inputGradient(
      output: right, outputGradient: f.inputGradient(output: right, outputGradient: dY))
    let twiceSlope = "the slope of the activation is multiplied twice: dZ has it already"
    expectClose(
      dX, reference.dX, "Dense.backward with activation \(name), dX",
      mistakes: [
        noSlope: dY.matmul(w.transposed()), keptInput: kept.matmul(w.transposed()),
        twiceSlope: twice.matmul(w.transposed()),
      ])
    let xT = x.transposed()
    expectClose(
      try require(layer.weights.gradient, "Dense.backward: no weight gradient"), reference.dW,
      "Dense.backward with activation \(name), dW",
      mistakes: [
        noSlope: xT.matmul(dY), keptInput: xT.matmul(kept), twiceSlope: xT.matmul(twice),
      ])
    expectClose(
      try require(layer.bias.gradient, "Dense.backward: no bias gradient"), reference.db,
      "Dense.backward with activation \(name), db",
      mistakes: [
        noSlope: dY.sum(axis: 0), keptInput: kept.sum(axis: 0), twiceSlope: twice.sum(axis: 0),
      ])
  }

  @Test(arguments: Activation.allCases, [[5, 3], [1, 3], [2, 4, 3]])
  func gradientsAgreeWithFiniteDifferences(activation: Activation, inputShape: [Int]) async throws {
    let layer = try await layer(3, 7, activation: activation)
    try Self.numbers.require()
    try expectGradients(of: layer, inputShape: inputShape)
  }

  @Test func theFirstLayerOfANetworkSkipsItsInputGradient() async throws {
    var layer = try await layer(3, 2)
    var other = layer
    let x = Tensor(normal: [4, 3], key: RandomKey(seed: varied(1)))
    let dY = Tensor(normal: [4, 2], key: RandomKey(seed: varied(2)))
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(layer.bias.gradient == other.bias.gradient)
  }
}

// MARK: Reference numbers

extension DenseTests {
  /// x, w, b and r as below; `(f(x @ w + b) * r).sum().backward()` in double precision.
  struct Reference: Sendable, CustomTestStringConvertible {
    var activation: Activation
    var y: Tensor, dX: Tensor, dW: Tensor, db: Tensor
    var testDescription: String { activation.rawValue }
  }

  // x = torch.tensor([[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, 1.2], [-0.4, 0.8, 0.6, -1.1]],
  //                  dtype=torch.float64, requires_grad=True)       # and so on for w, b, r
  // y = f(x @ w + b); (y * r).sum().backward(); print(y, x.grad, w.grad, b.grad)
  static let references = [
    Reference(
      activation: .identity, y: [[-1.28, 0.87], [1.93, -2.52], [0.1, 1.83]],
      dX: [[0.5, 0.9, -0.75, 1.1], [-1.14, 1.13, 1.71, -1.39], [-0.66, -1.04, 0.99, -1.4]],
      dW: [[1.43, 2.47], [-1.87, 1.66], [1.07, -1.98], [1.78, 1.58]], db: [0.1, 2.2]),
    Reference(
      activation: .relu, y: [[0, 0.87], [1.93, 0], [0.1, 1.83]],
      dX: [[0.3, -0.2, -0.45, 0.4], [0.06, 0.33, -0.09, 0.21], [-0.66, -1.04, 0.99, -1.4]],
      dW: [[0.93, -0.53], [-0.87, 1.06], [-0.93, -0.58], [1.68, -0.82]], db: [-0.9, 0.2]),
    Reference(
      activation: .sigmoid,
      y: [[0.21755022, 0.7047457], [0.87324942, 0.07446795], [0.52497919, 0.86176173]],
      dX: [
        [0.09646818, 0.1456285, -0.14470228, 0.20238717],
        [-0.07606587, 0.09166398, 0.11409881, -0.08703213],
        [-0.1098842, -0.29582041, 0.1648263, -0.27618781],
      ],
      dW: [
        [0.25461975, 0.12139164], [-0.39966148, 0.21210502], [0.13764968, -0.25453671],
        [0.38604514, 0.06328106],
      ], db: [-0.09582366, 0.11719526]),
    Reference(
      activation: .tanh,
      y: [[-0.85648492, 0.70137413], [0.95873341, -0.98713578], [0.09966799, 0.94982608]],
      dX: [
        [0.20570902, 0.19146208, -0.30856352, 0.38973324],
        [-0.02582572, 0.04712434, 0.03873858, -0.02392636],
        [-0.27870469, -1.27949498, 0.41805703, -0.88644072],
      ],
      dW: [
        [0.64482223, -0.07772226], [-1.20962251, 0.32415997], [-0.1969549, -0.50277367],
        [1.36262976, -0.03938207],
      ], db: [-0.89739688, -0.13442997]),
  ]
}

// MARK: Use

// How a layer behaves in use: gradients that add up, modes, copies, first weights, wrong shapes.

extension DenseTests {
  @Test func gradientsAddUpOverTwoBackwardPassesAndClear() async throws {
    var layer = try await layer(3, 2)
    let (x, dY) = (
      Tensor(normal: [4, 3], key: RandomKey(seed: varied(1))),
      Tensor(normal: [4, 2], key: RandomKey(seed: varied(2)))
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
      Tensor(normal: [5, 3], key: RandomKey(seed: varied(1))),
      Tensor(normal: [4, 3], key: RandomKey(seed: varied(2)))
    )
    _ = try forwardPass(&layer, input: old)
    let dX = try trainingPass(&layer, input: new).inputGradient
    #expect(try trainingPass(&fresh, input: new).inputGradient == dX)
    #expect(layer.weights.gradient == fresh.weights.gradient, "dW comes from an earlier batch")
  }

  @Test func trainingAndInferenceComputeTheSame() async throws {
    var layer = try await layer(3, 4, activation: .tanh)
    let x = Tensor(normal: [2, 3], key: RandomKey(seed: varied(1)))
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
