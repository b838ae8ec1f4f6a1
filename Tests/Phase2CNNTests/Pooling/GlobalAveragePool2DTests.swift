import CourseTestSupport
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct GlobalAveragePool2DTests {
  @Test func theMeanOfEachChannel() throws {
    var pool = GlobalAveragePool2D()
    let x = Tensor([[[[1, 3, 5]], [[-1, -2, -6]]], [[[0, 0, 3]], [[9, 9, 9]]]])
    let (y, dX) = try trainingPass(&pool, input: x, outputGradient: [[3, 6], [9, 12]])
    expectClose(
      y, [[3, -3], [1, 9]], "GlobalAveragePool2D.forward",
      mistakes: ["it is the sum: divide by H · W": [[9, -9], [3, 27]]])
    expectClose(
      dX, Tensor([[[[1, 1, 1]], [[2, 2, 2]]], [[[3, 3, 3]], [[4, 4, 4]]]]),
      "GlobalAveragePool2D.backward",
      mistakes: [
        "every place gets all of dY: divide by H · W":
          Tensor([[[[3, 3, 3]], [[6, 6, 6]]], [[[9, 9, 9]], [[12, 12, 12]]]])
      ])
  }

  /// `F.adaptive_avg_pool2d(x, 1)` is `F.avg_pool2d(x, x.shape[2:])`.
  @Test(.waits(for: AveragePool2DTests.steps)) func isAveragePoolingOverTheWholeImage() throws {
    let x = Tensor(normal: [2, 3, 4, 5], key: RandomKey(seed: varied(1)))
    let dY = Tensor(normal: [2, 3], key: RandomKey(seed: varied(2)))
    var (pool, windowed) = (GlobalAveragePool2D(), AveragePool2D(kernelSize: [4, 5]))
    let (y, dX) = try trainingPass(&pool, input: x, outputGradient: dY)
    let other = try trainingPass(
      &windowed, input: x, outputGradient: dY.reshaped(to: [2, 3, 1, 1]))
    expectClose(y, other.output.reshaped(to: [2, 3]), "GlobalAveragePool2D.forward")
    expectClose(dX, other.inputGradient, "GlobalAveragePool2D.backward")
    try expectGradients(of: pool, inputShape: [2, 3, 4, 5])
  }

  @Test func inUse() async throws {
    let pool = GlobalAveragePool2D()
    expectInferenceKeepsNothing(pool, input: Tensor(ones: [2, 3, 4, 5]))
    #expect(try pool.outputShape(for: [8, 3, 5]) == [8])
    expectCourseError(.shapeMismatch, "GlobalAveragePool2D", "[C, H, W]", "got [8]") {
      try pool.outputShape(for: [8])
    }
    let rank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = GlobalAveragePool2D()
      _ = pool.forward([[1, 2]], mode: .inference)
    }
    expectWords(of: rank, "GlobalAveragePool2D.forward: expected input [N, C, H, W], got [1, 2]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = GlobalAveragePool2D()
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = pool.backward([[1]])
    }
    expectWords(of: inference, "GlobalAveragePool2D.backward", "no forward pass to go back through")
  }
}
