import CourseTestSupport
import Explorations
import Shared
import Testing

@Suite(.watched) struct PoolOverTimeTests {
  private static func layer(_ reduction: PoolOverTime.Reduction) -> PoolOverTime {
    var layer = PoolOverTime(reduction)
    layer.take(sideInputs: ["lengths": [[2], [4]], "others": [[1], [1]]])
    return layer
  }

  // X = ((arange(24) * 11 % 17) / 6 - 1.2).reshape(2, 4, 3), seen = arange(4)[None] < tensor([2, 4])[:, None]
  // mean: (X * seen[..., None]).sum(1) / tensor([[2], [4]]); maximum: X.masked_fill(~seen[..., None], -inf).max(1).values
  // .backward(((arange(6) * 5 % 7) / 3 - 1).reshape(2, 3))
  private static let x = Tensor(
    shape: [2, 4, 3], scalars: (0..<24).map { Float($0 * 11 % 17) / 6 - 1.2 })
  private static let dY = Tensor(
    shape: [2, 3], scalars: (0..<6).map { Float($0 * 5 % 7) / 3 - 1 })

  private static func pass(_ layer: inout PoolOverTime) -> (Tensor, Tensor) {
    (layer.forward(x, mode: .training), layer.backward(dY))
  }

  @Test func agreesWithPyTorch() throws {
    var mean = Self.layer(.mean)
    let (y, dX) = Self.pass(&mean)
    expectClose(
      y, [[0.13333333, 0.55, -0.45], [0.71666667, -0.28333333, 0.13333333]],
      "PoolOverTime.forward, mean")
    let a: Tensor = [-0.5, 0.33333333, 0]
    let b: Tensor = [-0.16666667, 0.25, 0.08333333]
    let zero = Tensor(zeros: [3])
    expectClose(
      dX,
      Tensor(
        stacking: [
          Tensor(stacking: [a, a, zero, zero], axis: 0), Tensor(stacking: [b, b, b, b], axis: 0),
        ], axis: 0), "PoolOverTime.backward, mean")
    var maximum = Self.layer(.maximum)
    let (z, dZ) = Self.pass(&maximum)
    expectClose(
      z, [[1.46666667, 0.63333333, -0.36666667], [0.96666667, -0.03333333, 1.46666667]],
      "PoolOverTime.forward, maximum")
    expectClose(
      dZ,
      [
        [[0, 0.66666667, 0], [-1, 0, 0], [0, 0, 0], [0, 0, 0]],
        [[-0.66666667, 1, 0], [0, 0, 0], [0, 0, 0.33333333], [0, 0, 0]],
      ], "PoolOverTime.backward, maximum")
  }

  @Test(arguments: PoolOverTime.Reduction.allCases)
  func paddingChangesNothing(reduction: PoolOverTime.Reduction) throws {
    var layer = Self.layer(reduction)
    var other = Self.x
    other[0..<1, 2..<4] = Tensor(repeating: 100, shape: [1, 2, 3])
    let y = layer.forward(Self.x, mode: .inference)
    #expect(layer.forward(other, mode: .inference) == y)
    #expect(
      layer.forward(Self.x.padded(before: [0, 0, 0], after: [0, 3, 0]), mode: .inference) == y)
  }

  @Test(arguments: PoolOverTime.Reduction.allCases)
  func gradientsAgreeWithFiniteDifferences(reduction: PoolOverTime.Reduction) throws {
    let layer = Self.layer(reduction)
    let reports = (1...6).map { batch in
      let key = RandomKey(seed: varied(1)).folded(batch)
      return checkGradients(
        of: layer, inputShape: [2, 5, 3], input: Tensor(normal: [2, 5, 3], key: key),
        seed: varied(1))
    }
    #expect(reports.allSatisfy { $0.verdict != .disagree }, "\(reports)")
    // Too many entries of a batch may lie near two equal ones, where a maximum has no derivative.
    #expect(reports.contains { $0.passed }, "\(reports)")
    expectInferenceKeepsNothing(layer, input: Self.x)
  }

  @Test func configurationShapesAndLengths() async throws {
    let layer = Self.layer(.mean)
    #expect(PoolOverTime(configuration: layer.configuration).configuration == layer.configuration)
    #expect(try layer.outputShape(for: [9, 4]) == [4] && layer.sideInputShapes == ["lengths": [1]])
    for shape in [[3], [0, 2], [1, 2, 3]] {
      expectCourseError(.shapeMismatch, "PoolOverTime: input shape", "[T, D]", "\(shape)") {
        try layer.outputShape(for: shape)
      }
    }
    for wrong: Float in [1.5, 0, -1, 10, .infinity, .nan, 1e30] {
      expectCourseError(.invalidData, "the length of a sequence", "example 1", "got \(wrong)") {
        let lengths = Tensor([[9], [wrong]])
        try layer.check(sideInputs: ["lengths": lengths], inputShape: [9, 4], firstExample: 0)
      }
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = PoolOverTime(.mean)
      _ = layer.forward(Tensor(zeros: [1, 2, 3]), mode: .inference)
    }
    expectWords(of: result, "PoolOverTime.forward", "the side input \"lengths\"", "none")
  }
}
