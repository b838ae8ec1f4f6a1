import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct SpatialDropout2DTests {
  /// 2000 channels, a quarter dropped: standard deviation 0.0097, six of them: a false alarm in 10⁹ seeds,
  /// and the seed is fixed.
  @Test func wholeChannelsAreDropped() throws {
    var layer = SpatialDropout2D(rate: 0.25, seed: varied(1))
    let x = Tensor(uniform: [20, 100, 3, 2], in: 1..<2, key: RandomKey(seed: varied(1)))
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: x * 3)
    let kept = (y .!= 0).reshaped(to: [2000, 6])
    #expect(
      kept.min(axis: 1) == kept.max(axis: 1),
      "SpatialDropout2D.forward: a channel is dropped in part (is the mask [N, C, 1, 1]?)")
    #expect(abs(kept.mean() - 0.75) < 0.06)
    expectClose(y, x * (y .!= 0) / 0.75, "SpatialDropout2D.forward")
    expectClose(dX, y * 3, "SpatialDropout2D.backward")
    #expect(y != layer.forward(x, mode: .training), "every pass has the same mask")
    #expect(layer.forward(x, mode: .inference) == x)
    #expect(layer.forward(x, mode: .training) != x, "the mode is not restored after inference")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(of: SpatialDropout2D(rate: 0.4, seed: varied(1)), inputShape: [2, 5, 2, 3])
  }

  @Test func wrongShapesAreRefused() async {
    expectCourseError(.shapeMismatch, "SpatialDropout2D", "[C, H, W]", "[5]", "Use Dropout") {
      try SpatialDropout2D(rate: 0.5, seed: 1).outputShape(for: [5])
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = SpatialDropout2D(rate: 0.5, seed: 1)
      _ = layer.forward(Tensor(zeros: [2, 3]), mode: .training)
    }
    expectWords(of: stopped, "SpatialDropout2D.forward", "[N, C, H, W]", "got [2, 3]")
  }
}
