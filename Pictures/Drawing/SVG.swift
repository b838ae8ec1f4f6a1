import Foundation
import Networks

extension Drawing {
  /// The text of an SVG file.
  ///
  /// Each shape has its light colour as an attribute, which every viewer understands (variables of style
  /// sheets are unknown to many, which then draw black on black); a style sheet changes only what is dark.
  var svg: String {
    let used = Set(shapes.flatMap(\.inks))
    let rules = Ink.themed.filter(used.contains).flatMap { ink -> [String] in
      guard let name = ink.className else { return [] }
      let color = Theme.dark.hex(ink)
      return [".fill.\(name) { fill: \(color); }", ".stroke.\(name) { stroke: \(color); }"]
    }
    let (width, height) = (svgNumber(width), svgNumber(height))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" role="img"\(label.isEmpty ? "" : " aria-label=\"\(label.markup)\"") \
      font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
      <style>
      @media (prefers-color-scheme: dark) {
      \(rules.joined(separator: "\n"))
      }
      </style>
      \(shapes.map(\.svg).joined(separator: "\n"))
      </svg>

      """
  }
}

extension Drawing.Shape {
  fileprivate var inks: [Ink] {
    switch self {
    case .text(_, _, _, let ink, _, _), .polyline(_, let ink, _, _), .polygon(_, let ink, _),
      .circle(_, _, let ink), .rectangle(_, _, _, _, let ink):
      [ink]
    case .image: []
    }
  }

  fileprivate var svg: String {
    switch self {
    case .text(let text, let place, let font, let ink, let anchor, let isUpright):
      let (x, y) = (svgNumber(place.x), svgNumber(place.y))
      return "<text \(Self.paint("fill", ink)) font-size=\"\(svgNumber(font.size))\""
        + (font.isBold ? " font-weight=\"600\"" : "") + " x=\"\(x)\" y=\"\(y)\""
        + (anchor == .start ? "" : " text-anchor=\"\(anchor)\"")
        + (isUpright ? " transform=\"rotate(-90 \(x) \(y))\"" : "")
        + ">\(text.markup)</text>"
    case .polyline(let points, let ink, let width, let isDashed):
      return
        "<polyline \(Self.paint("stroke", ink)) fill=\"none\" stroke-width=\"\(svgNumber(width))\" "
        + "stroke-linejoin=\"round\"" + (isDashed ? " stroke-dasharray=\"6 5\"" : "")
        + " points=\"\(Self.list(points))\"/>"
    case .polygon(let points, let ink, let opacity):
      return "<polygon \(Self.paint("fill", ink))"
        + (opacity < 1 ? " fill-opacity=\"\(svgNumber(opacity))\"" : "")
        + " points=\"\(Self.list(points))\"/>"
    case .circle(let place, let radius, let ink):
      return
        "<circle \(Self.paint("fill", ink)) cx=\"\(svgNumber(place.x))\" cy=\"\(svgNumber(place.y))\" "
        + "r=\"\(svgNumber(radius))\"/>"
    case .rectangle(let place, let width, let height, let radius, let ink):
      return
        "<rect \(Self.paint("fill", ink)) x=\"\(svgNumber(place.x))\" y=\"\(svgNumber(place.y))\" "
        + "width=\"\(svgNumber(width))\" height=\"\(svgNumber(height))\""
        + (radius > 0 ? " rx=\"\(svgNumber(radius))\"" : "") + "/>"
    case .image(let image, let place, let width, let height):
      return Self.cells(image, at: place, width: width, height: height)
    }
  }

  private static func paint(_ property: String, _ ink: Ink) -> String {
    (ink.className.map { "class=\"\(property) \($0)\" " } ?? "")
      + "\(property)=\"\(Theme.light.hex(ink))\""
  }

  private static func list(_ points: [Drawing.Point]) -> String {
    points.map { "\(svgNumber($0.x)),\(svgNumber($0.y))" }.joined(separator: " ")
  }

  /// A grid of colours as one path for each colour, whose pieces are runs of equal cells in a row: it needs no
  /// codec, and areas of one colour are a few bytes. A photograph, which has as many colours as cells, is a PNG
  /// image where there is a codec.
  private static func cells(
    _ image: Figure.Image, at place: Drawing.Point, width: Double, height: Double
  ) -> String {
    guard image.columns > 0, image.rows > 0 else { return "" }
    var paths: [Ink: String] = [:]
    var order: [Ink] = []
    func color(_ row: Int, _ column: Int) -> Ink {
      let start = 3 * (row * image.columns + column)
      return .rgb(image.pixels[start], image.pixels[start + 1], image.pixels[start + 2])
    }
    for row in 0..<image.rows {
      var column = 0
      while column < image.columns {
        let ink = color(row, column)
        let start = column
        while column < image.columns, color(row, column) == ink { column += 1 }
        if paths[ink] == nil { order.append(ink) }
        paths[ink, default: ""] += "M\(start) \(row)h\(column - start)v1h-\(column - start)z"
      }
    }
    if order.count > largestPalette, let png = image.pngURI {
      return
        "<image x=\"\(svgNumber(place.x))\" y=\"\(svgNumber(place.y))\" width=\"\(svgNumber(width))\" "
        + "height=\"\(svgNumber(height))\" preserveAspectRatio=\"none\" "
        + "style=\"image-rendering: pixelated\" href=\"\(png)\"/>"
    }
    let scale =
      "\(svgNumber(width / Double(image.columns), digits: 5)) "
      + svgNumber(height / Double(image.rows), digits: 5)
    // Without crisp edges, the seams between the cells would shine through.
    return
      "<g transform=\"translate(\(svgNumber(place.x)) \(svgNumber(place.y))) scale(\(scale))\" "
      + "shape-rendering=\"crispEdges\">\n"
      + order.map { "<path fill=\"\(Theme.light.hex($0))\" d=\"\(paths[$0]!)\"/>" }
      .joined(separator: "\n") + "\n</g>"
  }
}

/// The areas of a decision boundary have fewer colours, photographs have more.
private let largestPalette = 64

extension Figure.Image {
  /// The image as the address of a PNG image that holds its own bytes; `nil` where there is no codec.
  var pngURI: String? {
    let image = PixelImage(width: columns, height: rows, channels: 3, pixels: pixels)
    return (try? image.pngData()).map { "data:image/png;base64," + $0.base64EncodedString() }
  }
}

extension String {
  /// The text as it stands in SVG and HTML, within elements and attributes: it can neither end an element nor begin
  /// one, and has no control characters, which both formats forbid.
  var markup: String { escapingControls(inLine: true).escapingMarkup }

  /// The same with its lines, for preformatted text.
  var markupInLines: String { escapingControls(inLine: false).escapingMarkup }

  private var escapingMarkup: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
      .replacing("\u{FFFE}", with: "\u{FFFD}").replacing("\u{FFFF}", with: "\u{FFFD}")
  }
}

/// A coordinate with at most two decimals.
private func svgNumber(_ value: Double, digits: Int = 2) -> String {
  let power = (0..<digits).reduce(1.0) { product, _ in product * 10 }
  let rounded = (value * power).rounded() / power
  return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}
