import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// Kernels stand in for the readable bodies only where both agree: an unfinished task must never train.
@Suite(.watched) struct BodiesAgreeTests {
  @Test(
    .waits(for: Conv2DTests.steps), .waits(for: Conv1DTests.steps),
    .waits(for: MaxPool2DTests.steps), .waits(for: AveragePool2DTests.steps),
    .waits(for: SandwichTests.steps))
  func everySolvedTaskRunsItsKernels() {
    let solved = [
      ("Conv2D", Conv2D.bodiesAgree), ("Conv1D", Conv1D.bodiesAgree),
      ("MaxPool2D", MaxPool2D.bodiesAgree), ("AveragePool2D", AveragePool2D.bodiesAgree),
      ("ConvReLU", ConvReLU.bodiesAgree), ("ConvReLUPool", ConvReLUPool.bodiesAgree),
    ]
    for (name, isSolved) in solved {
      #expect(
        isSolved,
        "\(name) trains with its readable body, slowly: it is unfinished, or differs from the kernels"
      )
    }
  }

  /// While a task is unfinished or wrong, a network computes with its body as it stands.
  @Test(
    .waits(whileAnyTraps: [
      Conv2DTests.steps, Conv1DTests.steps, MaxPool2DTests.steps, AveragePool2DTests.steps,
      SandwichTests.steps,
    ]))
  func networksRunTheKernelsOnlyWhereBothBodiesAgree() {
    let images = Tensor(normal: [2, 1, 5, 6], key: RandomKey(seed: varied(1)))
    expectBody(of: Conv2D(inputChannels: 1, outputChannels: 2, kernelSize: 3, seed: 1), images)
    expectBody(of: MaxPool2D(kernelSize: [2, 3]), images)
    expectBody(of: AveragePool2D(kernelSize: [2, 3]), images)
    expectBody(
      of: ConvReLU(inputChannels: 1, outputChannels: 2, kernelSize: 3, seed: 1).withKernelParts,
      images)
    expectBody(
      of: ConvReLUPool(inputChannels: 1, outputChannels: 2, kernelSize: 3, seed: 1)
        .withKernelParts, images)
    expectBody(
      of: Conv1D(inputChannels: 1, outputChannels: 2, kernelSize: 3, seed: 1),
      Tensor(normal: [2, 1, 7], key: RandomKey(seed: varied(1))))
  }

  private func expectBody<L: Layer & TwoBodied>(of layer: L, _ input: Tensor) {
    var (fast, expected) = (layer, layer)
    expected.implementation = L.bodiesAgree ? .kernel : .reference
    let outputs = (
      fast.forward(input, mode: .inference), expected.forward(input, mode: .inference)
    )
    #expect(outputs.0 == outputs.1, "\(L.typeName) runs another body than it should")
  }
}
