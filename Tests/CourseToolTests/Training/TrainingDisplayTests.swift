import CourseCommandLine
import CourseTestSupport
import Foundation
import Testing

@testable import CourseTool
@testable import CourseTraining
@testable import Shared

@Suite(.watched) struct TrainingDisplayTests {
  /// The text of the line after one step of fifty examples, of 1000 a second, out of `epochs` times `examples`.
  private func line(
    width: Int, environment: [String: String] = ["NO_COLOR": "1"], examples: Int = 400
  ) -> String {
    var features = TerminalFeatures(isTerminal: true, environment: environment, width: width)
    features.isTerminal = true
    let display = TrainingDisplay(on: TextStream(features: features) { _ in })
    let start = ContinuousClock.now
    var progress = WorkProgress(total: 40 * examples, done: 11 * 400, at: start)
    progress.reach(11 * 400 + 50, at: start + .milliseconds(50 * 4))
    return ProgressBar.line(
      "epoch 12/40", fraction: progress.fraction,
      parts: display.parts(Scores(loss: 0.25, metrics: ["accuracy": 0.5]), progress),
      width: width - 3, unicode: features.usesUnicode, style: .plain)
  }

  @Test func aLineHasEpochBarPercentLossMetricsTimeLeftAndRate() {
    #expect(
      line(width: 105)
        == "epoch 12/40 ███████▊                      27%  loss 0.2500  accuracy 0.5000"
        + "  46 s left  250 examples/s")
    // What fits into 80 columns: the unit of the rate gives way.
    #expect(
      line(width: 80)
        == "epoch 12/40 ███▎          27%  loss 0.2500  accuracy 0.5000  46 s left  250/s")
  }

  @Test func plainTerminalsGetAPlainBar() {
    #expect(line(width: 100, environment: ["LANG": "C"]).hasPrefix("epoch 12/40 ##### "))
  }

  @Test(arguments: [1, 4, 8, 12, 15, 20, 30, 40, 60, 80, 200])
  func noLineIsWiderThanTheTerminal(width: Int) {
    let text = line(width: width)
    #expect(text.count <= max(width - 3, 0))
    if width >= 20 { #expect(text.contains("27%") && text.hasPrefix("epoch 12/4")) }
  }

  @Test func anotherTitleIsCut() {
    let text = ProgressBar.line(
      "evaluating on validation data", fraction: 1, parts: [["1/1"]], width: 17, unicode: true,
      style: .plain)
    #expect(text == "evaluating…  100%")
  }

  @Test func aResumedRunCountsItsOwnTimeOnly() throws {
    let recorder = Recorder()
    let features = TerminalFeatures(isTerminal: true, environment: ["NO_COLOR": "1"], width: 100)
    var display = TrainingDisplay(on: TextStream(features: features) { recorder.append($0) })
    var network = NeuralNetwork(inputShape: [1])
    try display.trainingBegan(
      TrainingPlan(
        epochs: 10, startEpoch: 8, exampleCount: 1000, batchSize: 100, stepsPerEpoch: 10),
      network: &network)
    // One step of the last twenty, in a tenth of a second and more: about two seconds are left.
    Thread.sleep(forTimeInterval: 0.12)
    _ = try display.stepEnded(
      StepReport(
        epoch: 8, epochs: 10, batch: 1, batchCount: 10, step: 81,
        training: Scores(loss: 1, metrics: [:]), learningRate: 0.1), network: &network)
    let left = try #require(
      recorder.text.firstMatch(of: /81%  loss 1\.0000  ([0-9.]+) s left/)?.output.1)
    #expect(try #require(Double(left)) > 1.9)
  }

  @Test func aFileGetsEveryEpochAndATerminalAboutTen() throws {
    func lines(isTerminal: Bool, width: Int = 100) throws -> [String] {
      let recorder = Recorder()
      var features = TerminalFeatures(environment: ["NO_COLOR": "1"], width: width)
      features.isTerminal = isTerminal
      var display = TrainingDisplay(on: TextStream(features: features) { recorder.append($0) })
      var network = NeuralNetwork(inputShape: [1])
      for epoch in 0..<25 {
        let report = EpochReport(
          epoch: epoch, epochs: 25, step: epoch,
          training: Scores(loss: 0.5, metrics: ["accuracy": 0.25]),
          validation: Scores(loss: 0.75, metrics: ["accuracy": 0.5]), learningRate: 0.1)
        _ = try display.epochEnded(report, network: &network)
      }
      return recorder.text.split(separator: "\n").map(String.init)
    }
    #expect(try lines(isTerminal: false).count == 25)
    let shown = try lines(isTerminal: true)
    #expect(shown.count == 9)
    #expect(
      shown.last == "epoch 25/25  loss 0.5000  accuracy 0.2500   "
        + "validation loss 0.7500  accuracy 0.5000")
    // 80 columns have no room for the names of the validation's numbers.
    #expect(
      try lines(isTerminal: true, width: 80).last
        == "epoch 25/25  loss 0.5000  accuracy 0.2500   validation 0.7500  0.5000")
    // 50 columns none for the numbers.
    #expect(
      try lines(isTerminal: true, width: 50).suffix(2) == [
        "epoch 25/25  loss 0.5000  accuracy 0.2500",
        "   validation loss 0.7500  accuracy 0.5000",
      ])
  }
}
