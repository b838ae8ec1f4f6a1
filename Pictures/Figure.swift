import Foundation
import Shared

/// A figure with two axes: lines, points, bars, areas, images and text.
///
///     var figure = Figure(title: "Loss", x: .init("epoch"), y: .init("loss", scale: .logarithmic))
///     figure.marks = [
///       .line("training", [(1, 0.9), (2, 0.3), (3, 0.1)]),
///       .line("validation", [(1, 1.0), (2, 0.4), (3, 0.3)]),
///     ]
///     try figure.write(to: URL(filePath: "loss.svg"))   // or loss.png
///
/// An SVG file is readable on light and on dark pages and without colours: each line has markers of its own
/// shape. A value that is not finite, such as the loss of a training that diverged, interrupts its line and
/// has no point and no bar.
public struct Figure: Picture, Sendable {
  /// The text above the figure.
  public var title: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The marks, drawn one over the other; those with a name are in the legend.
  public var marks: [Mark] = []
  /// The width and height, in units of which a line of text is 13 high.
  public var size = Size(width: 720, height: 440)

  /// Creates a figure without marks.
  public init(title: String, x: Axis = Axis(), y: Axis = Axis()) {
    (self.title, self.x, self.y) = (title, x, y)
  }

  /// A width and a height.
  public struct Size: Sendable, Equatable {
    /// The width.
    public var width: Double
    /// The height.
    public var height: Double

    /// Creates a size.
    public init(width: Double, height: Double) { (self.width, self.height) = (width, height) }
  }

  /// How an axis places its values.
  public enum Scale: String, Sendable, Codable {
    /// Equal distances are equal differences.
    case linear
    /// Equal distances are equal ratios; values of 0 and below have no place.
    case logarithmic
  }

  /// One axis.
  public struct Axis: Sendable {
    /// The name of the quantity.
    public var label: String
    /// How values are placed.
    public var scale: Scale
    /// The range; `nil` for that of the values. Values beyond it are drawn on its edge.
    public var range: ClosedRange<Double>?
    /// The range of possible values, where one is known: an axis that follows from the values does not go beyond it.
    public var limits: ClosedRange<Double>?
    /// Names in place of numbers: name k stands at k.
    public var categories: [String]
    /// Whether values grow downwards, as the rows of a matrix do.
    public var isReversed = false
    /// Whether only whole numbers have a meaning, as of epochs: others have no ticks.
    public var isWhole = false
    /// Whether the values are days since the first of January 1970, to be written as dates.
    public var isOfDates = false

    /// The epochs of a training, of which there are no halves.
    public static var epochs: Axis {
      var axis = Axis("epoch")
      axis.isWhole = true
      return axis
    }

    /// Shares of a whole, from 0 to 1, such as accuracies.
    public static func shares(_ label: String) -> Axis {
      var axis = Axis(label)
      axis.limits = 0...1
      return axis
    }

    /// Creates an axis.
    public init(
      _ label: String = "", scale: Scale = .linear, range: ClosedRange<Double>? = nil,
      categories: [String] = []
    ) {
      (self.label, self.scale, self.range, self.categories) = (label, scale, range, categories)
    }
  }

  /// The colour of a mark.
  public enum Color: Sendable, Equatable {
    /// A colour of the palette, counted from 0: one for each line, class or kind of bar.
    case series(Int)
    /// The grey of limits and comparisons.
    case reference
    /// The colour of text.
    case ink
    /// The colour of the background.
    case panel
    /// A fixed colour, the same on light and dark pages.
    case rgb(UInt8, UInt8, UInt8)
  }

  /// One kind of thing to be drawn.
  public enum Mark: Sendable {
    /// A line through points, from left to right.
    case line(Line)
    /// Single points.
    case points(Points)
    /// One bar for each category of the horizontal axis.
    case bars(Bars)
    /// The area between two lines over the same x.
    case area(Area)
    /// A grid of colours that fills a rectangle.
    case image(Image)
    /// A text in the middle of a place.
    case text(Text)
  }

