import CourseTestSupport
import Foundation
import Networks
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

@Suite(.watched) struct FigureTests {
  private func parsed(_ svg: String) throws -> ElementCounter {
    let parser = XMLParser(data: Data(svg.utf8))
    let counter = ElementCounter()
    parser.delegate = counter
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    return counter
  }

  @Test func linesAreWellFormed() throws {
    var figure = Figure(
      title: "Loss & <rate>", x: .init("rate", scale: .logarithmic), y: .init("loss"))
    figure.marks = [
      .line("a \"b\"", [(0.001, 1), (0.01, 0.5), (0.1, 0.2)]),
      .line("diverged", [(0.001, 1), (0.01, 0.8), (0.1, .nan), (1, .infinity)]),
      .line("limit", [(0.001, 0.3), (1, 0.3)], isReference: true),
    ]
    let counter = try parsed(figure.svg)
    #expect(counter.text.contains("Loss & <rate>"))
    #expect(counter.text.contains("a \"b\""))
    #expect(counter.points.contains { $0.split(separator: " ").count == 3 })
    // The line that diverged has two points left, the limit has no markers.
    #expect(counter.counts["circle"] == 3 + 1)
    #expect(figure.svg.matches(of: #/<polygon class="fill s1"/#).count == 2 + 1)
    #expect(figure.svg.matches(of: #/stroke-dasharray/#).count == 1 + 1)
  }

