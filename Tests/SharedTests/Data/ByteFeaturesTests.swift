import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct ByteFeaturesTests {
  /// Four images [2, 1, 2]: 0 to 3, 10 to 13, 20 to 23, 30 to 33.
  private let bytes = ByteFeatures(
    shape: [4, 2, 1, 2], bytes: (0..<16).map { (n: UInt8) in n / 4 * 10 + n % 4 }, divisor: 10)

  private func data() throws -> Dataset {
    try Dataset(name: "images", bytes: bytes, targets: .classes([0, 1, 0, 1]))
  }

  @Test func onlyABatchBecomesNumbers() throws {
    let data = try data()
    #expect(data.count == 4 && data.inputShape == [2, 1, 2] && data.classCount == 2)
    let batch = data.batch(at: [3, 0])
    expectClose(
      batch.features, [[[[3, 3.1]], [[3.2, 3.3]]], [[[0, 0.1]], [[0.2, 0.3]]]], "batch")
    #expect(batch.targets == .classes([1, 0]))
    #expect(data.features.shape == [4, 2, 1, 2] && data.features[2, 1, 0, 1] == 2.3)
  }

  @Test func allBytesAreDividedExactly() {
    let all = ByteFeatures(shape: [1, 256], bytes: (0...255).map { UInt8($0) })
    let quotients: [Float] = (0...255).map { Float($0) / 255 }
    #expect(all.rows(at: [0]).scalars == quotients)
  }

  @Test func subsetsOfSubsetsShareTheBytes() throws {
    let part = try data().subset([3, 1, 0]).subset([2, 0])
    #expect(part.count == 2 && part.targets == .classes([0, 1]))
    #expect(part.bytes?.bytes(at: 1).map { $0 } == [30, 31, 32, 33])
    let expected = try data().batch(at: [0, 3]).features
    #expect(part.features == expected)
    #expect(part.reshaped(to: [4]).features.shape == [2, 4])
    let split = try data().split(train: 0.5, validation: 0, test: 0.5, seed: 1)
    #expect(split.train.bytes?.count == 2 && split.test.count == 2)
    let address = { (image: ArraySlice<UInt8>?) in image?.withUnsafeBytes { $0.baseAddress } }
    #expect(
      address(part.bytes?.bytes(at: 1)) == address(bytes.bytes(at: 3)),
      "a subset copies the bytes: the images lie in memory twice")
  }

  @Test func scalingWaitsForTheBatch() throws {
    let numbers = try Dataset(features: data().features, targets: .classes([0, 1, 0, 1]))
    for scaler in [
      try FeatureScaler.standardizing(data()), try .minMax(data()),
      try .standardizingAll(data()), try .standardizingChannels(data()), .dividing(by: 3),
    ] {
      let scaled = scaler.applied(to: try data())
      #expect(scaled.bytes != nil)
      #expect(scaled.features == scaler.applied(to: numbers).features)
      let twice = scaler.applied(to: scaled).subset([2])
      #expect(twice.features == scaler(scaler(numbers.features)).rows(at: [2]))
    }
  }

  @Test func scalersAreTheSameForBytesAndNumbers() throws {
    // Enough examples for several pieces.
    let (count, size) = (2500, 6)
    let pixels = (0..<(count * size)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let targets = Target.classes([Int](repeating: 0, count: count))
    let bytes = try Dataset(
      bytes: ByteFeatures(shape: [count, 2, 3, 1], bytes: pixels), targets: targets)
    let numbers = try Dataset(features: bytes.features, targets: targets)
    for fit in [
      FeatureScaler.standardizing, FeatureScaler.standardizingAll,
      FeatureScaler.standardizingChannels, { try .minMax($0) },
    ] {
      let (a, b) = (try fit(bytes), try fit(numbers))
      expectClose(Tensor(a.offset), Tensor(b.offset), "offset", atol: 1e-6, rtol: 1e-5)
      expectClose(Tensor(a.scale), Tensor(b.scale), "scale", atol: 1e-6, rtol: 1e-5)
    }
  }

  @Test func channelsHaveMeanZeroAndDeviationOne() throws {
    let scaler = try FeatureScaler.standardizingChannels(data())
    // x = [[0, 1], [2, 3]] / 10 + [0, 1, 2, 3]: numpy's mean and std over axes 0, 2, 3
    expectClose(Tensor(scaler.offset), [1.55, 1.75], "means")
    expectClose(Tensor(scaler.scale), [1.119151464, 1.119151464], "deviations")
    #expect(scaler.isPerChannel && scaler.featureCount == nil)
    #expect(scaler.description.contains("2 channels"))
    try scaler.check(inputShape: [2, 7, 7])
    expectCourseError(.shapeMismatch, "2 channels", "[3, 7, 7]") {
      try scaler.check(inputShape: [3, 7, 7])
    }
    expectCourseError(.shapeMismatch, "channels", "[4]") {
      try FeatureScaler.standardizingChannels(data().reshaped(to: [4]))
    }
    let copy = try JSONDecoder().decode(FeatureScaler.self, from: JSONEncoder().encode(scaler))
    #expect(copy == scaler)
  }

  @Test func trainingOnBytesIsTrainingOnNumbers() throws {
    let pixels = (0..<60).map { UInt8($0 * 37 % 256) }
    let targets = Target.classes((0..<20).map { $0 % 2 })
    let names = ["even", "odd"]
    let bytes = try Dataset(
      bytes: ByteFeatures(shape: [20, 3], bytes: pixels), targets: targets, classNames: names)
    let numbers = try Dataset(features: bytes.features, targets: targets, classNames: names)
    var results: [(Tensor, Double)] = []
    for data in [bytes, numbers] {
      var network = try tinyNetwork()
      network.preprocessing = try .standardizing(numbers)
      try network.fit(
        data, validation: data.subset([1, 4, 6]), options: TrainingOptions(epochs: 3, batchSize: 7))
      let evaluation = try network.evaluate(data)
      results.append((evaluation.predictions, evaluation.loss))
    }
    #expect(results[0].0 == results[1].0 && results[0].1 == results[1].1)
  }

  @Test func aConstantChannelIsNamed() throws {
    let flat = try Dataset(
      name: "flat", bytes: ByteFeatures(shape: [2, 2, 1, 1], bytes: [1, 5, 2, 5]),
      targets: .classes([0, 0]))
    expectCourseError(.invalidData, "flat, channel 1") {
      try FeatureScaler.standardizingChannels(flat)
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    expectCourseError(.shapeMismatch, "expected 4 targets", "got 1") {
      try Dataset(bytes: bytes, targets: .classes([0]))
    }
    expectCourseError(.invalidData, "empty") {
      try Dataset(bytes: ByteFeatures(shape: [0, 2], bytes: []), targets: .classes([]))
    }
    expectCourseError(.invalidData, "example 3", "0 to 1", "got 2") {
      try Dataset(bytes: bytes, targets: .classes([0, 1, 0, 2]), classNames: ["a", "b"])
    }
  }
}
