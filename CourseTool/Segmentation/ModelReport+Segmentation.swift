import CourseCommandLine
import Networks
import Pictures

// The sections of a network that names a class for each pixel in a page.

extension ModelReport {
  /// Scores on each part, and of each class of pixels.
  var segmentationResults: Report.Section {
    let table = TextTable(
      columns: [
        .init("part"), .number("loss"), .number("pixel accuracy"),
        .number("mean IoU without background"), .number("images"),
      ],
      rows: scores.map { part, report in
        [part, lossText(Float(report.loss)), report.pixelAccuracy.map(percent) ?? "-"]
          + [report.meanIoU.map { fixed($0, 3) } ?? "-", report.examples.grouped]
      })
    let classes = TextTable(
      title: "Classes of pixels",
      columns: [.init("class"), .number("IoU"), .number("Dice"), .number("pixels")],
      rows: (evaluation.confusionMatrix?.classOverlaps ?? []).map { row in
        [row.name] + [row.iou, row.dice].map { $0.map { fixed($0, 3) } ?? "-" }
          + [row.pixels.grouped]
      })
    return .init("Results", [.pictures([table, classes])])
  }

  /// Images beside their masks and those that the network predicts.
  var segmentations: Report.Section? {
    guard recipe?.isSegmentation == true,
      let all = Segmentations(evaluation.predictions, on: measured.data, network)
    else { return nil }
    return .init(
      "Segmentations",
      [
        .pictures([
          all.legend, all.sheet(title: "The first images", at: Array(0..<min(8, all.count))),
          all.sheet(title: "The worst", at: all.worst(8)),
        ])
      ])
  }
}