  /// A grid has no empty places: what is in a row that is not full shares the width.
  @Test(arguments: [(1, 2, [1]), (2, 2, [2]), (3, 2, [2, 1]), (5, 3, [3, 2]), (3, 1, [1, 1, 1])])
  func panelsFillTheirRows(count: Int, columns: Int, rows: [Int]) {
    var figure = Figure(title: "loss")
    figure.size = .init(width: 300, height: 200)
    figure.marks = [.line("", [(0, 1), (1, 2)])]
    let drawing = Panels(Array(repeating: figure, count: count), columns: columns).drawing
    #expect(drawing.width == 300 * Double(rows[0]) && drawing.height == 200 * Double(rows.count))
    let (titles, ends) = drawing.shapes.reduce(into: ([(x: Double, y: Double)](), [Double]())) {
      switch $1 {
      case .text("loss", let place, _, _, _, _): $0.0.append(place)
      case .polyline(let points, _, _, _): $0.1.append(points.map(\.x).max() ?? 0)
      default: break
      }
    }
    for (row, figures) in rows.enumerated() {
      let inRow = titles.filter { (200 * Double(row)..<200 * Double(row + 1)).contains($0.y) }
      #expect(inRow.count == figures && Set(inRow.map(\.x)).count == figures)
      // The axis of each ends at the same distance from the end of its place.
      let width = drawing.width / Double(figures)
      for number in 1...figures { #expect(ends.contains(width * Double(number) - 36)) }
    }
  }

  @Test func barsAreWellFormed() throws {
    var figure = Figure(
      title: "Accuracy", x: .init(categories: ["none", "L2", "dropout"]))
    figure.marks = [.bars("training", [1, 0.99, 0.98]), .bars("test", [0.9, .nan, -0.1])]
    let counter = try parsed(figure.svg)
    // The panel, two samples in the legend, and a bar for each number.
    #expect(counter.counts["rect"] == 1 + 2 + 5)
    #expect(counter.text.contains("0.99") && counter.text.contains("dropout"))
  }

  @Test func barsBeginAtZero() throws {
    var figure = Figure(title: "", x: .init(categories: ["a"]), y: .init(range: 0.7...1))
    figure.marks = [.bars("", [0.75]), .bars("", [1])]
    // A bar of three quarters is three quarters of the height of a whole one.
    let heights = figure.svg.matches(of: #/<rect class="fill s[^>]* height="([0-9.]+)"/#)
      .compactMap { Double($0.output.1) }
    #expect(heights.count == 2)
    #expect(abs((heights.first ?? 0) / (heights.last ?? 1) - 0.75) < 0.001)
  }

  /// Every kind of mark, twice where there are names and none.
  static var everything: Figure {
    var figure = Figure(title: "t", x: .init("x"), y: .init("y"))
    figure.marks = [
      .image(
        .init(
          columns: 3, pixels: [200, 0, 0, 200, 0, 0, 0, 0, 200, 0, 200, 0, 0, 0, 200, 0, 0, 200],
          x: 0...1, y: 0...1)),
      .area("range", [(0, 0.1, 0.3), (0.5, 0.2, 0.6), (1, 0.4, 0.5)]),
      .line("a", [(0, 0), (1, 1)]), .line("b", [(0, 1), (1, 0)], isReference: true),
      .points("p", [(0.25, 0.25), (.nan, 0), (0.75, 0.5)]), .text("here", x: 0.5, y: 0.5),
      .bars("", [0.5]),
    ]
    return figure
  }

  /// Ten classes are told apart by six colours: from the seventh on, points are rings.
  @Test func pointsOfManyClassesDiffer() {
    var figure = Figure(title: "")
    figure.marks = (0..<10).map { .points("class \($0)", [(Double($0), 0)]) }
    let circles = figure.svg.matches(of: #/<circle class="fill ([a-z0-9]+)"/#).map(\.output.1)
    // A rim and a point each, four rings more; one in the legend each, four rings more.
    #expect(circles.count == 2 * 10 + 4 + 10 + 4)
    #expect(circles.count { $0 == "s0" } == 4, "class 0 and class 6, twice")
    var two = Figure(title: "")
    two.marks = [
      .points("", [(0, 0)], color: .series(1)), .points("", [(0, 0)], color: .series(7)),
    ]
    #expect(two.svg.matches(of: #/<circle/#).count == 2 + 3)
  }

  @Test func namesThatAreWideStandUpright() {
    var figure = Figure(title: "", x: .init(categories: ["aaaa", "bbbb", "cccc"]))
    figure.marks = [.bars("", [1, 2, 3])]
    #expect(!figure.svg.contains("rotate(-90"))
    figure.x.categories[1] = String(repeating: "b", count: 60)
    #expect(figure.svg.matches(of: #/rotate\(-90/#).count == 3)
  }

  /// Viewers without variables, or without style sheets, draw black what has no colour of its own.
  @Test func everyElementHasAPlainColour() throws {
    let svg = Self.everything.svg
    #expect(!svg.contains("var("))
    let elements = svg.matches(of: #/<(text|polyline|polygon|circle|rect|path) [^>]*>/#)
    #expect(elements.count > 10)
    for element in elements {
      let needed = element.output.1 == "polyline" ? "stroke" : "fill"
      #expect(element.output.0.contains("\(needed)=\"#"), "\(element.output.0)")
    }
    #expect(svg.contains("@media (prefers-color-scheme: dark)"))
  }

  @Test func anImageIsOnePathForEachColour() throws {
    let counter = try parsed(Self.everything.svg)
    #expect(counter.counts["path"] == 3)
    // Two red cells side by side are one run; blue ones in two rows are two.
    #expect(Self.everything.svg.contains("d=\"M0 0h2v1h-2z\""))
    #expect(Self.everything.svg.contains("d=\"M2 0h1v1h-1zM1 1h2v1h-2z\""))
  }

  @Test func figuresOfNothingAreWellFormed() throws {
    _ = try parsed(Figure(title: "").svg)
    _ = try parsed(Figure(title: "", x: .init(categories: [])).svg)
    var figure = Figure(title: "one point")
    figure.marks = [
      .line("", [(1, 1)]), .line("none", [(.nan, 1)]), .area("", []), .points("", []),
      .bars("", []), .image(.init(columns: 0, pixels: [], x: 0...1, y: 0...1)),
    ]
    _ = try parsed(figure.svg)
    figure.x.scale = .logarithmic
    figure.marks = [.line("not positive", [(0, 1), (-1, 2)])]
    _ = try parsed(figure.svg)
  }

  @Test func ticksAreRoundNumbers() {
    #expect(
      FigureAxis([0.03, 0.97], scale: .linear).ticks.map(\.text) == [
        "0.0", "0.2", "0.4", "0.6", "0.8", "1.0",
      ])
    #expect(
      FigureAxis([3, 41], scale: .linear).ticks.map(\.text) == ["0", "10", "20", "30", "40", "50"])
    #expect(
      FigureAxis([Double(Float(0.0001)), 1], scale: .logarithmic).ticks.map(\.text)
        == ["0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(FigureAxis([1, 1e6], scale: .logarithmic).ticks.last?.text == "10⁶")
    #expect(
      FigureAxis([0, 130_000], scale: .linear).ticks.map(\.value) == [0, 50_000, 100_000, 150_000])
    #expect(
      FigureAxis([0.11, 0.9], scale: .logarithmic).ticks.map(\.text) == ["0.1", "0.2", "0.5", "1"])
    #expect(FigureAxis([0.5], scale: .linear, fixed: 0...1).ticks.count == 6)
    // Beyond a fixed range, ticks would lie on its end, one on the other.
    #expect(
      FigureAxis([0.3], scale: .logarithmic, fixed: 0.24...2.1).ticks.map(\.text) == [
        "0.5", "1", "2",
      ])
    #expect(
      FigureAxis([1, 3], scale: .linear, isWhole: true).ticks.map(\.text) == ["1", "2", "3"])
    #expect(FigureAxis([0, 2e38], scale: .linear).ticks.last?.text == "2e+38")
    #expect(FigureAxis([0, 3e-9], scale: .linear).ticks.last?.text == "3e-09")
  }

  /// Whatever the values are, two numbers at least say where they lie.
  @Test func everyAxisHasTwoTicks() {
    let powers = stride(from: -324, through: 308, by: 4).map { pow(10, Double($0)) }
    let sizes = powers + [0, 1, 2.3, 7, 4096, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    let widths = [0, 1e-16, 1e-13, 1e-9, 1e-4, 0.01, 0.07, 0.4, 0.97, 1.3, 4, 9.5, 99, 1e5, 1e40]
    var ranges: [ClosedRange<Double>] = []
    for size in sizes {
      for width in widths where size * (1 + width) < .infinity {
        ranges.append(size...(size * (1 + width)))
        ranges.append((-size * (1 + width))...(-size))
        ranges.append((-size)...(size * width))
      }
    }
    for range in ranges {
      let ends = [range.lowerBound, range.upperBound]
      let isPositive = range.lowerBound > 0
      for isWhole in [false, true] {
        expectTwoTicks(FigureAxis(ends, scale: .linear, isWhole: isWhole), "\(range)")
        expectTwoTicks(
          FigureAxis([], scale: .linear, fixed: range, isWhole: isWhole), "fixed \(range)")
      }
      expectTwoTicks(FigureAxis(ends, scale: .logarithmic), "decades \(range)")
      expectTwoTicks(
        FigureAxis(ends, scale: .logarithmic, fixed: range), "fixed decades \(range)")
      guard isPositive || range.upperBound < 0 else { continue }
      expectTwoTicks(FigureAxis(days: ends), "days \(range)")
    }
    for values in [[], [.nan], [.infinity, -.infinity]] as [[Double]] {
      expectTwoTicks(FigureAxis(values, scale: .linear), "\(values)")
      expectTwoTicks(FigureAxis(values, scale: .logarithmic), "\(values)")
      expectTwoTicks(FigureAxis(days: values), "\(values)")
    }
    // From a minute to some hundred years, from any time of day.
    for minutes in stride(from: 0.0, to: 26, by: 0.05) {
      let begin = 15340.3 + minutes / 77
      expectTwoTicks(FigureAxis(days: [begin, begin + pow(2, minutes) / 1440]), "\(minutes)")
    }
  }

  private func expectTwoTicks(
    _ axis: FigureAxis, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let texts = axis.ticks.map(\.text)
    let places = axis.ticks.compactMap { axis.place(of: $0.value) }
    let isRight =
      texts.count > 1 && texts.count <= 12 && Set(texts).count == texts.count
      && places.count == texts.count
      // Ticks beyond the ends would lie on each other.
      && zip(places, places.dropFirst()).allSatisfy { $1 - $0 > 0.01 }
    #expect(isRight, "\(name): \(texts) at \(places)", sourceLocation: sourceLocation)
  }

  @Test func narrowRangesOfLogarithmsHaveTicks() {
    func texts(_ range: ClosedRange<Double>) -> [String] {
      FigureAxis([], scale: .logarithmic, fixed: range).ticks.map(\.text)
    }
    #expect(texts(2.31...2.44) == ["2.35", "2.40"])
    #expect(texts(2.1...9) == ["4", "6", "8"])
    #expect(texts(4.9...10.1) == ["5", "10"])
    #expect(texts(2e6...3e7) == ["2·10⁶", "5·10⁶", "10⁷", "2·10⁷"])
  }

  @Test func sharesStayBetweenNothingAndAll() {
    func range(_ values: [Double]) -> ClosedRange<Double> {
      FigureAxis(values, scale: .linear, limits: Figure.Axis.shares("").limits).range
    }
    #expect(range([1, 1]) == 0.5...1 && range([0]) == 0...0.5)
    for share in [0.001, 0.3, 0.5, 0.97, 1] {
      #expect((0.0...1).contains(range([share]).upperBound), "\(share)")
      #expect(range([share, 1]).upperBound == 1 && range([0, share]).lowerBound == 0)
    }
  }

  // MARK: Names without end

  /// The places where texts of a drawing begin and end, as wide as their characters are at least.
  private func expectTextsInside(_ drawing: Drawing, _ name: String) {
    for case .text(let text, let place, let font, _, let anchor, let isUpright) in drawing.shapes {
      let width = 0.5 * font.size * Double(text.letterCount)
      let (start, end) = (width * anchor.rawValue, width * (1 - anchor.rawValue))
      let isInside =
        isUpright
        ? place.y - end >= 0 && place.y + start <= drawing.height
        : place.x - start >= 0 && place.x + end <= drawing.width
      #expect(isInside, "\(name): \(text)")
    }
  }

  @Test(arguments: ["long ", "長い名"])
  func longNamesAreCutAndKeepTheirNumbers(_ word: String) {
    let name = String(repeating: word, count: 100)
    var figure = Figure(title: name, x: .init("x"), y: .init("y"))
    figure.marks = [
      .line("\(name), AP 0.123", [(0, 0), (1, 1)]), .line("short, AP 0.456", [(0, 1), (1, 0)]),
    ]
    expectTextsInside(figure.drawing, "legend")
    #expect(figure.svg.contains(", AP 0.123<") && figure.svg.contains(">short, AP 0.456<"))
    figure.x.categories = [name, "b"]
    expectTextsInside(figure.drawing, "columns")
    figure.x.categories = []
    figure.y.categories = [name, "b"]
    expectTextsInside(figure.drawing, "rows")
    expectTextsInside(
      HighlightedText(title: name, parts: [(name, 1), ("b", 0)]).drawing, "words")
    let figures = Figure.attention([[1, 0], [0.5, 0.5]], tokens: [name, "b"], title: name)
    expectTextsInside(figures.drawing, "attention")
    let image = PixelImage(width: 1, height: 1, channels: 1, pixels: [0])
    var sheet = TileSheet(
      title: name, groups: [.init(name, [.init(image, captions: [name, "b"]), .init(image)])])
    sheet.key = [(name, .rgb(1, 2, 3)), ("b", .rgb(4, 5, 6))]
    expectTextsInside(sheet.drawing, "tiles")
  }

  @Test func linesOfTheSameColourLookDifferent() {
    var figure = Figure(title: "", x: .init("x"), y: .init("y"))
    let count = Theme.paletteSize
    figure.marks = (0..<count).map { .line("\($0)", [(0, 0), (1, Double($0))]) }
    func dashedLines() -> Int {
      figure.drawing.shapes.count {
        if case .polyline(_, _, _, let isDashed) = $0 { isDashed } else { false }
      }
    }
    #expect(dashedLines() == 0)
    figure.marks.append(.line("again", [(0, 1), (1, 0)]))
    // In the legend, too.
    #expect(dashedLines() == 2)
  }

  /// The line break is a class of a network of characters.
  @Test func controlCharactersAreWrittenAsEscapes() {
    let table = TextTable(title: "a\nb", columns: [.init("\t")], rows: [["\u{1b}"]])
    for words in ["a\\nb", "\\t", "\\u{1b}"] { #expect(table.svg.contains(words), "\(words)") }
    var figure = Figure(title: "", x: .init("x"), y: .init("y"))
    figure.x.categories = ["\n", " "]
    figure.marks = [.line("", [(0, 0), (1, 1)])]
    #expect(figure.svg.contains(">\\n<") && figure.svg.contains(">␣<"))
  }

  @Test func textsAreCutInTheMiddle() {
    #expect("abcdefghijkl".cut(to: 12) == "abcdefghijkl" && "abcdef".cut(to: 5) == "ab…ef")
    #expect("".cut(to: -1).isEmpty && "abcdef".cut(to: 0).count == 3)
    // Wide characters take the room of two.
    #expect("猫と犬と鳥".cut(to: 10) == "猫と犬と鳥" && "猫と犬と鳥".letterCount == 10)
    #expect("猫と犬と鳥".cut(to: 9) == "猫と…と鳥" && "한국어 🐈".letterCount == 9)
  }

  @Test func datesOnAnAxis() {
    func texts(_ days: Double) -> [String] {
      FigureAxis(days: [15340, 15340 + days]).ticks.map(\.text)
    }
    #expect(texts(0.5) == ["1. 00:00", "1. 06:00", "1. 12:00"])
    #expect(texts(4) == (1...5).map { "2012-01-0\($0)" })
    #expect(texts(10).prefix(2) == ["2012-01-01", "2012-01-03"])
    #expect(texts(365) == ["01", "03", "05", "07", "09", "11"].map { "2012-\($0)" })
    #expect(texts(3652) == ["2012", "2014", "2016", "2018", "2020"])
    #expect(FigureAxis(days: [15340, 15340]).ticks.count == 3)
    #expect(FigureAxis(days: []).place(of: 0) == 0)
  }

  @Test func placesOnAnAxis() {
    let axis = FigureAxis([0.01, 100], scale: .logarithmic)
    #expect(abs((axis.place(of: 1) ?? 0) - 0.5) < 1e-12)
    #expect(axis.place(of: 0) == nil)
    #expect(axis.place(of: .nan) == nil)
    #expect(FigureAxis([0, 1], scale: .linear, fixed: 0...1).place(of: 7) == 1)
  }

  @Test func aFigureIsWritten() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "p.svg")
      try Self.everything.write(to: url)
      #expect(try String(contentsOf: url, encoding: .utf8) == Self.everything.svg)
      for name in ["p.jpeg", "p"] {
        expectCourseError(
          .invalidArgument,
          "unknown picture format: expected a name that ends in .svg or .png, got \"\(name)\""
        ) { try Self.everything.write(to: folder.appending(path: name)) }
      }
    }
  }
}
