import Phase1FeedForward
import Shared
import TestSupport
import Testing

/// Task 1.2.
@Suite(.watched) struct DenseTests {
  // MARK: The example to begin with
  //
  // All of its matrices are 2 x 2, so a wrong transpose fits, too, and shows as a wrong number. The other
  // tests require that these numbers are right: with their shapes a wrong transpose would end the process.

  private static let x: Tensor = [[1, 2], [3, -1]]
  private static let w: Tensor = [[1, 2], [3, 5]]
  private static let b: Tensor = [10, 20]
  private static let dY: Tensor = [[1, 0.5], [2, -1]]

  private static func squareLayer() -> Dense {
    var layer = Dense(inputSize: 2, outputSize: 2, seed: 1)
    layer.weights.value = w
    layer.bias.value = b
    return layer
  }

  @Test func squareForward() {
    var layer = Self.squareLayer()
    let (x, w, b) = (Self.x, Self.w, Self.b)
    expectClose(
      layer.forward(x, mode: .inference), [[17, 32], [10, 21]], "Dense.forward",
      mistakes: [
        "the bias is missing: Y = X · W + b": x.matmul(w),
        "the bias is subtracted: Y = X · W + b": x.matmul(w) - b,
        "the bias is added to the columns: each row of X · W gets the whole bias":
          x.matmul(w) + b.reshaped([2, 1]),
        "the weights are transposed: X · W, not X · Wᵀ": x.matmul(w.transposed()) + b,
        "the factors are swapped: X · W, not W · X": w.matmul(x) + b,
        "the factors are multiplied element by element: X · W is a matrix product (matmul)":
          x * w + b,
      ])
  }

  @Test func squareBackward() throws {
    let (x, w, dY) = (Self.x, Self.w, Self.dY)
    var layer = Self.squareLayer()
    let dX = try trainingPass(
      &layer, input: x, outputGradient: dY, keeping: ["input", "output"]
    ).inputGradient
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
          dY.matmul(w.transposed()) + Self.b,
        "it is divided by the batch size: the loss has averaged already, no layer does":
          dY.matmul(w.transposed()) / 2,
        "it was computed with weights that had already been changed":
          dY.matmul((w - x.transposed().matmul(dY)).transposed()),
      ])

    let dW = try require(
      layer.weights.gradient, "Dense.backward: weights.accumulate was not called: dW = Xᵀ · dZ")
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
      ])

    let db = try require(
      layer.bias.gradient, "Dense.backward: bias.accumulate was not called: db = Σₙ dZ")
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
      ])
    try require(
      layer.weights.value == w && layer.bias.value == Self.b,
      "Dense.backward changes the weights: only the optimizer may, after the whole backward pass")
  }

  /// What all other tests build on.
  static let square = Stage("squareForward() and squareBackward()") {
    DenseTests().squareForward()
    try DenseTests().squareBackward()
  }

  /// A layer of any shape, once the square example is right.
  func layer(
    _ inputSize: Int, _ outputSize: Int, activation: Activation = .identity,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Dense {
    try Self.square.require(sourceLocation: sourceLocation)
    var layer = Dense(inputSize: inputSize, outputSize: outputSize, activation: activation, seed: 1)
    layer.bias.value = Tensor(normal: [outputSize], key: RandomKey(seed: 3))
    return layer
  }

  // MARK: Shapes

  @Test(arguments: [[1, 4], [5, 4], [2, 3, 4], [2, 1, 3, 4]])
  func leadingAxesStay(shape: [Int]) throws {
    var layer = try layer(4, 3)
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

  @Test(arguments: references)
  func matchesPyTorch(reference: Reference) throws {
    let name = reference.activation.rawValue
    var layer = try layer(4, 2, activation: reference.activation)
    layer.weights.value = [[0.2, -0.6], [1.1, 0.4], [-0.3, 0.9], [0.7, -0.8]]
    layer.bias.value = [0.25, -0.15]
    let x: Tensor = [[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, 1.2], [-0.4, 0.8, 0.6, -1.1]]
    let withoutActivation = x.matmul(layer.weights.value) + layer.bias.value
    let (y, dX) = try trainingPass(
      &layer, input: x, outputGradient: [[1.0, -0.5], [0.3, 2.0], [-1.2, 0.7]])
    expectClose(
      y, reference.y, "Dense.forward with activation \(name)",
      mistakes: ["the activation is not applied: Y = f(X · W + b)": withoutActivation])
    expectClose(dX, reference.dX, "Dense.backward with activation \(name), dX")
    expectClose(
      try #require(layer.weights.gradient), reference.dW,
      "Dense.backward with activation \(name), dW")
    expectClose(
      try #require(layer.bias.gradient), reference.db, "Dense.backward with activation \(name), db")
  }

  @Test(arguments: Activation.allCases, [[5, 3], [1, 3], [2, 4, 3]])
  func gradientsAgreeWithFiniteDifferences(activation: Activation, inputShape: [Int]) throws {
    try expectGradients(of: try layer(3, 7, activation: activation), inputShape: inputShape)
  }

  @Test func theFirstLayerOfANetworkSkipsItsInputGradient() throws {
    var layer = try layer(3, 2)
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
