import Foundation
import Networks

/// Anything that can be written as an SVG or a PNG file: a figure, a diagram of a network.
public protocol Picture {
  /// The text of an SVG file. It needs no library, and follows the reader's choice of light or dark.
  var svg: String { get }
  /// The bytes of a PNG file, drawn by Cairo.
  ///
  /// - Parameters:
  ///   - theme: the colours
  ///   - scale: the number of pixels for one unit of the picture's size
  /// - Throws: `CourseError` when the package was built without the trait `ImageCodecs`, or the font is missing
  func png(theme: Theme, scale: Double) throws -> Data
}

extension Picture {
  /// Writes the picture as the file's ending says: `.svg` or `.png`. The file appears at once and complete.
  ///
  /// - Parameters:
  ///   - theme: the colours of a PNG file; an SVG file has both
  ///   - scale: the number of pixels of a PNG file for one unit of the picture's size
  /// - Throws: `CourseError` for another ending, when the file cannot be written, and what `png` throws.
  public func write(to url: URL, theme: Theme = .light, scale: Double = 2) throws {
    switch url.pathExtension.lowercased() {
    case "svg": try AtomicFile.write(Data(svg.utf8), to: url)
    case "png": try AtomicFile.write(png(theme: theme, scale: scale), to: url)
    default:
      throw CourseError(
        .invalidArgument, "unknown picture format", expected: "a name that ends in .svg or .png",
        received: "\"\(url.lastPathComponent)\"", location: url.path)
    }
  }
}

/// A picture that is a list of shapes.
protocol Drawn: Picture {
  var drawing: Drawing { get }
  /// The picture as a piece of a page.
  var html: String { get }
}

extension Drawn {
  /// The text of an SVG file.
  public var svg: String { drawing.svg }

  /// The drawing in place: smaller where the page is narrow; a wide one is scrolled, as it could not be read.
  var html: String {
    let drawing = drawing
    return "<div class=\"scroll\(drawing.width > 620 ? " wide" : "")\">\(drawing.svg)</div>"
  }

  /// The bytes of a PNG file.
  public func png(theme: Theme = .light, scale: Double = 2) throws -> Data {
    try Canvas(drawing, theme: theme, scale: scale).png()
  }
}
