import CourseCommandLine
import Foundation
import Shared

/// The options of `train` and `demo`.
package enum RunOptions {
  package static let epochs = Option(
    "epochs", .integer(in: 1...1_000_000), "passes over the training data")
  package static let seed = Option(
    "seed", .seed, "random seed for the split, the initial weights and the shuffling")
  package static let threads = Option(
    "threads", .integer(in: 1...1024), "number of threads (does not change the results)")
  package static let output = Option(
    "output", short: "o", .text("FILE"), "file to save the network to")
  package static let force = Flag("force", "overwrite existing output files")
  package static let skipBroken = Flag("skip-broken", "skip and report images that cannot be read")
}

/// A network, the data that it is trained on, and how: the work that `train` and `demo` have in common.
package struct TrainingRun {
  /// The name of the recipe.
  let recipe: String
  /// The recipe with its settings.
  let settings: RunReport.Settings
  package private(set) var network: NeuralNetwork
  let train: Dataset
  /// `nil` for none, as for `test`.
  let validation: Dataset?
  let test: Dataset?
  let options: TrainingOptions
  /// The batches to train on in place of the examples of `train`, such as augmented ones; `nil` for the examples.
  let batches: (any TrainingBatches)?
  /// A remark on the batches.
  let remark: String?
  /// Stops the training early; `nil` for no stop before the last epoch.
  let stopping: EarlyStopping?
  /// Whether the examples are sequences of a text.
  let isText: Bool
  /// Whether the run continues an earlier one.
  package let isResumed: Bool
  /// The range test that found the learning rate; `nil` where it was given.
  package var rangeTest: LearningRateRangeTest?
  /// Options of the run that a resumed one needs again, with a space before them.
  package var resumeOptions = ""
  /// Called while the network learns.
  package var callbacks: [any TrainingCallback] = []

  /// A run, whose settings are noted in the network.
  package init(
    _ network: NeuralNetwork, recipe: String, settings: any Encodable & Sendable, train: Dataset,
    validation: Dataset?, test: Dataset?, options: TrainingOptions,
    batches: (any TrainingBatches)? = nil, remark: String? = nil,
    stopping: EarlyStopping? = nil, isText: Bool = false, isResumed: Bool = false
  ) throws {
    (self.recipe, self.settings) = (recipe, RunReport.Settings(value: settings))
    (self.train, self.validation, self.test) = (train, validation, test)
    (self.options, self.batches, self.remark) = (options, batches, remark)
    (self.stopping, self.isText, self.isResumed) = (stopping, isText, isResumed)
    self.network = network
    self.network.recipeNote = try JSONCoding.text(self.settings)
  }

  /// Trains, saves, evaluates and prints the results; the document of `--json` is the caller's to print.
  ///
  /// - Returns: the report of the run, and the evaluation on the test part. After a signal, when the network has been
  ///   saved, there is no evaluation; the caller ends with `Interruption.status`.
  package mutating func perform(
    savingTo output: OutputFile, arguments: Arguments, on terminal: Terminal
  ) throws -> (report: RunReport, test: Evaluation?) {
    let quiet = arguments[CommonOptions.quiet]
    let json = arguments[CommonOptions.json]
    let printer = RunPrinter(terminal: json ? terminal.withoutOutput : terminal)
    printer.opening(self, quiet: quiet)

    let earlierEpochs = isResumed ? network.progress?.epoch ?? 0 : 0
    let start = ContinuousClock.now
    let wasInterrupted = try fit(
      savingTo: output, progress: terminal.progress(for: arguments), warnings: terminal.error)
    let path = output.path
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let progress = network.progress
    var report = RunReport(
      recipe: settings, output: path, interrupted: wasInterrupted,
      epochs: progress?.epoch ?? 0, newEpochs: (progress?.epoch ?? 0) - earlierEpochs,
      seconds: seconds, parameters: network.parameterCount,
      threads: Parallelism.threadCount, instructionSet: Parallelism.instructionSet,
      classNames: network.classNames, history: progress?.history.epochs ?? [])
    report.stoppedEarly = progress?.isStopped ?? false
    report.keptEpoch = try keptEpoch
    report.learningRateRangeTest = rangeTest
    if isText { report.perplexities = report.history.map(RunReport.Perplexities.init) }

    if wasInterrupted {
      terminal.error.clearLine()  // the ^C
      let isComplete = report.epochs == options.epochs
      terminal.error.line(
        "Interrupted \(isComplete ? "after" : "in") epoch \(report.epochs + (isComplete ? 0 : 1)) of "
          + "\(options.epochs). Saved to \(path); "
          + (isComplete ? "evaluate it with\n  " : "resume with\n  ")
          + "\(terminal.command) \(isComplete ? "evaluate" : "train --resume") \(shellQuoted(path))"
          + (isComplete ? "" : resumeOptions)
      )
      return (report, nil)
    }
    func measured(
      _ data: Dataset?, _ part: String, keepingPredictions: Bool = false
    ) throws -> Evaluation? {
      guard let data else { return nil }
      if Interruption.isRequested { throw Interruption.status }
      return try network.evaluate(
        data, "evaluating on \(part)", keepingPredictions: keepingPredictions,
        showing: terminal.progress(for: arguments))
    }
    func part(
      _ evaluation: Evaluation?, of data: Dataset?, details: Bool = false
    ) -> PartReport? {
      guard let evaluation, let data else { return nil }
      return PartReport(evaluation, examples: data.count, details: details, isText: isText)
    }
    var tested: Evaluation?
    try Self.afterTraining(savedTo: path, on: terminal) {
      // With its predictions, which the demo shows.
      tested = try measured(test, "test data", keepingPredictions: true)
      report.train = part(try measured(train, "training data"), of: train)
      report.validation = part(try measured(validation, "validation data"), of: validation)
      report.test = part(tested, of: test, details: true)
    }
    var labels: MultiLabelReport?
    if let test, let tested {
      report.test?.addPersistence(of: network, on: test)
      labels = MultiLabelReport(tested, on: test, network)
      report.test?.add(labels)
    }
    printer.results(
      report, test: isText || !network.sideInputShapes.isEmpty ? nil : tested, labels: labels)
    return (report, tested)
  }

  /// Work on a trained network that is saved. A signal ends it after a part of it, and is told what is left to do.
  package static func afterTraining(
    savedTo path: String, on terminal: Terminal, _ body: () throws -> Void
  ) throws {
    do {
      try Interruption.watched {
        try body()
        if Interruption.isRequested { throw Interruption.status }
      }
    } catch let status as ExitStatus where Interruption.isRequested {
      terminal.error.clearLine()  // the ^C
      terminal.error.line(
        "Interrupted after the training. The network is saved to \(path); evaluate it with\n  "
          + "\(terminal.command) evaluate \(shellQuoted(path))")
      throw status
    }
  }

  /// The epoch whose weights the network has after training, from 0; `nil` before the first has ended.
  package var keptEpoch: Int? {
    get throws {
      guard let stopping else { return network.progress?.history.epochs.indices.last }
      return try stopping.keptEpoch(of: network)
    }
  }

  /// Trains without a word, until the last epoch or a signal.
  package mutating func train(epochEnded: @escaping () -> Void) throws {
    try fit([StopOnInterruption(), EpochCount(epochEnded)])
  }

  /// Trains and saves.
  ///
  /// - Parameter stream: the stream for progress; `nil` for none
  /// - Returns: whether a signal ended the training early
  private mutating func fit(
    savingTo output: OutputFile, progress stream: TextStream?, warnings: TextStream
  ) throws -> Bool {
    var callbacks: [any TrainingCallback] =
      [StopOnInterruption(), Autosave(to: output, warnings: warnings)]
    if let stream { callbacks.insert(TrainingDisplay(on: stream, isText: isText), at: 0) }
    // After a signal or an error the display cannot clear its own line.
    defer { stream?.clearLine() }
    try Interruption.watched {
      try fit(callbacks)
      stream?.clearLine()
      try output.saveTrained(network, warnings: warnings)
    }
    guard let progress = network.progress, !Interruption.isRequested else { return true }
    return progress.epoch < options.epochs && !progress.isStopped
  }

  /// Trains with these callbacks, and those of the run.
  private mutating func fit(_ callbacks: [any TrainingCallback]) throws {
    let callbacks = callbacks + [stopping].compactMap { $0 } + self.callbacks
    if let batches {
      try network.fit(
        batches, validation: validation, options: options, callbacks: callbacks,
        resuming: isResumed)
    } else {
      try network.fit(
        train, validation: validation, options: options, callbacks: callbacks, resuming: isResumed)
    }
  }
}

/// Reports the end of each epoch.
private struct EpochCount: TrainingCallback {
  let ended: () -> Void
  init(_ ended: @escaping () -> Void) { self.ended = ended }

  mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    ended()
    return .proceed
  }
}
