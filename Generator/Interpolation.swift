/// How the pixels of a resized image come from those of the original.
public enum Interpolation: String, Sendable, CaseIterable, Codable {
  /// The pixel that is nearest; for masks, whose values must not be mixed.
  case nearest
  /// Linear between two neighbours along each axis.
  case bilinear
  /// A cubic curve through four neighbours along each axis: sharper, and may overshoot 0...1.
  case bicubic
}

/// Which inputs make each output along one axis of a resized image, and how much of each.
///
/// The edges of both images coincide, so output pixel `i`, whose middle lies at `i + 1/2`, comes from
/// around `(i + 1/2) · input / output`. Resizing an image is this along its rows and then along its
/// columns.
struct ResampleAxis {
  /// The first input of each output.
  private(set) var first: [Int32] = []
  /// `taps` weights for each output, zeros behind those that are needed.
  private(set) var weights: [Float] = []
  /// The most inputs that an output has.
  private(set) var taps = 0

  /// - Parameter antialias: whether an output that stands for several inputs takes all of them
  init(input: Int, output: Int, interpolation: Interpolation, antialias: Bool) {
    let scale = Double(input) / Double(output)
    let parts = (0..<output).map { place -> Part in
      switch interpolation {
      case .nearest:
        Part(first: min(Int((Double(place) + 0.5) * scale), input - 1), weights: [1])
      case .bilinear where antialias:
        .smooth(place, scale, input: input, radius: 1) { max(0, 1 - Swift.abs($0)) }
      case .bicubic where antialias:
        .smooth(place, scale, input: input, radius: 2) { cubic($0, sharpness: -0.5) }
      case .bilinear: .linear(place, scale, input: input)
      case .bicubic: .cubicBetween(place, scale, input: input)
      }
    }
    taps = parts.map(\.weights.count).max() ?? 0
    for part in parts {
      // So that all `taps` inputs exist.
      let start = min(part.first, input - taps)
      first.append(Int32(start))
      let before = [Float](repeating: 0, count: part.first - start)
      let padded = before + part.weights.map { Float($0) }
      weights += padded + [Float](repeating: 0, count: taps - padded.count)
    }
  }

  /// The inputs of one output.
  private struct Part {
    var first: Int
    var weights: [Double]

    /// All inputs within `radius` (times the scale, when that is above 1), weighted by a curve whose
    /// weights are made to add up to 1.
    static func smooth(
      _ place: Int, _ scale: Double, input: Int, radius: Double, curve: (Double) -> Double
    ) -> Part {
      let stretch = max(scale, 1)
      let center = (Double(place) + 0.5) * scale
      let first = max(Int(center - radius * stretch + 0.5), 0)
      let end = min(Int(center + radius * stretch + 0.5), input)
      let weights = (first..<end).map { curve((Double($0) + 0.5 - center) / stretch) }
      let sum = weights.reduce(0, +)
      return Part(first: first, weights: weights.map { $0 / sum })
    }

    /// The two neighbours; before the middle of the first and behind that of the last pixel only it.
    static func linear(_ place: Int, _ scale: Double, input: Int) -> Part {
      let source = max((Double(place) + 0.5) * scale - 0.5, 0)
      let first = min(Int(source), input - 1)
      let share = source - Double(first)
      return first + 1 < input
        ? Part(first: first, weights: [1 - share, share]) : Part(first: first, weights: [1])
    }

    /// The four neighbours; those beyond the edge are the pixel at the edge.
    static func cubicBetween(_ place: Int, _ scale: Double, input: Int) -> Part {
      let source = (Double(place) + 0.5) * scale - 0.5
      let base = Int(source.rounded(.down))
      let places = (base - 1...base + 2).map { min(max($0, 0), input - 1) }
      var weights = [Double](repeating: 0, count: places[3] - places[0] + 1)
      for (offset, place) in places.enumerated() {
        weights[place - places[0]] += cubic(Double(base - 1 + offset) - source, sharpness: -0.75)
      }
      return Part(first: places[0], weights: weights)
    }
  }
}

/// The cubic convolution curve (Keys 1981) at a distance: 1 at 0, 0 at 1 and from 2 on.
private func cubic(_ distance: Double, sharpness a: Double) -> Double {
  let x = Swift.abs(distance)
  if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
  return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0
}
