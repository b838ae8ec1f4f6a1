import Phase2CNN
import Shared
import TestSupport
import Testing

@Suite struct FlattenTests {
  @Test func keepsTheOrderOfTheElements() {
    var flatten = Flatten()
    let input = Tensor(arange: 0, to: 24).reshaped([2, 3, 4])
    let output = flatten.forward(input, mode: .training)
    #expect(output == Tensor(arange: 0, to: 24).reshaped([2, 12]))
    #expect(flatten.backward(output) == input)
    #expect(flatten.outputShape(for: [3, 4]) == [12])
    #expect(flatten.outputShape(for: []) == [1])
  }

  @Test func gradientsAgree() {
    let report = checkGradients(of: Flatten(), inputShape: [2, 3, 2])
    #expect(report.passed, "\(report)")
  }

  @Test func backwardNeedsATrainingPass() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var flatten = Flatten()
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .inference)
      _ = flatten.backward(Tensor(zeros: [1, 4]))
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("Flatten.backward: expected a forward pass with mode .training"))
  }
}
