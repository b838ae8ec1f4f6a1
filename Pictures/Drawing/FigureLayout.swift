import Foundation

extension Figure: Drawn {
  /// The shapes of the figure: the panel, the title, the legend, the axes and the marks.
  var drawing: Drawing {
    var layout = FigureLayout(self)
    return layout.draw()
  }
}

/// Places the parts of a figure.
private struct FigureLayout {
  private let figure: Figure
  private let horizontal, vertical: FigureAxis
  /// The marks with their colours.
  private let marks: [(mark: Figure.Mark, ink: Ink)]
  /// The name of each mark, as the legend has room for it.
  private let names: [String]
  private let legendRows: [[Int]]
  private let left, right, top, bottom: Double
  private let hasUprightNames: Bool
  private var drawing: Drawing

  init(_ figure: Figure) {
    self.figure = figure
    drawing = Drawing(width: figure.size.width, height: figure.size.height)
    var next = 0
    marks = figure.marks.map { mark in
      if mark.color == nil, mark.isReference { return (mark, .reference) }
      let color = mark.color ?? .series(next)
      if mark.color == nil { next += 1 }
      guard case .series(let number) = color else { return (mark, Ink(color)) }
      // Where the colours begin again, marks of one colour look different.
      let isSecond = (number / Theme.paletteSize).isMultiple(of: 2) == false
      switch mark {
      case .points(var points):
        points.isHollow = isSecond
        return (.points(points), Ink(color))
      case .line(var line):
        line.isDashed = isSecond
        return (.line(line), Ink(color))
      default: return (mark, Ink(color))
      }
    }
    var yAxis = figure.y
    // Bars begin at 0: the lengths of bars that begin elsewhere compare nothing.
    if let range = yAxis.range, figure.marks.contains(where: \.isBars) {
      yAxis.range = min(0, range.lowerBound)...max(0, range.upperBound)
    }
    let y = Self.axis(yAxis, values: figure.marks.flatMap(\.yValues))
    horizontal = Self.axis(figure.x, values: figure.marks.flatMap(\.xValues))
    vertical = y
    // As much room as the longest number or name needs.
    let labels = y.ticks.map { Double($0.text.letterCount) }.max() ?? 0
    left = max(figure.y.label.isEmpty ? 40 : 72, 7.2 * labels + (figure.y.label.isEmpty ? 24 : 46))
    right = figure.size.width - 36
    // Names that are wider than their places stand upright.
    let longest =
      figure.x.categories.isEmpty
      ? 0 : 7.2 * Double(horizontal.ticks.map(\.text.letterCount).max() ?? 0)
    hasUprightNames = longest > (right - left) / Double(max(figure.x.categories.count, 1))
    bottom =
      figure.size.height - (figure.x.label.isEmpty ? 36 : 56)
      - (hasUprightNames ? max(0, longest - 10) : 0)
    let legendWidth = right - left + 28
    // A row has room for one name at least.
    let most = Int((legendWidth - Self.width(ofLegend: "")) / 7.2)
    names = figure.marks.map { $0.name.cut(to: most) }
    legendRows = Self.legendRows(names, width: legendWidth)
    top = 48 + (legendRows.isEmpty ? 0 : 12) + 22 * Double(legendRows.count)
  }

  private static func axis(_ axis: Figure.Axis, values: [Double]) -> FigureAxis {
    if axis.isOfDates { return FigureAxis(days: values) }
    return axis.categories.isEmpty
      ? FigureAxis(
        values, scale: axis.scale, fixed: axis.range, limits: axis.limits, isWhole: axis.isWhole)
      : FigureAxis(categories: axis.categories)
  }

  private func x(_ place: Double) -> Double {
    left + (figure.x.isReversed ? 1 - place : place) * (right - left)
  }
  private func y(_ place: Double) -> Double {
    bottom - (figure.y.isReversed ? 1 - place : place) * (bottom - top)
  }
  private func point(_ point: (x: Double, y: Double)) -> Drawing.Point? {
    guard let x = horizontal.place(of: point.x), let y = vertical.place(of: point.y) else {
      return nil
    }
    return (self.x(x), self.y(y))
  }

