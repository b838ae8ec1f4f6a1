import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// Compares a U-Net with the same network without skips, with logistic regression, and with guessing.
enum SegmentationStudy: Study {
  static let name = "segmentation"
  static let abstract = "Which class has each pixel: a U-Net and three baselines."
  static let explanation = """
    Scenes of up to four figures of five classes, which cover each other, at 64 x 64 pixels: 840
    for training, 210 for the test. A U-Net (16 channels in its first level, halved three times) is
    compared with the same network without skips, with logistic regression on the 7 x 7 pixels
    around each pixel (one convolution), and with an answer that is always "background". The table
    shows the mean intersection over union (IoU) of the five classes on the test scenes, each summed
    over all of them; the picture shows image, truth and the predictions of all.
    """

  /// A network of the study.
  private struct Method: Sendable {
    var name: String
    var make: @Sendable (_ inputShape: [Int], _ seed: UInt64) throws -> NeuralNetwork
  }

  private static let methods = [
    Method(name: "logistic regression on 7 x 7") { shape, seed in
      var network = NeuralNetwork(
        inputShape: shape, loss: loss, optimizer: Adam(learningRate: 0.005), seed: seed)
      try network.append(Conv2D(outputChannels: 6, kernelSize: 7, padding: .same))
      return network
    },
    Method(name: "U-Net without skips") { shape, seed in
      try .unet(
        inputShape: shape, classCount: 6, skips: false, loss: loss,
        optimizer: Adam(learningRate: 0.005), seed: seed)
    },
    Method(name: "U-Net") { shape, seed in
      try .unet(
        inputShape: shape, classCount: 6, loss: loss, optimizer: Adam(learningRate: 0.005),
        seed: seed)
    },
  ]

  private static var loss: any Loss {
    LossSum([SoftDiceLoss(background: 0), PixelCrossEntropyLoss()])
  }

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let repeats = settings.repeats ?? 1
    let epochs = settings.epochs ?? 15
    session = session.expecting(methods.count * repeats)
    let training = settings.examples ?? 840
    let tested = max(training / 4, 1)
    let all = try Dataset(
      SyntheticScenes(count: training + tested, seed: settings.seed),
      as: ImageInput(channels: 3, height: 64, width: 64))
    let parts = (
      train: all.subset(0..<training), test: all.subset(training..<(training + tested))
    )
    let classNames = all.classNames
    var table = StudyTable(columns: ["network", "parameters", "mean IoU", "pixel accuracy"])
    var data = StudyTable(
      columns: ["network", "seed", "parameters", "mean IoU", "pixel accuracy"]
        + classNames.map { "IoU of \($0)" })
    // Always background: every pixel of a figure is missed.
    let labels = parts.test.targets.classIndices
    let background = Double(labels.count { $0 == 0 }) / Double(labels.count)
    let none: [StudyTable.Cell] = [.number(0, digits: 3), .number(background, digits: 3)]
    table.rows.append([.text("always background"), .count(0)] + none)
    data.rows.append(
      [.text("always background"), .missing(""), .count(0)] + none
        + classNames.indices.map { .number($0 == 0 ? background : 0, digits: 3) })
    var sheets: [[Int]] = []
    var scores: [Double] = []
    for method in methods {
      var results: [(iou: Double, pixels: Double)] = []
      var parameters = 0
      for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
        var network = try method.make(all.inputShape, seed)
        network.preprocessing = try .standardizingChannels(parts.train)
        network.classNames = classNames
        parameters = network.parameterCount
        let batchSize = min(16, training)
        _ = try session.train(method.name, &network) { network, callbacks in
          try network.fit(
            parts.train,
            options: TrainingOptions(
              epochs: epochs, batchSize: batchSize,
              schedule: OneCycle(
                over: max(2, epochs * ((training + batchSize - 1) / batchSize)))),
            callbacks: callbacks)
        }
        let evaluation = try network.evaluate(parts.test)
        let iou = evaluation.metrics["mean IoU without background"] ?? 0
        let pixels = evaluation.metrics["pixel accuracy"] ?? 0
        results.append((iou, pixels))
        let classes = evaluation.confusionMatrix?.classOverlaps ?? []
        data.rows.append(
          [
            .text(method.name), .count(Int(seed)), .count(parameters), .number(iou, digits: 4),
            .number(pixels, digits: 4),
          ] + classes.map { row in row.iou.map { .number($0, digits: 4) } ?? .missing("-") })
        session.keep(data)
        if results.count == 1 { sheets.append(evaluation.predictions.argmax(axis: 1)) }
      }
      func mean(_ value: ((iou: Double, pixels: Double)) -> Double) -> Double {
        results.reduce(0) { $0 + value($1) } / Double(results.count)
      }
      scores.append(mean(\.iou))
      table.rows.append([
        .text(method.name), .count(parameters), .number(mean(\.iou), digits: 3),
        .number(mean(\.pixels), digits: 3),
      ])
      session.report("\(method.name): mean IoU \(fixed(mean(\.iou), 3))")
    }
    return StudyResult(
      table: table, data: data, picture: picture(of: parts.test, sheets),
      conclusion:
        "A background of \(fixed(100 * background, 0)) % of the pixels makes a high pixel accuracy easy: the mean IoU "
        + "of the figures tells the methods apart. " + comparison(scores))
  }

  /// The mean IoU of logistic regression and of the networks without and with skips in words.
  private static func comparison(_ scores: [Double]) -> String {
    let numbers = scores.map { "(\(fixed($0, 2)))" }
    guard scores[1] > scores[0] else {
      return "Neither network finds more figures \(numbers[1]), \(numbers[2]) than a pixel and its "
        + "surroundings tell \(numbers[0]): more scenes or epochs are needed."
    }
    return
      "A pixel and its surroundings say little about its class \(numbers[0]); halving the image and "
      + "doubling it again finds more of the figures, with rough edges \(numbers[1]); the skips "
      + (scores[2] > scores[1] ? "bring the edges back" : "gain nothing here") + " \(numbers[2])."
  }

  /// Image, truth and predictions of the first test scenes, a row for each.
  private static func picture(of test: Dataset, _ predictions: [[Int]]) -> TileSheet {
    let shape = test.inputShape
    let area = shape[1] * shape[2]
    let count = min(5, test.count)
    let features = test.batch(at: Array(0..<count)).features
    let labels = test.targets.classIndices
    func mask(_ classes: [Int], _ index: Int) -> PixelImage {
      let own = classes[(index * area)..<((index + 1) * area)]
      return PixelImage(
        width: shape[2], height: shape[1], channels: 1, pixels: own.map { UInt8(max($0, 0)) }
      ).coloredMask
    }
    let answers = [labels] + predictions
    var tiles: [TileSheet.Tile] = []
    for index in 0..<count {
      let image = PixelImage(features.rows(at: [index]).reshaped(to: shape))
      tiles.append(TileSheet.Tile(image, captions: ["image"]))
      for (title, classes) in zip(["truth", "logistic", "no skips", "U-Net"], answers) {
        tiles.append(TileSheet.Tile(mask(classes, index), captions: [title]))
      }
    }
    var sheet = TileSheet(title: "Test scenes", groups: [.init("", tiles)], side: 112)
    sheet.key = Segmentations.key(of: test.classNames)
    return sheet
  }
}
