import CourseTestSupport
import Foundation
import Testing

@testable import Pictures

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Counts the elements of an XML text, by name.
private final class ElementCounter: NSObject, XMLParserDelegate {
  var counts: [String: Int] = [:]
  var points: [String] = []
  var text = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    if let list = attributes["points"] { points.append(list) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}

@Suite(.watched) struct PlotTests {
  private func parsed(_ svg: String) throws -> ElementCounter {
    let parser = XMLParser(data: Data(svg.utf8))
    let counter = ElementCounter()
    parser.delegate = counter
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    return counter
  }

  @Test func aLinePlotIsWellFormed() throws {
    var plot = LinePlot(title: "Loss & <rate>", xLabel: "rate", yLabel: "loss")
    plot.xScale = .logarithmic
    plot.lines = [
      .init("a \"b\"", [(0.001, 1), (0.01, 0.5), (0.1, 0.2)]),
      .init("diverged", [(0.001, 1), (0.01, 0.8), (0.1, .nan), (1, .infinity)]),
      .init("limit", [(0.001, 0.3), (1, 0.3)], isReference: true),
    ]
    let counter = try parsed(plot.svg)
    #expect(counter.text.contains("Loss & <rate>"))
    #expect(counter.text.contains("a \"b\""))
    // Three lines, and three samples of them in the legend.
    #expect(counter.counts["polyline"] == 6)
    #expect(counter.points.contains { $0.split(separator: " ").count == 3 })
  }

  @Test func barsAreWellFormed() throws {
    var plot = BarPlot(title: "Accuracy", yLabel: "", groups: ["none", "L2", "dropout"])
    plot.series = [.init("training", [1, 0.99, 0.98]), .init("test", [0.9, .nan, -0.1])]
    let counter = try parsed(plot.svg)
    // The panel, two samples in the legend, and a bar for each number.
    #expect(counter.counts["rect"] == 1 + 2 + 5)
    #expect(counter.text.contains("0.99") && counter.text.contains("dropout"))
  }

  @Test func barsBeginAtZero() throws {
    var plot = BarPlot(title: "", groups: ["a"])
    plot.series = [.init("", [0.75]), .init("", [1])]
    plot.yRange = 0.7...1
    // A bar of three quarters is three quarters of the height of a whole one.
    let heights = plot.svg.matches(of: #/<rect class="fill[^>]* height="([0-9.]+)"/#)
      .compactMap { Double($0.output.1) }.suffix(2)
    #expect(heights.count == 2)
    #expect(abs((heights.first ?? 0) / (heights.last ?? 1) - 0.75) < 0.001)
  }

  /// Viewers without variables, or without style sheets, draw black what has no colour of its own.
  @Test func everyElementHasAPlainColour() throws {
    var lines = LinePlot(title: "t", xLabel: "x", yLabel: "y")
    lines.lines = [
      .init("a", [(0, 0), (1, 1)]), .init("b", [(0, 1), (1, 0)], isReference: true),
    ]
    var bars = BarPlot(title: "t", yLabel: "y", groups: ["g"])
    bars.series = [.init("a", [1])]
    for svg in [lines.svg, bars.svg] {
      #expect(!svg.contains("var("))
      let elements = svg.matches(of: #/<(text|line|polyline|polygon|circle|rect) [^>]*>/#)
      #expect(elements.count > 10)
      for element in elements {
        let needed = ["line", "polyline"].contains(element.output.1) ? "stroke" : "fill"
        #expect(element.output.0.contains(" \(needed)=\"#"), "\(element.output.0)")
      }
      #expect(svg.contains("@media (prefers-color-scheme: dark)"))
    }
  }

  @Test func plotsOfNothingAreWellFormed() throws {
    _ = try parsed(LinePlot(title: "").svg)
    _ = try parsed(BarPlot(title: "", groups: []).svg)
    var plot = LinePlot(title: "one point")
    plot.lines = [.init("", [(1, 1)]), .init("none", [(.nan, 1)])]
    _ = try parsed(plot.svg)
    plot.xScale = .logarithmic
    plot.lines = [.init("not positive", [(0, 1), (-1, 2)])]
    _ = try parsed(plot.svg)
  }

  @Test func marksAreRoundNumbers() {
    #expect(
      PlotAxis([0.03, 0.97], scale: .linear).marks.map(\.text) == [
        "0.0", "0.2", "0.4", "0.6", "0.8", "1.0",
      ])
    #expect(
      PlotAxis([3, 41], scale: .linear).marks.map(\.text) == ["0", "10", "20", "30", "40", "50"])
    #expect(
      PlotAxis([Double(Float(0.0001)), 1], scale: .logarithmic).marks.map(\.text)
        == ["0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(PlotAxis([1, 1e6], scale: .logarithmic).marks.last?.text == "10⁶")
    #expect(
      PlotAxis([0, 130_000], scale: .linear).marks.map(\.value) == [0, 50_000, 100_000, 150_000])
    #expect(
      PlotAxis([0.11, 0.9], scale: .logarithmic).marks.map(\.text) == ["0.1", "0.2", "0.5", "1"])
    #expect(PlotAxis([0.5], scale: .linear, fixed: 0...1).marks.count == 6)
  }

  @Test func placesOnAnAxis() {
    let axis = PlotAxis([0.01, 100], scale: .logarithmic)
    #expect(abs((axis.place(of: 1) ?? 0) - 0.5) < 1e-12)
    #expect(axis.place(of: 0) == nil)
    #expect(axis.place(of: .nan) == nil)
    #expect(PlotAxis([0, 1], scale: .linear, fixed: 0...1).place(of: 7) == 1)
  }

  @Test func aPlotIsWritten() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "p.svg")
      var plot = LinePlot(title: "t")
      plot.lines = [.init("l", [(0, 0), (1, 1)])]
      try plot.write(to: url)
      #expect(try String(contentsOf: url, encoding: .utf8) == plot.svg)
    }
  }
}
