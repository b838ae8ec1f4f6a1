/// A picture as a list of shapes, in units from the upper left corner: what is written as SVG or drawn on a
/// canvas.
struct Drawing: Sendable {
  typealias Point = (x: Double, y: Double)

  /// How text is set.
  struct Font: Sendable {
    var size: Double
    var isBold = false

    static let title = Font(size: 16, isBold: true)
    static let label = Font(size: 13)
    static let small = Font(size: 12)
  }

  /// Where a text is relative to its place.
  enum Anchor: Double, Sendable {
    case start = 0
    case middle = 0.5
    case end = 1
  }

  enum Shape: Sendable {
    case text(String, at: Point, Font, Ink, Anchor, isUpright: Bool)
    case polyline([Point], Ink, width: Double, isDashed: Bool)
    case polygon([Point], Ink, opacity: Double)
    case circle(Point, radius: Double, Ink)
    case rectangle(Point, width: Double, height: Double, radius: Double, Ink)
    case image(Figure.Image, at: Point, width: Double, height: Double)
  }

  var width: Double
  var height: Double
  /// What the picture shows, for readers who hear it.
  var label = ""
  private(set) var shapes: [Shape] = []

  init(width: Double, height: Double) {
    (self.width, self.height) = (width, height)
    rectangle(at: (0, 0), width: width, height: height, radius: 6, .panel)
  }

  mutating func text(
    _ text: String, at place: Point, _ font: Font = .label, _ ink: Ink = .ink,
    anchor: Anchor = .start, isUpright: Bool = false
  ) {
    guard !text.isEmpty else { return }
    // A blank alone, a class of a network of characters, is invisible.
    let shown = text == " " ? "␣" : text.printable
    shapes.append(.text(shown, at: place, font, ink, anchor, isUpright: isUpright))
  }

  /// A title, cut where the picture ends.
  mutating func title(_ text: String, at place: Point) {
    self.text(text.cut(to: Int((width - place.x) / 9.5)), at: place, .title)
  }

  mutating func polyline(
    _ points: [Point], _ ink: Ink, width: Double = 2, isDashed: Bool = false
  ) {
    shapes.append(.polyline(points, ink, width: width, isDashed: isDashed))
  }

  mutating func polygon(_ points: [Point], _ ink: Ink, opacity: Double = 1) {
    shapes.append(.polygon(points, ink, opacity: opacity))
  }

  mutating func circle(at place: Point, radius: Double, _ ink: Ink) {
    shapes.append(.circle(place, radius: radius, ink))
  }

  mutating func rectangle(
    at place: Point, width: Double, height: Double, radius: Double = 0, _ ink: Ink
  ) {
    shapes.append(.rectangle(place, width: width, height: height, radius: radius, ink))
  }

  mutating func image(_ image: Figure.Image, at place: Point, width: Double, height: Double) {
    shapes.append(.image(image, at: place, width: width, height: height))
  }

  /// A marker of a form of its own for each colour of the palette: circle, square, triangle, diamond, ...
  mutating func marker(at place: Point, _ ink: Ink) {
    let corners: [Point]? =
      switch ink {
      case .series(1): [(-4, -4), (4, -4), (4, 4), (-4, 4)]
      case .series(2): [(0, -5.5), (5, 4), (-5, 4)]
      case .series(3): [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)]
      case .series(4): [(0, 5.5), (5, -4), (-5, -4)]
      default: nil
      }
    guard let corners else { return circle(at: place, radius: 4.5, ink) }
    polygon(corners.map { (place.x + $0.x, place.y + $0.y) }, ink)
  }

  /// Adds the shapes of another drawing, without its panel.
  mutating func add(_ other: Drawing, at place: Point) {
    shapes += other.shapes.dropFirst().map { $0.moved(by: place) }
  }
}

extension Drawing.Shape {
  fileprivate func moved(by offset: Drawing.Point) -> Drawing.Shape {
    func moved(_ point: Drawing.Point) -> Drawing.Point {
      (point.x + offset.x, point.y + offset.y)
    }
    return switch self {
    case .text(let text, let place, let font, let ink, let anchor, let isUpright):
      .text(text, at: moved(place), font, ink, anchor, isUpright: isUpright)
    case .polyline(let points, let ink, let width, let isDashed):
      .polyline(points.map(moved), ink, width: width, isDashed: isDashed)
    case .polygon(let points, let ink, let opacity):
      .polygon(points.map(moved), ink, opacity: opacity)
    case .circle(let place, let radius, let ink): .circle(moved(place), radius: radius, ink)
    case .rectangle(let place, let width, let height, let radius, let ink):
      .rectangle(moved(place), width: width, height: height, radius: radius, ink)
    case .image(let image, let place, let width, let height):
      .image(image, at: moved(place), width: width, height: height)
    }
  }
}
