import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct DatasetFoldTests {
  /// A dataset whose only feature is the number of the example.
  private func numbered(classes: [Int]) throws -> Dataset {
    let numbers = Tensor(arange: 0, to: Float(classes.count)).reshaped(to: [-1, 1])
    return try Dataset(features: numbers, targets: .classes(classes))
  }

  private func numbers(_ data: Dataset) -> [Int] { data.features.scalars.map { Int($0) } }

  @Test(arguments: [2, 3, 7, 50], [0, 0.15])
  func everyExampleIsTestedOnceAndNeverTrainedOnInItsFold(folds: Int, validation: Double) throws {
    let data = try numbered(classes: (0..<50).map { [0, 0, 1, 2, 0][$0 % 5] })
    var tested: [Int] = []
    for fold in 0..<folds {
      let parts = try data.fold(fold, of: folds, validation: validation, seed: 3)
      let all = numbers(parts.train) + numbers(parts.validation) + numbers(parts.test)
      #expect(all.sorted() == Array(0..<50))
      #expect(abs(parts.test.count - 50 / folds) <= 1)
      #expect(abs(Double(parts.validation.count) - 50 * validation) <= 1)
      for label in 0..<3 {
        let total = label == 0 ? 30 : 10
        let count = parts.test.targets.classIndices.count { $0 == label }
        #expect(count == total / folds || count == total / folds + 1)
      }
      for (feature, label) in zip(numbers(parts.test), parts.test.targets.classIndices) {
        #expect(label == [0, 0, 1, 2, 0][feature % 5])
      }
      tested += numbers(parts.test)
    }
    #expect(tested.sorted() == Array(0..<50))
  }

  @Test func theSeedDecides() throws {
    let data = try numbered(classes: (0..<60).map { $0 % 2 })
    let first = try numbers(data.fold(0, of: 5, seed: 1).test)
    #expect(try numbers(data.fold(0, of: 5, seed: 1).test) == first)
    #expect(try numbers(data.fold(0, of: 5, seed: 2).test) != first)
    // The test parts do not depend on what is held out of the rest.
    #expect(try numbers(data.fold(0, of: 5, validation: 0.3, seed: 1).test) == first)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aClassOfFewExamplesIsTrainedOnUnlessItIsTested(seed: UInt64) throws {
    let data = try numbered(classes: [Int](repeating: 0, count: 30) + [1, 2, 2, 3, 3, 3])
    for fold in 0..<5 {
      let parts = try data.fold(fold, of: 5, validation: 0.2, seed: seed)
      let (train, test) = (parts.train.targets.classIndices, parts.test.targets.classIndices)
      for label in 0...3 {
        #expect(train.contains(label) || label == 1 && test.contains(1))
      }
    }
  }

  @Test func valuesToRegressAreDividedAsAWhole() throws {
    let values = Tensor(arange: 0, to: 10).reshaped(to: [10, 1])
    let data = try Dataset(features: values, targets: .values(values))
    let tests = try (0..<3).map { try numbers(data.fold($0, of: 3, seed: 1).test) }
    #expect(tests.map(\.count) == [4, 3, 3])
    #expect(tests.flatMap { $0 }.sorted() == Array(0..<10))
  }

  @Test func impossibleFoldsAreRefused() throws {
    let iris = Dataset.iris
    expectCourseError(.invalidData, "fewer examples than folds", "151", "150", "iris") {
      try iris.fold(0, of: 151, seed: 1)
    }
    for (fold, folds) in [(0, 1), (5, 5), (-1, 5), (0, 0)] {
      expectCourseError(.invalidArgument, "at least 2 folds", "iris") {
        try iris.fold(fold, of: folds, seed: 1)
      }
    }
    for validation in [0.8, -0.1, .nan] {
      expectCourseError(.invalidArgument, "fraction for validation", "4 of 5 folds") {
        try iris.fold(0, of: 5, validation: validation, seed: 1)
      }
    }
    expectCourseError(.invalidData, "too few examples", "0.01") {
      try numbered(classes: [0, 0, 1, 1]).fold(0, of: 2, validation: 0.01, seed: 1)
    }
    expectCourseError(.invalidData, "too few examples", "one of each of 4 classes") {
      try numbered(classes: [0, 1, 2, 3]).fold(0, of: 2, validation: 0.2, seed: 1)
    }
  }
}
