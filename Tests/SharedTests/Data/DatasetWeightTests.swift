import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct DatasetWeightTests {
  private func data() throws -> Dataset {
    try Dataset(features: [[1], [2], [3], [4]], targets: .classes([0, 2, 2, 0]))
  }

  @Test func weightsBelongToTheirExamples() throws {
    #expect(try data().weights == nil && data().batch(at: [1]).weights == nil)
    let weighted = try data().weighted(by: [1, 2, 0, 4])
    #expect(weighted.weights == [1, 2, 0, 4])
    #expect(weighted.batch(at: [3, 1, 1]).weights == [4, 2, 2])
    let part = weighted.subset([3, 0])
    #expect(part.weights == [4, 1] && part.features == [[4], [1]])
    #expect(weighted.reshaped(to: [1, 1]).weights == weighted.weights)
    #expect(try weighted.weighted(by: nil).weights == nil)
  }

  @Test func aSplitDividesThem() throws {
    let count = 20
    let weights = Tensor((0..<count).map { Float($0) })
    let data = try Dataset(
      features: weights.reshaped(to: [count, 1]), targets: .classes((0..<count).map { $0 % 2 })
    ).weighted(by: weights)
    let parts = try data.split(train: 0.6, validation: 0.2, test: 0.2, seed: 3)
    for part in [parts.train, parts.validation, parts.test] {
      #expect(part.weights == part.features.reshaped(to: [part.count]))
    }
  }

  @Test func wrongWeightsAreRefused() throws {
    let data = try data()
    let wrong: [(Tensor, String, String)] = [
      ([1, 2], "a weight for each of 4 examples", "shape [2]"),
      ([[1], [2], [3], [4]], "a weight for each of 4 examples", "shape [4, 1]"),
      ([1, -2, 3, 4], "of at least 0, got -2.0", "data, example 1"),
      (Tensor([1, 2, .nan, 4]), "finite", "data, example 2"),
      (Tensor([1, 2, 3, .infinity]), "finite", "data, example 3"),
      ([0, 0, 0, 0], "an example that counts", "only weights of 0"),
    ]
    for (weights, expected, place) in wrong {
      expectCourseError(.invalidData, expected, place) { _ = try data.weighted(by: weights) }
    }
  }

  // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 2, 2, 2, 0, 1, 2, 2])
  @Test func balancedWeightsAreThoseOfScikitLearn() throws {
    let data = try Dataset(
      features: Tensor(zeros: [8, 1]), targets: .classes([0, 2, 2, 2, 0, 1, 2, 2]))
    expectClose(Tensor(try data.balancedClassWeights()), [1.33333333, 2.66666667, 0.53333333], "w")
    // Each class has the same weight in all, and the mean weight of an example is 1.
    let rows = try Dataset(
      features: Tensor(zeros: [3, 1]), targets: .values([[1, 0], [0, 1], [1, 0]]))
    #expect(try rows.balancedClassWeights() == [0.75, 1.5])
  }

  @Test func aClassWithoutExamplesIsLeftOut() throws {
    #expect(try data().balancedClassWeights() == [1, 1, 1])
    let named = try Dataset(
      features: [[1], [2], [3]], targets: .classes([0, 0, 2]), classNames: ["a", "b", "c"])
    #expect(try named.balancedClassWeights() == [0.75, 1, 1.5])
  }

  @Test func stepsToIgnoreDoNotCount() throws {
    let data = try Dataset(
      features: Tensor(zeros: [2, 2]), targets: .classSequences([0, 1, 1, -1], length: 2))
    #expect(try data.balancedClassWeights() == [1.5, 0.75])
  }

  @Test func numbersHaveNoClassWeights() throws {
    let data = try Dataset(features: [[1], [2]], targets: .values([[0.5], [1.5]]))
    expectCourseError(.invalidArgument, "targets without classes") {
      _ = try data.balancedClassWeights()
    }
  }

  /// A loss that does not know weights would train as if there were none.
  @Test func aLossWithoutWeightsRefusesThem() throws {
    var network = try tinyNetwork()
    let data = try tinyData(count: 4, seed: 1).weighted(by: [1, 2, 3, 4])
    expectCourseError(.invalidArgument, "weights", "TinySquaredError", "weighted(by: nil)") {
      try network.fit(data, options: TrainingOptions(epochs: 1))
    }
    expectCourseError(.invalidArgument, "weights", "TinySquaredError") {
      _ = try network.evaluate(data)
    }
    #expect(network.progress == nil)
  }
}
