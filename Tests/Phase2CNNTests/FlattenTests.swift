import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.6.
@Suite(.watched) struct FlattenTests {
  @Test func keepsTheOrderOfTheElements() throws {
    var flatten = Flatten()
    let input = Tensor(arange: 0, to: 24).reshaped([2, 3, 4])
    let gradient = Tensor(arange: 0, to: 24).reshaped([2, 12])
    let (output, inputGradient) = try trainingPass(
      &flatten, input: input, outputGradient: gradient)
    expectClose(
      output, gradient, "Flatten.forward",
      mistakes: [
        "the elements are in another order: channel after channel, each row by row (reshaped)":
          input.transposed(axes: [0, 2, 1]).reshaped([2, 12])
      ])
    expectClose(inputGradient, input, "Flatten.backward")
    #expect(flatten.outputShape(for: [3, 4]) == [12])
    #expect(flatten.outputShape(for: []) == [1])
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(of: Flatten(), inputShape: [2, 3, 2])
  }

  @Test func inferenceKeepsNothing() {
    expectInferenceKeepsNothing(Flatten(), input: Tensor(ones: [2, 3, 2]))
  }

  @Test func backwardNeedsATrainingPass() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var flatten = Flatten()
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .training)
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .inference)
      _ = flatten.backward(Tensor(zeros: [1, 4]))
    }
    expectWords(of: inference, "Flatten.backward: expected a forward pass with mode .training")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var flatten = Flatten()
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .training)
      _ = flatten.backward(Tensor(zeros: [1, 2, 2]))
    }
    expectWords(of: gradient, "Flatten.backward", "shape [1, 4]", "got [1, 2, 2]")
  }
}
