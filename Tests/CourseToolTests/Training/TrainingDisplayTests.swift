import CourseCommandLine
import CourseTestSupport
import Testing

@testable import CourseTool
@testable import Shared

@Suite(.watched) struct TrainingDisplayTests {
  private func report(epoch: Int = 11, of epochs: Int = 40) -> StepReport {
    StepReport(
      epoch: epoch, epochs: epochs, batch: 5, batchCount: 10, step: 115,
      training: Scores(loss: 0.25, metrics: ["accuracy": 0.5]), learningRate: 0.1)
  }

  private func display(width: Int, environment: [String: String] = [:]) -> TrainingDisplay {
    var features = TerminalFeatures(environment: environment, width: width)
    features.isTerminal = true
    return TrainingDisplay(on: TextStream(features: features) { _ in })
  }

  @Test func aLineHasEpochBarPercentLossAccuracyAndTimeLeft() {
    let text = display(width: 100).progressText(report(), fraction: 0.25, secondsLeft: 12.3)
    let bar = "███████" + String(repeating: " ", count: 21)
    #expect(text == "epoch 12/40 \(bar)  25%  loss 0.2500  accuracy 0.5000  12 s left")
  }

  @Test func plainTerminalsGetAPlainBar() {
    let text = display(width: 100, environment: ["LANG": "C"])
      .progressText(report(), fraction: 0.25, secondsLeft: nil)
    #expect(text.hasPrefix("epoch 12/40 ####### "))
  }

  @Test(arguments: [20, 30, 40, 60, 80, 200])
  func noLineIsWiderThanTheTerminal(width: Int) {
    let text = display(width: width).progressText(report(), fraction: 1, secondsLeft: 4000)
    #expect(text.count < width)
    #expect(text.contains("100%"))
  }

  @Test func aFileGetsEveryEpochAndATerminalAboutTen() throws {
    func lines(isTerminal: Bool) throws -> [String] {
      let recorder = Recorder()
      var features = TerminalFeatures(environment: ["NO_COLOR": "1"], width: 80)
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
  }
}
