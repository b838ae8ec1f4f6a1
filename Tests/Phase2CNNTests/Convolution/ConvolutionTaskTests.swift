import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// What the steps of tasks 2.1 to 2.3 tell: each mistake in its own words, in the first step that it changes.
@Suite(.watched) struct ConvolutionTaskTests {
  @Test(arguments: [Conv2DTests.task, Conv1DTests.task])
  func everyMistakeIsToldInItsOwnWords(task: ConvolutionTask) {
    for fault in ConvolutionFault.mistakes(rank: task.examples[0].oracle.x.rank) {
      #expect(firstToldAs(fault, by: task) == fault)
    }
  }

  /// The mistake that is named where the answer to `fault` first differs from the right one.
  private func firstToldAs(_ fault: ConvolutionFault, by task: ConvolutionTask)
    -> ConvolutionFault?
  {
    for path in [\ConvolutionOracle.Result.y, \.dX, \.dW, \.db] {
      for example in task.examples {
        let dY = example.outputGradient
        let wrong = example.oracle(fault, outputGradient: dY)[keyPath: path]
        if !areClose(wrong, example.oracle(outputGradient: dY)[keyPath: path]) {
          return task.fault(example, wrong, path)
        }
      }
    }
    return nil
  }
}
