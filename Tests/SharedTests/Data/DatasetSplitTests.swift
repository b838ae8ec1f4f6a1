import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct DatasetSplitTests {
  /// A dataset whose only feature is the number of the example.
  private func numbered(classes: [Int]) throws -> Dataset {
    let numbers = Tensor(arange: 0, to: Float(classes.count)).reshaped(to: [-1, 1])
    return try Dataset(features: numbers, targets: .classes(classes))
  }

  private func numbers(_ data: Dataset) -> [Int] { data.features.scalars.map { Int($0) } }

  @Test(arguments: [true, false])
  func everyExampleLandsInExactlyOnePart(stratified: Bool) throws {
    let data = try numbered(classes: (0..<100).map { $0 % 3 })
    let parts = try data.split(seed: 5, stratified: stratified)
    #expect([parts.train.count, parts.validation.count, parts.test.count] == [70, 15, 15])
    let all = numbers(parts.train) + numbers(parts.validation) + numbers(parts.test)
    #expect(all.sorted() == Array(0..<100))
    for (feature, label) in zip(numbers(parts.test), parts.test.targets.classIndices) {
      #expect(label == feature % 3)
    }
  }

  @Test func theSeedDecides() throws {
    let data = try numbered(classes: (0..<60).map { $0 % 2 })
    let first = try numbers(data.split(seed: 1).test)
    #expect(try numbers(data.split(seed: 1).test) == first)
    #expect(try numbers(data.split(seed: 2).test) != first)
  }

  @Test func classesKeepTheirProportions() throws {
    let parts = try Dataset.iris.split(seed: 3)
    for part in [parts.train, parts.validation, parts.test] {
      let labels = part.targets.classIndices
      for label in 0..<3 {
        let count = labels.count { $0 == label }
        #expect(Swift.abs(Double(count) - Double(part.count) / 3) <= 1)
      }
    }
    // One class of 90 and one of 10: at random the small one would often be missing from the test part.
    let rare = try numbered(classes: (0..<100).map { $0 < 90 ? 0 : 1 })
    let test = try rare.split(train: 0.8, validation: 0, test: 0.2, seed: 1).test
    #expect(test.targets.classIndices.count { $0 == 1 } == 2)
  }

  @Test func aShareOfZeroGivesAnEmptyPart() throws {
    let parts = try Dataset.iris.split(train: 0.8, validation: 0.2, test: 0, seed: 1)
    #expect([parts.train.count, parts.validation.count, parts.test.count] == [120, 30, 0])
  }

  @Test func valuesToRegressAreDividedAsAWhole() throws {
    let values = Tensor(arange: 0, to: 10).reshaped(to: [10, 1])
    let data = try Dataset(features: values, targets: .values(values))
    let parts = try data.split(train: 0.5, validation: 0.2, test: 0.3, seed: 1)
    #expect([parts.train.count, parts.validation.count, parts.test.count] == [5, 2, 3])
  }

  @Test func oneHotTargetsAreStratifiedToo() throws {
    let labels = (0..<40).map { $0 < 20 ? 0 : 1 }
    let data = try Dataset(
      features: Tensor(zeros: [40, 1]), targets: .values(Tensor(oneHot: labels, classCount: 2)))
    let test = try data.split(train: 0.5, validation: 0, test: 0.5, seed: 1).test
    #expect(test.targets.classIndices.count { $0 == 1 } == 10)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aClassOfFewExamplesIsTrainedOn(seed: UInt64) throws {
    let data = try numbered(classes: [Int](repeating: 0, count: 30) + [1, 2, 2, 3, 3, 3])
    let parts = try data.split(seed: seed)
    for label in 0...3 { #expect(parts.train.targets.classIndices.contains(label)) }
    #expect(parts.train.count + parts.validation.count + parts.test.count == 36)
    #expect(abs(parts.train.count - 25) <= 2)
    // Without a training part there is nothing to prefer.
    let halves = try data.split(train: 0, validation: 0.5, test: 0.5, seed: seed)
    #expect(halves.train.count == 0 && halves.test.count == 18)
  }

  @Test func impossibleDivisionsAreRefused() throws {
    let iris = Dataset.iris
    for shares in [(0.7, 0.7, 0.1), (1.2, -0.1, -0.1), (0.5, 0.2, 0.2), (.nan, 0.5, 0.5)] {
      expectCourseError(.invalidArgument, "add up to 1", "iris") {
        try iris.split(train: shares.0, validation: shares.1, test: shares.2, seed: 1)
      }
    }
    expectCourseError(.invalidData, "too few") {
      try numbered(classes: [0, 0]).split(seed: 1, stratified: false)
    }
    expectCourseError(.invalidData, "too few", "several of each class", "one of each of 9 classes")
    {
      try numbered(classes: Array(0..<9)).split(train: 0.3, validation: 0.4, test: 0.3, seed: 1)
    }
  }
}
