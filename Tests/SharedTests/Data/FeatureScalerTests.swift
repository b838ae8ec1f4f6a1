import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct FeatureScalerTests {
  private func data(_ features: Tensor, names: [String] = []) throws -> Dataset {
    try Dataset(
      name: "sizes", features: features,
      targets: .classes([Int](repeating: 0, count: features.shape[0])), featureNames: names)
  }

  @Test func standardizingGivesMeanZeroAndDeviationOne() throws {
    let scaler = try FeatureScaler.standardizing(data([[1, 10], [2, 30], [6, 20]]))
    // x.mean(axis=0), x.std(axis=0) with numpy: [3, 20], [2.1602469, 8.1649658]
    expectClose(Tensor(scaler.offset), [3, 20], "offset")
    expectClose(Tensor(scaler.scale), [2.1602469, 8.1649658], "scale")
    expectClose(scaler([[3, 20], [5.1602469, 11.8350342]]), [[0, 0], [1, -1]], "scaled")

    let iris = try FeatureScaler.standardizing(.iris).applied(to: .iris)
    expectClose(iris.features.mean(axis: 0), Tensor(zeros: [4]), "means", atol: 1e-6)
    expectClose(iris.features.variance(axis: 0), Tensor(ones: [4]), "variances")
    #expect(iris.targets == Dataset.iris.targets && iris.classNames == Dataset.iris.classNames)
  }

  @Test func aLargeOffsetDoesNotHideTheDeviation() throws {
    // (x - x.mean()) / x.std() of 1e6 + [0, 1, 2, 3]: deviation 1.1180340
    let x: Tensor = [[1_000_000], [1_000_001], [1_000_002], [1_000_003]]
    let scaler = try FeatureScaler.standardizing(data(x))
    expectClose(Tensor(scaler.scale), [1.1180340], "scale")
    expectClose(scaler(x), [[-1.3416408], [-0.4472136], [0.4472136], [1.3416408]], "scaled")
  }

  @Test(
    arguments: [
      // Squares beyond single precision, below it, and sums beyond it.
      [1e20, 2e20, 3e20, 4e20], [1e-30, 2e-30, 3e-30, 4e-30], [1e38, 1.5e38, 2e38, 2.5e38],
      [-1e38, 0, 1e38, 2e38], (1...4).map { Float($0) * .leastNonzeroMagnitude * 1000 },
    ] as [[Float]])
  func magnitudesAreNoObstacle(values: [Float]) throws {
    let x = Tensor(shape: [4, 1], scalars: values)
    // (x - x.mean()) / x.std() of 0, 1, 2, 3
    let wanted: Tensor = [[-1.3416408], [-0.4472136], [0.4472136], [1.3416408]]
    for fit in [FeatureScaler.standardizing, FeatureScaler.standardizingAll] {
      expectClose(try fit(data(x))(x), wanted, "\(values)", atol: 1e-3)
    }
    let unit = try FeatureScaler.minMax(data(x))(x)
    expectClose(unit, [[0], [0.33333333], [0.66666667], [1]], "\(values)", atol: 1e-3)
  }

  @Test func aMeanBetweenTwoNumbersIsKept() throws {
    // Neighbours in single precision: the mean, 1e8 + 12, is none.
    let x: Tensor = [[100_000_000], [100_000_008], [100_000_016], [100_000_024]]
    let scaler = try FeatureScaler.standardizing(data(x))
    expectClose(
      scaler(x), [[-1.3416408], [-0.4472136], [0.4472136], [1.3416408]], "scaled")
    let copy = try JSONDecoder().decode(FeatureScaler.self, from: JSONEncoder().encode(scaler))
    #expect(copy == scaler && copy(x) == scaler(x))
  }

  @Test func whatSinglePrecisionCannotScaleIsSaidTruly() throws {
    let far: Tensor = [[-3e38], [3e38]]
    for fit in [
      FeatureScaler.standardizing, FeatureScaler.standardizingAll, { try .minMax($0) },
    ] {
      expectCourseError(.invalidData, "too far apart", "-3e+38 to 3e+38") { try fit(data(far)) }
    }
    let same = try data(Tensor(shape: [3, 1], scalars: [1e8 + 0.1, 1e8 + 0.2, 1e8 + 0.3]))
    expectCourseError(.invalidData, "single precision", "common part") {
      try FeatureScaler.standardizing(same)
    }
  }

  @Test func minMaxFillsTheRange() throws {
    let x: Tensor = [[1, -4], [3, 0], [2, 4]]
    #expect(try FeatureScaler.minMax(data(x))(x) == [[0, 0], [1, 0.5], [0.5, 1]])
    expectClose(
      try FeatureScaler.minMax(data(x), to: -1...1)(x), [[-1, -1], [1, 0], [0, 1]], "-1...1")
    expectCourseError(.invalidArgument, "two different") {
      try FeatureScaler.minMax(data(x), to: 1...1)
    }
  }

  @Test func dividingFitsAnyShape() throws {
    let scaler = FeatureScaler.dividing(by: 16)
    #expect(scaler([[0, 8, 16]]) == [[0, 0.5, 1]])
    #expect(scaler(Tensor(ones: [2, 3, 1])).shape == [2, 3, 1])
    #expect(scaler.featureCount == nil && scaler.description == "x / 16.0")
    try scaler.check(inputShape: [5, 5])
  }

  @Test func imagesAreScaledPixelByPixel() throws {
    let x = Tensor(arange: 0, to: 8).reshaped(to: [2, 2, 2])
    let scaler = try FeatureScaler.minMax(data(x))
    #expect(scaler(x) == [[[0, 0], [0, 0]], [[1, 1], [1, 1]]])
    #expect(scaler.featureCount == 4 && scaler.description.contains("4 features"))
    expectCourseError(.shapeMismatch, "4 features", "[3]") { try scaler.check(inputShape: [3]) }
  }

  @Test func aConstantFeatureIsNamed() throws {
    let constant = try data([[1, 5], [2, 5]], names: ["height", "width"])
    expectCourseError(.invalidData, "sizes, feature \"width\"", "5.0 2 times", "Remove") {
      try FeatureScaler.standardizing(constant)
    }
    expectCourseError(.invalidData, "feature \"width\"") { try FeatureScaler.minMax(constant) }
    expectCourseError(.invalidData, "more such") { try FeatureScaler.standardizing(.digits) }
  }

  @Test func aScalerSurvivesJSONExactly() throws {
    let scaler = try FeatureScaler.standardizing(.iris)
    let copy = try JSONDecoder().decode(FeatureScaler.self, from: JSONEncoder().encode(scaler))
    #expect(copy == scaler)
    for text in [
      #"{"offset": [1], "scale": [0]}"#, #"{"offset": [], "scale": []}"#,
      #"{"offset": [1, 2], "scale": [1]}"#,
    ] {
      expectCourseError(.invalidData, "feature scaler") {
        try JSONDecoder().decode(FeatureScaler.self, from: Data(text.utf8))
      }
    }
  }
}
