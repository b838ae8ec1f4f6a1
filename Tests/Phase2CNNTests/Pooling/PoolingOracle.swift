import Shared

/// A pooling once more, with a mistake of choice: what a student's code returns who makes it.
struct PoolingOracle: Sendable {
  var x: Tensor
  var window = [2, 2], stride = [2, 2], before = [0, 0], after = [0, 0]
  var isMaximum: Bool
  /// Of means: whether their area has the padding, too.
  var countIncludePad = true

  /// `[N, C, H', W']`.
  var outputShape: [Int] {
    x.shape.prefix(2)
      + (0..<2).map {
        (before[$0] + x.shape[2 + $0] + after[$0] - window[$0]) / stride[$0] + 1
      }
  }

  /// The places of the input under an output place.
  private func inside(_ axis: Int, _ place: Int, _ fault: PoolingFault = .none) -> Range<Int> {
    let step =
      switch fault {
      case .strideMissing: 1
      case .windowForStride: window[axis]
      default: stride[axis]
      }
    let start = place * step - (fault == .paddingMissing ? 0 : before[axis])
    let size = x.shape[2 + axis]
    return min(max(start, 0), size)..<max(min(start + window[axis], size), min(max(start, 0), size))
  }

  /// The output and the input gradient.
  struct Result {
    var y: Tensor, dX: Tensor
  }

  /// Forward and backward.
  func callAsFunction(_ fault: PoolingFault = .none, outputGradient: Tensor) -> Result {
    let (xs, ys) = (x.shape, outputShape)
    var (y, dX) = (Tensor(zeros: ys), Tensor(zeros: xs))
    var isTaken = Tensor(zeros: xs)
    /// Where a search goes on that does not start over.
    var kept: Float = isMaximum ? -.infinity : 0
    for n in 0..<ys[0] {
      for c in 0..<ys[1] {
        for row in 0..<ys[2] {
          for column in 0..<ys[3] {
            let dY = outputGradient[n, c, row, column]
            let result = pooled(n, c, row, column, &kept, dY, fault)
            guard fault != .firstImageOnly || n == 0 else { continue }
            y[n, c, row, column] = result.y
            for (i, j, share) in result.shares {
              let old = fault == .assigned ? 0 : dX[n, c, i, j]
              if fault == .firstWindowOnly, isTaken[n, c, i, j] == 1 { continue }
              isTaken[n, c, i, j] = 1
              dX[n, c, i, j] = old + share
            }
          }
        }
      }
    }
    switch fault {
    case .twice: dX *= 2
    case .dividedByBatch: dX /= Float(xs[0])
    default: break
    }
    return Result(y: y, dX: dX)
  }

  /// One window: its element of the output, and what each place gets of the gradient.
  private func pooled(
    _ n: Int, _ c: Int, _ row: Int, _ column: Int, _ kept: inout Float, _ dY: Float,
    _ fault: PoolingFault
  ) -> (y: Float, shares: [(Int, Int, Float)]) {
    var rows = inside(0, row, fault)
    var columns = inside(1, fault == .oneAxisTwice ? row : column, fault)
    if fault == .axesExchanged { (rows, columns) = (inside(1, column), inside(0, row)) }
    var places = rows.flatMap { i in columns.map { j in (i, j) } }
    if fault == .columnOrder { places = columns.flatMap { j in rows.map { i in (i, j) } } }
    places = places.filter { $0.0 < x.shape[2] && $0.1 < x.shape[3] }
    let image = fault == .firstImageForAll ? 0 : n
    let values = places.map { i, j in
      guard fault == .allChannels else { return x[image, c, i, j] }
      let all = (0..<x.shape[1]).map { x[image, $0, i, j] }
      return isMaximum ? all.max() ?? 0 : all.reduce(0, +)
    }
    return isMaximum
      ? maximum(values, places, row, column, &kept, dY, fault)
      : mean(values, places, row, column, &kept, dY, fault)
  }

  private func maximum(
    _ values: [Float], _ places: [(Int, Int)], _ row: Int, _ column: Int, _ kept: inout Float,
    _ dY: Float, _ fault: PoolingFault
  ) -> (y: Float, shares: [(Int, Int, Float)]) {
    var largest = -Float.infinity
    switch fault {
    case .startsAtZero, .largestAmount: largest = 0
    case .paddingWins where values.count < window[0] * window[1]: largest = 0
    case .minimum: largest = .infinity
    case .keptBetweenWindows: largest = kept
    default: break
    }
    var (winner, leaders) = (0, [Int]())
    for (place, value) in values.enumerated() {
      let wins =
        switch fault {
        case .minimum: value < largest
        case .lastOfEqual: value >= largest
        case .largestAmount: Swift.abs(value) > Swift.abs(largest)
        default: value > largest
        }
      guard wins || (value.isNaN && fault != .nanLost) else { continue }
      (largest, winner) = (value, place)
      leaders.append(place)
    }
    kept = largest
    let y = fault == .meanForMaximum ? values.reduce(0, +) / Float(values.count) : largest
    func shares(_ winners: [Int], _ share: Float) -> [(Int, Int, Float)] {
      winners.map { (places[$0].0, places[$0].1, share) }
    }
    guard !places.isEmpty else { return (y, []) }
    let equal = values.indices.filter { values[$0] == largest }
    return switch fault {
    case .everyOfEqual: (y, shares(equal, dY))
    case .equalShare: (y, shares(equal, dY / Float(equal.count)))
    case .everyNewLargest: (y, shares(leaders, dY))
    case .wholeWindow: (y, shares(Array(values.indices), dY))
    case .firstPlace: (y, shares([0], dY))
    case .valueForGradient: (y, shares([winner], largest))
    case .placeInWindow:
      (y, [(places[winner].0 - places[0].0, places[winner].1 - places[0].1, dY)])
    default: (y, shares([winner], dY))
    }
  }

  private func mean(
    _ values: [Float], _ places: [(Int, Int)], _ row: Int, _ column: Int, _ kept: inout Float,
    _ dY: Float, _ fault: PoolingFault
  ) -> (y: Float, shares: [(Int, Int, Float)]) {
    func count(_ row: Int, _ column: Int) -> Int { inside(0, row).count * inside(1, column).count }
    let whole = window[0] * window[1]
    let right = countIncludePad ? whole : count(row, column)
    let area: Int =
      switch fault {
      case .sum: 1
      case .width: window[1]
      case .height: window[0]
      case .wholeInput: x.shape[2] * x.shape[3]
      case .paddingCounts: whole
      case .paddingLeftOut: count(row, column)
      case .areaExchanged where !countIncludePad: count(column, row)
      default: right
      }
    var sum = values.reduce(fault == .sumKept ? kept : 0, +)
    if fault == .lastElement { sum = values.last ?? 0 }
    kept = sum
    var (y, share) = (sum / Float(area), dY / Float(area))
    switch fault {
    case .dividedTwice: (y, share) = (y / Float(right), share / Float(right))
    case .timesArea: (y, share) = (sum * Float(right), dY * Float(right))
    case .maximumForMean: y = values.max() ?? 0
    default: break
    }
    let winners = fault == .onePlace ? places.prefix(1) : places[...]
    return (y, winners.map { ($0.0, $0.1, share) })
  }
}
