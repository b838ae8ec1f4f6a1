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

/// The scene of one synthetic image.
struct SyntheticScene {
  private let outline: ShapeOutline
  private let (centerX, centerY): (Double, Double)
  private let (radius, sine, cosine, stretch): (Double, Double, Double, Double)
  private let background: SceneTexture
  private let figure: SceneTexture
  /// Short strokes that have nothing to do with the figure.
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

  init(_ outline: ShapeOutline, _ draws: inout SceneDraws) {
    self.outline = outline
    radius = draws.number(0.48, 0.8)
    let room = max(0, 1 - radius * 0.95)
    (centerX, centerY) = (draws.number(-room, room), draws.number(-room, room))
    let angle = draws.number(0, 2 * .pi)
    (sine, cosine) = (sin(angle), cos(angle))
    stretch = draws.number(0.85, 1.18)
    // Two colours of any hue, apart in brightness; which one is brighter says nothing.
    let colors = SyntheticScene.contrastingColors(&draws)
    background = SceneTexture(base: colors.0, strength: 0.07, &draws)
    figure = SceneTexture(base: colors.1, strength: 0.07, &draws)
    strokes = (0..<draws.choice(4)).map { _ in
      let angle = draws.number(0, .pi)
      return Stroke(
        x: draws.number(-1, 1), y: draws.number(-1, 1), sine: sin(angle), cosine: cos(angle),
        length: draws.number(0.1, 0.45), width: draws.number(0.03, 0.07),
        color: SyntheticScene.color(brightness: draws.number(0.15, 0.85), &draws))
    }
    noise = draws.number(0.015, 0.06)
    light = (draws.number(-0.12, 0.12), draws.number(-0.12, 0.12))
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

  private func isFigure(_ x: Double, _ y: Double) -> Bool {
    let (dx, dy) = ((x - centerX) / radius, (y - centerY) / radius)
    return outline.contains(
      (dx * cosine + dy * sine) * stretch, (dy * cosine - dx * sine) / stretch)
  }

  /// Picture and mask; each pixel is the mean of 4 x 4 points, so that edges are smooth.
  func rendered(
    size: Int, label: Int, noise key: RandomKey
  ) -> (image: PixelImage, mask: PixelImage) {
    var image = PixelImage(width: size, height: size, channels: 3)
    var mask = PixelImage(width: size, height: size, channels: 1)
    var draws = SceneDraws(key)
    let (points, scale) = (4, 2 / Double(size))
    var place = 0
    for row in 0..<size {
      for column in 0..<size {
        var sum = SceneColor(repeating: 0)
        var covered = 0
        for j in 0..<points {
          for i in 0..<points {
            let x = (Double(column) + (Double(i) + 0.5) / Double(points)) * scale - 1
            let y = (Double(row) + (Double(j) + 0.5) / Double(points)) * scale - 1
            let isCovered = isFigure(x, y)
            if isCovered { covered += 1 }
            let stroke = strokes.first { $0.covers(x, y) }
            sum += stroke?.color ?? (isCovered ? figure : background).color(x, y)
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
        mask.pixels[place] = 2 * covered > points * points ? UInt8(label + 1) : 0
        place += 1
      }
    }
    return (image, mask)
  }
}
