import CourseTestSupport
import Explorations
import Foundation
import Shared
import Testing

/// Task 5.5.
@Suite(.watched) struct BoxTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "boxes",
    [
      ("overlapOfTwoBoxes()", { BoxTests().checkOverlap() }),
      ("offsetsBetweenBoxes()", { BoxTests().checkOffset() }),
      ("boxesAreMovedByOffsets()", { BoxTests().checkMoved() }),
      ("lossOfOffsets()", { BoxTests().checkLoss() }),
      ("gradientOfTheLoss()", { try BoxTests().checkGradient() }),
      ("theBestBoxesRemain()", { BoxTests().checkSuppression() }),
    ],
    hints: [
      "Box: expected":
        "corners are centre ± size / 2, a size is w · exp(dw), and dw and dh are those above your code",
      "Tensor subscript":
        "regions of the background have the class K, for which there is no offset",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      BoxTests.steps.tryAndExit()
    }
  }

  @Test func overlapOfTwoBoxes() async throws { try await Self.steps.run(0) }
  @Test func offsetsBetweenBoxes() async throws { try await Self.steps.run(1) }
  @Test func boxesAreMovedByOffsets() async throws { try await Self.steps.run(2) }
  @Test func lossOfOffsets() async throws { try await Self.steps.run(3) }
  @Test func gradientOfTheLoss() async throws { try await Self.steps.run(4) }
  @Test func theBestBoxesRemain() async throws { try await Self.steps.run(5) }

  private func box(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> Box {
    Box(x1: x1, y1: y1, x2: x2, y2: y2)
  }

  private func checkOverlap() {
    // 3 x 2 of 6 x 4 and 5 x 5 boxes: 6 / (24 + 25 - 6)
    let (a, b) = (box(1, 2, 7, 6), box(4, 4, 9, 9))
    for (first, second) in [(a, b), (b, a)] {
      expectClose(
        first.overlap(with: second), 6 / 43, "Box.overlap",
        mistakes: [
          "it is 0: nothing is computed yet": 0,
          "the intersection counts twice: the union is the sum of the areas less the intersection":
            6 / 49,
          "it is the area of the intersection: divide by the union": 6,
          "it is divided by the area of one box, not of both together": 6 / first.area,
          "it is divided by the area of one box, not of both together": 6 / second.area,
          "it is divided by the smaller box, not by both together": 6 / 24,
          "a pixel is added to each side: a width is x2 − x1": 12 / (35 + 36 - 12),
          "twice the intersection is the Dice coefficient: here it is the intersection over the union":
            12 / 49,
          "union and intersection are exchanged": 43 / 6,
          "it is the square root of the areas' ratio": (6 / 43 as Float).squareRoot(),
          "the union is that of the bounding box: the sum of the areas less the intersection":
            6 / 56,
        ], notFinite: "it is no number: the union is 0 or negative")
    }
    expectClose(a.overlap(with: a), 1, "Box.overlap with itself")
    // To the right, and diagonal: there both lengths of the intersection are negative.
    expectClose(
      a.overlap(with: box(8, 2, 9, 6)), 0, "Box.overlap of boxes side by side",
      mistakes: [
        "boxes that do not meet share nothing: their intersection has a negative width, which counts as 0":
          a.overlap(with: box(8, 2, 9, 6))
      ])
    expectClose(
      a.overlap(with: box(10, 10, 14, 15)), 0, "Box.overlap of boxes across a corner",
      mistakes: [
        "boxes that do not meet share nothing: cut both lengths to 0 before you multiply them":
          a.overlap(with: box(10, 10, 14, 15))
      ])
    expectClose(
      box(2, 2, 2, 2).overlap(with: box(2, 2, 2, 2)), 0, "Box.overlap of two boxes without area",
      notFinite: "0 where both have no area, which is 0 / 0")
  }

  // Centre (7, 10), 10 x 16; centre (12, 6), 24 x 64
  private var proposal: Box { box(2, 2, 12, 18) }
  private var truth: Box { box(0, -26, 24, 38) }
  private let logWidths = logf(2.4)
  private let logHeights = logf(4)

  private func checkOffset() {
    let offset = proposal.offset(to: truth)
    expectClose(
      offset.dx, 0.5, "Box.offset, dx",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the sign is wrong: from this box to the other": -0.5,
        "it is not measured in widths: (x' − x) / w": 5,
        "it is measured in widths of the other box: (x' − x) / w": 5 / 24,
        "the corners are compared, not the centres": -0.2,
        "the corners are compared, not the centres, and those on the right": 1.2,
        "it is measured in heights: (x' − x) / w": 5 / 16,
      ])
    expectClose(
      offset.dy, -0.25, "Box.offset, dy",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the sign is wrong: from this box to the other": 0.25,
        "it is not measured in heights: (y' − y) / h": -4,
        "it is measured in heights of the other box: (y' − y) / h": -4 / 64,
        "the corners are compared, not the centres": -1.75,
        "it is measured in widths: (y' − y) / h": -0.4,
      ])
    expectClose(
      offset.dw, logWidths, "Box.offset, dw",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the logarithm is missing: ln(w' / w)": 2.4,
        "the factor is the wrong way round: ln(w' / w)": -logWidths,
        "it is the logarithm of the difference: ln(w' / w)": logf(14),
        "it is a logarithm to base 2: logf is the natural one": log2f(2.4),
        "it is a logarithm to base 10: logf is the natural one": log10f(2.4),
        "the logarithm is missing: ln(w' / w), and not the relative growth": 1.4,
        "it is the logarithm of heights: ln(w' / w)": logHeights,
      ])
    expectClose(
      offset.dh, logHeights, "Box.offset, dh",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the logarithm is missing: ln(h' / h)": 4,
        "the factor is the wrong way round: ln(h' / h)": -logHeights,
        "it is the logarithm of widths: ln(h' / h)": logWidths,
        "it is a logarithm to base 2: logf is the natural one": 2,
      ])
  }

  private func numbers(_ box: Box) -> Tensor { Tensor([box.x1, box.y1, box.x2, box.y2]) }

  private func checkMoved() {
    let offset = BoxOffset(dx: 0.5, dy: -0.25, dw: logWidths, dh: logHeights)
    let linear = Tensor([
      12 - 5 * logWidths, 6 - 8 * logHeights, 12 + 5 * logWidths, 6 + 8 * logHeights,
    ])
    expectClose(
      numbers(proposal.moved(by: offset)), [0, -26, 24, 38], "Box.moved",
      mistakes: [
        "it is the box itself: nothing is computed yet": [2, 2, 12, 18],
        "the centre is not moved in widths and heights: x + dx · w": [-4.5, -22.25, 19.5, 41.75],
        "the exponential is missing: w · exp(dw)": linear,
        "the left upper corner is moved, not the centre": [7, -2, 31, 62],
        "the corners are centre ± size / 2, not the centre and centre + size": [12, 6, 36, 70],
        "the corners are centre ± size / 2, not centre ± size": [-12, -58, 36, 70],
        "the size stays as it was: w · exp(dw)": [7, -2, 17, 14],
        "the centre stays where it was: x + dx · w": [-5, -22, 19, 42],
        "the sign of the move is wrong: x + dx · w": [-10, -18, 14, 46],
        "the centre is moved in the new widths: x + dx · w": [7, -38, 31, 26],
        "dw belongs to the width": [-8, -26, 32, 38],
        "dh belongs to the height": [0, -13.2, 24, 25.2],
        "dw belongs to the width, and dh to the height": [-8, -13.2, 32, 25.2],
        "dx belongs to x": [-7.5, -26, 16.5, 38],
        "dy belongs to y": [0, -14, 24, 50],
        "dx belongs to x, and dy to y": [-7.5, -14, 16.5, 50],
      ], notFinite: "it is no number")
    let huge = proposal.moved(by: BoxOffset(dx: 0, dy: 0, dw: 100, dh: 100))
    expectClose(
      numbers(huge) / 1000, [-0.3055, -0.49, 0.3195, 0.51],
      "Box.moved by a huge offset, in 1000 pixels",
      notFinite:
        "dw and dh are cut to a largest value above your code: use those, not offset.dw and offset.dh"
    )
  }

  // Five regions, of which three show something, with four numbers each: a wrong divisor shows.
  private static let offsets = Tensor(
    shape: [5, 3, 4], scalars: (0..<60).map { Float($0 * 29 % 41) / 10 - 2 })
  private static let classes = [1, 3, 0, 2, 3]
  private static let targets: Tensor = [
    [0.25, -0.5, 1, 0], [9, 9, 9, 9], [-1.75, 1, 0.5, 0.25], [0, 0.5, -2, 1],
    [9, 9, 9, 9],
  ]

  /// The loss and its gradient in double precision, with a mistake.
  private func value(
    _ h: (Double) -> Double = { abs($0) < 1 ? $0 * $0 / 2 : abs($0) - 0.5 },
    row: (Int) -> Int? = { BoxTests.classes[$0] < 3 ? BoxTests.classes[$0] : nil },
    divisor: Double = 5
  ) -> Float {
    var sum = 0.0
    for r in 0..<5 {
      guard let u = row(r) else { continue }
      for c in 0..<4 { sum += h(Double(Self.offsets[r, u, c]) - Double(Self.targets[r, c])) }
    }
    return Float(sum / divisor)
  }

  private func checkLoss() {
    var loss = BoxLoss()
    expectClose(
      loss.forward(Self.offsets, classes: Self.classes, targets: Self.targets), value(),
      "BoxLoss.forward",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the mean over the regions is missing: it is divided by R": value(divisor: 1),
        "it is divided by the regions with a box: R counts all regions": value(divisor: 3),
        "it is divided by all numbers: only by R": value(divisor: 20),
        "it is divided by 4, the numbers of an offset: only by R": value(divisor: 4),
        "it is divided by the numbers that count: only by R": value(divisor: 12),
        "the offset of the right class counts, not that of the first": value(row: {
          Self.classes[$0] < 3 ? 0 : nil
        }),
        "the offset of the right class counts, not that of the next": value(row: {
          Self.classes[$0] < 3 ? (Self.classes[$0] + 1) % 3 : nil
        }),
        "the background has no box: regions of class K are left out": value(row: {
          Swift.min(Self.classes[$0], 2)
        }),
        "it is quadratic everywhere: from |d| = 1 on it is |d| − 1/2": value { $0 * $0 / 2 },
        "the half is missing where |d| < 1: d² / 2": value {
          abs($0) < 1 ? $0 * $0 : abs($0) - 0.5
        },
        "it is the distance everywhere: d² / 2 where |d| < 1": value { abs($0) },
        "it is linear everywhere: d² / 2 where |d| < 1": value { abs($0) - 0.5 },
        "the half is missing where |d| is large: |d| − 1/2, so that both parts meet": value {
          abs($0) < 1 ? $0 * $0 / 2 : abs($0)
        },
        "the parts are exchanged: d² / 2 where |d| < 1": value {
          abs($0) < 1 ? abs($0) - 0.5 : $0 * $0 / 2
        },
        "large negative differences count, too: |d|": value { $0 < 1 ? $0 * $0 / 2 : $0 - 0.5 },
        "large negative differences count, too: |d| − 1/2": value {
          abs($0) < 1 ? $0 * $0 / 2 : $0 - 0.5
        },
      ])
  }

  private func gradient(
    _ slope: (Float) -> Float = { Swift.min(Swift.max($0, -1), 1) },
    row: (Int) -> Int? = { BoxTests.classes[$0] < 3 ? BoxTests.classes[$0] : nil },
    divisor: Float = 5
  ) -> Tensor {
    var result = Tensor(zeros: [5, 3, 4])
    for r in 0..<5 {
      guard let u = row(r) else { continue }
      for c in 0..<4 {
        result[r, u, c] = slope(Self.offsets[r, u, c] - Self.targets[r, c]) / divisor
      }
    }
    return result
  }

  private func checkGradient() throws {
    var loss = BoxLoss()
    _ = loss.forward(Self.offsets, classes: Self.classes, targets: Self.targets)
    let actual = loss.backward()
    try require(
      actual.shape == [5, 3, 4],
      "BoxLoss.backward: a number for each offset, expected shape [5, 3, 4], got \(actual.shape)")
    var misplaced = Tensor(zeros: [5, 3, 4])
    for r in 0..<5 where Self.classes[r] < 3 {
      for c in 0..<4 { misplaced[r, 0, c] = gradient()[r, Self.classes[r], c] }
    }
    expectClose(
      actual, gradient(), "BoxLoss.backward",
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [5, 3, 4]),
        "the mean over the regions is missing: it is divided by R": gradient(divisor: 1),
        "it is divided by the regions with a box: R counts all regions": gradient(divisor: 3),
        "it is divided by all numbers: only by R": gradient(divisor: 20),
        "it is divided by 4, the numbers of an offset: only by R": gradient(divisor: 4),
        "the offset of the right class counts, not that of the first": gradient(row: {
          Self.classes[$0] < 3 ? 0 : nil
        }),
        "the gradient belongs to the offset of the right class, not to that of the first":
          misplaced,
        "the background has no box: its gradient is 0": gradient(row: {
          Swift.min(Self.classes[$0], 2)
        }),
        "the difference is not cut: above 1 the slope is 1, below −1 it is −1": gradient { $0 },
        "it is cut below, too: min(max(d, −1), 1)": gradient { Swift.min($0, 1) },
        "it is cut above, too: min(max(d, −1), 1)": gradient { Swift.max($0, -1) },
        "it is only the sign: where |d| < 1 the slope is d": gradient { $0 > 0 ? 1 : -1 },
        "it is cut to 0...1: the slope of a negative difference is negative": gradient {
          Swift.min(Swift.max($0, 0), 1)
        },
        "the sign is wrong: o − t": gradient { -Swift.min(Swift.max($0, -1), 1) },
        "it is the loss, not its slope": gradient { abs($0) < 1 ? $0 * $0 / 2 : abs($0) - 0.5 },
      ])
  }

  private func checkSuppression() {
    // 0 and 1 overlap by 3/4, 1 and 2 by 3/5, 0 and 2 by 9/20; 4 is the same box as 3, with the same score; 6 is
    // the same as 0.
    let boxes = [
      box(0, 0, 10, 10), box(0, 0, 10, 7.5), box(0, 0, 10, 4.5), box(20, 0, 30, 10),
      box(20, 0, 30, 10), box(40, 0, 50, 10), box(0, 0, 10, 10),
    ]
    let scores: [Float] = [0.9, 0.8, 0.7, 0.5, 0.5, 0.95, 0.1]
    func kept(_ threshold: Float) -> [Int] {
      nonMaximumSuppression(boxes, scores: scores, threshold: threshold)
    }
    func expect(_ threshold: Float, _ expected: [Int], _ mistakes: [(String, [Int])]) -> Bool {
      let actual = kept(threshold)
      if actual == expected { return true }
      let words = mistakes.first { $0.1 == actual }?.0
      fail(
        "nonMaximumSuppression, threshold \(threshold)"
          + (words.map { ": \($0)" } ?? ": expected \(expected), got \(actual)"))
      return false
    }
    guard
      expect(
        0.5, [5, 0, 2, 3],
        [
          ("nothing is kept: nothing is computed yet", []),
          ("all are kept: a box that overlaps a better one is dropped", [5, 0, 1, 2, 3, 4, 6]),
          ("they are not sorted: the best score comes first", [0, 2, 3, 5]),
          ("the worst comes first: sort from the best score down", [6, 3, 2, 5]),
          ("the worst comes first: sort from the best score down", [6, 4, 2, 5]),
          ("a box that was dropped drops another: compare with those that were kept", [5, 0, 3]),
          ("of equal scores the first comes first", [5, 0, 2, 4]),
          ("boxes are kept that overlap: dropped where the overlap is above the threshold", [5]),
          ("it compares with the last box that was kept only, not with all", [5, 0, 2, 3, 6]),
        ])
    else { return }
    // Exactly 3/4.
    _ = expect(
      0.75, [5, 0, 1, 2, 3],
      [("a box at the threshold is kept: dropped where the overlap is above it", [5, 0, 2, 3])])
    _ = expect(
      0, [5, 0, 3], [("boxes that only touch or do not meet are kept", [5])])
  }

  // MARK: Anything else

  @Test(.waits(for: steps)) func theWayThereLeadsThere() throws {
    let numbers = Tensor(uniform: [200, 8], in: 1..<30, key: RandomKey(seed: varied(55)))
    for row in 0..<200 {
      let n = numbers.slice(axis: 0, at: row).scalars
      let a = box(n[0], n[1], n[0] + n[2], n[1] + n[3])
      let b = box(n[4], n[5], n[4] + n[6], n[5] + n[7])
      try requireClose(
        self.numbers(a.moved(by: a.offset(to: b))), self.numbers(b),
        "Box.moved(by: offset(to:)) from \(a) to \(b)")
    }
  }

  // boxes, scores = from the formula below; torchvision.ops.nms(boxes, scores, 0.3), of 40 boxes
  @Test(.waits(for: steps)) func suppressionAgreesWithTorchvision() {
    let (boxes, scores) = Self.many
    #expect(nonMaximumSuppression(boxes, scores: scores, threshold: 0.3) == Self.keptBy03)
    #expect(nonMaximumSuppression(boxes, scores: scores, threshold: 0.6) == Self.keptBy06)
    #expect(nonMaximumSuppression([], scores: [], threshold: 0.5) == [])
  }

  static var many: (boxes: [Box], scores: [Float]) {
    let boxes = (0..<40).map { i in
      let (x, y) = (Float(i * 37 % 53), Float(i * 29 % 47))
      return Box(x1: x, y1: y, x2: x + 8 + Float(i * 17 % 23), y2: y + 8 + Float(i * 13 % 19))
    }
    return (boxes, (0..<40).map { Float($0 * 23 % 31) / 31 })
  }
  private static let keptBy03 = [
    4, 35, 8, 39, 12, 16, 24, 28, 5, 9, 33, 6, 10, 26, 3, 34, 7, 38, 11, 15, 23, 0,
  ]
  private static let keptBy06 = [
    4, 35, 8, 39, 12, 16, 20, 24, 28, 1, 32, 5, 36, 9, 13, 25, 2, 33, 6, 37, 10, 14, 18, 22, 26, 30,
    3, 34, 7, 38,
    11, 15, 19, 23, 27, 0, 31,
  ]

  @Test func wrongArgumentsStop() async {
    let offset = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Box(x1: 0, y1: 0, x2: 0, y2: 1).offset(to: Box(x1: 0, y1: 0, x2: 1, y2: 1))
    }
    expectWords(of: offset, "Box.offset(to:)", "boxes with an area")
    let scores = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = nonMaximumSuppression([Box(x1: 0, y1: 0, x2: 1, y2: 1)], scores: [], threshold: 0.5)
    }
    expectWords(of: scores, "nonMaximumSuppression", "a finite score for each box", "1 boxes")
    let loss = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = BoxLoss()
      _ = loss.forward(Tensor(zeros: [1, 2, 4]), classes: [3], targets: Tensor(zeros: [1, 4]))
    }
    expectWords(of: loss, "BoxLoss.forward", "classes from 0 to K", "[3]")
  }
}
