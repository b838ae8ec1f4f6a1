import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct DatasetTests {
  private func tiny() throws -> Dataset {
    try Dataset(
      features: [[1, 2], [3, 4], [5, 6]], targets: .classes([0, 1, 1]),
      featureNames: ["x", "y"], classNames: ["no", "yes", "perhaps"])
  }

  @Test func theBundledIrisIsFishers() {
    let iris = Dataset.iris
    #expect(iris.features.shape == [150, 4] && iris.inputShape == [4] && iris.count == 150)
    #expect(iris.classNames == ["setosa", "versicolor", "virginica"])
    #expect(iris.featureNames.first == "sepal length")
    // numpy.loadtxt(...).mean(axis=0): 5.84333333, 3.05733333, 3.758, 1.19933333
    expectClose(
      iris.features.mean(axis: 0), [5.84333333, 3.05733333, 3.758, 1.19933333], "iris means")
    #expect(iris.targets == .classes((0..<150).map { $0 / 50 }))
  }

  @Test func theBundledDigitsAreComplete() {
    let digits = Dataset.digits
    #expect(digits.features.shape == [1797, 64] && digits.classCount == 10)
    #expect(digits.classNames == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    #expect(digits.features.min() == 0 && digits.features.max() == 16)
    // data.sum() = 561718 and numpy.bincount(target)
    #expect(digits.features.sum() == 561718)
    var counts = [Int](repeating: 0, count: 10)
    for label in digits.targets.classIndices { counts[label] += 1 }
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
  }

  @Test func batchesAndSubsetsTakeRowsInTheGivenOrder() throws {
    let batch = try tiny().batch(at: [2, 0])
    #expect(batch.features == [[5, 6], [1, 2]] && batch.targets == .classes([1, 0]))
    let part = try tiny().subset([1])
    #expect(part.count == 1 && part.classNames == ["no", "yes", "perhaps"])
    #expect(part.classCount == 3 && part.featureNames == ["x", "y"])
    #expect(try tiny().subset([]).count == 0)
  }

  @Test func reshapingChangesTheInputsOnly() throws {
    let images = Dataset.digits.reshaped(to: [1, 8, 8])
    #expect(images.features.shape == [1797, 1, 8, 8] && images.inputShape == [1, 8, 8])
    #expect(images.targets == Dataset.digits.targets)
    #expect(try tiny().summary == "data: 3 examples of shape [2], 3 classes")
  }

  @Test func theNumberOfClassesComesFromNamesLabelsOrColumns() throws {
    let x = Tensor(zeros: [2, 1])
    #expect(try tiny().classCount == 3)
    #expect(try Dataset(features: x, targets: .classes([4, 0])).classCount == 5)
    #expect(try Dataset(features: x, targets: .values([[0, 1, 0], [1, 0, 0]])).classCount == 3)
    #expect(try Dataset(features: x, targets: .values([[0.5, 1], [1, 2]])).classCount == nil)
    #expect(try Dataset(features: x, targets: .values([[1], [0]])).classCount == nil)
    #expect(try Dataset(features: x, targets: .values([[1, 1], [0, 0]])).classCount == nil)
  }

  @Test func whatDoesNotFitIsRefused() {
    let x: Tensor = [[1, 2], [3, 4]]
    expectCourseError(.shapeMismatch, "expected 2 targets", "got 3") {
      try Dataset(features: x, targets: .classes([0, 1, 2]))
    }
    expectCourseError(.shapeMismatch, "[N, ...]", "[2]") {
      try Dataset(features: [1, 2], targets: .classes([0, 1]))
    }
    expectCourseError(.invalidData, "empty", "[0, 2]") {
      try Dataset(features: Tensor(zeros: [0, 2]), targets: .classes([]))
    }
    expectCourseError(.invalidData, "flowers, example 1", "0 to 1", "got 2") {
      try Dataset(
        name: "flowers", features: x, targets: .classes([0, 2]), classNames: ["a", "b"])
    }
    expectCourseError(.invalidData, "example 0", "at least 0", "got -1") {
      try Dataset(features: x, targets: .classes([-1, 2]))
    }
    expectCourseError(.invalidData, "feature names", "2 names", "got 1") {
      try Dataset(features: x, targets: .classes([0, 1]), featureNames: ["x"])
    }
    expectCourseError(.invalidData, "same name") {
      try Dataset(features: x, targets: .classes([0, 1]), classNames: ["a", "a"])
    }
    expectCourseError(.invalidData, "example 1, feature \"y\"", "nan") {
      try Dataset(
        features: [[1, 2], [3, TensorLiteral.scalar(.nan)]], targets: .classes([0, 1]),
        featureNames: ["x", "y"])
    }
    expectCourseError(.invalidData, "example 1", "inf", "target") {
      try Dataset(features: x, targets: .values([[1], [TensorLiteral.scalar(.infinity)]]))
    }
    expectCourseError(.shapeMismatch, "class names", "2 names", "got 3") {
      try Dataset(
        features: x, targets: .values([[1, 0], [0, 1]]), classNames: ["a", "b", "c"])
    }
  }

  // MARK: CSV

  @Test func aCSVFileBecomesADataset() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "flowers.csv").path
      let text = "kind;length;width\r\nrose;1;2\r\naster;3;4.5\r\nrose;5;6\r\n"
      try Data(text.utf8).write(to: URL(filePath: path))
      let flowers = try Dataset(csv: path, label: "kind")
      #expect(flowers.name == "flowers" && flowers.featureNames == ["length", "width"])
      #expect(flowers.features == [[1, 2], [3, 4.5], [5, 6]])
      #expect(flowers.targets == .classes([1, 0, 1]) && flowers.classNames == ["aster", "rose"])

      let known = try Dataset(csv: path, label: 0, classNames: ["aster", "lily", "rose"])
      #expect(known.targets == .classes([2, 0, 2]) && known.classCount == 3)
      expectCourseError(.invalidArgument, path, "\"species\"", "\"kind\", \"length\"") {
        try Dataset(csv: path, label: "species")
      }
    }
  }

  @Test func aFileWithoutHeaderHasNoFeatureNames() throws {
    let data = try Dataset(CSVTable(text: "5.1,3.5,setosa\n4.9,3.0,setosa\n"), label: -1)
    #expect(data.featureNames.isEmpty && data.classNames == ["setosa"] && data.count == 2)
    expectCourseError(.invalidData, "no features") {
      try Dataset(CSVTable(text: "a\nb\n", header: .absent), label: 0)
    }
  }
}
