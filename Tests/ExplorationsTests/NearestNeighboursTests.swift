import CourseTestSupport
import Shared
import Testing

@testable import Explorations

@Suite(.watched) struct NearestNeighboursTests {
  // In double precision, from scikit-learn 1.9, with X, T and y of LinearProbeTests:
  //
  //     D = cosine_distances(T, X)                                  # euclidean_distances(T, X)
  //     o = np.argsort(D, 1, kind="stable"); print(o, np.take_along_axis(D, o, 1))
  //     print(KNeighborsClassifier(3, metric="cosine").fit(X, y).predict(T))
  private static func fill(_ n: Int, _ d: Int, _ m: Int, _ k: Int) -> Tensor {
    Tensor(shape: [n, d], scalars: (0..<(n * d)).map { Float($0 * k % m - m / 2) / 4 })
  }
  private static let (features, queries) = (fill(12, 3, 17, 7), fill(5, 3, 13, 5))
  private static let labels = [0, 2, 0, 1, 0, 1, 2, 0, 2, 0, 1, 0]

  private func known(_ distance: NearestNeighbours.Distance) throws -> NearestNeighbours {
    try NearestNeighbours(features: Self.features, labels: Self.labels, distance: distance)
  }

  @Test func labelsBelowZeroAreRefused() {
    expectCourseError(.invalidData, "label out of range", "example 1", "got -1") {
      _ = try NearestNeighbours(features: [[1], [2]], labels: [0, -1])
    }
  }

