import CourseTestSupport
import Generator
import Shared
import Testing

/// Task 4.5.
@Suite(.watched) struct ResizeTests {
  // MARK: The task, one thing after the other: what is wrong is told by the first of these

  static let steps: FirstSteps = FirstSteps(
    of: "resizedReference",
    [
      ("otherProportions()", { changes() }), ("largerImages()", { grows() }),
      ("equalSizes()", { stays() }),
    ],
    hints: [
      "Tensor subscript":
        "there is no row or column after the last: take the last one; and y' and x' are at least 0",
      "Float value cannot be converted to Int":
        "a division by 0: the sizes of the result are the arguments",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ResizeTests.steps.tryAndExit()
    }
  }

  @Test func otherProportions() async throws { try await Self.steps.run(0) }
  @Test func largerImages() async throws { try await Self.steps.run(1) }
  @Test func equalSizes() async throws { try await Self.steps.run(2) }

  private static func changes() {
    check(2, 10, Tensor(shape: [2, 2, 10], scalars: ImageNumbers.bilinear2x10))
  }

  private static func grows() {
    check(7, 9, Tensor(shape: [2, 7, 9], scalars: ImageNumbers.bilinear7x9))
  }

  private static func stays() { check(5, 7, ImageNumbers.image) }

  /// Compares the formula with PyTorch's numbers, and with what mistakes in it give.
  private static func check(_ height: Int, _ width: Int, _ expected: Tensor) {
    func wrong(
      mix: WrongResize.Mix = .right, _ place: @escaping WrongResize.Place = WrongResize.right
    ) -> Tensor {
      WrongResize(place: place, mix: mix).applied(to: ImageNumbers.image, height, width)
    }
    expectClose(
      ImageNumbers.image.resized(
        height: height, width: width, antialias: false, implementation: .reference),
      expected, "resizedReference, 5 x 7 to \(height) x \(width)", atol: 2e-5,
      mistakes: [
        "all is 0: no pixel is computed yet": Tensor(zeros: [2, height, width]),
        "the middle of pixel i lies at i + 1/2: y' = (y + 1/2) · H / H' - 1/2":
          wrong { Float($0) * Float($1) / Float($2) },
        "the edges of both images coincide, not the middles of their first and last pixels":
          wrong { Float($0) * Float($1 - 1) / Float(max($2 - 1, 1)) },
        "the pixels around the place are to be mixed, not the first of them taken":
          wrong { WrongResize.right($0, $1, $2).rounded(.down) },
        "the pixels around the place are to be mixed, not the nearest taken":
          wrong { min(WrongResize.right($0, $1, $2).rounded(), Float($1 - 1)) },
        "the half at the end is missing: y' = (y + 1/2) · H / H' - 1/2":
          wrong { (Float($0) + 0.5) * Float($1) / Float($2) },
        "the first half is missing: y' = (y + 1/2) · H / H' - 1/2":
          wrong { max(Float($0) * Float($1) / Float($2) - 0.5, 0) },
        "y' and x' are at least 0": wrong { (Float($0) + 0.5) * Float($1) / Float($2) - 0.5 },
        "the halves belong into brackets: (y + 1/2) · H / H'":
          wrong { max(Float($0) + 0.5 * Float($1) / Float($2) - 0.5, 0) },
        "the scale is upside down: H / H', the old size by the new one":
          wrong { max((Float($0) + 0.5) * Float($2) / Float($1) - 0.5, 0) },
        "H / H' is a division of whole numbers here: make them Float first":
          wrong { max((Float($0) + 0.5) * Float($1 / $2) - 0.5, 0) },
        "the rows are scaled as the columns are: H / H' for y, W / W' for x":
          WrongResize(isScaledAlike: true).applied(to: ImageNumbers.image, height, width),
        "the weights are exchanged: 1 - u belongs to column l, u to column l + 1":
          wrong(mix: .exchanged),
        "the upper two pixels and the lower ones are exchanged: 1 - v belongs to row t":
          wrong(mix: .rowsExchanged),
        "the left two pixels and the right ones are exchanged: 1 - u belongs to column l":
          wrong(mix: .columnsExchanged),
        "u and v are exchanged: u is what is left of x', v of y'": wrong(mix: .axes),
        "only columns are mixed, the rows below are missing": wrong(mix: .columnsOnly),
        "only rows are mixed, the columns on the right are missing": wrong(mix: .rowsOnly),
        "the four pixels are averaged: their weights depend on u and v": wrong(mix: .mean),
        "the first channel is used for all": wrong(mix: .firstChannel),
      ])
  }

