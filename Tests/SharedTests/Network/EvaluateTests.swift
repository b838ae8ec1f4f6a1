import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct EvaluateTests {
  @Test func predictionsDoNotDependOnTheBatchSize() throws {
    let network = try tinyNetwork()
    let features = Tensor(normal: [11, 3], key: RandomKey(seed: 4))
    let whole = try network.predict(features)
    #expect(whole.shape == [11, 2])
    for batchSize in [1, 4, 11, 100] {
      #expect(try network.predict(features, batchSize: batchSize) == whole)
    }
    #expect(try network.predict(Tensor(zeros: [0, 3])).shape == [0, 2])
  }

  @Test func evaluationIsTheMeanOverAllExamples() throws {
    let network = try tinyNetwork()
    let data = try tinyData()
    var loss = TinySquaredError()
    let expected = loss.forward(try network.predict(data.features), target: data.targets)
    let evaluation = try network.evaluate(data, batchSize: 4)
    #expect(Swift.abs(evaluation.loss - Double(expected)) < 1e-5)
    #expect(evaluation.accuracy == nil, "a regression has no accuracy")
    #expect(evaluation.confusionMatrix == nil)
    #expect(evaluation.predictions.shape == [23, 2])
  }

  @Test func badFeaturesAreRefusedWithTheirPlace() throws {
    let network = try tinyNetwork()
    expectCourseError(.shapeMismatch, "[N] + [3]", "[2, 4]") {
      try network.predict(Tensor(zeros: [2, 4]))
    }
    expectCourseError(.shapeMismatch, "[3]") { try network.predict(Tensor(zeros: [3])) }
    var features = Tensor(zeros: [3, 3])
    features[1, 2] = .nan
    expectCourseError(.invalidData, "not finite", "example 1, feature 2") {
      try network.predict(features)
    }
    var bare = network
    bare.loss = nil
    expectCourseError(.invalidArgument, "no loss") { try bare.evaluate(tinyData()) }
    #expect(try bare.predict(Tensor(zeros: [1, 3])).shape == [1, 2])
  }
}
