import Foundation
import Networks

/// Lines over a horizontal axis, as an SVG picture.
///
///     var plot = LinePlot(title: "Learning rates", xLabel: "learning rate", yLabel: "accuracy")
///     plot.xScale = .logarithmic
///     plot.lines = [.init("plain", [(0.001, 0.4), (0.01, 0.9), (0.1, .nan)])]
///     try plot.write(to: URL(filePath: "rates.svg"))
///
/// A point that is not finite (a training that diverged) interrupts its line. The picture is readable on
/// light and on dark pages, and without colours: each line has marks of its own form.
public struct LinePlot: Sendable {
  /// One line.
  public struct Line: Sendable {
    /// What the legend calls it; empty to leave it out of the legend.
    public var name: String
    /// The points, from left to right.
    public var points: [(x: Double, y: Double)]
    /// Whether it is drawn in dashes and without marks, as a limit or a comparison.
    public var isReference: Bool

    /// Creates a line.
    public init(_ name: String, _ points: [(x: Double, y: Double)], isReference: Bool = false) {
      self.name = name
      self.points = points
      self.isReference = isReference
    }
  }

  /// What stands above the picture.
  public var title: String
  /// What the horizontal axis shows.
  public var xLabel: String
  /// What the vertical axis shows.
  public var yLabel: String
  /// The lines, in the order of the legend.
  public var lines: [Line] = []
  /// How the horizontal axis places its values.
  public var xScale = PlotScale.linear
  /// How the vertical axis places its values.
  public var yScale = PlotScale.linear
  /// The range of the vertical axis; `nil` for that of the values. What lies beyond is put on its edge.
  public var yRange: ClosedRange<Double>?

  /// Creates a plot without lines.
  public init(title: String, xLabel: String = "", yLabel: String = "") {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
  }

  /// The text of the SVG file.
  public var svg: String {
    let xAxis = PlotAxis(lines.flatMap { $0.points.map(\.x) }, scale: xScale)
    let yAxis = PlotAxis(lines.flatMap { $0.points.map(\.y) }, scale: yScale, fixed: yRange)
    var frame = PlotFrame(
      title: title, xLabel: xLabel, yLabel: yLabel,
      legend: lines.map { ($0.name, $0.isReference ? .dashes : .line) })
    frame.addVerticalAxis(yAxis)
    frame.addHorizontalAxis(xAxis)
    for (place, line) in lines.enumerated() {
      let color = line.isReference ? PlotFrame.referenceColor : place
      var piece: [(Double, Double)] = []
      func places() -> [(Double, Double)?] {
        line.points.map { point in
          guard let x = xAxis.place(of: point.x), let y = yAxis.place(of: point.y) else {
            return nil
          }
          return (frame.x(x), frame.y(y))
        }
      }
      // Marks on a hundred points would be a caterpillar.
      let hasMarks = !line.isReference && line.points.count <= 60
      for place in places() + [nil] {
        if let place {
          piece.append(place)
          continue
        }
        if piece.count > 1 { frame.path(piece, color: color, isDashed: line.isReference) }
        if hasMarks || piece.count == 1 { piece.forEach { frame.marker(at: $0, color: color) } }
        piece = []
      }
    }
    return frame.svg
  }

  /// Writes the SVG file; it appears at once and complete.
  public func write(to url: URL) throws { try AtomicFile.write(Data(svg.utf8), to: url) }
}
