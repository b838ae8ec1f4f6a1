import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct GELUTests {
  @Test func matchesPyTorch() throws {
    try ActivationNumbers.expect(
      GELU(),
      y: [
        [-5.91952587e-09, -0.0155241633, -0.158655254], [-0.114626573, 0, 0.185373427],
        [0.841344746, 2.48447584, 5.99999999],
      ],
      dX: [
        [-3.54687095e-08, 0.0752221718, -0.249946412], [0.133836117, 0.5, -0.732327767],
        [2.16663094, 0.259402771, -1.00000004],
      ])
  }

  @Test func theApproximationMatchesPyTorch() throws {
    try ActivationNumbers.expect(
      GELU(approximation: .tanh),
      y: [
        [-8.43964898e-11, -0.0150842661, -0.158808009], [-0.114629076, 0, 0.185370924],
        [0.841191991, 2.48491573, 6],
      ],
      dX: [
        [-7.70997601e-10, 0.0759031524, -0.248892252], [0.133852274, 0.5, -0.732295452],
        [2.16592817, 0.259487894, -1],
      ])
  }

  @Test(arguments: GELU.Approximation.allCases)
  func gradientsAgreeWithFiniteDifferences(approximation: GELU.Approximation) throws {
    try expectGradients(of: GELU(approximation: approximation), inputShape: [3, 7])
    let layer = GELU(approximation: approximation)
    #expect(GELU(configuration: layer.configuration).configuration == layer.configuration)
  }

  @Test func theTwoDifferByLittle() {
    let x = Tensor(arange: -8, to: 8, by: 0.01)
    let difference = abs(gelu(x) - gelu(x, byTanh: true)).max()
    #expect(difference > 1e-4 && difference < 5e-4)
  }
}
