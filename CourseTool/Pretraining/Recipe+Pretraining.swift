import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

// Networks that are trained on images without labels: their settings, data and layers.

extension Recipe {
  /// Whether the network learns a representation, without labels.
  var isPretraining: Bool { pretext != nil }

  /// Throws when settings do not fit a pretraining, or those of one are given for another network.
  func checkPretraining(_ given: Set<String>) throws(UsageError) {
    let usual = Recipe(recipe: "")
    guard let pretext else {
      guard temperature == usual.temperature else {
        throw UsageError("'--temperature' applies to --pretext nt-xent only")
      }
      return
    }
    let unfit =
      [
        "label", "target", "loss", "class-weights", "recurrent", "embedding", "blocks", "depth",
        "batch-norm", "dropout", "activation", "masks", "levels", "regions", "proposals",
        "box-weight", "window", "separator", "encoder", "encoder-rate",
      ] + Self.tableSettings
    try checkKind("pretext", unfit: unfit, suitable: "figures-vicreg", given)
    if let option = firstChanged(unfit, given: given)?.option {
      throw UsageError("'\(option)' does not apply with --pretext \(pretext.rawValue)")
    }
    guard pretext != .rotation || fitting != .pad else {
      throw UsageError(
        "'--fit pad' puts borders beside images, which tell the quarter turns apart: use crop or stretch "
          + "with --pretext rotation")
    }
    guard temperature == usual.temperature || pretext == .ntXent else {
      throw UsageError("'--temperature' applies to --pretext nt-xent only")
    }
    guard !data.isEmpty else {
      throw UsageError("recipe '\(recipe)' needs images to learn from: --data NAME|FOLDER")
    }
    guard !maps.isEmpty, !hidden.isEmpty else {
      throw UsageError(
        "an encoder has convolutions, and its head has a layer: use --maps 32,64,128 --hidden "
          + "256,256")
    }
    if let wrong = augment.list.first(where: { $0.stage > .color }) {
      throw UsageError(
        "'--augment \(wrong.description)' makes no view of an image: use changes of places and colours, "
          + "such as crop:4,rotate:15,brightness:0.3")
    }
    guard pretext == .rotation || !augment.list.isEmpty else {
      throw UsageError(
        "the two views of an image would be the same: give --augment, such as crop:4,rotate:15")
    }
    guard batchSize > 1 else {
      throw UsageError(
        "'--batch-size 1': "
          + (pretext == .rotation
            ? "an encoder learns from at least 2 images at a time"
            : "images are compared with others of their batch"))
    }
    switch scaling {
    case .none, .standardizeAll, .divide: break
    default:
      throw UsageError(
        "'--scaling \(scaling.text)' scales each view in its own way: use standardize-all, a number or "
          + "none")
    }
    try checkExtras()
    guard automatic.isEmpty else {
      throw UsageError("recipes whose settings follow the data do not apply with --pretext")
    }
    try checkOptimizer(given)
    try checkStopping()
    try checkShares()
  }

  /// The network before training.
  /// - Parameter training: images, whose labels do not count
  func pretrainingNetwork(for training: Dataset) throws -> NeuralNetwork {
    guard training.inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "an encoder takes images", expected: "examples of shape [C, H, W]",
        received: "\(training.inputShape)", location: training.name,
        remedy: Self.remedy(forRowsOf: training.inputShape.reduce(1, *)))
    }
    var network = try NeuralNetwork.pretraining(
      pretext!, inputShape: training.inputShape, blocks: maps.widths, kernelSize: kernelSize,
      head: hidden, temperature: temperature, optimizer: optimizer.make(for: self), seed: seed)
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    network.preprocessing = try scaling.scaler(for: training)
    return network
  }

  /// The remedy for rows of numbers in place of images, which some of them are.
  private static func remedy(forRowsOf count: Int) -> String {
    let side = Int(Double(count).squareRoot())
    return side >= 8 && side * side == count
      ? "Use --shape 1,\(side),\(side) to make a grey image of each row of \(count) numbers."
      : "Give a folder of images, or a name of images from 'data list'."
  }

  /// The views of images, as batches for a training.
  func viewBatches(of images: Dataset) throws -> ViewBatches {
    try ViewBatches(
      of: images, for: pretext!, augmentation: augment.list, batchSize: batchSize, seed: seed,
      brightest: DataSource.brightest(of: data))
  }

  /// The examples to measure the network on: views of the images of each part that is wanted.
  func views(of parts: DatasetSplit) throws -> DatasetSplit {
    DatasetSplit(
      train: try views(of: parts.train, "training"),
      validation: try views(of: parts.validation, "validation"),
      test: try views(of: parts.test, "test"))
  }

  /// The same of one part.
  /// - Parameters:
  ///   - name: that of the part
  ///   - source: the data, where they are not those of the settings, whose shares can be chosen
  func views(of images: Dataset, _ name: String, of source: String? = nil) throws -> Dataset {
    do {
      return images.count == 0 ? images : try viewBatches(of: images).dataset()
    } catch var error as CourseError where images.count == 1 {
      error.location = "the \(name) part of \(source ?? data)"
      error.remedy =
        "Use more images" + (source == nil ? ", or another share: --validation, --test." : ".")
      throw error
    }
  }

  /// Images without labels, where a folder holds some and no class folders; `nil` for other data.
  /// - Throws: also for a folder without any images, which need not lie in class folders here
  func loadUnlabelled(
    form: ImageForm, skipBroken: Bool, progress stream: TextStream?
  ) throws -> DataSource.Loaded? {
    // Not a matter of a label column, which a table would be asked for.
    if DataSource.isTable(data), DataSource.isPath(data) {
      throw UsageError(
        FileManager.default.fileExists(atPath: data)
          ? "recipe '\(recipe)' learns from images, and \(data) is one file: give a folder of images, or a "
            + "name from 'data list'"
          : "there is no folder \(data)")
    }
    guard !DataSource.names.contains(data),
      try UnlabelledImages.areThere(in: data)
        || ImageSources.kind(of: data) == .imageFolder
          && FolderListing.images(below: data).isEmpty
    else { return nil }
    let source = try UnlabelledImages(data, skipBroken: skipBroken)
    let (input, note) = try form.input(for: ImageShapes(of: source))
    let line = ProgressLine("decoding", total: source.count, unit: "images", on: stream)
    defer { line.clear() }
    var loaded = DataSource.Loaded(
      examples: try Dataset(ShownImages(source, counting: line), as: input, name: data),
      remarks: DataRemarks(skipped: source.skipped), imageInput: input)
    loaded.remarks.notes = ["Images without labels."] + [note].compactMap { $0 }
    return loaded
  }
}
