import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Task 5.7.
@Suite(.watched) struct VICRegLossTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "VICRegLoss",
    [
      ("invariance()", { VICRegLossTests().checkInvariance() }),
      ("variance()", { VICRegLossTests().checkVariance() }),
      ("covariances()", { try VICRegLossTests().checkCovariances() }),
      ("covarianceTerm()", { VICRegLossTests().checkCovarianceTerm() }),
      ("gradientOfTheInvariance()", { try VICRegLossTests().checkGradient(25, 0, 0) }),
      ("gradientOfTheVariance()", { try VICRegLossTests().checkGradient(0, 25, 0) }),
      ("gradientOfTheCovariance()", { try VICRegLossTests().checkGradient(0, 0, 1) }),
      ("theWholeGradient()", { try VICRegLossTests().checkGradient(25, 25, 1) }),
    ],
    hints: [
      "Tensor.matmul": "C₀ is [D, D]: ZcᵀZc, with transposingSelf: true",
      "shapes that broadcast together":
        "a mean or a deviation of columns has the shape [D], with axis: 0; C₀ is [D, D]: ZcᵀZc",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      VICRegLossTests.steps.tryAndExit()
    }
  }

  @Test func invariance() async throws { try await Self.steps.run(0) }
  @Test func variance() async throws { try await Self.steps.run(1) }
  @Test func covariances() async throws { try await Self.steps.run(2) }
  @Test func covarianceTerm() async throws { try await Self.steps.run(3) }
  @Test func gradientOfTheInvariance() async throws { try await Self.steps.run(4) }
  @Test func gradientOfTheVariance() async throws { try await Self.steps.run(5) }
  @Test func gradientOfTheCovariance() async throws { try await Self.steps.run(6) }
  @Test func theWholeGradient() async throws { try await Self.steps.run(7) }

  // N = 5, D = 3: N, N − 1 and D differ, so that a wrong divisor shows. The first two columns of A and of B vary less than
  // they should.
  static let a: Tensor = [
    [0.5, 1, -2], [1.5, -1, 0], [0, 0.25, 1], [-0.5, 0.5, 3], [1, 0.75, 0.5],
  ]
  static let b: Tensor = [
    [0.25, 1.5, -1], [1, -1, 0.5], [0.5, 0, 1.5], [-0.25, 1, 2], [1.5, 0.25, -0.25],
  ]

  private func checkInvariance() {
    let difference = square(Self.a - Self.b)
    expectClose(
      VICRegLoss().terms(Self.a, Self.b).s, 0.316666667, "VICRegLoss, s",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "it is a mean over all elements, not the sum": difference.sum(),
        "it is a mean over all elements, not over images only": difference.sum() / 5,
        "it is a mean over all elements, not over columns only": difference.sum() / 3,
        "the square is missing: (a − b)²": (Self.a - Self.b).mean(),
        "the square is missing: (a − b)², not |a − b|": abs(Self.a - Self.b).mean(),
        "it is halved: the mean of (a − b)²": difference.mean() / 2,
        "it is weighted already: λ is multiplied later": 25 * difference.mean(),
        "this is the root: the mean of (a − b)²": difference.mean().squareRoot(),
      ])
  }

  private func checkVariance() {
    let z = Self.a
    let variance = z.variance(axis: 0, unbiased: true)
    func v(_ deviation: Tensor) -> Float { Tensor.maximum(1 - deviation, 0).mean() }
    let deviation = sqrt(variance + 1e-4)
    let other = sqrt(Self.b.variance(axis: 0, unbiased: true) + 1e-4)
    let terms = VICRegLoss().terms(z, Self.b).v
    expectClose(
      terms.a, v(deviation), "VICRegLoss, v(A)", atol: 2e-6,
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "the variance is divided by N − 1, unbiased: true": v(
          sqrt(z.variance(axis: 0) + 1e-4)),
        "the root is missing: σ = √(var + ε)": v(variance + 1e-4),
        "the root is missing: σ = √(var + ε), and so is ε": v(variance),
        "only what is missing to 1 counts: max(0, 1 − σ)": (1 - deviation).mean(),
        "only what is missing to 1 counts, not what is above it": Tensor.maximum(deviation - 1, 0)
          .mean(),
        "it is the deviation: max(0, 1 − σ)": deviation.mean(),
        "it is divided by D: the mean over the columns": Tensor.maximum(1 - deviation, 0).sum(),
        "it is the mean over columns, not over images": v(deviation) * 3 / 5,
        "the variance is that of each row: axis: 0": v(
          sqrt(z.variance(axis: 1, unbiased: true) + 1e-4)),
        "it is halved: that comes when both views are added": v(deviation) / 2,
        "ε is missing: σ = √(var + ε)": v(sqrt(variance)),
        "it is weighted already: μ is multiplied later": 25 * v(deviation),
        "it is that of the other view: (v(a), v(b))": v(other),
      ])
    expectClose(
      terms.b, v(other), "VICRegLoss, v(B)", atol: 2e-6,
      mistakes: ["it is that of the other view: (v(a), v(b))": terms.a])
    // A column of one number: σ = 0.01, where ε counts.
    let flat = VICRegLoss().terms([[2, 0], [2, 5]], [[2, 0], [2, 5]]).v
    expectClose(
      flat.a, 0.495, "VICRegLoss, v of a column that does not vary",
      mistakes: [
        "ε is missing: σ = √(var + ε)": 0.5, "ε is added to the root: σ = √(var + ε)": 0.49995,
      ])
    expectClose(flat.b, 0.495, "VICRegLoss, v of the second view")
  }

  private func checkCovariances() throws {
    let z = Self.a
    let got = VICRegLoss().covariances(of: z)
    try require(
      got.shape == [3, 3],
      "VICRegLoss.covariances: a number for each pair of columns, expected shape [3, 3], got \(got.shape)"
    )
    let centred = z - z.mean(axis: 0)
    let off = 1 - Tensor(eye: 3)
    func c(_ x: Tensor, _ divisor: Float = 4) -> Tensor {
      x.matmul(x, transposingSelf: true) / divisor
    }
    expectClose(
      got, c(centred) * off, "VICRegLoss.covariances",
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [3, 3]),
        "the diagonal counts: C₀ has zeros there": c(centred),
        "the columns are not centred: z − z.mean(axis: 0)": c(z) * off,
        "the columns are centred, not the rows: axis: 0": c(z - z.mean(axis: 1, keepDims: true))
          * off,
        "the columns are centred, not the whole table: axis: 0": c(z - z.mean()) * off,
        "it is divided by N − 1, not by N": c(centred, 5) * off,
        "it is divided by N − 1: that is missing": c(centred, 1) * off,
        "it is divided by N − 1, not by D": c(centred, 3) * off,
        "only the diagonal is left: 1 − eye is 0 there": c(centred) * Tensor(eye: 3),
        "these are the squares: they are taken later": square(c(centred) * off),
      ])
  }

  private func checkCovarianceTerm() {
    let z = Self.a
    let centred = z - z.mean(axis: 0)
    let all = centred.matmul(centred, transposingSelf: true) / 4
    let c = all * (1 - Tensor(eye: 3))
    let squares = square(c).sum()
    let terms = VICRegLoss().terms(z, Self.b).c
    let other = Self.b - Self.b.mean(axis: 0)
    let otherSquares = square(
      other.matmul(other, transposingSelf: true) / 4 * (1 - Tensor(eye: 3))
    ).sum()
    expectClose(
      terms.a, squares / 3, "VICRegLoss, c(A)",
      mistakes: [
        "it is 0: nothing is computed yet": 0,
        "it is divided by D: 1/D Σ C²": squares,
        "it is divided by D, not by D²": squares / 9,
        "it is divided by D, not by N": squares / 5,
        "it is divided by D, not by N − 1": squares / 4,
        "it is divided by D, not by the number of pairs": squares / 6,
        "the square is missing: Σ C²": c.sum() / 3,
        "the square is missing: Σ C², not Σ |C|": abs(c).sum() / 3,
        "each pair counts twice, once from each side of the diagonal": squares / 6,
        "the diagonal counts: C₀ has zeros there": square(all).sum() / 3,
        "this is the root: Σ C²": squares.squareRoot() / 3,
        "it is that of the other view: (c(a), c(b))": otherSquares / 3,
      ])
    expectClose(
      terms.b, otherSquares / 3, "VICRegLoss, c(B)",
      mistakes: ["it is that of the other view: (c(a), c(b))": terms.a])
  }

  private func checkGradient(_ lambda: Float, _ mu: Float, _ nu: Float) throws {
    let (z, other) = (Self.a, Self.b)
    let loss = VICRegLoss(invariance: lambda, variance: mu, covariance: nu)
    let got = loss.gradient(of: z, other: other)
    try require(
      got.shape == z.shape, "VICRegLoss.gradient: expected shape \(z.shape), got \(got.shape)")
    let centred = z - z.mean(axis: 0)
    let deviation = sqrt(z.variance(axis: 0, unbiased: true) + 1e-4)
    let all = centred.matmul(centred, transposingSelf: true) / 4
    let c0 = all * (1 - Tensor(eye: 3))
    let small = deviation .< 1
    let ds = 2 * (z - other) / 15
    let dv = -small * centred / (12 * deviation)
    let dc = 4 * centred.matmul(c0) / 12
    let right = lambda * ds + mu / 2 * dv + nu * dc
    var mistakes: [(String, Tensor)] = [("all is 0: nothing is computed yet", 0 * z)]
    func vary(_ name: String, _ wrong: Tensor) { mistakes.append((name, wrong)) }
    if mu == 0, nu == 0 {
      vary("the sign: dL/dZ = 2 (Z − Z') / (N D), from the other view to this one", -right)
      vary("the factor 2 is missing: 2 (Z − Z') / (N D)", right / 2)
      vary("it is divided by N D: by N only", right * 3)
      vary("it is divided by N D: by D only", right * 5)
      vary("it is divided by N D", right * 15)
      vary("the weight λ is missing", ds)
      vary("it is the gradient of the other view", lambda * 2 * (other - z) / 15)
      vary("it is halved as v is: only v has a half", right / 2)
    } else if lambda == 0, nu == 0 {
      let full = -(mu / 2)
      vary("the sign: a column that varies too little is to spread, −Zc", -right)
      vary("columns that vary enough are left alone: [σ < 1]", full * centred / (12 * deviation))
      vary(
        "columns that vary too little get the gradient, not the others: [σ < 1]",
        full * (1 - small) * centred / (12 * deviation))
      vary("the half of (v(A) + v(B)) / 2 is missing", 2 * right)
      vary("the weight μ is missing", dv / 2)
      vary("the weight is μ / 2: μ and the half are missing", dv)
      vary(
        "σ is missing below the line: the derivative of the root is 1 / (2 σ)",
        full * small * centred / 12)
      vary(
        "it is divided by σ, not by its square", full * small * centred / (12 * square(deviation)))
      vary("it is multiplied by 1/σ, not by σ", full * small * centred * deviation / 12)
      vary("it is divided by D", 3 * right)
      vary("it is divided by N − 1", 4 * right)
      vary("it is divided by N − 1, not by N", right * 4 / 5)
      vary("the factor: the 2 of the square and the 1/2 of the root cancel", 2 * right)
      vary("the columns are not centred: Zc", full * small * z / (12 * deviation))
      vary(
        "ε belongs below the root here, too: σ = √(var + ε)",
        full * small * centred / (12 * sqrt(z.variance(axis: 0, unbiased: true))))
      vary(
        "the variance is divided by N − 1, unbiased: true",
        full * (sqrt(z.variance(axis: 0) + 1e-4) .< 1) * centred
          / (12 * sqrt(z.variance(axis: 0) + 1e-4)))
    } else if lambda == 0, mu == 0 {
      vary("the sign: dc/dZ = 4 Zc · C₀ / (D (N − 1))", -right)
      vary("the factor is 4: Z is on both sides of the product, and C² gives another 2", right / 2)
      vary("the factor is 4: Z is on both sides of the product, and C² gives another 2", right / 4)
      vary("the columns are not centred: Zc", 4 * z.matmul(c0) / 12)
      vary("the diagonal counts: C₀ has zeros there", 4 * centred.matmul(all) / 12)
      vary("it is divided by D", right * 3)
      vary("it is divided by N − 1", right * 4)
      vary("it is divided by D (N − 1)", right * 12)
      vary("it is divided by N − 1, not by N", right * 4 / 5)
      vary("it is divided by D (N − 1), not by D²", right * 4 / 3)
      vary("it is the product with the squares: Zc · C₀", 4 * centred.matmul(square(c0)) / 12)
      vary("it is halved as v is: only v has a half", right / 2)
    } else {
      vary("the invariance is missing", right - lambda * ds)
      vary("the variance is missing", right - mu / 2 * dv)
      vary("the covariance is missing", right - nu * dc)
      vary("the terms are added, not subtracted", lambda * ds - mu / 2 * dv - nu * dc)
      vary("the weights are exchanged: λ, μ / 2 and ν", mu / 2 * ds + lambda * dv + nu * dc)
    }
    if !areClose(got, right), let mistake = mistakes.first(where: { areClose(got, $0.1) }) {
      return fail("VICRegLoss.gradient: \(mistake.0)")
    }
    expectClose(
      got, right, "VICRegLoss.gradient with λ = \(lambda), μ = \(mu), ν = \(nu)",
      notFinite: "a deviation of 0 is below the line: √(var + ε) is not")
  }

  // MARK: Anything else

  // The loss of github.com/facebookresearch/vicreg, main_vicreg.py, in double precision: repr_loss, std_loss, cov_loss
  // are 0.316666667, 0.132220757, 0.762265625, and 25 · repr + 25 · std + cov is 11.984451211
  @Test(.waits(for: steps)) func lossAndGradientAgreeWithPyTorch() {
    var loss = VICRegLoss()
    expectClose(loss.forward(Self.a, Self.b), 11.984451211, "VICRegLoss.forward")
    let (dA, dB) = loss.backward()
    expectClose(
      dA,
      [
        [1.437500000, -2.472866335, -3.369791667],
        [0.619989705, 1.660918431, -1.869791667],
        [-1.138119852, 0.926261286, -1.528645833],
        [-0.213739705, -1.960253477, 3.593750000],
        [-2.372296814, 1.012606761, 2.341145833],
      ], "VICRegLoss.backward, dA")
    expectClose(
      dB,
      [
        [-0.245201592, 0.598803713, 3.279583333],
        [-2.102730918, 1.414674264, 1.731145833],
        [1.745344188, -0.522507290, 1.709270833],
        [1.875790181, 0.948644490, -3.280833333],
        [0.393464809, -1.606281845, -2.605833333],
      ], "VICRegLoss.backward, dB")
  }

  /// Along random directions, for both views at once.
  @Test(.waits(for: steps), arguments: [[2, 1], [5, 4], [16, 7]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) {
    let key = RandomKey(seed: varied(57)).folded(shape[0])
    let (a, b) = (Self.spread(shape, key.folded("a")), Self.spread(shape, key.folded("b")))
    var loss = VICRegLoss()
    _ = loss.forward(a, b)
    let (dA, dB) = loss.backward()
    for number in 0..<4 {
      let p = Tensor(normal: shape, key: key.folded("p").folded(number))
      let q = Tensor(normal: shape, key: key.folded("q").folded(number))
      func value(_ h: Float) -> Float {
        var loss = VICRegLoss()
        return loss.forward(a + h * p, b + h * q)
      }
      let h: Float = 1 / 256
      let slope = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
      let exact = (dA * p + dB * q).sum()
      let scale = (square(dA).sum() + square(dB).sum()).squareRoot()
      expectClose(
        exact / scale, slope / scale, "VICRegLoss, slope \(number), shape \(shape)", atol: 2e-2)
    }
  }

  /// Random embeddings whose features all have the deviation 0.4: differences are no slopes where it comes to 1, a kink,
  /// or to √ε, where the loss is a sharp bend.
  static func spread(_ shape: [Int], _ key: RandomKey) -> Tensor {
    let z = Tensor(normal: shape, key: key)
    let mean = z.mean(axis: 0)
    return mean + (z - mean) * (0.4 / sqrt(z.variance(axis: 0, unbiased: true)))
  }

  @Test func wrongArgumentsStop() async {
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = VICRegLoss()
      _ = loss.forward(Tensor(zeros: [1, 3]), Tensor(zeros: [1, 3]))
    }
    expectWords(of: shapes, "VICRegLoss.forward", "N of at least 2", "[1, 3]")
    let weights = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = VICRegLoss(invariance: -1)
    }
    expectWords(of: weights, "VICRegLoss", "finite weights of at least 0", "-1.0")
  }
}