  mutating func draw() -> Drawing {
    drawing.label = figure.title
    drawing.title(figure.title, at: (left, 30))
    addLegend()
    addGrid()
    for (mark, ink) in marks { add(mark, ink) }
    addAxes()
    return drawing
  }

  // MARK: Legend

  private static func width(ofLegend name: String) -> Double { 56 + 7.2 * Double(name.letterCount) }

  /// The numbers of the names in each row of the legend.
  private static func legendRows(_ names: [String], width: Double) -> [[Int]] {
    var rows: [[Int]] = []
    var used = Double.infinity
    for (place, name) in names.enumerated() where !name.isEmpty {
      let needed = Self.width(ofLegend: name)
      if used + needed > width {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(place)
      used += needed
    }
    return rows
  }

  private mutating func addLegend() {
    for (row, items) in legendRows.enumerated() {
      var x = left
      let y = 50 + 22 * Double(row)
      for item in items {
        let (mark, ink) = marks[item]
        switch mark {
        case .line(let line):
          drawing.polyline([(x, y), (x + 26, y)], ink, isDashed: line.isReference || line.isDashed)
          if hasMarkers(line) { drawing.marker(at: (x + 13, y), ink) }
        case .points(let points):
          drawing.circle(at: (x + 13, y), radius: 4.5, ink)
          if points.isHollow { drawing.circle(at: (x + 13, y), radius: 2, .panel) }
        case .area:
          drawing.polygon(
            [(x, y - 7), (x + 26, y - 7), (x + 26, y + 7), (x, y + 7)], ink, opacity: 0.25)
        case .bars, .image, .text:
          drawing.rectangle(at: (x + 6, y - 7), width: 14, height: 14, ink)
        }
        drawing.text(names[item], at: (x + 34, y + 4.5))
        x += Self.width(ofLegend: names[item])
      }
    }
  }

  // MARK: Axes

  private mutating func addGrid() {
    guard figure.y.categories.isEmpty else { return }
    for tick in vertical.ticks {
      guard let place = vertical.place(of: tick.value) else { continue }
      drawing.polyline([(left, y(place)), (right, y(place))], .grid, width: 1)
    }
  }

  private mutating func addAxes() {
    for tick in vertical.ticks {
      guard let place = vertical.place(of: tick.value) else { continue }
      drawing.text(tick.text, at: (left - 10, y(place) + 4.5), .small, .soft, anchor: .end)
    }
    let hasNames = !figure.x.categories.isEmpty
    for tick in horizontal.ticks {
      guard let place = horizontal.place(of: tick.value) else { continue }
      if !hasNames {
        drawing.polyline([(x(place), bottom), (x(place), bottom + 5)], .soft, width: 1)
      }
      if hasUprightNames {
        drawing.text(
          tick.text, at: (x(place) + 4.5, bottom + 10), .label, .ink, anchor: .end, isUpright: true)
        continue
      }
      drawing.text(
        tick.text, at: (x(place), bottom + 21), hasNames ? .label : .small, hasNames ? .ink : .soft,
        anchor: .middle)
    }
    drawing.polyline([(left, bottom), (right, bottom)], .soft, width: 1)
    drawing.text(
      figure.x.label, at: ((left + right) / 2, figure.size.height - 12), anchor: .middle)
    drawing.text(
      figure.y.label, at: (20, (top + bottom) / 2), anchor: .middle, isUpright: true)
  }

  // MARK: Marks

  private mutating func add(_ mark: Figure.Mark, _ ink: Ink) {
    switch mark {
    case .line(let line): add(line, ink)
    case .points(let points):
      for place in points.points.compactMap(point) {
        // A rim, so that points on an image or on each other stay apart.
        drawing.circle(at: place, radius: points.radius + 1, .panel)
        drawing.circle(at: place, radius: points.radius, ink)
        if points.isHollow { drawing.circle(at: place, radius: points.radius * 0.45, .panel) }
      }
    case .bars(let bars): add(bars, ink)
    case .area(let area): add(area, ink)
    case .image(let image):
      guard let start = point((image.x.lowerBound, image.y.upperBound)),
        let end = point((image.x.upperBound, image.y.lowerBound))
      else { return }
      drawing.image(
        image, at: (min(start.x, end.x), min(start.y, end.y)), width: abs(end.x - start.x),
        height: abs(end.y - start.y))
    case .text(let text):
      guard let place = point((text.x, text.y)) else { return }
      drawing.text(text.text, at: (place.x, place.y + 4.5), .small, ink, anchor: .middle)
    }
  }

  /// Markers on a hundred points would be a caterpillar.
  private func hasMarkers(_ line: Figure.Line) -> Bool {
    line.hasMarkers && !line.isReference && line.points.count <= 60
  }

  private mutating func add(_ line: Figure.Line, _ ink: Ink) {
    let hasMarkers = hasMarkers(line)
    var piece: [Drawing.Point] = []
    for place in line.points.map(point) + [nil] {
      if let place {
        piece.append(place)
        continue
      }
      if piece.count > 1 {
        drawing.polyline(piece, ink, isDashed: line.isReference || line.isDashed)
      }
      if hasMarkers || piece.count == 1 { piece.forEach { drawing.marker(at: $0, ink) } }
      piece = []
    }
  }

  private mutating func add(_ area: Figure.Area, _ ink: Ink) {
    let edges = area.edges.compactMap { edge -> (low: Drawing.Point, high: Drawing.Point)? in
      guard let low = point((edge.x, edge.low)), let high = point((edge.x, edge.high)) else {
        return nil
      }
      return (low, high)
    }
    guard edges.count > 1 else { return }
    drawing.polygon(edges.map(\.low) + edges.reversed().map(\.high), ink, opacity: 0.25)
  }

  private mutating func add(_ bars: Figure.Bars, _ ink: Ink) {
    // Group k is 1 wide, around k.
    guard let start = horizontal.place(of: -0.5), let end = horizontal.place(of: 0.5) else {
      return
    }
    let groupWidth = abs(x(end) - x(start))
    let barWidth = groupWidth * 0.8 / Double(figure.marks.count(where: \.isBars))
    let number = barNumber
    barNumber += 1
    for (group, value) in bars.values.enumerated() {
      guard let place = vertical.place(of: value), let zero = vertical.place(of: 0),
        let middle = horizontal.place(of: Double(group))
      else { continue }
      let start = x(middle) - groupWidth * 0.4 + barWidth * Double(number)
      let (upper, lower) = (y(max(place, zero)), y(min(place, zero)))
      drawing.rectangle(
        at: (start, upper), width: barWidth - 2, height: lower - upper, ink)
      if let digits = bars.digits {
        drawing.text(
          String(format: "%.\(digits)f", value), at: (start + barWidth / 2 - 1, upper - 5), .small,
          .soft, anchor: .middle)
      }
    }
  }

  /// The number of bars that each group has so far.
  private var barNumber = 0
}

extension Figure.Mark {
  fileprivate var name: String {
    switch self {
    case .line(let line): line.name
    case .points(let points): points.name
    case .bars(let bars): bars.name
    case .area(let area): area.name
    case .image, .text: ""
    }
  }

