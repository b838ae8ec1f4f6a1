/// Several figures of one size in a grid, as one picture. The figures of a last row that is not full share its width.
///
///     try Panels([loss, accuracy], columns: 2).write(to: URL(filePath: "curves.svg"))
public struct Panels: Drawn, Sendable {
  /// The figures, row by row.
  public var figures: [Figure]
  /// The number of columns.
  public var columns: Int

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
    var all = Drawing(width: width * Double(columns), height: height * Double(rows))
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
    all.label = labels.joined(separator: "; ")
    return all
  }
}
