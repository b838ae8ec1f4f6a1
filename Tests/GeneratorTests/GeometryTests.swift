import CourseTestSupport
import Foundation
import Generator
import Shared
import Testing

/// Task 4.4.
@Suite(.watched) struct GeometryTests {
  private static let image = Tensor([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])
  private var image: Tensor { Self.image }

  // MARK: The task, one thing after the other: what is wrong is told by the first of these

  static let steps: FirstSteps = FirstSteps(
    of: "mirroredReference, rotated90Reference",
    [
      ("mirrorChangesLeftAndRight()", { mirrorsRight(.reference) }),
      ("quartersTurnCounterClockwise()", { turnsRight(.reference) }),
    ],
    hints: [
      "Tensor subscript":
        "columns run from 0 to W - 1 and rows from 0 to H - 1, so the other side of x is W - 1 - x; and "
        + "loops run over the shape of the result, which a quarter turn makes as high as the image is wide"
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      GeometryTests.steps.tryAndExit()
    }
  }

  @Test func mirrorChangesLeftAndRight() async throws { try await Self.steps.run(0) }
  @Test func quartersTurnCounterClockwise() async throws { try await Self.steps.run(1) }

  private static func mirrorsRight(_ implementation: Implementation) {
    expectClose(
      image.mirrored(implementation: implementation),
      [[[3, 2, 1], [6, 5, 4]], [[9, 8, 7], [12, 11, 10]]], "mirrored",
      mistakes: [
        "all is 0: no pixel is copied yet": Tensor(zeros: [2, 2, 3]),
        "nothing is mirrored": image,
        "top and bottom are changed, not left and right":
          [[[4, 5, 6], [1, 2, 3]], [[10, 11, 12], [7, 8, 9]]],
        "the image is turned by half a circle":
          [[[6, 5, 4], [3, 2, 1]], [[12, 11, 10], [9, 8, 7]]],
        "the channels are changed, not the columns":
          [[[7, 8, 9], [10, 11, 12]], [[1, 2, 3], [4, 5, 6]]],
        "the first channel is copied to all":
          [[[3, 2, 1], [6, 5, 4]], [[3, 2, 1], [6, 5, 4]]],
        "the first row is copied to all":
          [[[3, 2, 1], [3, 2, 1]], [[9, 8, 7], [9, 8, 7]]],
        "the result is read where the image should be: its right half mirrors its left":
          [[[3, 2, 3], [6, 5, 6]], [[9, 8, 9], [12, 11, 12]]],
        "the first column is missing: x begins at 0":
          [[[0, 2, 1], [0, 5, 4]], [[0, 8, 7], [0, 11, 10]]],
        "the last column is missing: x runs up to W - 1":
          [[[3, 2, 0], [6, 5, 0]], [[9, 8, 0], [12, 11, 0]]],
        "all columns are the same: the place in the image depends on x":
          [[[3, 3, 3], [6, 6, 6]], [[9, 9, 9], [12, 12, 12]]],
      ])
  }

  // numpy.rot90(image, k, axes=(1, 2))
  private static func turnsRight(_ implementation: Implementation) {
    expectClose(
      image.rotated90(implementation: implementation),
      [[[3, 6], [2, 5], [1, 4]], [[9, 12], [8, 11], [7, 10]]], "rotated90",
      mistakes: [
        "all is 0: no pixel is copied yet": Tensor(zeros: [2, 3, 2]),
        "it is turned clockwise":
          [[[4, 1], [5, 2], [6, 3]], [[10, 7], [11, 8], [12, 9]]],
        "rows and columns are exchanged, which is a mirror image of a turned one":
          [[[1, 4], [2, 5], [3, 6]], [[7, 10], [8, 11], [9, 12]]],
        "it is turned and mirrored: Y[c, y, x] = X[c, x, W - 1 - y]":
          [[[6, 3], [5, 2], [4, 1]], [[12, 9], [11, 8], [10, 7]]],
        "the channels are changed": [
          [[9, 12], [8, 11], [7, 10]], [[3, 6], [2, 5], [1, 4]],
        ],
        "the first channel is copied to all": [
          [[3, 6], [2, 5], [1, 4]], [[3, 6], [2, 5], [1, 4]],
        ],
        "the last row is missing: the result is as high as the image is wide":
          [[[3, 6], [2, 5], [0, 0]], [[9, 12], [8, 11], [0, 0]]],
      ])
    expectClose(
      image.rotated90(turns: 2, implementation: implementation),
      [[[6, 5, 4], [3, 2, 1]], [[12, 11, 10], [9, 8, 7]]], "rotated90(turns: 2)")
    expectClose(
      image.rotated90(turns: -1, implementation: implementation),
      [[[4, 1], [5, 2], [6, 3]], [[10, 7], [11, 8], [12, 9]]], "rotated90(turns: -1)")
  }

  @Test(.waits(for: steps)) func kernelsMirrorAndTurnAsWell() {
    Self.mirrorsRight(.fast)
    Self.turnsRight(.fast)
  }

