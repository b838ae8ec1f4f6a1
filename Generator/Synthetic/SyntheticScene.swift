import Foundation
import Shared

/// Random numbers for a scene, one after the other.
struct SceneDraws {
  private var generator: PhiloxGenerator

  init(_ key: RandomKey) { generator = key.generator }

  /// From `low` to below `high`.
  mutating func number(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * Double(generator.next() >> 11) * 0x1p-53
  }

  /// True with a probability.
  mutating func isTrue(_ probability: Double) -> Bool { number(0, 1) < probability }

  /// From 0 to below `count`.
  mutating func choice(_ count: Int) -> Int { Int(number(0, Double(count))) }
}

/// A colour, or a change of one: red, green and blue from 0 to 1.
typealias SceneColor = SIMD3<Double>

/// A surface: a colour that changes from one side to the other, with a pattern on it.
struct SceneTexture {
  private enum Pattern { case plain, stripes, checks, dots, waves }

  let base: SceneColor
  private let slope: (x: SceneColor, y: SceneColor)
  private let pattern: Pattern
  private let tint: SceneColor
  private let frequency: Double
  private let (sine, cosine): (Double, Double)
  private let (phase, bend): (Double, Double)

  init(base: SceneColor, strength: Double, _ draws: inout SceneDraws) {
    func change(_ size: Double) -> SceneColor {
      let common = draws.number(-size, size)
      return SceneColor(
        common + draws.number(-size, size) / 2, common + draws.number(-size, size) / 2,
        common + draws.number(-size, size) / 2)
    }
    self.base = base
    slope = (change(0.09), change(0.09))
    pattern = [.plain, .stripes, .checks, .dots, .waves][draws.choice(5)]
    tint = change(strength)
    frequency = draws.number(4, 13)
    let angle = draws.number(0, 2 * .pi)
    (sine, cosine) = (sin(angle), cos(angle))
    (phase, bend) = (draws.number(0, 2 * .pi), draws.number(0.5, 2))
  }

  /// The colour at a place; x and y run from -1 to 1.
  func color(_ x: Double, _ y: Double) -> SceneColor {
    let (u, v) = (x * cosine + y * sine, y * cosine - x * sine)
    let amount: Double =
      switch pattern {
      case .plain: 0
      case .stripes: sin(frequency * u + phase) > 0 ? 1 : -1
      case .checks: (sin(frequency * u + phase) > 0) == (sin(frequency * v) > 0) ? 1 : -1
      case .dots: sin(frequency * u + phase) * sin(frequency * v) > 0.35 ? 1.5 : -0.3
      case .waves: sin(frequency * u + phase + bend * sin(3 * v))
      }
    return base + slope.x * x + slope.y * y + tint * amount
  }
}

/// A figure at its place in a scene.
struct SceneFigure {
  let outline: ShapeOutline
  private let (centerX, centerY): (Double, Double)
  private let (radius, sine, cosine, stretch): (Double, Double, Double, Double)
  /// Its surface.
  var texture: SceneTexture?

  init(_ outline: ShapeOutline, radius radii: Range<Double>, _ draws: inout SceneDraws) {
    self.outline = outline
    radius = draws.number(radii.lowerBound, radii.upperBound)
    let room = max(0, 1 - radius * 0.95)
    (centerX, centerY) = (draws.number(-room, room), draws.number(-room, room))
    let angle = draws.number(0, 2 * .pi)
    (sine, cosine) = (sin(angle), cos(angle))
    stretch = draws.number(0.85, 1.18)
  }

  func contains(_ x: Double, _ y: Double) -> Bool {
    let (dx, dy) = ((x - centerX) / radius, (y - centerY) / radius)
    // Most points of a scene are far away.
    guard dx * dx + dy * dy < SceneFigure.reach else { return false }
    return outline.contains(
      (dx * cosine + dy * sine) * stretch, (dy * cosine - dx * sine) / stretch)
  }

