import CourseTestSupport
import Explorations
import Shared
import Testing

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
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try NearestNeighbours(features: [[1], [2]]).neighbours(of: [[1, 2]], count: 1)
    }
    expectWords(of: shapes, "NearestNeighbours", "queries [M, 1]", "[1, 2], 1")
    let labels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try NearestNeighbours(features: [[1], [2]]).classes(of: [[1]])
    }
    expectWords(of: labels, "NearestNeighbours.classes", "examples with labels", "none")
  }
}
