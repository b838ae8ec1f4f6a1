import CourseTestSupport
import Shared
import Testing

/// Validation on batches that are made when they are needed.
@Suite(.watched) struct ValidationBatchesTests {
  private let options = TrainingOptions(epochs: 4, batchSize: 5)

  @Test func batchesGiveTheScoresOfTheirData() throws {
    let held = try tinyData(count: 11, seed: 2)
    var (onData, onBatches) = (try tinyNetwork(), try tinyNetwork())
    let expected = try onData.fit(tinyData(), validation: held, options: options)
    let history = try onBatches.fit(
      tinyData(), validation: Rows(data: held, batchSize: 4), options: options,
      callbacks: [EarlyStopping(patience: 50)])
    for (a, b) in zip(history.epochs, expected.epochs) {
      #expect(a.training == b.training)
      let (ofBatches, ofData) = (try #require(a.validation), try #require(b.validation))
      #expect(abs(ofBatches.loss - ofData.loss) < 1e-6)
      #expect(ofBatches.metrics == ofData.metrics)
    }
  }

  /// Both may be made while the network trains; the preprocessing applies to both.
  @Test func trainingAndValidationMayBothBeBatches() throws {
    let (data, held) = (try tinyData(), try tinyData(count: 11, seed: 2))
    let ordered = TrainingOptions(epochs: 3, batchSize: 5, shuffle: false)
    var (onData, onBatches) = (try tinyNetwork(), try tinyNetwork())
    onData.preprocessing = try .standardizing(data)
    onBatches.preprocessing = onData.preprocessing
    let expected = try onData.fit(data, validation: held, options: ordered)
    let history = try onBatches.fit(
      Rows(data: data, batchSize: 5), validation: Rows(data: held, batchSize: 11),
      options: ordered)
    for (a, b) in zip(history.epochs, expected.epochs) {
      #expect(abs((a.validation?.loss ?? .nan) - (b.validation?.loss ?? 0)) < 1e-6)
    }
  }

  @Test func batchesThatDoNotFitAreRefused() throws {
    var network = try tinyNetwork()
    let other = try Dataset(features: [[1, 2]], targets: .classes([0]))
    expectCourseError(.shapeMismatch, "validation data", "[3]", "[2]") {
      try network.fit(tinyData(), validation: Rows(data: other, batchSize: 1), options: options)
    }
    #expect(network.progress == nil)
    expectCourseError(.invalidData, "validation data", "cannot be made") {
      try network.fit(
        tinyData(), validation: Rows(data: tinyData(), batchSize: 5, isBroken: true),
        options: options)
    }
  }
}

/// The rows of a data set in order.
private struct Rows: TrainingBatches {
  let data: Dataset
  let batchSize: Int
  var isBroken = false
  var number = 0
  init(data: Dataset, batchSize: Int, isBroken: Bool = false) {
    (self.data, self.batchSize, self.isBroken) = (data, batchSize, isBroken)
  }
  var name: String { "rows" }
  var inputShape: [Int] { data.inputShape }
  var targets: Target { data.targets }
  var examplesPerEpoch: Int { data.count }
  var shuffle: Bool { false }
  var settings: String? { nil }
  mutating func seek(batch number: Int) { self.number = number }
  mutating func nextBatch() throws -> TrainingBatch {
    if isBroken { throw CourseError(.invalidData, "a batch that cannot be made") }
    let start = number % ((data.count + batchSize - 1) / batchSize) * batchSize
    number += 1
    return data.batch(at: start..<min(start + batchSize, data.count))
  }
}
