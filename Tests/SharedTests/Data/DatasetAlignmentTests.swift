import CourseTestSupport
import Foundation
import Shared
import Testing

/// `fit` and `evaluate` find features and classes by their names.
@Suite(.watched) struct DatasetAlignmentTests {
  /// The sign of 3x - y + 2z.
  private func data(
    _ features: [String] = ["x", "y", "z"], classes: [String] = ["no", "yes"], count: Int = 60,
    seed: UInt64 = 4
  ) throws -> Dataset {
    let points = Tensor(uniform: [count, 3], in: -1..<1, key: RandomKey(seed: seed))
    let signs = (0..<count).map { points[$0, 0] * 3 - points[$0, 1] + points[$0, 2] * 2 > 0 }
    let order = features.map { ["x", "y", "z"].firstIndex(of: $0.lowercased()) ?? 0 }
    let rows = points.transposed().rows(at: order).transposed()
    let labels = signs.map { classes.firstIndex(of: $0 ? "yes" : "no") ?? 0 }
    return try Dataset(
      features: rows, targets: .classes(labels), featureNames: features, classNames: classes)
  }

  private func trained() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinyMomentum(learningRate: 0.05),
      seed: 1)
    try network.append(TinyDense(inputSize: 3, outputSize: 2))
    network.featureNames = ["x", "y", "z"]
    network.classNames = ["no", "yes"]
    try network.fit(data(), options: TrainingOptions(epochs: 20, batchSize: 10))
    return network
  }

  @Test func evaluateFindsFeaturesAndClassesByName() throws {
    let network = try trained()
    let usual = try network.evaluate(data())
    for other in [
      try data(["z", "y", "x"]), try data(["Z", "X", "y"]), try data(classes: ["yes", "no"]),
      try data(["y", "z", "x"], classes: ["maybe", "yes", "no"]),
    ] {
      let result = try network.evaluate(other)
      #expect(result.loss == usual.loss && result.accuracy == usual.accuracy)
    }
  }

  @Test func fitFindsThemByNameToo() throws {
    let (a, b) = (try trained(), try data(["z", "y", "x"], classes: ["yes", "no"]))
    var (first, second) = (a, a)
    try first.fit(data(), validation: data(), options: TrainingOptions(epochs: 2, batchSize: 10))
    try second.fit(b, validation: b, options: TrainingOptions(epochs: 2, batchSize: 10))
    #expect(first.progress == second.progress)
  }

  @Test func validationDataAreReadAsTheTrainingDataAre() throws {
    func losses(_ validation: Dataset) throws -> [Double?] {
      var network = try trained()
      network.featureNames = []
      network.classNames = []
      return try network.fit(
        data(), validation: validation, options: TrainingOptions(epochs: 2, batchSize: 10)
      )
      .epochs.map(\.validation?.loss)
    }
    #expect(try losses(data(["z", "x", "y"], classes: ["yes", "no"])) == losses(data()))
  }

  @Test func otherNamesAreRefused() throws {
    let network = try trained()
    let other = try data(["x", "y", "w"])
    expectCourseError(.invalidData, "features differ", "no \"z\"") { try network.evaluate(other) }
    let classes = try data(classes: ["no", "yes", "yeah"])
    let strange = try Dataset(
      features: classes.features, targets: .classes([Int](repeating: 2, count: 60)),
      classNames: ["no", "yes", "yeah"])
    expectCourseError(.invalidData, "classes differ", "\"yeah\"") { try network.evaluate(strange) }
  }

  @Test func withoutNamesTheOrderIsRight() throws {
    let network = try trained()
    let usual = try network.evaluate(data())
    var bare = try data()
    bare.featureNames = []
    bare.classNames = []
    #expect(try network.evaluate(bare).loss == usual.loss)
  }

  @Test func oneHotRowsAndSequencesAreRenumbered() throws {
    let network = try trained()
    let rows = try Dataset(
      features: data().features,
      targets: .values(Tensor(oneHot: data().targets.classIndices, classCount: 2)),
      classNames: ["no", "yes"])
    let turned = try Dataset(
      features: rows.features,
      targets: .values(
        Tensor(oneHot: data().targets.classIndices.map { 1 - $0 }, classCount: 2)),
      classNames: ["yes", "no"])
    #expect(try network.evaluate(rows).loss == network.evaluate(turned).loss)
  }
}
