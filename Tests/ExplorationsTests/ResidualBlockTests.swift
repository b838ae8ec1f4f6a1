import CourseTestSupport
import Explorations
import Shared
import Testing

/// Task 5.1.
@Suite(.watched) struct ResidualBlockTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "ResidualBlock",
    [
      ("theInputIsAdded()", { try ResidualBlockTests().checkForward() }),
      ("aShortcutChangesTheShape()", { try ResidualBlockTests().checkProjection() }),
      ("gradientsTakeBothWays()", { try ResidualBlockTests().checkBackward() }),
      ("gradientsOfTheShortcut()", { try ResidualBlockTests().checkProjectionBackward() }),
    ],
    hints: [
      "Tensor +": "where there is a shortcut, add its output and not the input",
      "Tensor.matmul": "body and shortcut both take X",
      "ResidualBlock.backward: no forward pass": "keep Y: kept.set(y, in: mode)",
      "TinyDense.backward: no forward pass":
        "each layer goes forward once and back once; forward passes on the mode",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ResidualBlockTests.steps.tryAndExit()
    }
  }

  @Test func theInputIsAdded() async throws { try await Self.steps.run(0) }
  @Test func aShortcutChangesTheShape() async throws { try await Self.steps.run(1) }
  @Test func gradientsTakeBothWays() async throws { try await Self.steps.run(2) }
  @Test func gradientsOfTheShortcut() async throws { try await Self.steps.run(3) }

  private static let x: Tensor = [[1, -2, 3], [-1, 0.5, 2], [0.25, 1, -4]]
  private static let dY: Tensor = [[1, 2, 3], [-4, 5, -6], [7, -8, 9]]
  private static let weights: Tensor = [[0.5, -1, 2], [1, 0.25, -0.5], [-0.75, 1.5, 1]]
  private static let narrow: Tensor = [[1, -1], [0.5, 2], [-0.25, 0.75]]

  private static func dense(_ weights: Tensor) -> TinyDense {
    var layer = TinyDense(inputSize: weights.shape[0], outputSize: weights.shape[1])
    layer.weights.value = weights
    return layer
  }

  private static func cut(_ z: Tensor) -> Tensor { Tensor.maximum(z, 0) }

  private func checkForward() throws {
    let x = Self.x
    let f = x.matmul(Self.weights)
    var block = ResidualBlock(body: Self.dense(Self.weights))
    let y = block.forward(x, mode: .training)
    try require(y.shape == [3, 3], "ResidualBlock.forward: expected shape [3, 3], got \(y.shape)")
    expectClose(
      y, Self.cut(f + x), "ResidualBlock.forward",
      mistakes: [
        "all is 0: nothing is computed yet": 0 * x,
        "the way around is missing: F(X) + X": Self.cut(f),
        "the body is missing: F(X) + X": Self.cut(x),
        "the ReLU is missing: max(0, F(X) + X)": f + x,
        "the ReLU belongs after the sum: max(0, F(X) + X)": Self.cut(f) + x,
        "the ReLU belongs after the sum, not before each part": Self.cut(f) + Self.cut(x),
        "the input is added, not subtracted": Self.cut(f - x),
        "the body is added, not subtracted": Self.cut(x - f),
        "the input is added, not multiplied": Self.cut(f * x),
        "the input is added, not F(X) once more": Self.cut(2 * f),
        "the body takes X, not max(0, X)": Self.cut(Self.cut(x).matmul(Self.weights) + x),
        "the negative part is kept: max(0, ...)": Tensor.minimum(f + x, 0),
        "it is a mean: F(X) + X": Self.cut((f + x) / 2),
      ])
  }

  private func checkProjection() throws {
    let x = Self.x
    let (f, s) = (x.matmul(Self.narrow), x.matmul(2 * Self.narrow) + 1)
    var shortcut = Self.dense(2 * Self.narrow)
    shortcut.bias.value = [1, 1]
    var block = ResidualBlock(body: Self.dense(Self.narrow), shortcut: shortcut)
    let y = block.forward(x, mode: .training)
    try require(
      y.shape == [3, 2],
      "ResidualBlock.forward with a shortcut: expected shape [3, 2], got \(y.shape)")
    expectClose(
      y, Self.cut(f + s), "ResidualBlock.forward with a shortcut",
      mistakes: [
        "the shortcut is missing: F(X) + S(X)": Self.cut(f),
        "the body is missing: F(X) + S(X)": Self.cut(s),
        "the shortcut is added, not subtracted": Self.cut(f - s),
        "the ReLU belongs after the sum: max(0, F(X) + S(X))": Self.cut(f) + s,
      ])
  }

  /// dX, and the gradient of the body's weights, for a gradient dZ of the sum.
  private func backward(
    _ block: inout ResidualBlock
  ) throws -> (dX: Tensor, body: Tensor, shortcut: Tensor?) {
    _ = block.forward(Self.x, mode: .training)
    let dY = block.body is TinyDense && block.shortcut == nil ? Self.dY : Self.dY[0..., 0..<2]
    let dX = block.backward(dY)
    try require(
      dX.shape == Self.x.shape,
      "ResidualBlock.backward: expected shape \(Self.x.shape), got \(dX.shape)")
    let body = try require(
      (block.body as? TinyDense)?.weights.gradient,
      "ResidualBlock.backward: the body has no gradient: call body.backward")
    return (dX, body, (block.shortcut as? TinyDense)?.weights.gradient)
  }

  private func checkBackward() throws {
    let (x, w, dY) = (Self.x, Self.weights, Self.dY)
    var block = ResidualBlock(body: Self.dense(w))
    let y = Self.cut(x.matmul(w) + x)
    let mask = y .> 0
    let got = try backward(&block)
    func back(_ dZ: Tensor) -> Tensor { dZ.matmul(w, transposingOther: true) }
    let dZ = dY * mask
    expectClose(
      got.dX, back(dZ) + dZ, "ResidualBlock.backward, dX",
      mistakes: [
        "all is 0: nothing is computed yet": 0 * x,
        "the ReLU is missing: dZ = dY ⊙ [Y > 0]": back(dY) + dY,
        "the way around is missing: F'(dZ) + dZ": back(dZ),
        "the way around is not that of dZ: the ReLU is behind both": back(dZ) + dY,
        "the body gets dZ: the ReLU is behind both": back(dY) + dZ,
        "the body is missing: F'(dZ) + dZ": dZ,
        "it is 0 where Y is 0, not where it is positive": back(dY * (y .<= 0)) + dY * (y .<= 0),
        "it is dY ⊙ [Y > 0], not dY ⊙ Y": back(dY * y) + dY * y,
        "the mask is that of Y, not of X": back(dY * (x .> 0)) + dY * (x .> 0),
        "the mask is that of Y, not of dY": back(Self.cut(dY)) + Self.cut(dY),
        "the input gradients add up": back(dZ) * dZ,
        "the input gradients add up, they are not subtracted": back(dZ) - dZ,
        "the way around carries dZ, not X": back(dZ) + x,
      ])
    expectClose(
      got.body, x.matmul(dZ, transposingSelf: true), "ResidualBlock.backward, dW of the body",
      mistakes: [
        "the ReLU is missing: dZ = dY ⊙ [Y > 0]": x.matmul(dY, transposingSelf: true)
      ])
  }

  private func checkProjectionBackward() throws {
    let x = Self.x
    var block = ResidualBlock(
      body: Self.dense(Self.narrow), shortcut: Self.dense(-0.5 * Self.narrow + 1))
    let s = -0.5 * Self.narrow + 1
    let y = Self.cut(x.matmul(Self.narrow) + x.matmul(s))
    let dZ = Self.dY[0..., 0..<2] * (y .> 0)
    let got = try backward(&block)
    let (f, around) = (
      dZ.matmul(Self.narrow, transposingOther: true), dZ.matmul(s, transposingOther: true)
    )
    expectClose(
      got.dX, f + around, "ResidualBlock.backward with a shortcut, dX",
      mistakes: [
        "the shortcut is missing: F'(dZ) + S'(dZ)": f,
        "the body is missing: F'(dZ) + S'(dZ)": around,
      ])
    let shortcut = try require(
      got.shortcut, "ResidualBlock.backward: the shortcut has no gradient: call its backward, too")
    expectClose(
      shortcut, x.matmul(dZ, transposingSelf: true),
      "ResidualBlock.backward with a shortcut, dW of the shortcut")
  }

  // MARK: Anything else

  /// Without a shortcut, the gradient of twenty blocks whose weights are small is that of one; without the way around it
  /// would be 0.05²⁰ of it.
  @Test(.waits(for: steps)) func theGradientReachesTheFirstOfManyBlocks() {
    var blocks = (0..<20).map { _ in ResidualBlock(body: Self.dense(Tensor(eye: 3) * 0.05)) }
    var x: Tensor = [[1, 2, 3]]
    for place in blocks.indices { x = blocks[place].forward(x, mode: .training) }
    var gradient: Tensor = [[1, 1, 1]]
    for place in blocks.indices.reversed() { gradient = blocks[place].backward(gradient) }
    expectClose(gradient, Tensor(repeating: 2.6532977, shape: [1, 3]), "1.05²⁰", rtol: 1e-4)
  }

  @Test(.waits(for: steps)) func anInferencePassKeepsNothing() async throws {
    var block = ResidualBlock(body: Self.dense(Self.weights))
    let before = storedTensorElements(of: block)
    _ = block.forward(Self.x, mode: .inference)
    try require(
      storedTensorElements(of: block) == before,
      "ResidualBlock.forward: an inference pass keeps nothing: kept.set(y, in: mode)")
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var block = ResidualBlock(body: ResidualBlockTests.dense(ResidualBlockTests.weights))
      _ = block.forward(ResidualBlockTests.x, mode: .inference)
      _ = block.backward(ResidualBlockTests.dY)
    }
    expectWords(of: result, "ResidualBlock.backward", "call forward first")
  }
}
