import Generator
import Shared
import TestSupport
import Testing

@Suite struct ResizeTests {
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

  @Test(arguments: cases.indices) func equalsPyTorch(number: Int) {
    let (height, width, interpolation, antialias, expected) = Self.cases[number]
    expectClose(
      ImageNumbers.image.resized(
        height: height, width: width, interpolation: interpolation, antialias: antialias),
      Tensor(shape: [2, height, width], scalars: expected),
      "\(interpolation)\(antialias ? ", antialiased" : "")", atol: 2e-5)
  }

  @Test func referenceEqualsPyTorch() {
    let image = ImageNumbers.image
    // What comes out when pixels count from their corners, and when the first and last pixels of both
    // images are laid on each other.
    func sampled(_ place: (_ i: Int, _ old: Int, _ new: Int) -> Float) -> Tensor {
      var result = Tensor(zeros: [2, 3, 4])
      for y in 0..<3 {
        for x in 0..<4 {
          let (row, column) = (place(y, 5, 3), place(x, 7, 4))
          let (top, left) = (Int(row), Int(column))
          let (v, u) = (row - Float(top), column - Float(left))
          for c in 0..<2 {
            let (bottom, right) = (min(top + 1, 4), min(left + 1, 6))
            result[c, y, x] =
              (1 - v) * ((1 - u) * image[c, top, left] + u * image[c, top, right])
              + v * ((1 - u) * image[c, bottom, left] + u * image[c, bottom, right])
          }
        }
      }
      return result
    }
    let resized = image.resized(
      height: 3, width: 4, antialias: false, implementation: .reference)
    expectClose(
      resized, Tensor(shape: [2, 3, 4], scalars: ImageNumbers.bilinear3x4), "resizedReference",
      atol: 2e-5,
      mistakes: [
        "the middle of pixel i lies at i + 1/2: y' = (y + 1/2) · H / H' - 1/2":
          sampled { Float($0) * Float($1) / Float($2) },
        "the edges of both images coincide, not the middles of their first and last pixels":
          sampled { Float($0) * Float($1 - 1) / Float($2 - 1) },
        "the pixels around the place are to be mixed, not the first of them taken":
          sampled { ((Float($0) + 0.5) * Float($1) / Float($2) - 0.5).rounded(.down) },
      ])
    expectClose(
      image.resized(height: 7, width: 9, antialias: false, implementation: .reference),
      Tensor(shape: [2, 7, 9], scalars: ImageNumbers.bilinear7x9), "resizedReference", atol: 2e-5,
      mistakes: [:])
  }

  @Test func referenceAndKernelAgree() throws {
    var draws = RandomKey(seed: 3).generator
    func size() -> Int { Int(draws.next() % 12) + 1 }
    for number in 0..<200 {
      let image = Tensor(
        uniform: [size() % 3 + 1, size(), size()], key: RandomKey(seed: 4).folded(number))
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

  @Test func constantsStayConstant() {
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
    let image = Tensor(arange: 0, to: 6).reshaped([1, 2, 3])
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
