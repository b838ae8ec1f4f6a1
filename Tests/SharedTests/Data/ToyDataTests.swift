import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct ToyDataTests {
  private static let makers:
    [(name: String, make: @Sendable (Int, Float, UInt64) throws -> Dataset)] = [
      ("blobs", { try .blobs(count: $0, noise: $1, seed: $2) }),
      ("moons", { try .moons(count: $0, noise: $1, seed: $2) }),
      ("circles", { try .circles(count: $0, noise: $1, seed: $2) }),
      ("spirals", { try .spirals(count: $0, noise: $1, seed: $2) }),
      ("xor", { try .xor(count: $0, noise: $1, seed: $2) }),
      ("checkerboard", { try .checkerboard(count: $0, noise: $1, seed: $2) }),
    ]

  @Test(arguments: makers.indices)
  func shapesClassesAndSeeds(index: Int) throws {
    let (name, make) = Self.makers[index]
    let data = try make(101, 0.1, 1)
    #expect(data.name == name && data.inputShape == [2] && data.count == 101)
    #expect(data.classCount == 2 && data.classNames == ["class 0", "class 1"])
    #expect(data.featureNames == ["x", "y"])
    #expect(data.targets.classIndices.count { $0 == 0 } == 51, "classes are of equal size")
    #expect(data.features == (try make(101, 0.1, 1)).features, "the same seed, the same points")
    #expect(data.features != (try make(101, 0.1, 2)).features, "another seed, other points")
    // The noise moves the points, by about as much as it says.
    let still = try make(101, 0, 1)
    let deviation = square(data.features - still.features).mean().squareRoot()
    // 202 draws: known to 5 %.
    expectClose(deviation, 0.1, "\(name): the noise", rtol: 0.2)
    #expect(data.targets == still.targets)
  }

  private func points(of data: Dataset) -> [(x: Float, y: Float, label: Int)] {
    zip(0..., data.targets.classIndices).map { (data.features[$0, 0], data.features[$0, 1], $1) }
  }

  @Test func withoutNoisePointsLieWhereTheyShould() throws {
    for (x, y, label) in points(of: try .circles(count: 60, factor: 0.4, noise: 0, seed: 1)) {
      expectClose((x * x + y * y).squareRoot(), label == 0 ? 1 : 0.4, "circles: the radius")
    }
    for (x, y, label) in points(of: try .moons(count: 60, noise: 0, seed: 1)) {
      let (a, b) = label == 0 ? (x, y) : (1 - x, 0.5 - y)
      expectClose((a * a + b * b).squareRoot(), 1, "moons: the radius")
      #expect(b >= -1e-6, "moons: half circles")
    }
    for (x, y, label) in points(of: try .xor(count: 60, noise: 0, seed: 1)) {
      #expect(abs(x) == 1 && abs(y) == 1 && (x * y > 0) == (label == 0))
    }
    for (x, y, label) in points(of: try .checkerboard(count: 200, cells: 3, noise: 0, seed: 1)) {
      let (column, row) = (Int((x + 1) / 2 * 3), Int((y + 1) / 2 * 3))
      #expect((0..<3).contains(column) && (0..<3).contains(row) && (row + column) % 2 == label)
    }
    // Three arms: each is the first, turned by a third.
    let spirals = try Dataset.spirals(count: 90, classCount: 3, noise: 0, seed: 1)
    let arms = (0..<3).map { arm in points(of: spirals).filter { $0.label == arm } }
    for (a, b) in zip(arms[0], arms[1]) {
      let (c, s) = (cosf(2 * .pi / 3), sinf(2 * .pi / 3))
      expectClose(b.x, c * a.x - s * a.y, "spirals: x of the second arm")
      expectClose(b.y, s * a.x + c * a.y, "spirals: y of the second arm")
    }
    let centres = Set(
      points(of: try .blobs(count: 8, classCount: 4, noise: 0, seed: 1)).map {
        [$0.x.rounded(), $0.y.rounded()]
      })
    #expect(centres == [[3, 0], [0, 3], [-3, 0], [0, -3]])
  }

  @Test func badArgumentsAreRefused() {
    expectCourseError(.invalidArgument, "moons: too few examples", "1 for 2 classes") {
      try Dataset.moons(count: 1, seed: 1)
    }
    for noise in [-0.1, .nan, .infinity] as [Float] {
      expectCourseError(.invalidArgument, "xor: noise out of range") {
        try Dataset.xor(count: 10, noise: noise, seed: 1)
      }
    }
    expectCourseError(.invalidArgument, "blobs: number of classes out of range", "got 1") {
      try Dataset.blobs(count: 10, classCount: 1, seed: 1)
    }
    for factor in [0, 1, .nan] as [Float] {
      expectCourseError(.invalidArgument, "circles: factor out of range") {
        try Dataset.circles(count: 10, factor: factor, seed: 1)
      }
    }
    expectCourseError(.invalidArgument, "checkerboard: cells out of range", "got 1") {
      try Dataset.checkerboard(count: 10, cells: 1, seed: 1)
    }
  }
}