  // MARK: The kernels

  private static let cases: [(Int, Int, Interpolation, Bool, [Float])] = [
    (3, 4, .bilinear, false, ImageNumbers.bilinear3x4),
    (3, 4, .bilinear, true, ImageNumbers.bilinearAntialiased3x4),
    (3, 4, .bicubic, false, ImageNumbers.bicubic3x4),
    (3, 4, .bicubic, true, ImageNumbers.bicubicAntialiased3x4),
    (7, 9, .bilinear, false, ImageNumbers.bilinear7x9),
    // Antialiasing changes nothing where bilinear interpolation enlarges.
    (7, 9, .bilinear, true, ImageNumbers.bilinear7x9),
    (7, 9, .bicubic, false, ImageNumbers.bicubic7x9),
    (7, 9, .bicubic, true, ImageNumbers.bicubicAntialiased7x9),
    (2, 10, .bilinear, false, ImageNumbers.bilinear2x10),
    (2, 10, .bilinear, true, ImageNumbers.bilinearAntialiased2x10),
    (2, 10, .bicubic, false, ImageNumbers.bicubic2x10),
    (2, 10, .bicubic, true, ImageNumbers.bicubicAntialiased2x10),
  ]

  @Test(.waits(for: steps), arguments: cases.indices) func equalsPyTorch(number: Int) {
    let (height, width, interpolation, antialias, expected) = Self.cases[number]
    expectClose(
      ImageNumbers.image.resized(
        height: height, width: width, interpolation: interpolation, antialias: antialias),
      Tensor(shape: [2, height, width], scalars: expected),
      "\(interpolation)\(antialias ? ", antialiased" : "")", atol: 2e-5)
  }

  @Test(.waits(for: steps)) func referenceAndKernelAgree() throws {
    var draws = RandomKey(seed: varied(3)).generator
    func size() -> Int { Int(draws.next() % 12) + 1 }
    for number in 0..<60 {
      let image = Tensor(
        uniform: [size() % 3 + 1, size(), size()], key: RandomKey(seed: varied(4)).folded(number))
      let (height, width) = (size(), size())
      let (fast, slow) = (
        image.resized(height: height, width: width, antialias: false),
        image.resized(
          height: height, width: width, antialias: false, implementation: .reference)
      )
      try #require(fast.shape == slow.shape)
      try #require(
        abs(fast - slow).max() < 1e-5, "\(image.shape) to \(height) x \(width)")
    }
  }

  @Test(.waits(for: steps)) func constantsStayConstant() {
    let image = Tensor(repeating: 0.7, shape: [1, 13, 9])
    for interpolation in Interpolation.allCases {
      for antialias in [false, true] {
        for (height, width) in [(1, 1), (5, 20), (40, 3), (13, 9)] {
          expectClose(
            image.resized(
              height: height, width: width, interpolation: interpolation, antialias: antialias),
            Tensor(repeating: 0.7, shape: [1, height, width]), "\(interpolation)")
        }
      }
    }
  }

  @Test func nearestMixesNothing() {
    let image = Tensor(arange: 0, to: 6).reshaped(to: [1, 2, 3])
    expectClose(
      image.resized(height: 4, width: 3, interpolation: .nearest),
      [[[0, 1, 2], [0, 1, 2], [3, 4, 5], [3, 4, 5]]], "nearest")
    expectClose(
      image.resized(height: 1, width: 2, interpolation: .nearest), [[[3, 5]]], "nearest")
  }

  @Test func wrongUseIsRefused() async {
    expectWords(
      of: await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor(zeros: [2, 3]).resized(height: 2, width: 2)
      }, "Tensor.resized", "an image [C, H, W]", "[2, 3]")
    expectWords(
      of: await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor(zeros: [1, 2, 3]).resized(height: 2, width: 2, implementation: .reference)
      }, ".bilinear without antialiasing")
  }
}
