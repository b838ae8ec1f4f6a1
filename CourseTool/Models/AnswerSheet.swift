import CourseCommandLine
import Networks
import Pictures

/// Images with the answers of a network, as a picture: the class, its probability, the name of the file.
struct AnswerSheet {
  /// The largest number of images in a picture.
  static let limit = 500

  private var tiles: [TileSheet.Tile] = []
  /// The number of all answers.
  private(set) var count = 0

  /// Adds an answer, as far as there is room.
  /// - Parameter image: the image as it is in its file
  mutating func add(
    _ image: PixelImage, file: String, class name: String, probability: Float
  ) {
    count += 1
    guard tiles.count < Self.limit else { return }
    tiles.append(
      TileSheet.Tile(
        image.reduced(toSide: 176),
        captions: [
          "\(name.printable.cut(to: 18)), \(fixed(Double(probability) * 100, 1)) %",
          Self.shortened(file: file),
        ]))
  }

  /// The picture.
  func picture(model: String) -> TileSheet {
    let shown = tiles.count < count ? "The first \(tiles.count) of \(count) answers" : "Answers"
    return TileSheet(title: "\(shown) of \(model)", groups: [.init("", tiles)])
  }

  /// The name of a file, without its folders, that fits below an image.
  static func shortened(file: String, to limit: Int = 18) -> String {
    (file.split(separator: "/").last.map(String.init) ?? file).printable.cut(to: limit)
  }
}

extension PixelImage {
  /// The image with its longer side no longer than `side`, in its proportions.
  func reduced(toSide side: Int) -> PixelImage {
    let scale = Double(side) / Double(max(width, height))
    guard scale < 1 else { return self }
    func scaled(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
    return PixelImage(tensor.resized(height: scaled(height), width: scaled(width)))
  }
}
