import Explorations
import Shared

/// A mistake in task 5.4, in a student's words, and the numbers that it gives.
enum RoIFault: String, CaseIterable {
  case none = "right"
  case endExcluded =
    "the last pixel of the region is included: its length is round(x2 · scale) − round(x1 · scale) + 1"
  case cutOff = "corners are rounded to the nearest pixel, and not cut off"
  case toEven = "halves are rounded away from 0: x.rounded()"
  case roundedEarly = "a corner is scaled first, and rounded then: round(x · scale)"
  case lengthRounded =
    "the length is rounded, not the corners: round(x2 · scale) − round(x1 · scale) + 1"
  case noMinimum = "a region is at least one pixel long"
  case endDown = "the end of a bin is rounded up: ⌈(i + 1) · n / P⌉, so that no pixel is left out"
  case beginUp = "the begin of a bin is rounded down: ⌊i · n / P⌋"
  case equalBins = "a bin has the pixels from ⌊i · n / P⌋ to ⌈(i + 1) · n / P⌉, not n / P each"
  case noStart = "the bins begin where the region begins: s + ⌊i · n / P⌋"
  case noScale = "the scale is missing: a box is in pixels of the image"
  case divided = "the scale is a factor: x · scale, not x / scale"
  case cutEarly =
    "it is cut to the feature map too early: cut the bounds of the bins, not the corners of the region"
  case otherImage = "the region lies in another image: features[region.image, ...]"
  case fromZero = "the largest of negative numbers is negative: begin with −∞, not with 0"
  case otherChannel = "all channels are those of the first one"
  case exchanged = "rows and columns are exchanged: y1 and y2 make the rows"

  typealias Side = (first: Float, last: Float, limit: Int, size: Int, scale: Float)

  /// The pixels of a bin.
  func bin(_ index: Int, _ side: Side) -> Range<Int> {
    let scale =
      switch self {
      case .noScale: 1 as Float
      case .divided: 1 / side.scale
      default: side.scale
      }
    func pixel(_ x: Float) -> Int {
      let place =
        switch self {
        case .cutOff: Int(x * scale)
        case .toEven: Int((x * scale).rounded(.toNearestOrEven))
        case .roundedEarly: Int(x.rounded() * scale)
        default: Int((x * scale).rounded())
        }
      return self == .cutEarly ? Swift.min(Swift.max(place, 0), side.limit - 1) : place
    }
    let start = pixel(side.first)
    var length = pixel(side.last) - start + (self == .endExcluded ? 0 : 1)
    if self == .lengthRounded { length = Int(((side.last - side.first) * scale).rounded()) + 1 }
    if self != .noMinimum { length = Swift.max(length, 1) }
    func down(_ a: Int) -> Int { Int((Double(a) / Double(side.size)).rounded(.down)) }
    func up(_ a: Int) -> Int { Int((Double(a) / Double(side.size)).rounded(.up)) }
    let begin = self == .noStart ? 0 : start
    var lower = begin + (self == .beginUp ? up(index * length) : down(index * length))
    var upper = begin + (self == .endDown ? down((index + 1) * length) : up((index + 1) * length))
    if self == .equalBins {
      lower = begin + index * (length / side.size)
      upper = lower + length / side.size
    }
    func inside(_ place: Int) -> Int { Swift.min(Swift.max(place, 0), side.limit) }
    return inside(lower)..<Swift.max(inside(upper), inside(lower))
  }

  private func bins(
    _ box: Box, _ height: Int, _ width: Int, _ i: Int, _ j: Int, _ size: Int, _ scale: Float
  ) -> (rows: Range<Int>, columns: Range<Int>) {
    let isTurned = self == .exchanged
    return (
      bin(i, (isTurned ? box.x1 : box.y1, isTurned ? box.x2 : box.y2, height, size, scale)),
      bin(j, (isTurned ? box.y1 : box.x1, isTurned ? box.y2 : box.x2, width, size, scale))
    )
  }

  /// `Y`.
  func forward(_ features: Tensor, _ regions: [Region], size: Int, scale: Float) -> Tensor {
    let (channels, height, width) = (features.shape[1], features.shape[2], features.shape[3])
    var output = Tensor(zeros: [regions.count, channels, size, size])
    for (r, region) in regions.enumerated() {
      let image = self == .otherImage ? 0 : region.image
      for c in 0..<channels {
        for i in 0..<size {
          for j in 0..<size {
            let (rows, columns) = bins(region.box, height, width, i, j, size, scale)
            let values = rows.flatMap { y in
              columns.map { features[image, self == .otherChannel ? 0 : c, y, $0] }
            }
            output[r, c, i, j] = Swift.max(values.max() ?? 0, self == .fromZero ? 0 : -.infinity)
          }
        }
      }
    }
    return output
  }

  /// `dF`, if all pixels of a bin get a gradient, or the maxima do.
  static func spread(
    _ dY: Tensor, size: Int, scale: Float, _ features: Tensor, _ regions: [Region],
    shares: Bool = false, onlyMaxima: Bool = false, adds: Bool = true
  ) -> Tensor {
    let (channels, height, width) = (features.shape[1], features.shape[2], features.shape[3])
    var gradient = Tensor(zeros: features.shape)
    for (r, region) in regions.enumerated() {
      for c in 0..<channels {
        for i in 0..<size {
          for j in 0..<size {
            let (rows, columns) = none.bins(region.box, height, width, i, j, size, scale)
            let places = rows.flatMap { y in columns.map { (y: y, x: $0) } }
            // `max(by:)` takes the last of equal ones.
            let winner = places.reversed().max {
              features[region.image, c, $0.y, $0.x] < features[region.image, c, $1.y, $1.x]
            }
            for place in onlyMaxima ? winner.map({ [$0] }) ?? [] : places {
              let value = dY[r, c, i, j] / (shares ? Float(places.count) : 1)
              let old = adds ? gradient[region.image, c, place.y, place.x] : 0
              gradient[region.image, c, place.y, place.x] = old + value
            }
          }
        }
      }
    }
    return gradient
  }

  /// `dF`, if the last gradient of a place replaces the others.
  static func replaced(
    _ dY: Tensor, size: Int, scale: Float, _ features: Tensor, _ regions: [Region]
  ) -> Tensor {
    spread(
      dY, size: size, scale: scale, features, regions, onlyMaxima: true, adds: false)
  }
}
