import CourseTestSupport
import Shared
import Testing

/// Mistakes of the calling code stop the program with words of ours.
@Suite(.watched) struct WrongUseTests {
  private func expectMessage(_ words: String, in result: ExitTest.Result) {
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains(words), "\(text)")
  }

  @Test func anIndexBeyondTheDataStops() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Dataset.iris.batch(at: [3, 150]) }
    expectMessage("Dataset \"iris\": expected indices below 150, got 150", in: result)
  }

  @Test func featuresOfAnotherSizeStopTheScaler() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = try FeatureScaler.standardizing(.iris)(Tensor(zeros: [2, 3])) }
    expectMessage("expected features [N, ...] with 4 numbers", in: result)
  }

  @Test func targetsThatDoNotFitStopAMetric() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var accuracy = Accuracy()
      accuracy.update(prediction: Tensor(zeros: [2, 3]), target: .classes([0, 3]))
    }
    expectMessage("Accuracy: expected labels below 3, got 3", in: result)
  }
}
