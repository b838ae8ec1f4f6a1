/// Several figures of one size in a grid, as one picture.
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
    let drawings = figures.map(\.drawing)
    let (width, height) = (
      drawings.map(\.width).max() ?? 0, drawings.map(\.height).max() ?? 0
    )
    let rows = (figures.count + columns - 1) / columns
    var all = Drawing(width: width * Double(columns), height: height * Double(rows))
    all.label = drawings.map(\.label).filter { !$0.isEmpty }.joined(separator: "; ")
    for (place, drawing) in drawings.enumerated() {
      all.add(drawing, at: (width * Double(place % columns), height * Double(place / columns)))
    }
    return all
  }
}
