import Foundation
import Networks

/// Groups of bars, as an SVG picture.
///
///     var plot = BarPlot(title: "Accuracy", yLabel: "accuracy", groups: ["none", "L2"])
///     plot.series = [.init("training", [1, 0.99]), .init("test", [0.90, 0.92])]
///     try plot.write(to: URL(filePath: "bars.svg"))
///
/// A value that is not finite has no bar. Values are written above the bars.
public struct BarPlot: Sendable {
  /// The bars of one colour, one in each group.
  public struct Series: Sendable {
    /// What the legend calls them.
    public var name: String
    /// The value in each group.
    public var values: [Double]

    /// Creates a series.
    public init(_ name: String, _ values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  /// What stands above the picture.
  public var title: String
  /// What the vertical axis shows.
  public var yLabel: String
  /// The name below each group of bars.
  public var groups: [String]
  /// The bars, in the order of the legend.
  public var series: [Series] = []
  /// The range of the vertical axis; `nil` for that of the values. Either begins at 0, as bars do: the lengths
  /// of bars that begin elsewhere compare nothing.
  public var yRange: ClosedRange<Double>?
  /// How many digits behind the point the values above the bars have.
  public var digits = 2

  /// Creates a plot without bars.
  public init(title: String, yLabel: String = "", groups: [String]) {
    self.title = title
    self.yLabel = yLabel
    self.groups = groups
  }

  /// The text of the SVG file.
  public var svg: String {
    let range = yRange.map { min(0, $0.lowerBound)...max(0, $0.upperBound) }
    let axis = PlotAxis([0] + series.flatMap(\.values), scale: .linear, fixed: range)
    var frame = PlotFrame(
      title: title, xLabel: "", yLabel: yLabel, legend: series.map { ($0.name, .box) })
    frame.addVerticalAxis(axis)
    let groupWidth = 1 / Double(max(groups.count, 1))
    let barWidth = groupWidth * 0.8 / Double(max(series.count, 1))
    for (group, name) in groups.enumerated() {
      let start = groupWidth * (Double(group) + 0.1)
      for (color, bars) in series.enumerated() where group < bars.values.count {
        let value = bars.values[group]
        guard let place = axis.place(of: value), let zero = axis.place(of: 0) else { continue }
        let x = frame.x(start + barWidth * Double(color))
        let width = frame.x(barWidth) - frame.x(0) - 2
        let (upper, lower) = (frame.y(max(place, zero)), frame.y(min(place, zero)))
        frame.rectangle(x: x, y: upper, width: width, height: lower - upper, color: color)
        frame.text(
          String(format: "%.\(digits)f", value), at: (x + width / 2, upper - 5), style: "mark",
          anchor: "middle")
      }
      frame.text(
        name, at: (frame.x(groupWidth * (Double(group) + 0.5)), frame.bottom + 21), style: "label",
        anchor: "middle")
    }
    frame.line(from: (frame.left, frame.bottom), to: (frame.right, frame.bottom), style: "axis")
    return frame.svg
  }

  /// Writes the SVG file; it appears at once and complete.
  public func write(to url: URL) throws { try AtomicFile.write(Data(svg.utf8), to: url) }
}
