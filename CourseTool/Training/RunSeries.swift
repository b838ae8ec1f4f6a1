import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

/// Trains the networks of several recipes side by side, each on one thread: no result depends on the number of
/// threads.
enum RunSeries {
  /// The results of a training.
  struct Outcome: Sendable {
    var network: NeuralNetwork
    var remarks: DataRemarks
    var epochs: Int
    /// The epoch whose weights the network has, from 0.
    var keptEpoch: Int?
    /// The learning rate, where a range test found it.
    var foundLearningRate: Float?
    var seconds: Double
    var train: PartReport
    var validation: PartReport?
    var test: PartReport?
  }

  /// Trains each recipe.
  /// - Parameters:
  ///   - title: the title of the progress, which is shown on `stream`; `nil` for none
  ///   - isTested: whether to evaluate on the test part
  ///   - finished: gets the place of a recipe and its results, one after the other, in any order
  /// - Throws: an error of `finished`, or the status of a signal
  static func train(
    _ recipes: [Recipe], title: String, isTested: Bool = true, skipBroken: Bool,
    progress stream: TextStream?, finished: (Int, Result<Outcome, any Error>) throws -> Void
  ) throws {
    // Epochs that follow the data are known only when these are read.
    let countsEpochs = !recipes.contains { $0.automatic.contains("epochs") }
    let progress = ProgressLine(
      title, total: countsEpochs ? recipes.reduce(0) { $0 + $1.epochs } : recipes.count,
      unit: countsEpochs ? "epochs" : "networks", on: stream)
    defer { progress.clear() }
    let lock = NSLock()
    var failure: (any Error)?
    Interruption.watched {
      parallelFor(recipes.count) { index in
        guard !Interruption.isRequested, lock.withLock({ failure == nil }) else { return }
        let result = Result {
          try outcome(
            of: recipes[index], isTested: isTested, skipBroken: skipBroken,
            epochEnded: { if countsEpochs { progress.advance() } })
        }
        // A training that a signal ended is no result.
        if Interruption.isRequested { return }
        // An early stop leaves out the rest.
        progress.advance(
          by: countsEpochs ? recipes[index].epochs - ((try? result.get().epochs) ?? 0) : 1)
        lock.withLock {
          do {
            try finished(index, result)
          } catch {
            failure = failure ?? error
          }
        }
      }
    }
    if let failure { throw failure }
    if Interruption.isRequested { throw Interruption.status }
  }

  private static func outcome(
    of recipe: Recipe, isTested: Bool, skipBroken: Bool, epochEnded: @escaping () -> Void
  ) throws -> Outcome {
    var experiment = try Experiment(recipe, author: "course train", skipBroken: skipBroken)
    let start = ContinuousClock.now
    try experiment.run.train(epochEnded: epochEnded)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let network = experiment.run.network
    func report(_ data: Dataset, _ images: DetectionData? = nil) throws -> PartReport {
      var report = PartReport(
        try network.evaluate(data, showing: nil), examples: data.count, isText: recipe.isText)
      report.meanAveragePrecision = try images.flatMap {
        try DetectionResult.meanAveragePrecision(of: network, on: $0)
      }
      return report
    }
    return Outcome(
      network: network, remarks: experiment.remarks, epochs: network.progress?.epoch ?? 0,
      keptEpoch: try experiment.run.keptEpoch,
      foundLearningRate: experiment.run.rangeTest?.learningRate, seconds: seconds,
      // The images that a detector was trained on are many, and would tell little.
      train: try report(experiment.parts.train),
      validation: recipe.validation > 0
        ? try report(experiment.parts.validation, experiment.detection?.validation) : nil,
      test: isTested && recipe.test > 0
        ? try report(experiment.parts.test, experiment.detection?.test) : nil)
  }
}
