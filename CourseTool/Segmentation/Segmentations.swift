import CourseCommandLine
import CourseTraining
import Networks
import Pictures

/// Images beside their masks and those that a network predicts.
struct Segmentations {
  private let data: Dataset
  private let classNames: [String]
  /// The predicted classes of all pixels, image by image.
  private let predicted: [Int]
  private let area: Int
  /// The mean IoU of each image over the classes of objects that are there or predicted; 1 where there is none.
  let scores: [Double]
  /// The number of images.
  var count: Int { scores.count }

  /// Predicts the masks of labelled images.
  init(of network: NeuralNetwork, on data: Dataset) throws {
    guard let result = Self(try network.evaluate(data).predictions, on: data, network) else {
      stop("Segmentations", expected: "images with masks", received: data.name)
    }
    self = result
  }

  /// - Parameter predictions: the probabilities of each pixel, `[N, C, H, W]`
  /// - Returns: `nil` for other data or predictions
  init?(_ predictions: Tensor, on data: Dataset, _ network: NeuralNetwork) {
    guard predictions.rank == 4, predictions.shape[0] == data.count,
      case .classSequences(let labels, let area) = data.targets
    else { return nil }
    (self.data, self.area, classNames) = (data, area, network.classNames)
    let predicted = predictions.argmax(axis: 1)
    self.predicted = predicted
    scores = (0..<data.count).map { image in
      var (both, either) = ([Int: Int](), [Int: Int]())
      for place in (image * area)..<((image + 1) * area) where labels[place] != Target.ignored {
        let (truth, answer) = (labels[place], predicted[place])
        if truth == answer {
          both[truth, default: 0] += 1
          either[truth, default: 0] += 1
        } else {
          either[truth, default: 0] += 1
          either[answer, default: 0] += 1
        }
      }
      let shares = either.filter { $0.key != 0 }.map {
        Double(both[$0.key] ?? 0) / Double($0.value)
      }
      // Summed in order, since that of a dictionary changes.
      return shares.isEmpty ? 1 : shares.sorted().reduce(0, +) / Double(shares.count)
    }
  }

  /// The images with the lowest scores, the lowest first.
  func worst(_ limit: Int) -> [Int] {
    Array(scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }.prefix(limit))
  }

  /// Image, truth and prediction of some examples.
  func sheet(title: String, at indices: [Int]) -> TileSheet {
    let shape = data.inputShape
    guard case .classSequences(let labels, _) = data.targets, !indices.isEmpty else {
      return TileSheet(title: title, groups: [])
    }
    let features = data.batch(at: indices).features
    let range = min(features.min(), 0)...max(features.max(), 1)
    // What does not count is grey in both.
    let shown = zip(labels, predicted).map { $0 == Target.ignored ? $0 : $1 }
    let tiles = indices.enumerated().map { place, index in
      func mask(_ classes: [Int]) -> PixelImage {
        PixelImage(
          width: shape[2], height: shape[1], channels: 1,
          pixels: classes[(index * area)..<((index + 1) * area)].map {
            $0 == Target.ignored ? AnnotatedImage.ignored : UInt8($0)
          }
        ).coloredMask
      }
      let image = PixelImage(features.rows(at: [place]).reshaped(to: shape), range: range)
      return TileSheet.Tile(
        PixelImage(sideBySide: [image, mask(labels), mask(shown)]),
        captions: ["\(name(of: index)), IoU \(fixed(scores[index], 3))"])
    }
    return TileSheet(
      title: title + ": image, truth, prediction", groups: [.init("", tiles)], side: 324)
  }

  /// The colours of the classes, and of pixels that do not count where there are some.
  var legend: TileSheet {
    TileSheet(
      title: "Classes",
      groups: [
        .init(
          "",
          Self.colors(of: classNames, withIgnored: hasIgnored).map { name, color in
            TileSheet.Tile(
              PixelImage(width: 6, height: 1, channels: 3, pixels: (0..<6).flatMap { _ in color }),
              captions: [name])
          })
      ], side: 96)
  }

  /// The same as the key of a sheet of masks.
  static func key(
    of classNames: [String], withIgnored: Bool = false
  ) -> [(name: String, color: Figure.Color)] {
    colors(of: classNames, withIgnored: withIgnored).map { name, color in
      (name, .rgb(color[0], color[1], color[2]))
    }
  }

  private static func colors(
    of classNames: [String], withIgnored: Bool
  ) -> [(name: String, color: [UInt8])] {
    zip(classNames.map(\.printable), PixelImage.classColors(classNames.count)).map { ($0, $1) }
      + (withIgnored ? [("does not count", PixelImage.ignoredColor)] : [])
  }

  /// Whether some pixels do not count.
  private var hasIgnored: Bool { data.targets.classIndices.contains(Target.ignored) }

  /// A picture of the worst images, with the meaning of the colours.
  func picture(ofWorst limit: Int) -> TileSheet {
    var sheet = sheet(title: "The worst of \(counted(count, "image"))", at: worst(limit))
    sheet.key = Self.key(of: classNames, withIgnored: hasIgnored)
    return sheet
  }

  /// The name of an image below it: that of its file, or its number.
  private func name(of image: Int) -> String {
    data.files.isEmpty ? "image \(image)" : AnswerSheet.shortened(file: data.files[image])
  }

  /// The score of each image, the worst first, as CSV; the last column is its file, where it has one of its own.
  var csv: String {
    let hasFiles = !data.files.isEmpty
    return "image,mean IoU\(hasFiles ? ",file" : "")\n"
      + worst(.max).map { image in
        "\(image),\(fixed(scores[image], 4))"
          + (hasFiles ? ",\(csvField(data.files[image]))" : "") + "\n"
      }.joined()
  }
}

extension PixelImage {
  /// Images of one size beside each other, with white between them.
  fileprivate init(sideBySide images: [PixelImage]) {
    let (height, width) = (images[0].height, images[0].width)
    let gap = max(1, width / 20)
    let colored = images.map { $0.converted(toChannels: 3).pixels }
    let white = [UInt8](repeating: 255, count: 3 * gap)
    let rows = (0..<height).map { row in
      colored.map { Array($0[(3 * row * width)..<(3 * (row + 1) * width)]) }.joined(
        separator: white)
    }
    self.init(
      width: images.count * (width + gap) - gap, height: height, channels: 3,
      pixels: Array(rows.joined()))
  }
}
