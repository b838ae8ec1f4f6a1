import CourseCommandLine
import Foundation
import Networks

/// A recipe with its data and its network.
struct Experiment {
  private(set) var recipe: Recipe
  let parts: DatasetSplit
  /// The augmented training images; `nil` without augmentation.
  private let images: ImageGenerator?
  private(set) var network: NeuralNetwork
  /// Whether the run continues an earlier one.
  let isResumed: Bool
  /// Remarks on the data.
  let remarks: DataRemarks
  /// Called while the network learns, besides those of each run.
  var callbacks: [any TrainingCallback] = []

  private static let recipeNote = "recipe"
  static let authorNote = "written by"

  /// A new run.
  init(
    _ recipe: Recipe, author: String, skipBroken: Bool = false, progress: TextStream? = nil
  ) throws {
    try recipe.check()
    let data = try recipe.loadData(skipBroken: skipBroken, progress: progress)
    let parts = try recipe.split(data)
    images = try recipe.augmented(parts.train)
    network = try recipe.network(for: parts.train)
    network.notes[Self.recipeNote] = try recipe.json()
    Recipe.record(data, in: &network)
    network.notes[Self.authorNote] = author
    self.recipe = recipe
    self.parts = parts
    remarks = data.remarks
    isResumed = false
  }

  /// The rest of an interrupted run, or more epochs of a complete one.
  ///
  /// All settings come from the file; `arguments` may repeat them, raise the number of epochs, and give
  /// a new location of the data.
  init(
    resuming path: String, arguments: Arguments, progress stream: TextStream? = nil
  ) throws {
    network = try savedNetwork(path)
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
    guard progress.epoch < wanted.epochs else {
      throw UsageError(
        "\(path) has completed \(progress.epoch) of \(counted(wanted.epochs, "epoch")). "
          + "Train ten more with '--epochs \(progress.epoch + 10)'.")
    }
    guard recipe.scheduleName == .step || wanted.epochs == recipe.epochs else {
      throw UsageError(
        "the \(recipe.scheduleName.rawValue) schedule of \(path) ends after \(counted(recipe.epochs, "epoch")). "
          + "Omit --epochs, or start a new run without --resume.")
    }
    recipe.epochs = wanted.epochs
    recipe.data = wanted.data
    let data = try recipe.recordedData(
      of: network, isGivenNow: arguments.isGiven("data"),
      skipBroken: arguments[RunOptions.skipBroken], progress: stream,
      remedy: "Restore the original data (--data for a new location), or start a new run.")
    parts = try recipe.split(data)
    images = try recipe.augmented(parts.train)
    network.notes[Self.recipeNote] = try recipe.json()
    self.recipe = recipe
    remarks = data.remarks
    isResumed = true
  }

  /// Trains and saves.
  ///
  /// - Parameter stream: the stream for progress; `nil` for none
  /// - Returns: whether a signal ended the training early
  mutating func train(
    output: OutputFile, progress stream: TextStream?, warnings: TextStream
  ) throws -> Bool {
    var callbacks: [any TrainingCallback] =
      [
        StopOnInterruption(), Autosave(to: output, warnings: warnings),
      ] + self.callbacks
    if let stream {
      callbacks.insert(TrainingDisplay(on: stream, isText: recipe.isText), at: 0)
    }
    // After a signal or an error the display cannot clear its own line.
    defer { stream?.clearLine() }
    let options = TrainingOptions(
      epochs: recipe.epochs, batchSize: recipe.batchSize, shuffle: !recipe.isText,
      clipping: recipe.clip.clipping,
      schedule: recipe.schedule(
        stepsPerEpoch: (parts.train.count + recipe.batchSize - 1) / recipe.batchSize))
    try Interruption.watched {
      if let images {
        try network.fit(
          images, validation: validation, options: options, callbacks: callbacks,
          resuming: isResumed)
      } else {
        try network.fit(
          parts.train, validation: validation, options: options, callbacks: callbacks,
          resuming: isResumed)
      }
      stream?.clearLine()
      try output.saveTrained(network, warnings: warnings)
    }
    return Interruption.isRequested || (network.progress?.epoch ?? 0) < recipe.epochs
  }

  /// The validation part; `nil` when it has no examples.
  var validation: Dataset? { recipe.validation > 0 ? parts.validation : nil }
  /// The test part; `nil` when it has no examples.
  var test: Dataset? { recipe.test > 0 ? parts.test : nil }
}