  /// A line through points.
  public struct Line: Sendable {
    /// The name in the legend; empty for none.
    public var name: String
    /// The points, from left to right.
    public var points: [(x: Double, y: Double)]
    /// The colour; `nil` for the next of the palette.
    public var color: Color?
    /// Whether it is drawn dashed and without markers, as a limit or a comparison.
    public var isReference = false
    /// Dashed, to be told from a line of the same colour.
    var isDashed = false
    /// Whether its points have markers, where there are at most 60.
    public var hasMarkers = true
  }

  /// Single points.
  public struct Points: Sendable {
    /// The name in the legend; empty for none.
    public var name: String
    /// The points.
    public var points: [(x: Double, y: Double)]
    /// The colour; `nil` for the next of the palette.
    public var color: Color?
    /// The radius.
    public var radius = 4.0
    /// Whether they are rings: from the seventh colour on, which is the first one again.
    var isHollow = false
  }

  /// The bars of one colour.
  public struct Bars: Sendable {
    /// The name in the legend; empty for none.
    public var name: String
    /// The value of each category.
    public var values: [Double]
    /// The colour; `nil` for the next of the palette.
    public var color: Color?
    /// The number of decimals of the values written above the bars; `nil` to write none.
    public var digits: Int? = 2
  }

  /// The area between two lines.
  public struct Area: Sendable {
    /// The name in the legend; empty for none.
    public var name: String
    /// Its lower and upper edge at each x, from left to right.
    public var edges: [(x: Double, low: Double, high: Double)]
    /// The colour, at a quarter of its strength; `nil` for the next of the palette.
    public var color: Color?
  }

  /// A grid of colours.
  public struct Image: Sendable {
    /// The number of columns.
    public var columns: Int
    /// Red, green and blue of each cell, row by row from the top.
    public var pixels: [UInt8]
    /// The values of the horizontal axis at its left and right edge.
    public var x: ClosedRange<Double>
    /// The values of the vertical axis at its lower and upper edge.
    public var y: ClosedRange<Double>

    var rows: Int { columns == 0 ? 0 : pixels.count / 3 / columns }
  }

  /// A text in the middle of a place.
  public struct Text: Sendable {
    /// The text.
    public var text: String
    /// Its place.
    public var x: Double, y: Double
    /// The colour.
    public var color: Color = .ink
  }
}

extension Figure.Mark {
  /// A line through points, from left to right.
  public static func line(
    _ name: String, _ points: [(x: Double, y: Double)], color: Figure.Color? = nil,
    isReference: Bool = false, hasMarkers: Bool = true
  ) -> Figure.Mark {
    .line(
      Figure.Line(
        name: name, points: points, color: color, isReference: isReference, hasMarkers: hasMarkers))
  }

  /// Single points.
  public static func points(
    _ name: String, _ points: [(x: Double, y: Double)], color: Figure.Color? = nil
  ) -> Figure.Mark {
    .points(Figure.Points(name: name, points: points, color: color))
  }

  /// One bar for each category of the horizontal axis.
  public static func bars(
    _ name: String, _ values: [Double], color: Figure.Color? = nil, digits: Int? = 2
  ) -> Figure.Mark {
    .bars(Figure.Bars(name: name, values: values, color: color, digits: digits))
  }

  /// The area between two lines over the same x.
  public static func area(
    _ name: String, _ edges: [(x: Double, low: Double, high: Double)], color: Figure.Color? = nil
  ) -> Figure.Mark {
    .area(Figure.Area(name: name, edges: edges, color: color))
  }

  /// A text in the middle of a place.
  public static func text(
    _ text: String, x: Double, y: Double, color: Figure.Color = .ink
  ) -> Figure.Mark {
    .text(Figure.Text(text: text, x: x, y: y, color: color))
  }
}
