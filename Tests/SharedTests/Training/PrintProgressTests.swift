import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct PrintProgressTests {
  /// The epochs that have lines.
  private func printed(every interval: Int, epochs: Int, stopAt last: Int? = nil) throws -> [Int] {
    let log = Lines()
    var network = try tinyNetwork()
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: epochs, batchSize: 8),
      callbacks: [PrintProgress(every: interval) { log.add($0) }]
        + (last.map { [StopAfter(epoch: $0)] } ?? []))
    return log.all.compactMap { line in
      #expect(line.hasPrefix("epoch ") && line.contains("/\(epochs) - loss: "))
      return Int(line.dropFirst(6).prefix { $0.isNumber })
    }
  }

  @Test func someEpochsHaveALine() throws {
    #expect(try printed(every: 1, epochs: 3) == [1, 2, 3])
    #expect(try printed(every: 3, epochs: 7) == [1, 3, 6, 7])
    #expect(try printed(every: 3, epochs: 6) == [1, 3, 6])
    #expect(try printed(every: 100, epochs: 4) == [1, 4])
    #expect(try printed(every: 3, epochs: 9, stopAt: 5) == [1, 3, 5])
  }
}

private struct StopAfter: TrainingCallback {
  let epoch: Int
  mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) -> TrainingControl { report.epoch + 1 == epoch ? .stop : .proceed }
}

/// Lines that a callback prints, from the thread that trains.
private final class Lines: @unchecked Sendable {
  private(set) var all: [String] = []
  func add(_ line: String) { all.append(line) }
}