  /// The square of the radius that a stretched figure may have.
  private static let reach = (1.25 * 1.18) * (1.25 * 1.18)
}

/// The scene of one synthetic image.
struct SyntheticScene {
  /// From the farthest to the nearest, which covers the others.
  private(set) var figures: [SceneFigure] = []
  private let background: SceneTexture
  /// Short strokes that have nothing to do with the figures, in front of them.
  private let strokes: [Stroke]
  private let noise: Double
  private let light: (x: Double, y: Double)

  private struct Stroke {
    var (x, y, sine, cosine): (Double, Double, Double, Double)
    var (length, width): (Double, Double)
    var color: SceneColor

    func covers(_ px: Double, _ py: Double) -> Bool {
      let (dx, dy) = (px - x, py - y)
      return abs(dx * cosine + dy * sine) < length && abs(dy * cosine - dx * sine) < width
    }
  }

  /// One large figure.
  init(_ outline: ShapeOutline, _ draws: inout SceneDraws) {
    var figure = SceneFigure(outline, radius: 0.48..<0.8, &draws)
    // Two colours of any hue, apart in brightness; which one is brighter says nothing.
    let colors = SyntheticScene.contrastingColors(&draws)
    background = SceneTexture(base: colors.0, strength: 0.07, &draws)
    figure.texture = SceneTexture(base: colors.1, strength: 0.07, &draws)
    figures = [figure]
    strokes = SyntheticScene.strokes(scale: 1, &draws)
    noise = draws.number(0.015, 0.06)
    light = (draws.number(-0.12, 0.12), draws.number(-0.12, 0.12))
  }

  /// Several figures, from the farthest to the nearest. One for which there is no place where at least half of each
  /// other one stays visible is left out; the first never is.
  init(_ outlines: [ShapeOutline], _ draws: inout SceneDraws) {
    let brightness = draws.number(0.15, 0.85)
    background = SceneTexture(
      base: SyntheticScene.color(brightness: brightness, &draws), strength: 0.07, &draws)
    var places = FigurePlaces()
    for outline in outlines {
      for _ in 0..<20 {
        var figure = SceneFigure(outline, radius: 0.26..<0.52, &draws)
        guard places.take(figure) else { continue }
        let own = SyntheticScene.brightness(besides: brightness, &draws)
        figure.texture = SceneTexture(
          base: SyntheticScene.color(brightness: own, &draws), strength: 0.07, &draws)
        figures.append(figure)
        break
      }
    }
    strokes = SyntheticScene.strokes(scale: 0.6, &draws)
    noise = draws.number(0.015, 0.06)
    light = (draws.number(-0.12, 0.12), draws.number(-0.12, 0.12))
  }

  private static func strokes(scale: Double, _ draws: inout SceneDraws) -> [Stroke] {
    (0..<draws.choice(4)).map { _ in
      let angle = draws.number(0, .pi)
      return Stroke(
        x: draws.number(-1, 1), y: draws.number(-1, 1), sine: sin(angle), cosine: cos(angle),
        length: draws.number(0.1, 0.45) * scale, width: draws.number(0.03, 0.07) * scale,
        color: color(brightness: draws.number(0.15, 0.85), &draws))
    }
  }

  private static func color(brightness: Double, _ draws: inout SceneDraws) -> SceneColor {
    var color = SceneColor(draws.number(-1, 1), draws.number(-1, 1), draws.number(-1, 1)) * 0.32
    color -= SceneColor(repeating: (color * SceneColor(0.299, 0.587, 0.114)).sum())
    return color + SceneColor(repeating: brightness)
  }

  private static func contrastingColors(_ draws: inout SceneDraws) -> (SceneColor, SceneColor) {
    let difference = draws.number(0.26, 0.5)
    let dark = draws.number(0.12, 0.88 - difference)
    let isFirstDark = draws.isTrue(0.5)
    let (first, second) = isFirstDark ? (dark, dark + difference) : (dark + difference, dark)
    return (color(brightness: first, &draws), color(brightness: second, &draws))
  }

