import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Task 5.8.
@Suite(.watched) struct OcclusionMapTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "occlusionMap",
    [
      ("aSquareIsCovered()", { try OcclusionMapTests().checkCovered() }),
      ("theScoreFalls()", { try OcclusionMapTests().checkMap() }),
      ("theLargestGradientOfAPixel()", { try OcclusionMapTests().checkSaliency() }),
    ],
    hints: [
      "Tensor subscript":
        "a square reaches beyond the image: it has rows row..<row + size and columns column..<column + size; perhaps rows and columns are exchanged",
      "occlusionMap: expected": "leave the checks as they are",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      OcclusionMapTests.steps.tryAndExit()
    }
  }

  @Test func aSquareIsCovered() async throws { try await Self.steps.run(0) }
  @Test func theScoreFalls() async throws { try await Self.steps.run(1) }
  @Test func theLargestGradientOfAPixel() async throws { try await Self.steps.run(2) }

  // [2, 5, 4]: 1 to 40, no two alike
  private static let image = Tensor(arange: 1, to: 41).reshaped(to: [2, 5, 4])

  private func covered(
    rows: Range<Int>, columns: Range<Int>, channels: Range<Int> = 0..<2, fill: Float = 100
  ) -> Tensor {
    var result = Self.image
    for c in channels { for y in rows { for x in columns { result[c, y, x] = fill } } }
    return result
  }

  private func checkCovered() throws {
    let got = Self.image.covered(row: 2, column: 1, size: 2, with: 100)
    try require(
      got.shape == [2, 5, 4],
      "Tensor.covered: the image keeps its shape, expected [2, 5, 4], got \(got.shape)")
    expectClose(
      got, covered(rows: 2..<4, columns: 1..<3), "Tensor.covered, rows 2 and 3, columns 1 and 2",
      mistakes: [
        "nothing is covered yet": Self.image,
        "all channels are covered, not the first only": covered(
          rows: 2..<4, columns: 1..<3, channels: 0..<1),
        "rows and columns are exchanged": covered(rows: 1..<3, columns: 2..<4),
        "the fill is another value: with, not 0": covered(rows: 2..<4, columns: 1..<3, fill: 0),
        "the square has `size` pixels on each side, not one more": covered(
          rows: 2..<5, columns: 1..<4),
        "the square has `size` pixels on each side, not one less": covered(
          rows: 2..<3, columns: 1..<2),
        "the square begins at row and column": covered(rows: 0..<2, columns: 0..<2),
        "all but the square is covered": {
          var other = Tensor(repeating: 100, shape: [2, 5, 4])
          for c in 0..<2 {
            for y in 2..<4 { for x in 1..<3 { other[c, y, x] = Self.image[c, y, x] } }
          }
          return other
        }(),
        "only the row is covered": covered(rows: 2..<4, columns: 0..<4),
        "only the column is covered": covered(rows: 0..<5, columns: 1..<3),
      ])
  }

  /// The sum of all pixels, each with a weight of its own.
  private static let weights = Tensor(
    shape: [2, 5, 4], scalars: (0..<40).map { Float($0 * 7 % 11) - 4 })
  private static func score(_ batch: Tensor) -> [Float] {
    (0..<batch.shape[0]).map { (batch.slice(axis: 0, at: $0) * weights).sum() }
  }

  private func map(
    stride: Int = 2, fill: Float = 3, sign: Float = 1, whole: Bool = true, turns: Bool = false
  ) -> Tensor {
    var numbers: [Float] = []
    let base = whole ? Self.score(Tensor(stacking: [Self.image]))[0] : 0
    for i in 0..<2 {
      for j in 0..<2 {
        let (row, column) = turns ? (j * stride, i * stride) : (i * stride, j * stride)
        let image = covered(rows: row..<row + 2, columns: column..<column + 2, fill: fill)
        numbers.append(sign * (base - Self.score(Tensor(stacking: [image]))[0]))
      }
    }
    return Tensor(shape: [2, 2], scalars: numbers)
  }

  private func checkMap() throws {
    let got = occlusionMap(
      of: Self.image, size: 2, stride: 2, fill: 3, batchSize: 3, score: Self.score)
    try require(
      got.shape == [2, 2], "occlusionMap: expected shape [2, 2], got \(got.shape)")
    expectClose(
      got, map(), "occlusionMap of an image of 5 x 4, squares of 2 x 2 at stride 2", atol: 1e-3,
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 2]),
        "the sign: the score of the whole image less that of the covered one": map(sign: -1),
        "these are the scores of the covered images: whole − score": map(sign: -1, whole: false),
        "the square begins at i · stride: the stride is missing": map(stride: 1),
        "the fill is another value: fill, not 0": map(fill: 0),
        "rows and columns are exchanged": map(turns: true),
      ])
    // More rows than columns: the number of a square is row · columns + column.
    let tall = occlusionMap(of: Self.image, size: 3, stride: 1, fill: 0, score: Self.score)
    var expected = Tensor(zeros: [3, 2])
    for i in 0..<3 {
      for j in 0..<2 {
        expected[i, j] = (Self.image * Self.weights)[0..., i..<i + 3, j..<j + 3].sum()
      }
    }
    expectClose(
      tall, expected, "occlusionMap, squares of 3 x 3 at stride 1", atol: 1e-2,
      mistakes: [
        "rows and columns are exchanged: square `number` is in row number / columns":
          expected.transposed()
          .reshaped(to: [3, 2])
      ])
  }

  private func checkSaliency() throws {
    let gradient = Tensor([[[1, -2, 0.5], [0, 4, -1]], [[-3, 0.5, 0.25], [0, -5, -0.75]]])
    let got = saliencyMap(ofGradient: gradient)
    try require(
      got.shape == [2, 3],
      "saliencyMap: a number for each pixel, expected shape [2, 3], got \(got.shape)")
    expectClose(
      got, [[3, 2, 0.5], [0, 5, 1]], "saliencyMap",
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 3]),
        "the absolute value is missing: −3 is larger than 1": gradient.max(axis: 0),
        "the absolute value comes first, then the largest": abs(gradient.max(axis: 0)),
        "the largest of the channels, not their sum": abs(gradient).sum(axis: 0),
        "the largest of the channels, not their mean": abs(gradient).mean(axis: 0),
        "the largest of the channels, not the absolute value of their sum": abs(
          gradient.sum(axis: 0)),
        "the largest of the channels, not the smallest": abs(gradient).min(axis: 0),
        "the largest of the channels, not that of the first": abs(gradient.slice(axis: 0, at: 0)),
        "the absolute value, not the square": square(gradient).max(axis: 0),
      ])
  }

  // MARK: Anything else

  @Test(.waits(for: steps), arguments: [1, 2, 3, 64]) func batchesDoNotMatter(
    batchSize: Int
  ) throws {
    let image = Tensor(normal: [3, 6, 7], key: RandomKey(seed: varied(58)))
    let weights = Tensor(normal: [3, 6, 7], key: RandomKey(seed: varied(58)).folded("weights"))
    var asked: [Int] = []
    let map = occlusionMap(of: image, size: 2, stride: 3, batchSize: batchSize) { batch in
      asked.append(batch.shape[0])
      return (0..<batch.shape[0]).map { (batch.slice(axis: 0, at: $0) * weights).sum() }
    }
    let way = "scores(count, batchSize, score) { number in ... }"
    try require(
      asked.reduce(0, +) == 5,
      "occlusionMap: the score of the whole image is asked for once, and that of each square once; \(asked.reduce(0, +)) images for 4 squares"
    )
    try require(
      asked.allSatisfy { $0 <= batchSize } && asked.count <= 1 + (4 + batchSize - 1) / batchSize,
      "occlusionMap: ask for the scores of \(batchSize) images at once, with \(way), got batches of \(asked)"
    )
    try require(map.shape == [2, 2], "occlusionMap: expected shape [2, 2], got \(map.shape)")
    for i in 0..<2 {
      for j in 0..<2 {
        let (y, x) = (3 * i..<3 * i + 2, 3 * j..<3 * j + 2)
        expectClose(
          map[i, j], (image * weights)[0..., y, x].sum(), "occlusionMap at (\(i), \(j))", atol: 1e-4
        )
      }
    }
  }

  @Test(.waits(for: steps)) func errorsOfTheScoreArriveAndWrongArgumentsStop() async {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try occlusionMap(of: Tensor(zeros: [1, 2, 2]), size: 1) { _ in throw Failure() }
    }
    let size = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = occlusionMap(of: Tensor(zeros: [1, 2, 2]), size: 3) { _ in [0] }
    }
    expectWords(of: size, "occlusionMap", "a square that fits into it", "size 3")
    let scores = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent],
      "occlusionMap: ask with scores(count, batchSize, score) { number in ... }, which counts the answers"
    ) {
      _ = occlusionMap(of: Tensor(zeros: [1, 2, 2]), size: 1) { _ in [0, 0] }
    }
    expectWords(of: scores, "occlusionMap", "a score for each of 1 image", "2")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = saliencyMap(ofGradient: Tensor(zeros: [2, 2]))
    }
    expectWords(of: gradient, "saliencyMap", "a gradient [C, H, W]", "[2, 2]")
  }
}
