/// Several figures of one size in a grid, as one picture. The figures of a last row that is not full share its width.
///
///     try Panels([loss, accuracy], columns: 2).write(to: URL(filePath: "curves.svg"))
public struct Panels: Drawn, Sendable {
  /// The figures, row by row.
  public var figures: [Figure]
  /// The number of columns.
  public var columns: Int
  /// What the shades in all the figures mean; drawn below them.
  public var scale: ShadeScale?

  /// Creates the grid.
  public init(_ figures: [Figure], columns: Int) {
    (self.figures, self.columns) = (figures, max(columns, 1))
  }

  var drawing: Drawing {
    let columns = min(columns, max(figures.count, 1))
    let (width, height) = (
      figures.map(\.size.width).max() ?? 0, figures.map(\.size.height).max() ?? 0
    )
    let rows = (figures.count + columns - 1) / columns
    var all = Drawing(
      width: width * Double(columns), height: height * Double(rows) + (scale == nil ? 0 : 40))
    var labels: [String] = []
    for (place, var figure) in figures.enumerated() {
      let row = place / columns
      let inRow = min(columns, figures.count - row * columns)
      let widened = width * Double(columns) / Double(inRow)
      if inRow < columns { figure.size.width = widened }
      let drawing = figure.drawing
      if !drawing.label.isEmpty { labels.append(drawing.label) }
      all.add(drawing, at: (widened * Double(place % columns), height * Double(row)))
    }
    scale?.draw(in: &all, at: (28, all.height - 32))
    all.label = labels.joined(separator: "; ")
    return all
  }
}

/// A strip from the lightest to the darkest shade of some figures, with the numbers at its ends.
public struct ShadeScale: Sendable {
  /// The number that is white, and that of the darkest shade.
  public var range: ClosedRange<Float>
  /// Whether larger numbers have the darkest shade too.
  public var isOpen = false
  /// What the numbers are.
  public var meaning: String
  /// The colour of a share of the range.
  let pixel: @Sendable (Float) -> [UInt8]

  /// The colour of a number.
  func pixel(of value: Float) -> [UInt8] {
    pixel((value - range.lowerBound) / (range.upperBound - range.lowerBound))
  }

  func draw(in drawing: inout Drawing, at place: Drawing.Point) {
    let (low, high) = (short(range.lowerBound), short(range.upperBound))
    let (width, height, steps) = (80.0, 14.0, 40)
    let left = place.x + 8 + 7.2 * Double(low.count)
    drawing.text(low, at: (place.x, place.y + 11.5), .small, .soft)
    // A frame, without which white is no different from a white page.
    drawing.rectangle(
      at: (left - 1, place.y - 1), width: width + 2, height: height + 2, .grid)
    drawing.image(
      Figure.Image(
        columns: steps,
        pixels: (0..<steps).flatMap { pixel(Float($0) / Float(steps - 1)) }, x: 0...1, y: 0...1),
      at: (left, place.y), width: width, height: height)
    drawing.text(
      "\(high)\(isOpen ? " and above" : "")  \(meaning)", at: (left + width + 8, place.y + 11.5),
      .small, .soft)
  }
}
