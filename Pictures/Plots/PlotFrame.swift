import Foundation

/// What all plots share: the panel, the title, the axes, the legend, and the text of the SVG file.
///
/// The picture paints its own background, light or dark as the reader's system prefers, and takes its colours
/// from one list that people who see colours differently can tell apart (Okabe and Ito 2008). Each element has
/// its light colour as an attribute, which every viewer understands; a style sheet changes only what is dark.
struct PlotFrame {
  static let width = 720.0
  static let height = 440.0
  static let colorCount = 6
  /// The grey of limits and comparisons.
  static let referenceColor = 5
  let left = 72.0
  let right = 684.0
  let bottom = 384.0
  /// The upper edge of the area: below title and legend.
  let top: Double
  private var elements: [String] = []

  /// How the legend shows what belongs to a name.
  enum Sample { case line, dashes, box }

  /// - Parameter legend: the names of what is shown; an empty one has no place in the legend
  init(title: String, xLabel: String, yLabel: String, legend: [(name: String, sample: Sample)]) {
    let rows = PlotFrame.legendRows(legend.map(\.name))
    top = 60 + 22 * Double(rows.count)
    text(title, at: (left, 30), style: "title")
    text(xLabel, at: ((left + right) / 2, bottom + 44), style: "label", anchor: "middle")
    let middle = (top + bottom) / 2
    text(
      yLabel, at: (20, middle), style: "label", anchor: "middle",
      turn: "rotate(-90 20 \(number(middle)))")
    for (row, items) in rows.enumerated() {
      var x = left
      let y = 50 + 22 * Double(row)
      for item in items {
        switch legend[item].sample {
        case .line:
          path([(x, y), (x + 26, y)], color: item)
          marker(at: (x + 13, y), color: item)
        case .dashes: path([(x, y), (x + 26, y)], color: Self.referenceColor, isDashed: true)
        case .box: rectangle(x: x + 6, y: y - 7, width: 14, height: 14, color: item)
        }
        text(legend[item].name, at: (x + 34, y + 4.5), style: "label")
        x += PlotFrame.width(ofLegend: legend[item].name)
      }
    }
  }

  private static func width(ofLegend name: String) -> Double { 56 + 7.2 * Double(name.count) }

  /// The numbers of the names in each row of the legend.
  private static func legendRows(_ names: [String]) -> [[Int]] {
    var rows: [[Int]] = []
    var used = Double.infinity
    for (place, name) in names.enumerated() where !name.isEmpty {
      let needed = width(ofLegend: name)
      if used + needed > 640 {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(place)
      used += needed
    }
    return rows
  }

  func x(_ place: Double) -> Double { left + place * (right - left) }
  func y(_ place: Double) -> Double { bottom - place * (bottom - top) }

  // MARK: Axes

  /// The marks of the vertical axis, each with a line across the area.
  mutating func addVerticalAxis(_ axis: PlotAxis) {
    for mark in axis.marks {
      guard let place = axis.place(of: mark.value) else { continue }
      line(from: (left, y(place)), to: (right, y(place)), style: "grid")
      text(mark.text, at: (left - 10, y(place) + 4.5), style: "mark", anchor: "end")
    }
  }

  /// The marks of the horizontal axis.
  mutating func addHorizontalAxis(_ axis: PlotAxis) {
    for mark in axis.marks {
      guard let place = axis.place(of: mark.value) else { continue }
      line(from: (x(place), bottom), to: (x(place), bottom + 5), style: "axis")
      text(mark.text, at: (x(place), bottom + 21), style: "mark", anchor: "middle")
    }
    line(from: (left, bottom), to: (right, bottom), style: "axis")
  }

  // MARK: Elements

  mutating func text(
    _ text: String, at place: (Double, Double), style: String, anchor: String = "start",
    turn: String? = nil
  ) {
    guard !text.isEmpty else { return }
    let turned = turn.map { " transform=\"\($0)\"" } ?? ""
    elements.append(
      "<text class=\"\(style)\" \(Self.attributes(ofText: style)) x=\"\(number(place.0))\" "
        + "y=\"\(number(place.1))\" text-anchor=\"\(anchor)\"\(turned)>\(escaped(text))</text>")
  }

  private static func attributes(ofText style: String) -> String {
    switch style {
    case "title": "fill=\"\(PlotColors.light.ink)\" font-size=\"16\" font-weight=\"600\""
    case "mark": "fill=\"\(PlotColors.light.soft)\" font-size=\"12\""
    default: "fill=\"\(PlotColors.light.ink)\" font-size=\"13\""
    }
  }

  mutating func line(from: (Double, Double), to: (Double, Double), style: String) {
    elements.append(
      "<line class=\"\(style)\" "
        + "stroke=\"\(style == "grid" ? PlotColors.light.grid : PlotColors.light.soft)\" x1=\"\(number(from.0))\" y1=\"\(number(from.1))\" "
        + "x2=\"\(number(to.0))\" y2=\"\(number(to.1))\"/>")
  }

  mutating func path(_ points: [(Double, Double)], color: Int, isDashed: Bool = false) {
    let list = points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
    let dash = isDashed ? " stroke-dasharray=\"6 5\"" : ""
    elements.append(
      "<polyline class=\"line s\(color % Self.colorCount)\" fill=\"none\" "
        + "stroke=\"\(PlotColors.light.series[color % Self.colorCount])\" stroke-width=\"2\" "
        + "stroke-linejoin=\"round\"\(dash) points=\"\(list)\"/>")
  }

  /// A mark of a form of its own for each colour: circle, square, triangle, diamond, ...
  mutating func marker(at place: (Double, Double), color: Int) {
    let (x, y) = place
    let corners: [(Double, Double)]? =
      switch color % Self.colorCount {
      case 1: [(-4, -4), (4, -4), (4, 4), (-4, 4)]
      case 2: [(0, -5.5), (5, 4), (-5, 4)]
      case 3: [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)]
      case 4: [(0, 5.5), (5, -4), (-5, -4)]
      default: nil
      }
    let style = fill(color)
    if let corners {
      let list = corners.map { "\(number(x + $0.0)),\(number(y + $0.1))" }.joined(separator: " ")
      elements.append("<polygon \(style) points=\"\(list)\"/>")
    } else {
      elements.append("<circle \(style) cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4.5\"/>")
    }
  }

  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, color: Int) {
    elements.append(
      "<rect \(fill(color)) x=\"\(number(x))\" y=\"\(number(y))\" "
        + "width=\"\(number(width))\" height=\"\(number(height))\"/>")
  }

  private func fill(_ color: Int) -> String {
    let place = color % Self.colorCount
    return "class=\"fill s\(place)\" fill=\"\(PlotColors.light.series[place])\""
  }

  // MARK: The file

  /// The picture as the text of an SVG file.
  var svg: String {
    let size = "\(Int(Self.width)) \(Int(Self.height))"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Int(Self.width))" \
      height="\(Int(Self.height))" role="img" \
      font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
      <style>
      @media (prefers-color-scheme: dark) {
      \(PlotColors.dark.rules)
      }
      </style>
      <rect class="panel" fill="\(PlotColors.light.panel)" width="100%" height="100%" rx="6"/>
      \(elements.joined(separator: "\n"))
      </svg>

      """
  }

  /// A coordinate with at most two digits behind the point.
  private func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
