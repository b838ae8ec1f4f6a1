import CourseTestSupport
import Testing

@testable import Shared

@Suite(.watched) struct MultiLabelReportTests {
  /// scikit-learn 1.9:
  ///
  ///     t = np.array([[1,0,1],[0,1,0],[1,1,0],[0,0,0],[1,0,0]])
  ///     p = np.array([[1,0,0],[0,1,0],[0,1,0],[0,0,0],[1,1,0]])
  ///     precision_recall_fscore_support(t, p, zero_division=0)
  ///     accuracy_score(t, p); 1 - hamming_loss(t, p)
  @Test func scoresAreThoseOfScikitLearn() {
    let report = MultiLabelReport(
      predictions: [
        [0.9, 0.4, 0.3], [0.2, 0.5, 0.1], [0.49, 0.8, 0], [0, 0, 0], [0.6, 0.7, 0.2],
      ],
      truth: [[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]], names: ["a", "b", "c"])
    let scores = report.scores.classes
    let expected: [(Float, Float, Float, Int)] = [
      (1, 0.666_666_67, 0.8, 3), (0.666_666_67, 1, 0.8, 2), (0, 0, 0, 1),
    ]
    for (score, expected) in zip(scores, expected) {
      #expect(abs(score.precision - expected.0) < 1e-6 && abs(score.recall - expected.1) < 1e-6)
      #expect(abs(score.f1 - expected.2) < 1e-6 && score.support == expected.3)
    }
    #expect(abs(report.scores.macroAverage.f1 - 0.533_333_33) < 1e-6)
    #expect(report.exactMatch == 0.4)
    #expect(report.hamming == 0.8)
    #expect(report.description.contains("macro average"))
  }
}
