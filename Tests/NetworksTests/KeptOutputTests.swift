import CourseTestSupport
import Networks
import Testing

/// A layer without an activation has no use for its output in `backward`, and does not hold its memory.
@Suite(.watched) struct KeptOutputTests {
  @Test(arguments: ["Dense", "Conv2D", "Conv1D", "ConvTranspose2D"], Activation.allCases)
  func anOutputIsKeptForAnActivationOnly(name: String, activation: Activation) throws {
    func keepsOutput(_ layer: some Layer, _ shape: [Int]) -> Bool {
      var layer = layer
      let input = Tensor(normal: shape, key: RandomKey(seed: 1))
      var output = layer.forward(input, mode: .training)
      let isKept = !output.isUnshared
      #expect(layer.backward(Tensor(ones: output.shape)).shape == shape)
      return isKept
    }
    let isKept =
      switch name {
      case "Dense":
        keepsOutput(Dense(inputSize: 3, outputSize: 4, activation: activation), [2, 3])
      case "Conv2D":
        keepsOutput(
          Conv2D(inputChannels: 2, outputChannels: 3, kernelSize: 3, activation: activation),
          [2, 2, 5, 5])
      case "Conv1D":
        keepsOutput(
          Conv1D(inputChannels: 2, outputChannels: 3, kernelSize: 3, activation: activation),
          [2, 2, 5])
      default:
        keepsOutput(
          ConvTranspose2D(
            inputChannels: 2, outputChannels: 3, kernelSize: 3, activation: activation),
          [2, 2, 5, 5])
      }
    #expect(isKept == (activation != .identity))
  }
}
