import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Task 5.3.
@Suite(.watched) struct DiceLossTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "DiceLoss",
    [
      ("sumsOfEachClass()", { try DiceLossTests().checkSums() }),
      ("lossOfTwoClasses()", { DiceLossTests().checkForward() }),
      ("gradientOfTheProbabilities()", { try DiceLossTests().checkBackward() }),
    ],
    hints: [
      "Tensor *": "I and S are [1, K, 1, ...]: perClass(x) keeps the axes, so that they broadcast"
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      DiceLossTests.steps.tryAndExit()
    }
  }

  @Test func sumsOfEachClass() async throws { try await Self.steps.run(0) }
  @Test func lossOfTwoClasses() async throws { try await Self.steps.run(1) }
  @Test func gradientOfTheProbabilities() async throws { try await Self.steps.run(2) }

  // Three images of four pixels, two classes: N and K differ, so that a wrong divisor shows.
  private static let p: Tensor = [
    [[0.1, 0.6, 0.9, 0.2], [0.9, 0.4, 0.1, 0.8]], [[0.3, 0.5, 0.7, 0.25], [0.7, 0.5, 0.3, 0.75]],
    [[0.05, 0.8, 0.35, 0.6], [0.95, 0.2, 0.65, 0.4]],
  ]
  private static let t: Tensor = [
    [[0, 1, 1, 0], [1, 0, 0, 1]], [[0, 1, 0, 0], [1, 0, 1, 1]], [[0, 0, 0, 1], [1, 1, 1, 0]],
  ]

  private static func perClass(_ x: Tensor) -> Tensor {
    x.sum(axis: 0, keepDims: true).sum(axis: 2, keepDims: true)
  }
  private static let i = perClass(p * t)
  private static let s = perClass(p) + perClass(t)

  private func checkSums() throws {
    let got = DiceLoss().sums(Self.p, Self.t)
    for (name, tensor) in [("I", got.i), ("S", got.s)] {
      try require(
        tensor.shape == [1, 2, 1],
        "DiceLoss.sums, \(name): one number for each class, expected shape [1, 2, 1], got \(tensor.shape)"
      )
    }
    expectClose(
      got.i, Self.i, "DiceLoss.sums, I",
      mistakes: [
        "all is 0: nothing is computed yet": 0 * Self.i,
        "these are the sums of p: I = Σ p t": Self.perClass(Self.p),
        "these are the sums of t: I = Σ p t": Self.perClass(Self.t),
        "it is twice as large: the 2 comes later": 2 * Self.i,
        "the products are added up, not the sums multiplied": Self.perClass(Self.p)
          * Self.perClass(Self.t),
        "I and S are exchanged": Self.s,
      ])
    expectClose(
      got.s, Self.s, "DiceLoss.sums, S",
      mistakes: [
        "the truth is missing: S = Σ p + Σ t": Self.perClass(Self.p),
        "the prediction is missing: S = Σ p + Σ t": Self.perClass(Self.t),
        "this is the union: S counts what both share twice": Self.s - Self.i,
        "these are the squares: S = Σ p + Σ t": Self.perClass(square(Self.p))
          + Self.perClass(Self.t),
        "ε comes later": Self.s + 1e-6,
        "it is a product: S = Σ p + Σ t": Self.perClass(Self.p) * Self.perClass(Self.t),
      ])
  }

  private func checkForward() {
    let (i, s) = (Self.i, Self.s)
    var loss = DiceLoss(epsilon: 0.5)
    func dice(_ e: Float) -> Tensor { (2 * i + e) / (s + e) }
    expectClose(
      loss.forward(Self.p, Self.t), 0.3476235948, "DiceLoss.forward",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "this is the Dice coefficient: 1 − the mean": dice(0.5).mean(),
        "the mean over the classes is missing": 1 - dice(0.5).sum(),
        "the mean over the classes is missing: K − Σ D": 2 - dice(0.5).sum(),
        "it is a mean over the K classes, not over the N images": 1 - dice(0.5).sum() / 3,
        "the 2 is missing: (2 I + ε) / (S + ε)": 1 - ((i + 0.5) / (s + 0.5)).mean(),
        "ε is missing": 1 - (2 * i / s).mean(),
        "ε is missing above the line": 1 - (2 * i / (s + 0.5)).mean(),
        "ε is missing below the line": 1 - ((2 * i + 0.5) / s).mean(),
        "this is the intersection over the union": 1 - ((i + 0.5) / (s - i + 0.5)).mean(),
        "the sums of all classes are divided, not those of each": 1
          - (2 * i.sum() + 0.5) / (s.sum() + 0.5),
        "the sign: 1 − the mean": -dice(0.5).mean(),
        "this is a logarithm: 1 − the mean": -log(dice(0.5)).mean(),
      ])
    expectClose(
      DiceLossTests.value([[[0, 0]]], [[[0, 0]]]), 0,
      "DiceLoss.forward of a class that is not there",
      notFinite: "ε is missing: 0 / 0")
  }

  private static func value(_ p: Tensor, _ t: Tensor) -> Float {
    var loss = DiceLoss()
    return loss.forward(p, t)
  }

  // L = 1 - ((2 I + e) / (S + e)).mean() with e = 0.5, and P.grad, by PyTorch in double precision
  private static let gradient: Tensor = [
    [
      [0.029375, -0.072148, -0.072148, 0.029375], [-0.042044, 0.023963, 0.023963, -0.042044],
    ],
    [
      [0.029375, -0.072148, 0.029375, 0.029375], [-0.042044, 0.023963, -0.042044, -0.042044],
    ],
    [
      [0.029375, 0.029375, 0.029375, -0.072148], [-0.042044, -0.042044, -0.042044, 0.023963],
    ],
  ]

  private func checkBackward() throws {
    let (t, i, s) = (Self.t, Self.i, Self.s)
    var loss = DiceLoss(epsilon: 0.5)
    _ = loss.forward(Self.p, t)
    let got = loss.backward()
    try require(
      got.shape == t.shape, "DiceLoss.backward: expected shape \(t.shape), got \(got.shape)")
    let b = s + 0.5
    func gradient(_ above: Tensor, _ below: Tensor, k: Float = 2) -> Tensor { above / (k * below) }
    let right = gradient(2 * i + 0.5 - 2 * t * b, square(b))
    expectClose(
      got, Self.gradient, "DiceLoss.backward", atol: 2e-6,
      mistakes: [
        "all is 0: nothing is computed yet": 0 * t,
        "the sign is wrong: the loss is 1 − the mean": -right,
        "the mean over the classes is missing: 1/K": 2 * right,
        "the square below the line is missing: (S + ε)²": gradient(2 * i + 0.5 - 2 * t * b, b),
        "the 2 of 2 t (S + ε) is missing": gradient(2 * i + 0.5 - t * b, square(b)),
        "the 2 of 2 I + ε is missing": gradient(i + 0.5 - 2 * t * b, square(b)),
        "ε is missing in 2 I + ε": gradient(2 * i - 2 * t * b, square(b)),
        "ε is missing in S + ε": gradient(2 * i + 0.5 - 2 * t * s, square(s)),
        "only what is above the line depends on p: S does, too": gradient(-2 * t * b, square(b)),
        "only what is below the line depends on p: I does, too": gradient(
          2 * i + 0.5 + 0 * t, square(b)),
        "t is missing: dI/dp = t": gradient(2 * i + 0.5 - 2 * b + 0 * t, square(b)),
        "it is dI/dp = t, not p": gradient(2 * i + 0.5 - 2 * Self.p * b, square(b)),
        "both parts are subtracted from each other, not added": gradient(
          2 * i + 0.5 + 2 * t * b, square(b)),
        "it is a mean over the classes, not over the images and classes": right / 3,
        "it is a mean over the K classes, not over the N images": right * 2 / 3,
        "it is a mean over the classes, not over all elements": right / 12,
      ])
  }

  // MARK: Anything else

  @Test(.waits(for: steps), arguments: [[1, 1, 3], [2, 3, 4, 5], [5, 2]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) {
    let key = RandomKey(seed: varied(53)).folded(shape.count)
    let p = Tensor(uniform: shape, in: 0.1..<0.9, key: key.folded("p"))
    let t = Tensor(uniform: shape, key: key.folded("t")) .> 0.6
    var loss = DiceLoss(epsilon: 0.1)
    _ = loss.forward(p, t)
    let gradient = loss.backward()
    for number in 0..<4 {
      let direction = Tensor(normal: shape, key: key.folded("direction").folded(number))
      func value(_ h: Float) -> Float {
        var loss = DiceLoss(epsilon: 0.1)
        return loss.forward(p + h * direction, t)
      }
      let h: Float = 1 / 64
      let slope = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
      expectClose(
        (gradient * direction).sum(), slope, "DiceLoss, slope \(number), shape \(shape)",
        atol: 2e-4,
        rtol: 2e-3)
    }
  }

  @Test func wrongArgumentsStop() async {
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = DiceLoss()
      _ = loss.forward(Tensor(zeros: [1, 2, 3]), Tensor(zeros: [1, 3, 2]))
    }
    expectWords(of: shapes, "DiceLoss.forward", "one shape [N, K, ...]", "[1, 3, 2]")
    let epsilon = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = DiceLoss(epsilon: 0)
    }
    expectWords(of: epsilon, "DiceLoss", "a finite epsilon above 0", "0.0")
  }
}
