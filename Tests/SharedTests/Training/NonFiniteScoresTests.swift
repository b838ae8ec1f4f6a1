import CourseTestSupport
import Foundation
import Shared
import Testing

/// Scores that are NaN or infinite must cost neither the network nor its file.
@Suite(.watched) struct NonFiniteScoresTests {
  private func trained(_ weights: [Float], _ more: [any TrainingCallback] = []) throws
    -> NeuralNetwork
  {
    var network = try steeredNetwork(learningRate: 1)
    try network.fit(
      steeredData(0), validation: steeredData(4),
      options: TrainingOptions(epochs: weights.count, batchSize: 2),
      callbacks: [Steering(weights: weights)] + more)
    return network
  }

  private func losses(_ network: NeuralNetwork) throws -> [Double] {
    try #require(network.progress).history.epochs.compactMap(\.validation?.loss)
  }

  /// Equal, or both NaN.
  private func expectSame(_ actual: [Double], _ expected: [Double]) {
    #expect(
      actual.count == expected.count
        && zip(actual, expected).allSatisfy {
          areClose($0, $1, atol: 0, rtol: 0, nanMatches: true)
        }, "expected \(expected), got \(actual)")
  }

  @Test func aHistoryWithThemIsSavedAndReadBack() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      // 1e38 overflows as an infinite loss, without becoming no number on the way.
      let network = try trained([.nan, 1e38, 2], [CheckpointCallback(url: url)])
      let losses = try losses(network)
      expectSame(losses, [.nan, .infinity, 2])
      try network.save(to: url)
      expectSame(try self.losses(loadTiny(url)), losses)
      let text = try #require(SafetensorsFile(contentsOf: url).metadata["training"])
      #expect(text.contains(#""loss":"nan""#) && text.contains(#""loss":"inf""#))
    }
  }

  @Test func aFileThatHasThemIsResumed() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try trained([.nan, 2]).save(to: url)
      var copy = try loadTiny(url)
      try copy.fit(
        steeredData(0), validation: steeredData(4),
        options: TrainingOptions(epochs: 3, batchSize: 2),
        callbacks: [Steering(weights: [0, 0, 1])], resuming: true)
      #expect(try losses(copy).last == 0.5)
    }
  }

  @Test func earlyStoppingTakesThemForTheWorst() throws {
    let network = try trained([.nan, 4, .nan, 6, .nan, 1], [EarlyStopping(patience: 3)])
    #expect(try losses(network).count == 5, "epochs 2, 3 and 4 (from 0) did not improve on 1")
    var copy = network
    #expect(copy.forward([[4]], mode: .inference) == [[4]])
  }

  @Test func numbersAreTheSameInTextAndBack() throws {
    let numbers: [Double] = [0.1, -0.0, 1e308, 2.5e-300, .infinity, -.infinity, .nan]
    let text = try JSONCoding.text(numbers)
    #expect(text == #"[0.1,-0,1e+308,2.5e-300,"inf","-inf","nan"]"#)
    let copy = try JSONCoding.decode([Double].self, from: text)
    expectSame(copy, numbers)
  }

  /// Passes its input on, and counts up to what no number is.
  private struct Overflowing: Layer {
    static let typeName = "Overflowing"
    var configuration = NoConfiguration()
    var sum = Tensor(zeros: [1])
    init(configuration: NoConfiguration) {}
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      if mode == .training { sum += Float.infinity }
      return input
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
    mutating func forEachState(
      _ body: (_ name: String, _ state: inout Tensor) throws -> Void
    ) rethrows { try body("sum", &sum) }
  }

  /// A file would not take it: the training must not go on to its end and be lost there.
  @Test func aStateThatOverflowsIsNoticedAfterTheEpoch() throws {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1))
    try network.append(Overflowing(configuration: NoConfiguration()))
    try network.append(TinyDense(inputSize: 3, outputSize: 2))
    expectCourseError(.diverged, "training diverged", "the sum of layer 0 (Overflowing)") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 5, batchSize: 5))
    }
    #expect(network.progress?.epoch == 0)
  }
}
