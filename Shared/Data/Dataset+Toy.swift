import Foundation

// Points in the plane that show at a glance the power of a classifier. Examples come class by class in turn, so
// that any first part holds all classes; each set is a function of its seed.

extension Dataset {
  /// Clouds of points around centres that lie evenly on a circle of radius 3: a line separates them.
  ///
  ///     let data = try Dataset.blobs(count: 300, classCount: 3, noise: 0.5, seed: 1)
  ///     data.inputShape   // [2]
  ///
  /// - Parameter noise: the standard deviation of each cloud
  /// - Throws: when there are fewer than 2 classes or fewer examples than classes, or the noise is negative.
  public static func blobs(
    count: Int, classCount: Int = 2, noise: Float = 0.7, seed: UInt64
  ) throws -> Dataset {
    try toy("blobs", count, classCount: classCount, noise: noise, seed) { place in
      let angle = 2 * Float.pi * Float(place.classIndex) / Float(classCount)
      return (3 * cosf(angle), 3 * sinf(angle))
    }
  }

  /// Two half circles, one reaching into the other: no line separates them.
  /// - Parameter noise: the standard deviation by which each point is moved
  /// - Throws: when there are fewer than 2 examples, or the noise is negative.
  public static func moons(count: Int, noise: Float = 0.1, seed: UInt64) throws -> Dataset {
    try toy("moons", count, classCount: 2, noise: noise, seed) { place in
      let (x, y) = (cosf(.pi * place.fraction), sinf(.pi * place.fraction))
      return place.classIndex == 0 ? (x, y) : (1 - x, 0.5 - y)
    }
  }

  /// Two circles, one within the other.
  /// - Parameters:
  ///   - factor: the radius of the inner circle; that of the outer is 1
  ///   - noise: the standard deviation by which each point is moved
  /// - Throws: when there are fewer than 2 examples, the factor is not between 0 and 1, or the noise is negative.
  public static func circles(
    count: Int, factor: Float = 0.5, noise: Float = 0.08, seed: UInt64
  ) throws -> Dataset {
    guard factor > 0, factor < 1 else {
      throw CourseError(
        .invalidArgument, "circles: factor out of range", expected: "between 0 and 1",
        received: "\(factor)")
    }
    return try toy("circles", count, classCount: 2, noise: noise, seed) { place in
      let angle = 2 * Float.pi * place.fraction
      let radius = place.classIndex == 0 ? 1 : factor
      return (radius * cosf(angle), radius * sinf(angle))
    }
  }

  /// Arms that wind around each other, from the centre to radius 1.
  /// - Parameters:
  ///   - turns: how often an arm goes round
  ///   - noise: the standard deviation by which each point is moved
  /// - Throws: when there are fewer than 2 classes or fewer examples than classes, or the noise is negative.
  /// - Reference: Lang, Witbrock (1988), *Learning to tell two spirals apart*.
  public static func spirals(
    count: Int, classCount: Int = 2, turns: Float = 1, noise: Float = 0.03, seed: UInt64
  ) throws -> Dataset {
    try toy("spirals", count, classCount: classCount, noise: noise, seed) { place in
      let start = Float(place.classIndex) / Float(classCount)
      let angle = 2 * Float.pi * (start + turns * place.fraction)
      let radius = 0.1 + 0.9 * place.fraction
      return (radius * cosf(angle), radius * sinf(angle))
    }
  }

  /// Four clouds at the corners of a square; opposite corners belong together. One neuron cannot learn them.
  /// - Parameter noise: the standard deviation of each cloud
  /// - Throws: when there are fewer than 2 examples, or the noise is negative.
  public static func xor(count: Int, noise: Float = 0.25, seed: UInt64) throws -> Dataset {
    try toy("xor", count, classCount: 2, noise: noise, seed) { place in
      let x: Float = place.row % 2 == 0 ? -1 : 1
      return (x, place.classIndex == 0 ? x : -x)
    }
  }

  /// A board of `cells` x `cells` fields from -1 to 1; the class is the colour.
  /// - Parameter noise: the standard deviation by which each point is moved after it got its class
  /// - Throws: when there are fewer than 2 examples or 2 cells, or the noise is negative.
  public static func checkerboard(
    count: Int, cells: Int = 4, noise: Float = 0, seed: UInt64
  ) throws -> Dataset {
    guard (2...100).contains(cells) else {
      throw CourseError(
        .invalidArgument, "checkerboard: cells out of range", expected: "2 to 100",
        received: "\(cells)")
    }
    let fields = (0..<cells * cells).map { (row: $0 / cells, column: $0 % cells) }
    let byColor = [0, 1].map { color in fields.filter { ($0.row + $0.column) % 2 == color } }
    return try toy("checkerboard", count, classCount: 2, noise: noise, seed) { place in
      let own = byColor[place.classIndex]
      let field = own[place.row % own.count]
      let size = 2 / Float(cells)
      return (
        -1 + size * (Float(field.column) + place.draws.x),
        -1 + size * (Float(field.row) + place.draws.y)
      )
    }
  }

  // MARK: Shared by all of them

  /// One example to be placed.
  private struct Place {
    var classIndex: Int
    /// Its number within its class.
    var row: Int
    /// That number as a fraction of the class, from 0 to 1.
    var fraction: Float
    /// Two numbers from 0 to below 1.
    var draws: (x: Float, y: Float)
  }

  /// Points of each class in turn, put where `position` says and moved by a normal deviate.
  private static func toy(
    _ name: String, _ count: Int, classCount: Int, noise: Float, _ seed: UInt64,
    position: (Place) -> (Float, Float)
  ) throws -> Dataset {
    guard (2...1000).contains(classCount) else {
      throw CourseError(
        .invalidArgument, "\(name): number of classes out of range", expected: "2 to 1000",
        received: "\(classCount)")
    }
    guard count >= classCount else {
      throw CourseError(
        .invalidArgument, "\(name): too few examples", expected: "at least one for each class",
        received: "\(count) for \(classCount) classes")
    }
    guard noise >= 0, noise.isFinite else {
      throw CourseError(
        .invalidArgument, "\(name): noise out of range", expected: "a finite number, at least 0",
        received: "\(noise)")
    }
    let key = RandomKey(seed: seed).folded(name)
    let draws = Tensor(uniform: [count, 2], in: 0..<1, key: key.folded("draws")).scalars
    var points: [Float] = []
    points.reserveCapacity(2 * count)
    let labels = (0..<count).map { $0 % classCount }
    for (n, label) in labels.enumerated() {
      let row = n / classCount
      let size = (count - label + classCount - 1) / classCount
      let (x, y) = position(
        Place(
          classIndex: label, row: row, fraction: size > 1 ? Float(row) / Float(size - 1) : 0,
          draws: (draws[2 * n], draws[2 * n + 1])))
      points += [x, y]
    }
    let moved =
      Tensor(points).reshaped(to: [count, 2])
      + Tensor(normal: [count, 2], key: key.folded("noise")) * noise
    return try Dataset(
      name: name, features: moved, targets: .classes(labels), featureNames: ["x", "y"],
      classNames: (0..<classCount).map { "class \($0)" })
  }
}
