import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Average precision, which needs the overlap of task 5.5.
@Suite(.watched, .waits(for: BoxTests.steps)) struct DetectionScoresTests {
  private static let box = Box(x1: 0, y1: 0, x2: 10, y2: 10)
  private static let far = Box(x1: 20, y1: 0, x2: 30, y2: 10)

  private func scores(
    _ images: [(found: [(Box, Float)], truth: [Box])]
  ) -> DetectionScores {
    var scores = DetectionScores(classCount: 1)
    for image in images {
      scores.add(
        image.found.map { Detection(box: $0.0, label: 0, score: $0.1) },
        truth: image.truth.map { LabelledBox(box: $0, label: 0) })
    }
    return scores
  }

  @Test(arguments: [-1, 2]) func otherClassesStop(label: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [label] in
      _ = DetectionScores(classCount: 2).averagePrecision(of: label)
    }
    expectWords(of: result, "DetectionScores", "a class from 0 to 1", "\(label)")
  }

  @Test func areaUnderTheEnvelopeByHand() throws {
    // Right, wrong, right, right, of five true boxes: precisions 1, 1/2, 2/3, 3/4 at recalls 1/5, 1/5, 2/5, 3/5.
    let scores = scores([
      ([(Self.box, 0.9)], [Self.box]), ([(Self.far, 0.8)], [Self.box]),
      ([(Self.box, 0.7)], [Self.box]), ([(Self.box, 0.6)], [Self.box]), ([], [Self.box]),
    ])
    let curve = scores.curve(of: 0)
    #expect(curve.map(\.recall) == [0.2, 0.2, 0.4, 0.6])
    #expect(curve.map(\.precision) == [1, 0.5, 2.0 / 3, 0.75])
    // 0.2 · 1 + 0.4 · 0.75
    expectClose(Float(try #require(scores.averagePrecision(of: 0))), 0.5, "average precision")
    // Recalls 0 to 0.2 (21 of them) and 0.21 to 0.6 (40).
    let coco = try #require(scores.cocoAveragePrecision(of: 0, overlaps: [0.5]))
    expectClose(Float(coco), (21 + 40 * 0.75) / 101, "average precision of COCO")
  }

  /// Recalls of n/20 are hundredths, of which several are no numbers of a computer: whole numbers say where they lie.
  @Test func recallsOfCOCOAreHundredths() throws {
    for found in [1, 7, 19, 20] {
      let scores = scores(
        (0..<20).map { number -> (found: [(Box, Float)], truth: [Box]) in
          let score = 1 - Float(number) / 32
          // A wrong box behind each right one.
          return (
            number < found ? [(Self.box, score), (Self.far, score - 1 / 64)] : [], [Self.box]
          )
        })
      // The n-th right one is number 2 n − 1, so precisions fall.
      let sum = (0...100).reduce(0.0) { sum, step in
        let n = max((step + 4) / 5, 1)
        return n <= found ? sum + Double(n) / Double(2 * n - 1) : sum
      }
      expectClose(
        Float(try #require(scores.cocoAveragePrecision(of: 0))), Float(sum / 101),
        "average precision of COCO, \(found) of 20 found")
    }
  }

  @Test func oneThingIsFoundOnce() throws {
    let twice = scores([([(Self.box, 0.9), (Self.box, 0.8)], [Self.box])])
    #expect(twice.curve(of: 0).map(\.precision) == [1, 0.5])
    #expect(twice.averagePrecision(of: 0) == 1)
    // VOC: the better box is that of the first thing, which is taken. COCO: it takes the second.
    let (near, second) = (Box(x1: 0, y1: 0, x2: 10, y2: 9), Box(x1: 0, y1: 0, x2: 10, y2: 6))
    let both = scores([([(near, 0.9), (near, 0.8)], [Self.box, second])])
    #expect(both.averagePrecision(of: 0) == 0.5)
    #expect(both.cocoAveragePrecision(of: 0, overlaps: [0.5]) == 1)
  }

  @Test func theThresholdItselfCountsInCOCOOnly() {
    let half = scores([([(Box(x1: 0, y1: 0, x2: 10, y2: 5), 1)], [Self.box])])
    #expect(half.averagePrecision(of: 0) == 0)
    #expect(half.cocoAveragePrecision(of: 0, overlaps: [0.5]) == 1)
  }

  @Test func aClassWithoutTruthDoesNotCount() {
    var scores = DetectionScores(classCount: 3)
    scores.add(
      [Detection(box: Self.box, label: 2, score: 1)],
      truth: [LabelledBox(box: Self.box, label: 0), LabelledBox(box: Self.far, label: 0)])
    #expect(scores.averagePrecision(of: 0) == 0)
    #expect(scores.averagePrecision(of: 2) == nil && scores.cocoAveragePrecision(of: 1) == nil)
    #expect(scores.meanAveragePrecision() == 0 && scores.truthCount(of: 0) == 2)
    #expect(DetectionScores(classCount: 2).meanAveragePrecision() == nil)
  }

  @Test func recallOfProposals() {
    let truth = [LabelledBox(box: Self.box, label: 0), LabelledBox(box: Self.far, label: 1)]
    #expect(DetectionScores.recall(of: [truth, []], among: [[Self.box], [Self.far]]) == 0.5)
    #expect(DetectionScores.recall(of: [[]], among: [[Self.far]]) == nil)
  }

  // 20 images of three classes, drawn by x ← (1103515245 x + 12345) mod 2³¹ from 7 on, n of it is (x >> 8) mod n; true
  // boxes (image, class, x, y, w, h), and boxes near them (image, class, score, x, y, w, h):
  //   for image in range(20):
  //       for _ in range(draw(5)): truths.append((image, draw(3), draw(40), draw(40), 8 + draw(20), 8 + draw(20)))
  //   for image, c, x, y, w, h in truths:
  //       for _ in range(draw(4)):
  //           found.append((image, c if draw(8) else draw(3), (1 + len(found) * 619 % 997) / 1000, x + draw(7) - 3,
  //                         y + draw(7) - 3, max(1, w + draw(9) - 4), max(1, h + draw(9) - 4)))
  //   for _ in range(8):
  //       found.append((draw(20), draw(3), (1 + len(found) * 619 % 997) / 1000, draw(40), draw(40), 8 + draw(20),
  //                     8 + draw(20)))
  // The rules of voc_eval.py in NumPy, with widths x2 − x1; COCO by pycocotools 2.0: stats[:3], and the means of
  // eval["precision"][:, :, c, 0, 2].
  @Test func theNumbersOfReferenceImplementations() throws {
    var state = 7
    func draw(_ n: Int) -> Int {
      state = (state * 1_103_515_245 + 12345) % (1 << 31)
      return (state >> 8) % n
    }
    func box(_ x: Int, _ y: Int, _ w: Int, _ h: Int) -> Box {
      Box(x1: Float(x), y1: Float(y), x2: Float(x + w), y2: Float(y + h))
    }
    var truth: [(image: Int, label: Int, x: Int, y: Int, w: Int, h: Int)] = []
    for image in 0..<20 {
      for _ in 0..<draw(5) {
        truth.append((image, draw(3), draw(40), draw(40), 8 + draw(20), 8 + draw(20)))
      }
    }
    var found: [(image: Int, detection: Detection)] = []
    func score() -> Float { Float(1 + found.count * 619 % 997) / 1000 }
    for thing in truth {
      for _ in 0..<draw(4) {
        let label = draw(8) > 0 ? thing.label : draw(3)
        let (x, y) = (thing.x + draw(7) - 3, thing.y + draw(7) - 3)
        let (w, h) = (max(1, thing.w + draw(9) - 4), max(1, thing.h + draw(9) - 4))
        found.append(
          (thing.image, Detection(box: box(x, y, w, h), label: label, score: score())))
      }
    }
    for _ in 0..<8 {
      let (image, label) = (draw(20), draw(3))
      let value = score()
      let place = box(draw(40), draw(40), 8 + draw(20), 8 + draw(20))
      found.append((image, Detection(box: place, label: label, score: value)))
    }
    #expect(truth.count == 34 && found.count == 50)
    var scores = DetectionScores(classCount: 3)
    for image in 0..<20 {
      scores.add(
        found.filter { $0.image == image }.map(\.detection),
        truth: truth.filter { $0.image == image }.map {
          LabelledBox(box: box($0.x, $0.y, $0.w, $0.h), label: $0.label)
        })
    }
    func expect(_ actual: [Double?], _ expected: [Float], _ what: String) {
      expectClose(Tensor(actual.map { Float($0 ?? .nan) }), Tensor(expected), what, atol: 2e-6)
    }
    expect((0..<3).map { scores.averagePrecision(of: $0) }, [0.297203, 0.463203, 0.397222], "VOC")
    expect(
      (0..<3).map { scores.averagePrecision(of: $0, overlap: 0.75) }, [0.007576, 0, 0.019608],
      "VOC at 0.75")
    expect(
      (0..<3).map { scores.cocoAveragePrecision(of: $0) }, [0.093628, 0.159312, 0.12026], "COCO")
    let at = { (overlap: Double) in
      (0..<3).reduce(0.0) {
        $0 + scores.cocoAveragePrecision(of: $1, overlaps: [overlap])! / 3
      }
    }
    expect(
      [scores.cocoMeanAveragePrecision, at(0.5), at(0.75)], [0.1244, 0.387944, 0.009351],
      "COCO stats")
  }
}
