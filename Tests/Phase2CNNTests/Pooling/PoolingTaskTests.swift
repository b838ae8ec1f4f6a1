import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// What the steps of tasks 2.4 and 2.5 tell: each mistake in its own words, in the first step that it changes.
@Suite(.watched) struct PoolingTaskTests {
  @Test(arguments: [MaxPool2DTests.task, AveragePool2DTests.task])
  func everyMistakeIsToldInItsOwnWords(task: PoolingTask) {
    for fault in PoolingFault.mistakes(isMaximum: task.examples[0].oracle.isMaximum) {
      #expect(firstToldAs(fault, by: task) == fault)
    }
  }

  /// The mistake that is named where the answer to `fault` first differs from the right one.
  private func firstToldAs(_ fault: PoolingFault, by task: PoolingTask) -> PoolingFault? {
    for path in [\PoolingOracle.Result.y, \.dX] {
      for example in task.examples {
        let dY = example.outputGradient
        let wrong = example.oracle(fault, outputGradient: dY)[keyPath: path]
        if !areClose(
          wrong, example.oracle(outputGradient: dY)[keyPath: path], nanMatches: true)
        {
          return task.fault(example, wrong, path)
        }
      }
    }
    return nil
  }
}
