import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Networks

/// The detections of a network in a set of images, and their scores.
struct DetectionResult {
  let data: DetectionData
  /// The detections in each image.
  let found: [[Detection]]
  let scores: DetectionScores
  /// The same without box regression: each detection is a proposal.
  let withoutRegression: DetectionScores

  /// Lets a network find the things in all images.
  /// - Parameter stream: the stream for the progress; `nil` for none
  init(of network: NeuralNetwork, on data: DetectionData, progress stream: TextStream?) throws {
    self.data = data
    let line = ProgressLine("detecting", total: 2 * data.count, unit: "images", on: stream)
    defer { line.clear() }
    var detector = try Detector(network)
    func detect(after count: Int) throws -> [[Detection]] {
      try detector.detect(in: data) { images in
        line.show(count + images)
        if Interruption.isRequested { throw Interruption.status }
      }
    }
    found = try detect(after: 0)
    scores = detector.scores(of: found, on: data)
    detector.movesBoxes = false
    withoutRegression = detector.scores(of: try detect(after: data.count), on: data)
  }

  /// The mean average precision alone, at an overlap of 0.5; `nil` without images or things in them.
  static func meanAveragePrecision(
    of network: NeuralNetwork, on data: DetectionData
  ) throws -> Double? {
    guard data.count > 0 else { return nil }
    let detector = try Detector(network)
    let found = try detector.detect(in: data) { _ in
      if Interruption.isRequested { throw Interruption.status }
    }
    return detector.scores(of: found, on: data).meanAveragePrecision()
  }

  /// The numbers of the result.
  var figures: DetectionFigures {
    DetectionFigures(
      images: data.count, meanAveragePrecision: scores.meanAveragePrecision(),
      cocoMeanAveragePrecision: scores.cocoMeanAveragePrecision,
      withoutRegression: withoutRegression.meanAveragePrecision(),
      proposals: Double(data.proposals.reduce(0) { $0 + $1.count }) / Double(data.count),
      proposalRecall: data.proposalRecall(),
      classes: data.classNames.enumerated().map { label, name in
        .init(
          name: name, things: scores.truthCount(of: label),
          averagePrecision: scores.averagePrecision(of: label))
      })
  }

  /// A score, or a dash where there is nothing to find.
  static func text(_ score: Double?) -> String { score.map { fixed($0, 3) } ?? "-" }

  /// The table for the terminal.
  func text(style: Style) -> String {
    let figures = figures
    var lines = [
      style.bold("Detection".padded(right: 24) + "mAP".padded(left: 8)),
      "overlap above 0.5".padded(right: 24)
        + Self.text(figures.meanAveragePrecision).padded(left: 8)
        + "  VOC 2010",
      "overlap 0.50 to 0.95".padded(right: 24)
        + Self.text(figures.cocoMeanAveragePrecision).padded(left: 8) + "  COCO",
      "without box regression".padded(right: 24)
        + Self.text(figures.withoutRegression).padded(left: 8) + "  overlap above 0.5",
      "recall of the proposals".padded(right: 24)
        + Self.text(figures.proposalRecall).padded(left: 8) + "  "
        + "\(Int(figures.proposals.rounded())) proposals an image", "",
      style.bold("class".padded(right: 24) + "AP".padded(left: 8) + "things".padded(left: 9)),
    ]
    for row in figures.classes {
      lines.append(
        row.name.printable.padded(right: 24)
          + Self.text(row.averagePrecision).padded(left: 8)
          + "\(row.things)".padded(left: 9))
    }
    return lines.joined(separator: "\n")
  }
}

extension Recipe {
  /// The images that a trained detector is measured on: those that are given, or the test part of its data.
  /// - Returns: the images, their source, and the part of it
  func detectionData(
    _ given: String?, for network: NeuralNetwork, path: String, terminal: Terminal,
    arguments: Arguments
  ) throws -> (data: DetectionData, source: String, part: String) {
    let progress = terminal.progress(for: arguments)
    let skipBroken = arguments[RunOptions.skipBroken]
    if let given {
      let data = try loadDetectionData(
        given, for: network, skipBroken: skipBroken, progress: progress)
      return (data, given, "all")
    }
    guard test > 0 else {
      throw UsageError("\(path) has no test part of its own: give DATA")
    }
    let loaded = try recordedData(
      of: network, skipBroken: skipBroken, progress: progress,
      remedy: "Give images with boxes, or restore the original data.")
    return (try detectionParts(loaded)!.test, data, "test")
  }
}
