import CourseCommandLine
import Pictures

// The section of a detector in a page.

extension ModelReport {
  /// The detections, in pictures and numbers.
  var found: Report.Section? {
    guard let detection else { return nil }
    let figures = detection.figures
    return .init(
      "Detection",
      [
        .facts([
          .init("mAP, overlap above 0.5", fixed(figures.meanAveragePrecision, 3)),
          .init("mAP of COCO, 0.50 to 0.95", fixed(figures.cocoMeanAveragePrecision, 3)),
          .init("mAP without box regression", fixed(figures.withoutRegression, 3)),
          .init("Recall of the proposals", fixed(figures.proposalRecall, 3)),
          .init("Proposals an image", "\(Int(figures.proposals.rounded()))"),
        ]),
        .pictures([detection.sheet()]), .pictures([small(detection.curves), detection.table]),
      ])
  }
}
