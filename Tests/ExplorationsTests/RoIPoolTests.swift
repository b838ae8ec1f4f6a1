import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Task 5.4.
@Suite(.watched) struct RoIPoolTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "RoIPool",
    [
      ("binsOfARegion()", { try RoIPoolTests().checkBins() }),
      ("maximaOfOneRegion()", { try RoIPoolTests().checkOneRegion() }),
      ("maximaOfManyRegions()", { try RoIPoolTests().checkForward() }),
      ("gradientsGoToTheMaxima()", { try RoIPoolTests().checkBackward() }),
    ],
    hints: [
      "Range requires lowerBound":
        "a region is at least one pixel long, and both bounds of a bin are cut to 0...limit",
      "Tensor subscript":
        "the bounds of a bin are not cut to the feature map, or y and x are exchanged",
      "Index out of range":
        "winners has one entry for each number of the output, and −1 is no place",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      RoIPoolTests.steps.tryAndExit()
    }
  }

  @Test func binsOfARegion() async throws { try await Self.steps.run(0) }
  @Test func maximaOfOneRegion() async throws { try await Self.steps.run(1) }
  @Test func maximaOfManyRegions() async throws { try await Self.steps.run(2) }
  @Test func gradientsGoToTheMaxima() async throws { try await Self.steps.run(3) }

  /// first, last, limit, P, scale
  private static let sides: [(first: Float, last: Float, limit: Int, size: Int, scale: Float)] = [
    (0, 7, 8, 4, 1), (1, 3, 4, 2, 1), (2, 8, 12, 3, 1), (5, 5, 8, 3, 1), (3, 14, 9, 2, 0.5),
    (4.5, 11.5, 20, 2, 1), (4, 23, 9, 3, 0.3), (5, 12, 9, 2, 0.5), (-6, 5, 6, 3, 1),
    (2, 30, 10, 4, 1), (6, 2, 10, 2, 1), (12, 12, 9, 2, 0.125),
  ]

  private func checkBins() throws {
    func all(_ bin: (Int, Int) -> Range<Int>) -> [[Range<Int>]] {
      Self.sides.indices.map { side in (0..<Self.sides[side].size).map { bin(side, $0) } }
    }
    let right = all { RoIFault.none.bin($1, Self.sides[$0]) }
    let bins = all { number, index in
      let side = Self.sides[number]
      return RoIPool(size: side.size, scale: side.scale).bin(
        index, from: side.first, to: side.last, limit: side.limit)
    }
    guard let wrong = bins.indices.first(where: { bins[$0] != right[$0] }) else { return }
    let fault = RoIFault.allCases.first { fault in
      all { fault.bin($1, Self.sides[$0]) } == bins
    }
    let side = Self.sides[wrong]
    try require(
      false,
      """
      RoIPool.bin: \(fault?.rawValue ?? "from \(side.first) to \(side.last), scale \(side.scale), P = \(side.size)")
        expected \(right[wrong])
        got      \(bins[wrong])
      """)
  }

  /// The output of a training pass, if it has the right shape.
  private func forward(
    _ pool: inout RoIPool, _ features: Tensor, _ regions: [Region]
  ) throws -> Tensor {
    let y = pool.forward(features, regions: regions, mode: .training)
    let shape = [regions.count, features.shape[1], pool.size, pool.size]
    try require(y.shape == shape, "RoIPool.forward: expected shape \(shape), got \(y.shape)")
    return y
  }

  private func checkOneRegion() throws {
    var pool = RoIPool(size: 2)
    let features = Tensor([[[[0, 7, 14, 5], [12, 3, 10, 1], [8, 15, 6, 13], [4, 11, 2, 9]]]])
    let region = Region(image: 0, box: Box(x1: 1, y1: 0, x2: 3, y2: 2))
    expectClose(
      try forward(&pool, features, [region]), [[[[14, 14], [15, 13]]]],
      "RoIPool.forward of rows 0 to 2, columns 1 to 3",
      mistakes: [
        "all is 0: no bin is computed yet": Tensor(zeros: [1, 1, 2, 2]),
        "rows and columns are exchanged: y1 and y2 make the rows": [[[[15, 15], [15, 15]]]],
        "the bins are exchanged: i counts the rows of bins, j the columns": [
          [[[14, 15], [14, 13]]]
        ],
        "this is the first number of each bin, not the largest": [[[[7, 14], [3, 10]]]],
        "this is the smallest number of each bin, not the largest": [[[[3, 1], [3, 1]]]],
        "this is the mean of each bin, not the maximum": [[[[8.5, 7.5], [8.5, 7.5]]]],
        "this is the sum of each bin, not the maximum": [[[[34, 30], [34, 30]]]],
      ])
  }

  // F = ((arange(2*2*5*6) * 37 % 101) / 10 - 10).reshape(2, 2, 5, 6), in double precision
  static let features = Tensor(
    shape: [2, 2, 5, 6], scalars: (0..<120).map { Float($0 * 37 % 101) / 10 - 10 })
  static let regions = [
    Region(image: 0, box: Box(x1: 1, y1: 3, x2: 9, y2: 9)),
    Region(image: 1, box: Box(x1: 0, y1: 0, x2: 11, y2: 9)),
    Region(image: 1, box: Box(x1: 7, y1: 1, x2: 7, y2: 1)),
    Region(image: 0, box: Box(x1: -5, y1: 4, x2: 30, y2: 20)),
  ]
  // torchvision.ops.roi_pool(F, [[0, 1, 3, 9, 9], [1, 0, 0, 11, 9], [1, 7, 1, 7, 1], [0, -5, 4, 30, 20]], 3, 0.5)
  private static let output = Tensor(
    shape: [4, 2, 3, 3],
    scalars: [
      -0.3, -1.3, -1.3, -0.3, -1, -3.7, -4.7, -1, -3.7, -0.4, -1.4, -1.4, -0.4, -1.1, -3.8,
      -4.8, -1.1, -3.8, -0.1, -0.8, -1.8, -0.5, -1.5, -1.5, -2.2, -1.2, -3.9, -0.2, -0.9, -1.9,
      -0.6, -1.6, -1.6, -2.3, -1.3, -4, -3.5, -3.5, -3.5, -3.5, -3.5, -3.5, -3.5, -3.5, -3.5,
      -3.6, -3.6, -3.6, -3.6, -3.6, -3.6, -3.6, -3.6, -3.6, -0.3, -1, 0, 0, 0, 0, 0, 0, 0,
      -0.4, -1.1, 0, 0, 0, 0, 0, 0, 0,
    ])

  private func checkForward() throws {
    var pool = RoIPool(size: 3, scale: 0.5)
    let y = try forward(&pool, Self.features, Self.regions)
    // A place for each number, and the right one.
    let winners = pool.maxima(of: Self.features, in: Self.regions).winners
    try require(
      winners.count == y.count,
      """
      RoIPool.maxima: a place for each number of the output, −1 for an empty bin: expected \(y.count) places, \
      got \(winners.count)
      """)
    let fault = RoIFault.allCases.first {
      $0 != .none && areClose(y, $0.forward(Self.features, Self.regions, size: 3, scale: 0.5))
    }
    if !areClose(y, Self.output), let fault { return fail("RoIPool.forward: \(fault.rawValue)") }
    expectClose(
      y, Self.output, "RoIPool.forward",
      notFinite: "an empty bin is 0, not −∞: it has no maximum")
    let numbers = Self.features.scalars
    for (place, number) in zip(winners, y.scalars) {
      // No maximum of a bin is 0 here.
      try require(
        (place == -1) == (number == 0),
        "RoIPool.maxima: the place is −1 for an empty bin, and only there")
      try require(
        place == -1 || numbers.indices.contains(place) && numbers[place] == number,
        "RoIPool.maxima: there is another number at the place of a maximum: place(n, c, y, x)")
    }
  }

  /// What an empty bin adds whose place is taken for 0.
  private func emptyAtTheFirstPlace(_ dY: Tensor) -> Tensor {
    var result = Tensor(zeros: Self.features.shape)
    result[0, 0, 0, 0] = (dY * (Self.output .== 0)).sum()
    return result
  }

  private func checkBackward() throws {
    // dY = arange * 29 % 17 - 8
    let dY = Tensor(shape: [4, 2, 3, 3], scalars: (0..<72).map { Float($0 * 29 % 17) - 8 })
    var pool = RoIPool(size: 3, scale: 0.5)
    _ = try forward(&pool, Self.features, Self.regions)
    let dF = pool.backward(dY)
    try require(
      dF.shape == Self.features.shape,
      "RoIPool.backward: expected shape \(Self.features.shape), got \(dF.shape)")
    expectClose(
      dF, Self.gradient, "RoIPool.backward, dF",
      mistakes: [
        "all is 0: nothing is added yet": Tensor(zeros: dF.shape),
        "gradients of several regions add up, the last one must not replace the others":
          RoIFault.replaced(dY, size: 3, scale: 0.5, Self.features, Self.regions),
        "only the maxima get a gradient, not all pixels of a bin":
          RoIFault.spread(dY, size: 3, scale: 0.5, Self.features, Self.regions, shares: false),
        "only the maxima get a gradient, it is not shared among the pixels of a bin":
          RoIFault.spread(dY, size: 3, scale: 0.5, Self.features, Self.regions, shares: true),
        "an empty bin has no place: add nothing where it is −1": Self.gradient
          + emptyAtTheFirstPlace(dY),
        "it is dY that arrives at the maximum, not a part of it": Self.gradient / 9,
        "it is dY that arrives at the maximum, not the maximum times dY":
          RoIFault.spread(
            dY * Self.output, size: 3, scale: 0.5, Self.features, Self.regions, onlyMaxima: true),
        "the sign is wrong": -Self.gradient,
      ])
    // Of equal numbers, the first.
    var one = RoIPool(size: 1)
    _ = try forward(
      &one, Tensor(ones: [1, 1, 2, 2]), [Region(image: 0, box: Box(x1: 0, y1: 0, x2: 1, y2: 1))])
    expectClose(
      one.backward([[[[1]]]]), [[[[1, 0], [0, 0]]]], "RoIPool.backward of equal numbers",
      mistakes: [
        "of equal numbers the first is the maximum: replace it only where a number is larger": [
          [[[0, 0], [0, 1]]]
        ]
      ])
  }

  /// The gradient of (F, regions, dY), by torchvision.
  private static let gradient = Tensor(
    shape: [2, 2, 5, 6],
    scalars: [
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, -20, 0, 0, 0, 0, 0, 0, -4, 20, 0, 4,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -2, 0, 0, -2, 0, 0, 0, 0, 0, 0, 2, -13, 0, -1,
      4, 0, 0, 0, 0, -6, 0, 0, -1, 0, -2, 0, 0, 0, 0, 0, -3, 0, 0, 6, 0, 0, 0, 0, 8, 0, 0, 3, 0, -2,
      -7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0, 0, 0, 0, 0, 9, 0, 0, -5, 0, 0, 0, 0, -3, 0, 0, -8, 0, 4,
    ])

  // MARK: Anything else

  /// Against the loops of the formula, on random regions, also outside of the image.
  @Test(.waits(for: steps)) func otherRegions() throws {
    var draw = RandomKey(seed: varied(54)).generator
    for number in 0..<60 {
      let shape =
        [2, Int.random(in: 1...3, using: &draw)]
        + (0..<2).map { _ in Int.random(in: 1...9, using: &draw) }
      let features = Tensor(normal: shape, key: RandomKey(seed: varied(54)).folded(number))
      let regions = (0..<5).map { _ in
        let (x, y) = (
          Float.random(in: -10...30, using: &draw), Float.random(in: -10...30, using: &draw)
        )
        return Region(
          image: Int.random(in: 0...1, using: &draw),
          box: Box(
            x1: x, y1: y, x2: x + Float.random(in: 0...40, using: &draw),
            y2: y + Float.random(in: 0...40, using: &draw)))
      }
      let (size, scale) = (
        Int.random(in: 1...5, using: &draw), [1, 0.5, 0.25][number % 3] as Float
      )
      var pool = RoIPool(size: size, scale: scale)
      let y = try forward(&pool, features, regions)
      try requireClose(
        y, RoIFault.none.forward(features, regions, size: size, scale: scale),
        "RoIPool.forward, features \(shape), P = \(size), scale \(scale)", atol: 0, rtol: 0)
      let dY = Tensor(normal: y.shape, key: RandomKey(seed: varied(55)).folded(number))
      try requireClose(
        pool.backward(dY),
        RoIFault.spread(dY, size: size, scale: scale, features, regions, onlyMaxima: true),
        "RoIPool.backward, features \(shape), P = \(size), scale \(scale)")
    }
  }

  @Test(.waits(for: steps)) func anInferencePassKeepsNothing() async {
    var pool = RoIPool(size: 1)
    _ = pool.forward(Tensor(ones: [1, 1, 1, 1]), regions: [Self.regions[3]], mode: .inference)
    #expect(storedTensorElements(of: pool) == 0)
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = RoIPool(size: 1)
      _ = pool.backward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: result, "RoIPool.backward", "call forward first")
  }

  @Test func wrongArgumentsAndRegionsStop() async {
    let size = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RoIPool(size: 0)
    }
    expectWords(of: size, "RoIPool", "a size of at least 1", "size 0")
    let scale = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RoIPool(size: 1, scale: .nan)
    }
    expectWords(of: scale, "RoIPool", "a finite scale above 0", "scale nan")
    let image = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = RoIPool(size: 1)
      _ = pool.forward(
        Tensor(ones: [1, 1, 2, 2]),
        regions: [Region(image: 1, box: Box(x1: 0, y1: 0, x2: 1, y2: 1))], mode: .training)
    }
    expectWords(of: image, "RoIPool.forward", "regions of the images 0..<1", "image 1")
    let box = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Box(x1: 2, y1: 0, x2: 1, y2: 1)
    }
    expectWords(of: box, "Box", "x1 ≤ x2", "(2.0, 0.0)")
    let far = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = RoIPool(size: 1)
      _ = pool.forward(
        Tensor(ones: [1, 1, 2, 2]),
        regions: [Region(image: 0, box: Box(x1: 0, y1: 0, x2: 1e30, y2: 1))], mode: .training)
    }
    expectWords(of: far, "RoIPool.forward", "boxes near the image", "1e+30")
  }
}
