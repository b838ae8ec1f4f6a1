import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

/// A recipe with its data and its network.
struct Experiment {
  let recipe: Recipe
  let parts: DatasetSplit
  /// The images whose views a pretraining sees, with their labels; `nil` for other networks.
  let images: DatasetSplit?
  /// The images of a detector; `nil` for other networks.
  let detection: (train: DetectionData, validation: DetectionData, test: DetectionData)?
  /// Remarks on the data.
  let remarks: DataRemarks
  /// The training of the network.
  var run: TrainingRun

  /// A new run.
  init(
    _ recipe: Recipe, author: String, skipBroken: Bool = false, progress: TextStream? = nil
  ) throws {
    try recipe.check()
    var data = try recipe.loadData(skipBroken: skipBroken, progress: progress)
    let parts = try recipe.split(data)
    var (recipe, remark) = recipe.adapted(to: parts.train)
    if let remark { data.remarks.notes.append(remark) }
    if !recipe.findsLearningRate { try recipe.checkRates() }
    // Other tables have it in another place.
    recipe.text = recipe.text ?? data.textColumn
    var network =
      try data.detection.map { try recipe.detectionNetwork(for: $0) }
      ?? recipe.network(for: parts.train, preparation: data.preparation)
    var rangeTest: LearningRateRangeTest?
    if recipe.findsLearningRate {
      let test = try recipe.rangeTest(of: network, on: parts.train, progress: progress)
      recipe.learningRateChoice = .rate(test.learningRate)
      network.optimizer?.learningRate = test.learningRate
      data.remarks.notes.append(test.remark)
      try recipe.checkRates()
      rangeTest = test
    }
    Recipe.record(data, in: &network)
    network.author = author
    try self.init(recipe, network, on: data, parts: parts, isResumed: false)
    run.rangeTest = rangeTest
  }

  /// The rest of an interrupted run, or more epochs of a complete one.
  ///
  /// All settings come from the file; `arguments` may repeat them, raise the number of epochs, and give
  /// a new location of the data.
  init(
    resuming path: String, arguments: Arguments, progress stream: TextStream? = nil
  ) throws {
    let network = try savedNetwork(path)
    guard var recipe = try Recipe(notedIn: network, path: path), let progress = network.progress
    else {
      throw CourseError(
        .invalidArgument, "nothing to resume", expected: "a network saved by 'course train'",
        received: "a network without the settings of its training", location: path,
        remedy: "--resume continues runs of 'course train' only.")
    }
    var wanted = recipe
    wanted.apply(arguments)
    for setting in Recipe.settings where setting.isFixed {
      let (old, new) = (setting.text(recipe), setting.text(wanted))
      guard old == new else {
        throw UsageError(
          "'--\(setting.name) \(new)' conflicts with \(path), which was trained with "
            + "\(old.isEmpty ? "the default" : old). Omit the option, or start a new run without --resume."
        )
      }
    }
    if progress.isStopped, let patience = recipe.patience, wanted.patience ?? 0 <= patience {
      throw UsageError(
        "\(path) stopped early, in epoch \(progress.epoch) of \(recipe.epochs): "
          + "\(counted(patience, "epoch")) without a better validation loss. Train on with "
          + "'--patience \(2 * patience)'.")
    }
    // Other schedules end with the last epoch.
    let canGoOn = recipe.scheduleName == .step
    guard progress.epoch < (canGoOn ? wanted : recipe).epochs else {
      throw UsageError(
        "\(path) has completed \(progress.epoch) of \(counted(recipe.epochs, "epoch"))"
          + (canGoOn
            ? ". Train ten more with '--epochs \(progress.epoch + 10)', or see its results with "
              + "'course evaluate \(shellQuoted(path))'."
            : ", and its \(recipe.scheduleName.rawValue) schedule ends there. See its results with "
              + "'course evaluate \(shellQuoted(path))', or start a new run with more --epochs, without --resume.")
      )
    }
    guard canGoOn || wanted.epochs == recipe.epochs else {
      throw UsageError(
        "the \(recipe.scheduleName.rawValue) schedule of \(path) ends after \(counted(recipe.epochs, "epoch")). "
          + "Omit --epochs, or start a new run without --resume.")
    }
    recipe.epochs = wanted.epochs
    recipe.patience = wanted.patience
    try recipe.checkStopping()
    (recipe.data, recipe.masks) = (wanted.data, wanted.masks)
    let data = try recipe.recordedData(
      of: network, isGivenNow: arguments.isGiven("data") || arguments.isGiven("masks"),
      skipBroken: arguments[RunOptions.skipBroken], progress: stream,
      remedy: "Restore the original data (--data for a new location), or start a new run.")
    try self.init(recipe, network, on: data, parts: recipe.split(data), isResumed: true)
  }

  private init(
    _ recipe: Recipe, _ network: NeuralNetwork, on data: DataSource.Loaded, parts: DatasetSplit,
    isResumed: Bool
  ) throws {
    self.recipe = recipe
    images = recipe.isPretraining ? parts : nil
    self.parts = recipe.isPretraining ? try recipe.views(of: parts) : parts
    var remarks = data.remarks
    if !isResumed {
      remarks.notes += recipe.smallClassNotes(data.examples)
      remarks.notes += recipe.scheduleNotes(for: parts.train)
    }
    self.remarks = remarks
    let boxes = try recipe.detectionParts(data)
    detection = boxes
    run = try TrainingRun(
      network, recipe: recipe.recipe, settings: recipe, train: self.parts.train,
      validation: recipe.validation > 0 ? self.parts.validation : nil,
      test: recipe.test > 0 ? self.parts.test : nil,
      options: recipe.options(for: parts.train),
      batches: boxes.map { recipe.detectionBatches(of: $0.train) as any TrainingBatches }
        ?? recipe.batches(of: parts.train),
      remark: boxes.map { $0.train.remark }
        ?? (recipe.augment == .none ? nil : "augmentation: \(recipe.augment.text)"),
      stopping: recipe.stopping, isText: recipe.isText, isResumed: isResumed)
  }
}
