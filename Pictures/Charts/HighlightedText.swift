import Networks

/// A text whose parts are shaded by a number each: which words or characters count for an answer.
///
///     try HighlightedText(
///       title: "food, 93 %", parts: [("a", 0.01), ("sweet", 0.40), ("drink", 0.75)], note: "Darker counts more."
///     ).write(to: URL(filePath: "words.svg"))
///
/// Positive numbers are orange, negative ones blue; the strongest shade belongs to the largest of them. Single
/// characters are set one in a cell, words with a space between them; a line ends after "\n".
public struct HighlightedText: Drawn, Sendable {
  /// The text above.
  public var title: String
  /// The words or characters, and their numbers.
  public var parts: [(text: String, weight: Float)]
  /// The text below; empty for none.
  public var note: String

  /// Creates the text.
  public init(title: String, parts: [(text: String, weight: Float)], note: String = "") {
    (self.title, self.parts, self.note) = (title, parts, note)
  }

  var drawing: Drawing {
    let (width, margin, height, line) = (720.0, 28.0, 22.0, 30.0)
    let isOfCharacters = parts.allSatisfy { $0.text.count == 1 }
    let gap = isOfCharacters ? 1.0 : 5.0
    let largest = parts.map { abs($0.weight) }.filter(\.isFinite).max() ?? 0
    // For so many of the widest letters a line has room.
    let longest = 51
    var content = Drawing(width: width, height: 0)
    var (x, y) = (margin, title.isEmpty ? 24.0 : 56.0)
    content.title(title, at: (margin, 32))
    for part in parts {
      let text =
        part.text == "\n" ? "↵" : part.text == " " ? "" : part.text.printable.cut(to: longest)
      let cell =
        isOfCharacters
        ? 12 * Double(max(text.letterCount, 1))
        : text.letterCount < longest ? 7.4 * Double(text.letterCount) + 10 : width - 2 * margin
      if x + cell > width - margin, x > margin {
        (x, y) = (margin, y + line)
      }
      let shade = Shade(part.weight, largest: largest)
      content.rectangle(at: (x, y), width: cell, height: height, radius: 3, shade.ink)
      content.text(text, at: (x + cell / 2, y + 15.5), .label, shade.textInk, anchor: .middle)
      x += cell + gap
      if part.text == "\n" { (x, y) = (margin, y + line) }
    }
    y += height + 26
    let darkest = "The darkest: \(short(largest))."
    content.text(note.isEmpty ? darkest : "\(note) \(darkest)", at: (margin, y), .small, .soft)
    var drawing = Drawing(width: width, height: y + 20)
    drawing.label = title
    drawing.add(content, at: (0, 0))
    return drawing
  }
}

/// The colour of a number between those for and those against an answer.
struct Shade {
  /// From 0 to 1.
  let strength: Double
  private let color: Theme.RGB

  /// - Parameter largest: the size of the numbers with the full colour
  init(_ weight: Float, largest: Float) {
    strength = largest > 0 && weight.isFinite ? Double(min(abs(weight) / largest, 1)) : 0
    color = Theme.light.rgb(.series(weight >= 0 ? 1 : 0))
  }

  /// The colour on white.
  var pixel: [UInt8] { over([255, 255, 255], strength: strength) }

  /// The colour over that of a pixel.
  func over(_ pixel: [UInt8], strength: Double) -> [UInt8] {
    zip(pixel, [color.red, color.green, color.blue]).map { (below: UInt8, above: UInt8) -> UInt8 in
      let (below, above) = (Double(below), Double(above))
      return UInt8((below + (above - below) * strength).rounded())
    }
  }

  var ink: Ink { .rgb(pixel[0], pixel[1], pixel[2]) }

  /// A text that can be read on it.
  var textInk: Ink { strength > 0.7 ? .rgb(255, 255, 255) : .rgb(0x24, 0x29, 0x2f) }
}
