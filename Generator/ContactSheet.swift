import Shared

/// Images side by side, each with a line of text below it.
///
///     let sheet = ContactSheet(columns: 8)
///     try sheet.image(of: [(image, "cat"), (other, "dog")]).write(to: URL(filePath: "pets.png"))
public struct ContactSheet: Sendable {
  /// The number of images in a row; `nil` for a sheet that is about square.
  public var columns: Int?
  /// How many pixels wide and high a pixel of an image becomes; `nil` to make small images larger.
  public var scale: Int?
  /// The number of pixels between images and around them.
  public var margin: Int

  /// A way to lay out images.
  public init(columns: Int? = nil, scale: Int? = nil, margin: Int = 6) {
    guard columns ?? 1 >= 1, scale ?? 1 >= 1, margin >= 0 else {
      stop(
        "ContactSheet", expected: "at least 1 column, a scale of at least 1",
        received: "\(columns.map { "\($0)" } ?? "nil"), \(scale.map { "\($0)" } ?? "nil")")
    }
    self.columns = columns
    self.scale = scale
    self.margin = margin
  }

  /// The sheet, in colours. Texts that are wider than their image are cut off.
  /// - Parameter tiles: images of any sizes and channels
  public func image(of tiles: [(image: PixelImage, text: String)]) -> PixelImage {
    guard !tiles.isEmpty else {
      stop("ContactSheet", expected: "at least one image", received: "none")
    }
    let (mostWidth, mostHeight) = (
      tiles.map(\.image.width).max()!, tiles.map(\.image.height).max()!
    )
    // About 96 pixels, enough for sixteen letters.
    let scale = scale ?? max(1, 96 / max(mostWidth, mostHeight))
    let columns = min(
      tiles.count, columns ?? Int(Double(tiles.count).squareRoot().rounded(.up)))
    let rows = (tiles.count + columns - 1) / columns
    let textHeight = PixelFont.height + 4
    let (width, height) = (
      mostWidth * scale + margin, mostHeight * scale + textHeight + margin
    )
    var sheet = PixelImage(
      width: columns * width + margin, height: rows * height + margin, channels: 3, repeating: 255)
    for (number, tile) in tiles.enumerated() {
      let (top, left) = (
        number / columns * height + margin, number % columns * width + margin
      )
      sheet.paste(tile.image.converted(toChannels: 3), scale: scale, row: top, column: left)
      sheet.write(
        tile.text, row: top + tile.image.height * scale + 3, column: left,
        width: mostWidth * scale)
    }
    return sheet
  }
}

extension PixelImage {
  /// Writes black letters, as many as fit into `width` pixels.
  mutating func write(_ text: String, row: Int, column: Int, width: Int) {
    let step = PixelFont.width + 1
    for (number, character) in text.prefix((width + 1) / step).enumerated() {
      for y in 0..<PixelFont.height {
        for x in 0..<PixelFont.width
        where PixelFont.isSet(character, row: y, column: x) {
          for channel in 0..<3 { self[row + y, column + number * step + x, channel] = 0 }
        }
      }
    }
  }

  /// Draws the edges of a box in red, as far as they lie in the image.
  public mutating func outline(_ box: ImageBox) {
    let rows = max(Int(box.top.rounded()), 0)..<max(min(Int(box.bottom.rounded()), height), 1)
    let columns = max(Int(box.left.rounded()), 0)..<max(min(Int(box.right.rounded()), width), 1)
    func isEdge(_ row: Int, _ column: Int) -> Bool {
      row == rows.lowerBound || row == rows.upperBound - 1 || column == columns.lowerBound
        || column == columns.upperBound - 1
    }
    for row in rows {
      for column in columns where isEdge(row, column) {
        for channel in 0..<3 { self[row, column, channel] = channel == 0 ? 255 : 32 }
      }
    }
  }
}
