import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

// Networks that name a class for each pixel: their settings, data and layers.

extension Recipe {
  /// Throws when settings do not fit a segmentation.
  func checkSegmentation(_ given: Set<String>) throws(UsageError) {
    let unfit =
      [
        "label", "target", "loss", "class-weights", "shape", "maps", "recurrent", "hidden",
        "embedding", "blocks", "depth", "batch-norm", "dropout", "activation", "regions",
        "pretext", "encoder", "encoder-rate", "window",
      ] + Self.tableSettings
    try checkKind("levels", unfit: unfit, suitable: "figures-unet", given)
    if let option = firstChanged(unfit, given: given)?.option {
      throw UsageError("'\(option)' does not apply to a U-Net: omit it")
    }
    if augment.list.contains(where: { $0.stage == .batch }) {
      throw UsageError(
        "'--augment \(augment.text)': mixed images have no class for each pixel: leave mixup out")
    }
    if let masks, data == DataSource.scenes.name {
      throw UsageError("'--masks \(masks)': the scenes have masks of their own: give --data FOLDER")
    }
    try checkOptimizer(given)
    try checkStopping()
    try checkShares()
  }

  /// The network before training, with the scaling fitted on the training part.
  func unet(for training: Dataset) throws -> NeuralNetwork {
    try checkSize(training.inputShape)
    var network = try NeuralNetwork.unet(
      inputShape: training.inputShape, classCount: training.classNames.count, width: width,
      levels: levels, skips: skips,
      optimizer: optimizer.make(for: self),
      seed: seed)
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    network.preprocessing = try scaling.scaler(for: training)
    network.classNames = training.classNames
    return network
  }

  /// Throws unless images of a shape can be halved often enough.
  private func checkSize(_ shape: [Int]) throws {
    do {
      try UNet.checkSize(height: shape[1], width: shape[2], levels: levels)
    } catch var error as CourseError {
      error.location = data
      error.remedy =
        "Choose such a size with --size HxW\(levels > 1 ? ", or fewer --levels than \(levels)" : "")."
      throw error
    }
  }

  /// Images with the class of each pixel.
  /// - Parameters:
  ///   - source: `synthetic-scenes`, or a folder
  ///   - masks: the folder of the masks, where it is not within that of the images
  ///   - classNames: the classes that a trained network knows
  func loadAnnotated(
    _ source: String, masks: String? = nil, classNames: [String]?, form: ImageForm,
    skipBroken: Bool, progress: TextStream?
  ) throws -> DataSource.Loaded {
    try readingAnnotated(skipBroken: skipBroken) {
      try loadAnnotated(
        source, masks: masks, classNames: classNames, form: form, progress: progress)
    }
  }

  private func loadAnnotated(
    _ source: String, masks: String?, classNames: [String]?, form: ImageForm, progress: TextStream?
  ) throws -> DataSource.Loaded {
    if source == DataSource.scenes.name {
      // Drawn in the size in which they are wanted, where they have it.
      let wanted = try form.input(for: ImageShapes(counts: [[3, 64, 64]: 1])).input
      try checkSize(wanted.shape)
      let isSquare = wanted.height == wanted.width && (32...1024).contains(wanted.height)
      return try load(
        SyntheticScenes(
          size: isSquare ? wanted.height : 64, count: DataSource.scenes.count, seed: 1),
        as: wanted, title: "drawing", named: source, progress: progress)
    }
    guard FileManager.default.fileExists(atPath: source) else {
      throw UsageError(
        "there is no folder \(source): give a folder with images and masks, or "
          + DataSource.scenes.name)
    }
    if masks == nil { try DataSource.requireAnnotations(source) }
    let folder = try AnnotatedFolder(source, masks: masks, classNames: classNames)
    let (input, note) = try form.input(for: folder.imageShapes)
    try checkSize(input.shape)
    var loaded = try load(
      folder, as: input, title: "decoding", named: source, progress: progress)
    loaded.remarks.notes = folder.notes + [note].compactMap { $0 }
    if !folder.pixelValues.enumerated().allSatisfy({ $0.offset == $0.element }) {
      loaded.maskValues = folder.pixelValues
    }
    return loaded
  }

  private func load(
    _ source: some AnnotatedImageSource, as input: ImageInput, title: String, named name: String,
    progress: TextStream?
  ) throws -> DataSource.Loaded {
    let line = ProgressLine(title, total: source.count, unit: "images", on: progress)
    defer { line.clear() }
    let data = try Dataset(source, as: input, name: name) { line.advance() }
    return DataSource.Loaded(examples: data, imageInput: input)
  }
}
