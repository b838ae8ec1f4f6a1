import Foundation

/// The ten figures of the synthetic images.
///
/// Each is a region of the plane around 0, about as large as the unit circle; y points down, as the rows of an
/// image do.
package enum ShapeOutline: String, Sendable, CaseIterable {
  case arrow, circle, crescent, cross, heart, hourglass, ring, square, star, triangle

  /// Whether a point lies in the figure.
  func contains(_ x: Double, _ y: Double) -> Bool {
    let distance = x * x + y * y
    switch self {
    case .arrow:
      // A head in front of a shaft.
      if x >= 0 { return abs(y) <= 0.85 * (1 - x) }
      return x >= -1 && abs(y) <= 0.3
    case .circle:
      return distance <= 0.72
    case .crescent:
      let moved = (x - 0.5) * (x - 0.5) + y * y
      return distance <= 0.9 && moved > 0.62
    case .cross:
      return max(abs(x), abs(y)) <= 0.95 && min(abs(x), abs(y)) <= 0.3
    case .heart:
      // (x² + y² − 1)³ ≤ x² y³ for y pointing up.
      let (u, v) = (x * 1.2, -(y - 0.08) * 1.2)
      let w = u * u + v * v - 1
      return w * w * w <= u * u * v * v * v
    case .hourglass:
      return abs(y) <= 0.85 && abs(x) <= abs(y) * 0.95 + 0.04
    case .ring:
      return distance <= 0.85 && distance >= 0.28
    case .square:
      return max(abs(x), abs(y)) <= 0.74
    case .star:
      return ShapeOutline.isInStar(x, y)
    case .triangle:
      return y <= 0.6 && y >= -0.95 && abs(x) <= (y + 0.95) * 0.58
    }
  }

  /// A star with five points: the radius falls and rises ten times on the way round, along straight lines.
  private static func isInStar(_ x: Double, _ y: Double) -> Bool {
    let (outer, inner) = (1.05, 0.46)
    let sector = Double.pi / 5
    var angle = atan2(x, -y)
    if angle < 0 { angle += 2 * .pi }
    // Fold all sectors onto the one between a point and the notch beside it.
    angle = angle.truncatingRemainder(dividingBy: 2 * sector)
    if angle > sector { angle = 2 * sector - angle }
    let radius = (x * x + y * y).squareRoot()
    let (u, v) = (radius * cos(angle), radius * sin(angle))
    let (notchU, notchV) = (inner * cos(sector), inner * sin(sector))
    // Left of the line from the point to the notch.
    return (notchU - outer) * v - notchV * (u - outer) >= 0
  }
}
