import CCourseKernels

/// The way in which the pixels of a resized image are computed from those of the original.
public enum Interpolation: String, Sendable, CaseIterable, Codable {
  /// The pixel that is nearest; for masks, whose values must not be mixed.
  case nearest
  /// Linear between two neighbours along each axis.
  case bilinear
  /// A cubic curve through four neighbours along each axis: sharper, and may overshoot 0...1.
  case bicubic
}

/// The inputs of each output along one axis of a resized image, with their weights.
///
/// The edges of both images coincide, so output pixel `i`, whose middle lies at `i + 1/2`, comes from
/// around `(i + 1/2) · input / output`. Resizing an image is this along its rows and then along its
/// columns.
struct ResampleAxis {
  /// The first input of each output.
  private(set) var first: [Int32] = []
  /// `taps` weights for each output, zeros before and after those that are needed.
  private(set) var weights: [Float] = []
  /// The most inputs that an output has.
  private(set) var taps = 0

  /// - Parameter antialias: whether an output that stands for several inputs takes all of them
  init(input: Int, output: Int, interpolation: Interpolation, antialias: Bool) {
    var inputs = WeightedInputs(count: input, scale: Double(input) / Double(output))
    for place in 0..<output {
      switch interpolation {
      case .nearest: inputs.addNearest(place)
      case .bilinear where antialias: inputs.addSmooth(place, radius: 1) { max(0, 1 - abs($0)) }
      case .bicubic where antialias:
        inputs.addSmooth(place, radius: 2) { cubic($0, sharpness: -0.5) }
      case .bilinear: inputs.addLinear(place)
      case .bicubic: inputs.addCubic(place)
      }
    }
    let ends = inputs.ends
    taps = ends.indices.map { ends[$0] - ($0 > 0 ? ends[$0 - 1] : 0) }.max() ?? 0
    weights = [Float](repeating: 0, count: output * taps)
    first.reserveCapacity(output)
    var from = 0
    for place in 0..<output {
      // So that all `taps` inputs exist.
      let start = min(inputs.firsts[place], input - taps)
      first.append(Int32(start))
      var to = place * taps + inputs.firsts[place] - start
      while from < ends[place] {
        weights[to] = Float(inputs.weights[from])
        (from, to) = (from + 1, to + 1)
      }
    }
  }

  /// Calls a function with the axis as kernels see it.
  func read(_ body: (_ axis: CourseResampling) -> Void) {
    first.withUnsafeBufferPointer { first in
      weights.withUnsafeBufferPointer { weights in
        body(
          CourseResampling(
            first: first.baseAddress, weights: weights.baseAddress, taps: taps,
            count: first.count))
      }
    }
  }
}

/// The inputs of one output after the other: in few arrays, since an axis is made for every image.
private struct WeightedInputs {
  /// The number of inputs of the axis.
  let count: Int
  /// How many of them an output stands for.
  let scale: Double
  /// The first input of each output.
  private(set) var firsts: [Int] = []
  /// Where the weights of each output end.
  private(set) var ends: [Int] = []
  private(set) var weights: [Double] = []

  init(count: Int, scale: Double) {
    (self.count, self.scale) = (count, scale)
  }

  private mutating func add(_ first: Int, _ weights: Double...) {
    firsts.append(first)
    self.weights += weights
    ends.append(self.weights.count)
  }

  mutating func addNearest(_ place: Int) {
    add(min(Int((Double(place) + 0.5) * scale), count - 1), 1)
  }

  /// All inputs within `radius` (times the scale, when that is above 1), weighted by a curve whose
  /// weights are made to add up to 1.
  mutating func addSmooth(_ place: Int, radius: Double, curve: (Double) -> Double) {
    let stretch = max(scale, 1)
    let center = (Double(place) + 0.5) * scale
    let first = max(Int(center - radius * stretch + 0.5), 0)
    let end = min(Int(center + radius * stretch + 0.5), count)
    let start = weights.count
    var sum = 0.0
    for input in first..<end {
      weights.append(curve((Double(input) + 0.5 - center) / stretch))
      sum += weights.last!
    }
    for index in start..<weights.count { weights[index] /= sum }
    firsts.append(first)
    ends.append(weights.count)
  }

  /// The two neighbours; before the middle of the first and after that of the last pixel only it.
  mutating func addLinear(_ place: Int) {
    let source = max((Double(place) + 0.5) * scale - 0.5, 0)
    let first = min(Int(source), count - 1)
    let share = source - Double(first)
    if first + 1 < count { add(first, 1 - share, share) } else { add(first, 1) }
  }

  /// The four neighbours; those beyond the edge are the pixel at the edge.
  mutating func addCubic(_ place: Int) {
    let source = (Double(place) + 0.5) * scale - 0.5
    let base = Int(source.rounded(.down))
    let first = min(max(base - 1, 0), count - 1)
    let last = min(max(base + 2, 0), count - 1)
    let start = weights.count
    for _ in first...last { weights.append(0) }
    for input in base - 1...base + 2 {
      weights[start + min(max(input, first), last) - first] += cubic(
        Double(input) - source, sharpness: -0.75)
    }
    firsts.append(first)
    ends.append(weights.count)
  }
}

/// The cubic convolution curve (Keys 1981) at a distance: 1 at 0, 0 at 1 and from 2 on.
private func cubic(_ distance: Double, sharpness a: Double) -> Double {
  let x = Swift.abs(distance)
  if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
  return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0
}
