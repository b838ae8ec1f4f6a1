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
          x.matmul(w) + b.reshaped([2, 1]),
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
    var layer = Dense(inputSize: inputSize, outputSize: outputSize, activation: activation, seed: 1)
    layer.bias.value = Tensor(normal: [outputSize], key: RandomKey(seed: 3))
    return layer
  }

  // MARK: Shapes

  @Test(arguments: [[1, 4], [5, 4], [2, 3, 4], [2, 1, 3, 4]])
  func leadingAxesStay(shape: [Int]) async throws {
    var layer = try await layer(4, 3)
    let input = Tensor(normal: shape, key: RandomKey(seed: 5))
    let (output, inputGradient) = try trainingPass(
      &layer, input: input, outputGradient: Tensor(ones: shape.dropLast() + [3]))
    #expect(output.shape == shape.dropLast() + [3])
    #expect(try layer.outputShape(for: shape) == output.shape)

    // The same rows as one matrix give the same numbers.
    var flat = layer
    flat.weights.clearGradient()
    flat.bias.clearGradient()
    let rows = input.reshaped([-1, 4])
    let (flatOutput, flatInputGradient) = try trainingPass(
      &flat, input: rows, outputGradient: Tensor(ones: [rows.shape[0], 3]))
    expectClose(output, flatOutput.reshaped(output.shape), "Dense.forward of shape \(shape)")
    expectClose(inputGradient, flatInputGradient.reshaped(shape), "dX of shape \(shape)")
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
    let x = Tensor(normal: [4, 3], key: RandomKey(seed: 1))
    let dY = Tensor(normal: [4, 2], key: RandomKey(seed: 2))
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(layer.bias.gradient == other.bias.gradient)
  }
}