  /// A brightness apart from another one, in either direction where both have room.
  private static func brightness(besides other: Double, _ draws: inout SceneDraws) -> Double {
    let (low, high, least) = (0.08, 0.92, 0.26)
    let room = (below: other - low, above: high - other)
    let isAbove =
      room.above > least && room.below > least ? draws.isTrue(0.5) : room.above > room.below
    let difference = draws.number(least, min(0.5, isAbove ? room.above : room.below))
    return isAbove ? other + difference : other - difference
  }

  /// The picture, and the figure of each pixel: 0 for the background, 1 for the farthest figure, and so on. Each pixel is
  /// the mean of 4 x 4 points, so that edges are smooth. It belongs to the figures if they cover more than half of it,
  /// and then to the one that covers most.
  func rendered(size: Int, noise key: RandomKey) -> (image: PixelImage, figures: [UInt8]) {
    var image = PixelImage(width: size, height: size, channels: 3)
    var owners = [UInt8](repeating: 0, count: size * size)
    var draws = SceneDraws(key)
    let (points, scale) = (4, 2 / Double(size))
    var covered = [Int](repeating: 0, count: figures.count)
    var place = 0
    for row in 0..<size {
      for column in 0..<size {
        var sum = SceneColor(repeating: 0)
        for index in covered.indices { covered[index] = 0 }
        for j in 0..<points {
          for i in 0..<points {
            let x = (Double(column) + (Double(i) + 0.5) / Double(points)) * scale - 1
            let y = (Double(row) + (Double(j) + 0.5) / Double(points)) * scale - 1
            let nearest = figures.lastIndex { $0.contains(x, y) }
            if let nearest { covered[nearest] += 1 }
            let stroke = strokes.first { $0.covers(x, y) }
            let surface = nearest.flatMap { figures[$0].texture } ?? background
            sum += stroke?.color ?? surface.color(x, y)
          }
        }
        let (x, y) = (Double(column) * scale - 1, Double(row) * scale - 1)
        var color = sum / Double(points * points) + SceneColor(repeating: light.x * x + light.y * y)
        // The sum of four draws is close enough to a normal distribution.
        for c in 0..<3 {
          let draw =
            draws.number(-1, 1) + draws.number(-1, 1) + draws.number(-1, 1) + draws.number(-1, 1)
          color[c] += noise * draw * 0.87
          image.pixels[place * 3 + c] = UInt8(max(0, min(255, color[c] * 255 + 0.5)))
        }
        if 2 * covered.reduce(0, +) > points * points, let most = covered.max() {
          owners[place] = UInt8(covered.lastIndex(of: most)! + 1)
        }
        place += 1
      }
    }
    return (image, owners)
  }
}

/// Which figure is seen at each point of a coarse grid, while a scene is put together.
private struct FigurePlaces {
  private let side = 48
  private var owners: [Int]
  /// The number of points of each figure, and of those that are seen.
  private var (areas, visible): ([Int], [Int]) = ([], [])

  init() { owners = [Int](repeating: -1, count: side * side) }

  /// Puts a figure in front of the others, unless one of them would be seen by less than half.
  mutating func take(_ figure: SceneFigure) -> Bool {
    var points: [Int] = []
    for row in 0..<side {
      for column in 0..<side {
        func place(_ index: Int) -> Double { (Double(index) + 0.5) * 2 / Double(side) - 1 }
        if figure.contains(place(column), place(row)) { points.append(row * side + column) }
      }
    }
    var left = visible
    for point in points where owners[point] >= 0 { left[owners[point]] -= 1 }
    guard zip(left, areas).allSatisfy({ 2 * $0 >= $1 }) else { return false }
    for point in points { owners[point] = areas.count }
    areas.append(points.count)
    visible = left + [points.count]
    return true
  }
}
