import Shared

/// Images side by side, each with its text below it.
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

  /// The sheet, in colours. Texts may have several lines; lines wider than their image are cut off.
  /// - Parameter tiles: images of any sizes and channels
  public func image(of tiles: [(image: PixelImage, text: String)]) -> PixelImage {
    guard !tiles.isEmpty else {
      stop("ContactSheet", expected: "at least one image", received: "none")
    }
    let (maximumWidth, maximumHeight) = (
      tiles.map(\.image.width).max()!, tiles.map(\.image.height).max()!
    )
    // About 96 pixels, enough for sixteen letters.
    let scale = scale ?? max(1, 96 / max(maximumWidth, maximumHeight))
    let columns = min(
      tiles.count, columns ?? Int(Double(tiles.count).squareRoot().rounded(.up)))
    let rows = (tiles.count + columns - 1) / columns
    let lineHeight = PixelFont.height + 2
    let lines = tiles.map { $0.text.split(separator: "\n", omittingEmptySubsequences: false) }
    let textHeight = (lines.map(\.count).max() ?? 1) * lineHeight + 2
    let (width, height) = (
      maximumWidth * scale + margin, maximumHeight * scale + textHeight + margin
    )
    var sheet = PixelImage(
      width: columns * width + margin, height: rows * height + margin, channels: 3, repeating: 255)
    for (number, tile) in tiles.enumerated() {
      let (top, left) = (
        number / columns * height + margin, number % columns * width + margin
      )
      sheet.paste(tile.image.converted(toChannels: 3), scale: scale, row: top, column: left)
      for (line, text) in lines[number].enumerated() {
        sheet.write(
          text, row: top + tile.image.height * scale + 3 + line * lineHeight, column: left,
          width: maximumWidth * scale)
      }
    }
    return sheet
  }
}

extension PixelImage {
  /// Writes black letters, as many as fit into `width` pixels.
  mutating func write(_ text: Substring, row: Int, column: Int, width: Int) {
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

  /// Darkens the background, which is 0 in the mask.
  /// - Parameter mask: a number for each pixel, row by row
  mutating func darken(where mask: some RandomAccessCollection<Float>) {
    for (place, thing) in mask.enumerated() where thing == 0 {
      for index in (place * channels)..<((place + 1) * channels) { pixels[index] /= 3 }
    }
  }

  /// Draws the edges of a box, as far as they lie in the image.
  /// - Parameters:
  ///   - color: red, green and blue
  ///   - label: a text above the box, or below its upper edge where there is no room; in white letters on the colour
  public mutating func outline(
    _ box: ImageBox, color: [UInt8] = [255, 32, 32], label: String = ""
  ) {
    let (top, bottom) = (max(Int(box.top.rounded()), 0), min(Int(box.bottom.rounded()), height))
    let (left, right) = (max(Int(box.left.rounded()), 0), min(Int(box.right.rounded()), width))
    guard top < bottom, left < right else { return }
    let (rows, columns) = (top..<bottom, left..<right)
    func isEdge(_ row: Int, _ column: Int) -> Bool {
      row == rows.lowerBound || row == rows.upperBound - 1 || column == columns.lowerBound
        || column == columns.upperBound - 1
    }
    for row in rows {
      for column in columns where isEdge(row, column) {
        for channel in 0..<3 { self[row, column, channel] = color[channel] }
      }
    }
    let (lines, length) = (PixelFont.height + 1, PixelFont.width(of: label) + 2)
    guard !label.isEmpty, height >= lines else { return }
    let first = top >= lines ? top - lines : min(top, height - lines)
    let start = max(0, min(left, width - length))
    for row in 0..<lines {
      for column in 0..<min(length, width - start) {
        let (letter, place) = (column - 1).quotientAndRemainder(dividingBy: PixelFont.width + 1)
        let isSet =
          row > 0 && column > 0 && letter < label.count && place < PixelFont.width
          && PixelFont.isSet(
            label[label.index(label.startIndex, offsetBy: letter)], row: row - 1, column: place)
        for channel in 0..<3 {
          self[first + row, start + column, channel] = isSet ? 255 : color[channel]
        }
      }
    }
  }
}
