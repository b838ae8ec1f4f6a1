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
          .init("mAP, overlap above 0.5", DetectionResult.text(figures.meanAveragePrecision)),
          .init(
            "mAP of COCO, 0.50 to 0.95", DetectionResult.text(figures.cocoMeanAveragePrecision)),
          .init("mAP without box regression", DetectionResult.text(figures.withoutRegression)),
          .init("Recall of the proposals", DetectionResult.text(figures.proposalRecall)),
          .init("Proposals an image", "\(Int(figures.proposals.rounded()))"),
        ]),
        .pictures([detection.sheet()]), .pictures([small(detection.curves), detection.table]),
      ])
  }
}