  @Test func cosinesMatchScikitLearn() throws {
    let known = try known(.cosine)
    let found = known.neighbours(of: Self.queries, count: 3)
    #expect(
      found.map { $0.map(\.index) } == [
        [0, 9, 5], [9, 0, 4], [1, 10, 5], [2, 6, 10], [11, 7, 3],
      ])
    expectClose(
      Tensor(found.map { $0.map(\.distance) }),
      [
        [0.002244, 0.084252, 1.056975], [0.002244, 0.084252, 1.056975],
        [0.019391, 0.028676, 0.057992], [0.00917, 0.0106, 0.06648], [0.003541, 0.015682, 0.077559],
      ], "cosine distances", atol: 2e-6)
    #expect(known.classes(of: Self.queries, neighbours: 3) == [0, 0, 1, 0, 0])
    #expect(known.accuracy(on: Self.queries, labels: [0, 0, 1, 1, 1], neighbours: 3) == 0.6)
    // Lengths do not count.
    #expect(
      known.neighbours(of: Self.queries * 100, count: 3).map { $0.map(\.index) }
        == found.map { $0.map(\.index) })
  }

  @Test func distancesMatchScikitLearn() throws {
    let known = try known(.euclidean)
    let found = known.neighbours(of: Self.queries, count: 3)
    // Of the first query, 7 and 10 are equally far.
    #expect(
      found.map { $0.map(\.index).prefix(2) } == [[0, 9], [9, 0], [10, 1], [6, 2], [7, 11]])
    expectClose(
      Tensor(found.map { $0.map(\.distance) }),
      [
        [0.707107, 1.118034, 2.883141], [0.707107, 1.118034, 2.883141],
        [0.5, 0.707107, 0.829156], [0.433013, 0.5, 0.707107], [0.433013, 0.5, 0.707107],
      ], "distances", atol: 2e-6)
    // Where three classes have a vote each, that of the nearest decides: 2 for the fourth query.
    #expect(known.classes(of: Self.queries, neighbours: 3) == [0, 0, 2, 2, 0])
    // Far from the origin as well, where squares are all rounding.
    let moved = try NearestNeighbours(
      features: Self.features + 1000, labels: Self.labels, distance: .euclidean)
    expectClose(
      Tensor(moved.neighbours(of: Self.queries + 1000, count: 3).map { $0.map(\.distance) }),
      Tensor(found.map { $0.map(\.distance) }), "distances far from the origin", atol: 1e-3)
  }

  /// The neighbours in double precision, straight from the definition.
  private func measured(
    _ features: Tensor, _ query: Tensor, _ distance: NearestNeighbours.Distance, count: Int
  ) -> [NearestNeighbours.Neighbour] {
    let size = features.shape[1]
    let (known, q) = (features.scalars.map(Double.init), query.scalars.map(Double.init))
    let all = (0..<features.shape[0]).map { index -> (Double, Int) in
      let row = known[(index * size)..<((index + 1) * size)]
      guard distance == .cosine else {
        return (zip(row, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot(), index)
      }
      let lengths = [Array(row), q].map { $0.reduce(0) { $0 + $1 * $1 } }
      let product = zip(row, q).reduce(0) { $0 + $1.0 * $1.1 }
      return (1 - product / (lengths[0] * lengths[1]).squareRoot(), index)
    }
    return all.sorted { $0 < $1 }.prefix(count).map { .init(index: $1, distance: Float($0)) }
  }

  /// Where products in single precision say nothing: close together, with one far away, with one large feature, and large
  /// and small beyond their squares.
  @Test(arguments: ["clusters", "outlier", "feature", "large", "small"])
  func vectorsWhoseDistancesAreSmall(kind: String) throws {
    let key = RandomKey(seed: varied(3))
    var all = Tensor(normal: [60, 6], key: key)
    switch kind {
    case "clusters":
      let centres = Tensor(normal: [5, 6], key: key.folded("centres")) * 10
      all = all * 1e-3 + centres.rows(at: (0..<60).map { $0 % 5 })
    case "outlier": for place in 0..<6 { all[40, place] = 1e6 }
    case "feature": for row in 0..<60 { all[row, 2] = row % 2 == 0 ? 1e4 : 0 }
    case "large": all = all * 1e25
    default: all = all * 1e-25
    }
    let (features, queries) = (all[0..<50], all[50...])
    for distance in NearestNeighbours.Distance.allCases {
      let found = try NearestNeighbours(features: features, distance: distance)
        .neighbours(of: queries, count: 5)
      for (row, neighbours) in found.enumerated() {
        let expected = measured(
          features, queries.slice(axis: 0, at: row), distance, count: 5)
        #expect(neighbours.map(\.index) == expected.map(\.index), "\(kind), \(distance)")
        let scale = expected.last?.distance ?? 1
        expectClose(
          Tensor(neighbours.map { $0.distance / scale }),
          Tensor(expected.map { $0.distance / scale }), "\(kind), \(distance)")
      }
    }
  }

  /// Whole numbers have many equal distances.
  @Test func ofEquallyFarExamplesTheFirstComesFirst() throws {
    let draw = RandomKey(seed: varied(4)).folded("whole").permutation(of: 300)
    let features = Tensor(shape: [90, 3], scalars: draw.prefix(270).map { Float($0 % 5) / 4 })
    let queries = Tensor(shape: [10, 3], scalars: draw.suffix(30).map { Float($0 % 5) / 4 })
    let found = try NearestNeighbours(features: features, distance: .euclidean)
      .neighbours(of: queries, count: 20)
    for (row, neighbours) in found.enumerated() {
      let expected = measured(
        features, queries.slice(axis: 0, at: row), .euclidean, count: 20)
      #expect(neighbours == expected, "query \(row)")
    }
  }

  @Test func equalExamplesComeInOrderAndThreadsDoNotCount() throws {
    let same = try NearestNeighbours(features: Tensor(ones: [5, 2]))
    let nearest = same.neighbours(of: [[1, 1], [0, 0]], count: 9)
    #expect(nearest.map { $0.map(\.index) } == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
    // A vector of length 0 has no direction.
    expectClose(nearest[1][0].distance, 1, "distance of a zero")
    let many = try NearestNeighbours(
      features: Tensor(normal: [300, 8], key: RandomKey(seed: varied(1))), distance: .euclidean)
    let queries = Tensor(normal: [70, 8], key: RandomKey(seed: varied(2)))
    let found = many.neighbours(of: queries, count: 7)
    let threads = Parallelism.threadCount
    defer { Parallelism.threadCount = threads }
    Parallelism.threadCount = 1
    #expect(many.neighbours(of: queries, count: 7) == found)
    #expect(found.allSatisfy { zip($0, $0.dropFirst()).allSatisfy { $0.distance <= $1.distance } })
  }

  @Test func wrongUse() async {
    expectCourseError(.shapeMismatch, "NearestNeighbours", "[2, 1] and 1 labels") {
      _ = try NearestNeighbours(features: [[1], [2]], labels: [0])
    }
    // It would be near to nothing, and hide what comes after it.
    expectCourseError(.invalidData, "not finite", "example 1") {
      _ = try NearestNeighbours(features: Tensor([[1], [Float.nan], [2]]))
    }
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try NearestNeighbours(features: [[1], [2]]).neighbours(of: [[1, 2]], count: 1)
    }
    expectWords(of: shapes, "NearestNeighbours", "queries [M, 1]", "[1, 2], 1")
    let labels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try NearestNeighbours(features: [[1], [2]]).classes(of: [[1]])
    }
    expectWords(of: labels, "NearestNeighbours.classes", "examples with labels", "none")
    let counts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let known = try NearestNeighbours(features: [[1], [2]], labels: [0, 1])
      _ = known.accuracy(on: [[1], [2], [2]], labels: [0, 1])
    }
    expectWords(
      of: counts, "NearestNeighbours.accuracy", "a class for each", "queries [3, 1], 2 labels")
  }
}
