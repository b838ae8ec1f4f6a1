import Foundation
import Generator
import Shared
import TestSupport
import Testing

@Suite struct GeometryTests {
  private let image = Tensor([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])

  @Test(arguments: [Implementation.reference, .fast])
  func mirrorChangesLeftAndRight(implementation: Implementation) {
    expectClose(
      image.mirrored(implementation: implementation),
      [[[3, 2, 1], [6, 5, 4]], [[9, 8, 7], [12, 11, 10]]], "mirrored",
      mistakes: [
        "nothing is mirrored": image,
        "top and bottom are changed, not left and right":
          [[[4, 5, 6], [1, 2, 3]], [[10, 11, 12], [7, 8, 9]]],
        "the image is turned by half a circle":
          [[[6, 5, 4], [3, 2, 1]], [[12, 11, 10], [9, 8, 7]]],
        "the channels are changed, not the columns":
          [[[7, 8, 9], [10, 11, 12]], [[1, 2, 3], [4, 5, 6]]],
      ])
  }

  // numpy.rot90(image, k, axes=(1, 2))
  @Test(arguments: [Implementation.reference, .fast])
  func quartersTurnCounterClockwise(implementation: Implementation) {
    expectClose(
      image.rotated90(implementation: implementation),
      [[[3, 6], [2, 5], [1, 4]], [[9, 12], [8, 11], [7, 10]]], "rotated90",
      mistakes: [
        "it is turned clockwise":
          [[[4, 1], [5, 2], [6, 3]], [[10, 7], [11, 8], [12, 9]]],
        "rows and columns are exchanged, which is a mirror image of a turned one":
          [[[1, 4], [2, 5], [3, 6]], [[7, 10], [8, 11], [9, 12]]],
      ])
    expectClose(
      image.rotated90(turns: 2, implementation: implementation),
      [[[6, 5, 4], [3, 2, 1]], [[12, 11, 10], [9, 8, 7]]], "rotated90(turns: 2)")
    expectClose(
      image.rotated90(turns: -1, implementation: implementation),
      [[[4, 1], [5, 2], [6, 3]], [[10, 7], [11, 8], [12, 9]]], "rotated90(turns: -1)")
  }

  @Test func referenceAndKernelAgree() throws {
    var draws = RandomKey(seed: 5).generator
    func size() -> Int { Int(draws.next() % 20) + 1 }
    for number in 0..<200 {
      let image = Tensor(
        uniform: [size() % 4 + 1, size(), size()], key: RandomKey(seed: 6).folded(number))
      try #require(image.mirrored() == image.mirrored(implementation: .reference))
      let turns = number % 4
      try #require(
        image.rotated90(turns: turns)
          == image.rotated90(turns: turns, implementation: .reference), "\(image.shape)")
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

  @Test func rotationByQuartersIsExact() {
    let square = image[0..., 0..., 0..<2]
    for turns in -3...3 {
      expectClose(
        square.rotated(degrees: Float(90 * turns)), square.rotated90(turns: turns),
        "\(turns) quarters", atol: 1e-6)
    }
    expectClose(image.rotated(degrees: 0), image, "no turn", atol: 0, rtol: 0)
  }
}

@Suite struct ColorTests {
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
      let image = Tensor(uniform: [3, 3, width], key: RandomKey(seed: 2).folded(width))
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
    let grey = Tensor(uniform: [1, 2, 2], key: RandomKey(seed: 1))
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
