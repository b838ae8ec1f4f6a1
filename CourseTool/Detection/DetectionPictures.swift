import CourseCommandLine
import ExplorationNetworks
import Networks
import Pictures

extension PixelImage {
  /// The image enlarged, with the boxes of detections in red, with their classes, and those of the truth in white.
  func showing(
    _ detections: [Detection], truth: [LabelledBox] = [], classNames: [String], side: Int = 192
  ) -> PixelImage {
    let scale = max(1, side / max(width, height))
    var image = PixelImage(width: width * scale, height: height * scale, channels: 3)
    let small = converted(toChannels: 3)
    for row in 0..<image.height {
      for column in 0..<image.width {
        for channel in 0..<3 {
          image[row, column, channel] = small[row / scale, column / scale, channel]
        }
      }
    }
    func enlarged(_ box: Box) -> ImageBox {
      let scale = Float(scale)
      return ImageBox(
        left: box.x1 * scale, top: box.y1 * scale, right: box.x2 * scale, bottom: box.y2 * scale,
        label: 0)
    }
    for thing in truth { image.outline(enlarged(thing.box), color: [255, 255, 255]) }
    // The most certain one last, over the others.
    for detection in detections.reversed() {
      image.outline(
        enlarged(detection.box),
        label: "\(classNames[detection.label].printable) \(fixed(detection.score, 2))")
    }
    return image
  }
}

extension DetectionResult {
  /// The least score of a detection in a picture.
  static let shownScore: Float = 0.5

  /// Images with the things that were found in them.
  func sheet(limit: Int = 12) -> TileSheet {
    let tiles = (0..<min(limit, data.count)).map { index in
      let shown = found[index].filter { $0.score >= Self.shownScore }
      let image = PixelImage(data.images.rows(at: [index]).reshaped(to: data.images.inputShape))
      return TileSheet.Tile(
        image.showing(shown, truth: data.truth[index], classNames: data.classNames),
        captions: Self.captions(of: shown, classNames: data.classNames)
          + (data.files.isEmpty ? [] : [AnswerSheet.shortened(file: data.files[index])]))
    }
    return TileSheet(
      title: "Detections in red, the truth in white", groups: [.init("", tiles)], side: 192)
  }

  /// Two lines for an image: "ring 0.98, cross 0.91" and so on.
  static func captions(of detections: [Detection], classNames: [String]) -> [String] {
    let words = detections.map { "\(classNames[$0.label].printable) \(fixed($0.score, 2))" }
    return words.isEmpty
      ? ["nothing"]
      : stride(from: 0, to: min(words.count, 4), by: 2).map { start in
        words[start..<min(start + 2, words.count)].joined(separator: ", ")
      }
  }

  /// The precision over the recall of each class.
  var curves: Figure {
    var figure = Figure(
      title: "Precision and recall, overlap above 0.5", x: .init("recall", range: 0...1),
      y: .init("precision", range: 0...1))
    for (label, name) in data.classNames.enumerated() {
      guard let precision = scores.averagePrecision(of: label) else { continue }
      let points = scores.curve(of: label).map { (x: $0.recall, y: $0.precision) }
      figure.marks.append(
        .line("\(name.printable), AP \(fixed(precision, 3))", points, hasMarkers: false))
    }
    return figure
  }

  /// The average precision of each class.
  var table: TextTable {
    TextTable(
      title: "Classes",
      columns: [
        .init("class"), .number("AP"), .number("AP, COCO"), .number("without regression"),
        .number("things"),
      ],
      rows: data.classNames.enumerated().map { label, name in
        [name]
          + [
            scores.averagePrecision(of: label), scores.cocoAveragePrecision(of: label),
            withoutRegression.averagePrecision(of: label),
          ].map { $0.map { fixed($0, 3) } ?? "-" } + ["\(scores.truthCount(of: label))"]
      })
  }
}
