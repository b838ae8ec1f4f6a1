import CourseTestSupport
import Shared
import Testing

/// Mistakes of the calling code stop the program with words of ours.
@Suite(.watched) struct WrongUseTests {
  @Test func anIndexBeyondTheDataStops() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Dataset.iris.batch(at: [3, 150]) }
    expectWords(of: result, "Dataset \"iris\": expected indices below 150, got 150")
  }

  @Test func featuresOfAnotherSizeStopTheScaler() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = try FeatureScaler.standardizing(.iris)(Tensor(zeros: [2, 3])) }
    expectWords(of: result, "expected features [N, ...] with 4 numbers")
  }

  @Test func targetsThatDoNotFitStopAMetric() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var accuracy = Accuracy()
      accuracy.update(prediction: Tensor(zeros: [2, 3]), target: .classes([0, 3]))
    }
    expectWords(of: result, "Accuracy: expected labels below 3, got 3")
  }
}
