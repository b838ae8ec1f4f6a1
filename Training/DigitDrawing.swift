import CourseCommandLine

/// Small grey images drawn in characters, two per pixel to make it square.
struct DigitDrawing {
  let side: Int
  /// The value of white.
  let brightest: Float
  let features: TerminalFeatures
  /// The width of an image in characters.
  var width: Int { 2 * side }

  /// The lines of one image, given row by row.
  func lines(_ pixels: [Float]) -> [String] {
    (0..<side).map { row in
      (0..<side).map { column in cell(pixels[row * side + column] / brightest) }.joined()
        + (features.usesColor ? Style.code(0) : "")
    }
  }

  /// A grey background on streams with colours, else a character of similar density.
  private func cell(_ brightness: Float) -> String {
    let brightness = min(1, max(0, brightness))
    if features.usesColor {
      // 232 to 255 are the greys of the 256-colour palette.
      return Style.code(48, 5, 232 + Int((brightness * 23).rounded())) + "  "
    }
    let shades = features.usesUnicode ? [" ", "░", "▒", "▓", "█"] : [" ", ".", "+", "#", "@"]
    let shade = shades[Int((brightness * Float(shades.count - 1)).rounded())]
    return shade + shade
  }

  /// Images side by side, each with lines of text under it.
  func gallery(_ images: [(pixels: [Float], captions: [String])]) -> String {
    let gap = "  "
    let drawn = images.map { lines($0.pixels) }
    var rows = (0..<side).map { row in drawn.map { $0[row] }.joined(separator: gap) }
    for line in 0..<(images.map(\.captions.count).max() ?? 0) {
      rows.append(
        images.map { image in
          let text = line < image.captions.count ? image.captions[line] : ""
          return text + String(repeating: " ", count: max(0, width - visibleCount(text)))
        }.joined(separator: gap))
    }
    return rows.joined(separator: "\n")
  }
}

/// The number of visible characters: without codes for colours.
func visibleCount(_ text: String) -> Int {
  text.replacing(#/\x{10FFFC}[0-9;]*\x{10FFFD}/#, with: "").count
}
