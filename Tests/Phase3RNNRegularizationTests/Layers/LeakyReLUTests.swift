import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct LeakyReLUTests {
  @Test func matchesPyTorch() throws {
    try ActivationNumbers.expect(
      LeakyReLU(negativeSlope: 0.125),
      y: [[-0.75, -0.3125, -0.125], [-0.0375, 0, 0.3], [1, 2.5, 6]],
      dX: [[0.125, -0.25, 0.375], [0.0625, 0.125, -1], [2, 0.25, -1]])
  }

  @Test(arguments: [0, 0.01, 0.3, 1] as [Float])
  func gradientsAgreeWithFiniteDifferences(slope: Float) throws {
    try expectGradients(of: LeakyReLU(negativeSlope: slope), inputShape: [3, 5])
  }

  @Test func theEndsAreReLUAndTheIdentity() {
    let x = ActivationNumbers.x
    var (relu, identity) = (LeakyReLU(negativeSlope: 0), LeakyReLU(negativeSlope: 1))
    #expect(relu.forward(x, mode: .inference) == Tensor.maximum(x, 0))
    #expect(identity.forward(x, mode: .inference) == x)
    #expect(LeakyReLU().configuration.negativeSlope == 0.01)
  }

  @Test func wrongArgumentsAreRefused() async {
    for slope in [-0.1, 1.5, .nan] as [Float] {
      expectCourseError(.invalidArgument, "LeakyReLU: negative slope", "from 0 to 1", "\(slope)") {
        var configuration = LeakyReLU().configuration
        configuration.negativeSlope = slope
        return try LeakyReLU(configuration: configuration)
      }
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LeakyReLU(negativeSlope: 2)
    }
    expectWords(of: stopped, "LeakyReLU: negative slope", "got 2.0")
  }
}
