import Networks

/// A table of texts and numbers, as a picture and in a page.
///
///     try TextTable(
///       title: "Layers", columns: [.init("layer"), .number("parameters")],
///       rows: [["Dense", "2,080"], ["ReLU", "0"]]
///     ).write(to: URL(filePath: "layers.svg"))
public struct TextTable: Drawn, Sendable {
  /// A column.
  public struct Column: Sendable {
    /// Its title.
    public var title: String
    /// Whether its cells are numbers, which are set to the right.
    public var isNumber = false

    /// A column of texts.
    public init(_ title: String) { self.title = title }

    /// A column of numbers.
    public static func number(_ title: String) -> Column {
      var column = Column(title)
      column.isNumber = true
      return column
    }
  }

  /// The text above the table; empty for none.
  public var title: String
  /// The columns, from left to right.
  public var columns: [Column]
  /// The cells, row by row; a row may be short.
  public var rows: [[String]]

  /// Creates a table.
  public init(title: String = "", columns: [Column], rows: [[String]]) {
    (self.title, self.columns, self.rows) = (title, columns, rows)
  }

  var drawing: Drawing {
    let (margin, gap, line) = (28.0, 24.0, 24.0)
    let widths = columns.indices.map { column in
      let texts = [columns[column].title] + rows.compactMap { $0.dropFirst(column).first }
      return 7.6 * Double(texts.map(\.printable.letterCount).max() ?? 0)
    }
    let width = max(
      2 * margin + widths.reduce(0) { $0 + $1 + gap } - gap,
      2 * margin + 9.5 * Double(title.letterCount))
    let top = title.isEmpty ? 12.0 : 48.0
    var drawing = Drawing(width: width, height: top + line * Double(rows.count + 1) + 24)
    drawing.label = title
    drawing.text(title, at: (margin, 32), .title)
    func add(_ cells: [String], y: Double, _ ink: Ink) {
      var x = margin
      for (cell, (column, width)) in zip(cells, zip(columns, widths)) {
        drawing.text(
          cell.printable, at: (column.isNumber ? x + width : x, y), .small, ink,
          anchor: column.isNumber ? .end : .start)
        x += width + gap
      }
    }
    add(columns.map(\.title), y: top + 16, .soft)
    for (number, row) in rows.enumerated() {
      let y = top + line * Double(number + 1)
      drawing.polyline([(margin, y), (width - margin, y)], .grid, width: 1)
      add(row, y: y + 16, .ink)
    }
    return drawing
  }

  /// In a page, a table that can be read, searched and copied.
  var html: String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + zip(cells, columns).map { cell, column in
          // A sentence has several lines, rather than move the columns behind it out of the page.
          let name = column.isNumber ? "number" : cell.count > 40 ? "long" : ""
          return "<\(tag)\(name.isEmpty ? "" : " class=\"\(name)\"")>\(cell.markup)</\(tag)>"
        }.joined() + "</tr>"
    }
    let caption = title.isEmpty ? "" : "<h3>\(title.markup)</h3>\n"
    guard !rows.isEmpty else { return caption }
    return caption
      + "<div class=\"scroll\"><table>\n<thead>\(row(columns.map(\.title), "th"))</thead>\n"
      + "<tbody>\n\(rows.map { row($0, "td") }.joined(separator: "\n"))\n</tbody>\n</table></div>"
  }
}
