import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct CSVLogTests {
  private func fit(
    _ network: inout NeuralNetwork, epochs: Int, _ log: CSVLog, validation: Bool = true,
    resuming: Bool = false
  ) throws -> TrainingHistory {
    try network.fit(
      tinyData(), validation: validation ? tinyData(count: 11, seed: 6) : nil,
      options: TrainingOptions(epochs: epochs, batchSize: 4), callbacks: [log], resuming: resuming)
  }

  private func rows(_ url: URL) throws -> [[String]] {
    try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func aRowAnEpochReadsBackExactly() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "log.csv")
      try Data("earlier".utf8).write(to: url)
      var network = try tinyNetwork()
      let history = try fit(&network, epochs: 3, CSVLog(url: url))
      let rows = try rows(url)
      #expect(
        rows[0] == ["epoch", "learning rate", "training loss", "validation loss", "seconds"])
      #expect(rows.count == 4)
      for (row, report) in zip(rows.dropFirst(), history.epochs) {
        #expect(row[0] == "\(report.epoch + 1)" && Float(row[1]) == report.learningRate)
        #expect(Double(row[2]) == report.training.loss)
        #expect(Double(row[3]) == report.validation?.loss)
        #expect(try #require(Double(row[4])) >= 0)
      }
    }
  }

  @Test func withoutValidationThereAreNoColumnsForIt() throws {
    var lines: [String] = []
    var network = try tinyNetwork()
    _ = try fit(&network, epochs: 1, CSVLog { lines.append($0) }, validation: false)
    #expect(lines[0] == "epoch,learning rate,training loss,seconds\n")
    #expect(lines.count == 2 && lines[1].hasPrefix("1,"))
  }

  @Test func aResumedTrainingLogsItsEarlierEpochsWithoutTheirTimes() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "log.csv")
      var network = try tinyNetwork()
      _ = try fit(&network, epochs: 2, CSVLog(url: url))
      let earlier = try rows(url)
      _ = try fit(&network, epochs: 4, CSVLog(url: url), resuming: true)
      let all = try rows(url)
      #expect(all.map(\.[0]) == ["epoch", "1", "2", "3", "4"])
      #expect(all[1...2].map { $0.dropLast() } == earlier[1...2].map { $0.dropLast() })
      #expect(all[1].last == "" && all[2].last == "" && all[3].last != "")
    }
  }

  @Test func aFileThatCannotBeWrittenIsNamed() throws {
    try withTemporaryFolder { folder in
      var network = try tinyNetwork()
      let url = folder.appending(path: "none/log.csv")
      expectCourseError(.file, "log.csv") {
        _ = try fit(&network, epochs: 1, CSVLog(url: url))
      }
    }
  }
}
