import CourseTestSupport
import Foundation
import Shared
import Testing

/// The names of classes and features: `fit` takes them over, files keep them.
@Suite(.watched) struct NameTests {
  private func data(_ classes: [String], _ features: [String]) throws -> Dataset {
    let tiny = try tinyData()
    return try Dataset(
      features: tiny.features, targets: tiny.targets, featureNames: features, classNames: classes)
  }

  @Test func fitTakesThemOverAndTheFileKeepsThem() throws {
    var network = try tinyNetwork()
    try network.fit(
      data(["near", "far"], ["x", "y", "z"]), options: TrainingOptions(epochs: 1, batchSize: 5))
    #expect(network.classNames == ["near", "far"])
    #expect(network.featureNames == ["x", "y", "z"])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      let copy = try loadTiny(url)
      #expect(copy.classNames == network.classNames && copy.featureNames == network.featureNames)
    }
  }

  @Test func namesThatWereSetStay() throws {
    var network = try tinyNetwork()
    network.classNames = ["0", "1"]
    let unnamed = try data([], [])
    try network.fit(unnamed, options: TrainingOptions(epochs: 1, batchSize: 5))
    #expect(network.classNames == ["0", "1"] && network.featureNames.isEmpty)
  }

  /// Two names for three outputs: nothing says which of them they are.
  @Test func namesThatDoNotFitTheOutputsAreNotTakenOver() throws {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1))
    try network.append(TinyDense(inputSize: 3, outputSize: 3))
    try network.fit(data(["near", "far"], []), options: TrainingOptions(epochs: 1, batchSize: 5))
    #expect(network.classNames.isEmpty)
  }

  @Test func otherNamesAreRefusedBeforeAnythingIsTrained() throws {
    var network = try tinyNetwork()
    try network.fit(
      data(["near", "far"], ["x", "y", "z"]), options: TrainingOptions(epochs: 1, batchSize: 5))
    let before = network.progress
    // The same names in another order are no others: see DatasetAlignmentTests.
    expectCourseError(.invalidData, "training data: classes differ", "\"near\", \"far\"") {
      try network.fit(
        data(["close", "far"], []), options: TrainingOptions(epochs: 1, batchSize: 5))
    }
    expectCourseError(.invalidData, "classes differ") {
      try network.evaluate(data(["close", "far"], []))
    }
    expectCourseError(.invalidData, "validation data: features differ", "\"x\", \"y\", \"z\"") {
      try network.fit(
        data([], []), validation: data([], ["z", "y", "w"]),
        options: TrainingOptions(epochs: 1, batchSize: 5))
    }
    #expect(network.progress == before)
  }

  @Test func tooManyOrTooFewAreNotSaved() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var network = try tinyNetwork()
      network.classNames = ["near", "far", "away"]
      expectCourseError(.invalidArgument, "class names do not fit", "3") {
        try network.save(to: url)
      }
      network.classNames = ["near", "near"]
      expectCourseError(.invalidArgument, "same name") { try network.save(to: url) }
      network.classNames = []
      network.featureNames = ["x"]
      expectCourseError(.invalidArgument, "feature names do not fit", "3 names") {
        try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 5))
      }
      #expect(network.progress == nil)
    }
  }
}