  fileprivate var color: Figure.Color? {
    switch self {
    case .line(let line): line.color
    case .points(let points): points.color
    case .bars(let bars): bars.color
    case .area(let area): area.color
    case .image: .ink
    case .text(let text): text.color
    }
  }

  fileprivate var isBars: Bool { if case .bars = self { true } else { false } }

  fileprivate var isReference: Bool {
    if case .line(let line) = self { line.isReference } else { false }
  }

  fileprivate var xValues: [Double] {
    switch self {
    case .line(let line): line.points.map(\.x)
    case .points(let points): points.points.map(\.x)
    case .bars(let bars): bars.values.isEmpty ? [] : [-0.5, Double(bars.values.count) - 0.5]
    case .area(let area): area.edges.map(\.x)
    case .image(let image): [image.x.lowerBound, image.x.upperBound]
    case .text(let text): [text.x]
    }
  }

  fileprivate var yValues: [Double] {
    switch self {
    case .line(let line): line.points.map(\.y)
    case .points(let points): points.points.map(\.y)
    case .bars(let bars): [0] + bars.values
    case .area(let area): area.edges.flatMap { [$0.low, $0.high] }
    case .image(let image): [image.y.lowerBound, image.y.upperBound]
    case .text(let text): [text.y]
    }
  }
}