  @Test(.waits(for: steps)) func referenceAndKernelAgree() throws {
    var draws = RandomKey(seed: varied(5)).generator
    func size() -> Int { Int(draws.next() % 20) + 1 }
    for number in 0..<60 {
      let image = Tensor(
        uniform: [size() % 4 + 1, size(), size()], key: RandomKey(seed: varied(6)).folded(number))
      try #require(
        image.mirrored() == image.mirrored(implementation: .reference),
        "mirrored, shape \(image.shape)")
      let turns = number % 4
      try #require(
        image.rotated90(turns: turns)
          == image.rotated90(turns: turns, implementation: .reference),
        "rotated90(turns: \(turns)), shape \(image.shape)")
    }
  }

  @Test func cropsReachBeyondTheEdge() {
    expectClose(
      image.cropped(top: 1, left: 1, height: 1, width: 2), [[[5, 6]], [[11, 12]]], "inside")
    expectClose(
      image.cropped(top: -1, left: 2, height: 3, width: 2),
      [[[0, 0], [3, 0], [6, 0]], [[0, 0], [9, 0], [12, 0]]], "beyond")
    expectClose(
      image.cropped(top: 5, left: 0, height: 1, width: 2), Tensor(zeros: [2, 1, 2]), "outside")
  }

  @Test func rotationEqualsTorchvision() {
    let image = ImageNumbers.image
    expectClose(
      image.rotated(degrees: 30), Tensor(shape: [2, 5, 7], scalars: ImageNumbers.rotated30),
      "rotated by 30 degrees", atol: 2e-5)
    expectClose(
      image.rotated(degrees: -75, interpolation: .nearest),
      Tensor(shape: [2, 5, 7], scalars: ImageNumbers.rotated75Nearest), "by -75 degrees, nearest")
  }

  @Test(.waits(for: steps)) func rotationByQuartersIsExact() {
    let square = image[0..., 0..., 0..<2]
    for turns in -3...3 {
      expectClose(
        square.rotated(degrees: Float(90 * turns)), square.rotated90(turns: turns),
        "\(turns) quarters", atol: 1e-6)
    }
    expectClose(image.rotated(degrees: 0), image, "no turn", atol: 0, rtol: 0)
  }
}

@Suite(.watched) struct ColorTests {
  private let colors = ImageNumbers.colors
  private func expected(_ scalars: [Float]) -> Tensor {
    Tensor(shape: [3, 2, 3], scalars: scalars)
  }

  // torchvision weighs red with 0.2989, here it is 0.299: up to 5e-5 apart.
  @Test func equalTorchvision() {
    expectClose(
      colors.brightened(by: 1.5), expected(ImageNumbers.brightness), "brightness", atol: 1e-4)
    expectClose(
      colors.contrasted(by: 1.5), expected(ImageNumbers.contrast), "contrast", atol: 1e-4)
    expectClose(
      colors.saturated(by: 0.3), expected(ImageNumbers.saturation), "saturation", atol: 1e-4)
    expectClose(colors.hueShifted(by: 0.3), expected(ImageNumbers.hueForward), "hue", atol: 1e-4)
    expectClose(
      colors.hueShifted(by: -0.15), expected(ImageNumbers.hueBackward), "hue", atol: 1e-4)
  }

  /// The formulas as they stand in the comments, whatever the number of pixels.
  @Test func equalTheirFormulas() {
    for width in [1, 5, 16, 37] {
      let image = Tensor(uniform: [3, 3, width], key: RandomKey(seed: varied(2)).folded(width))
      for factor in [Float(0), 0.6, 1.7] {
        let grey = image.grey()
        expectClose(
          image.brightened(by: factor), (image * factor).clipped(to: 0...1), "brightness")
        expectClose(
          image.contrasted(by: factor),
          (image * factor + (1 - factor) * grey.mean()).clipped(to: 0...1), "contrast")
        expectClose(
          image.saturated(by: factor), (image * factor + grey * (1 - factor)).clipped(to: 0...1),
          "saturation")
      }
    }
  }

  @Test func nothingChangesWithoutAChange() {
    expectClose(colors.brightened(by: 1), colors, "brightness")
    expectClose(colors.contrasted(by: 1), colors, "contrast")
    expectClose(colors.saturated(by: 1), colors, "saturation")
    expectClose(colors.hueShifted(by: 0), colors, "hue")
    expectClose(colors.hueShifted(by: 1), colors, "a whole circle", atol: 1e-5)
    let grey = Tensor(uniform: [1, 2, 2], key: RandomKey(seed: varied(1)))
    #expect(grey.saturated(by: 0.3) == grey && grey.hueShifted(by: 0.3) == grey)
  }

  @Test func opacityStays() {
    let withOpacity = Tensor(concatenating: [colors, Tensor(repeating: 0.25, shape: [1, 2, 3])])
    let shifted = withOpacity.hueShifted(by: 0.3)
    #expect(shifted[3..<4] == withOpacity[3..<4] && shifted[0..<3] == colors.hueShifted(by: 0.3))
  }

  @Test func normalizesChannels() {
    let image = Tensor([[[0.5, 1]], [[0.25, 0]]])
    expectClose(
      image.normalized(mean: [0.5, 0.25], std: [0.5, 0.25]), [[[0, 1]], [[0, -1]]], "normalized",
      mistakes: ["it is multiplied by the deviation": [[[0, 0.25]], [[0, -0.0625]]]])
    expectClose(
      image.normalized(mean: [0.5], std: [0.5]), [[[0, 1]], [[-0.5, -1]]], "one for all")
  }
}
