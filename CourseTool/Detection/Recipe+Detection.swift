import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

// Detectors: their data, which are images with boxes, and their network.

extension Recipe {
  /// Whether the network finds things in images.
  var isDetector: Bool { regions > 0 }

  /// The images with their boxes and proposals: the scenes, or a folder of one's own.
  /// - Parameters:
  ///   - given: another folder than that of the settings
  ///   - network: the trained network, whose classes and size count; `nil` before training
  ///   - classNames: the classes that a trained network knows, with the background
  ///   - stream: the stream for the progress; `nil` for none
  func loadDetectionData(
    _ given: String? = nil, for network: NeuralNetwork? = nil, classNames: [String]? = nil,
    skipBroken: Bool, progress stream: TextStream?
  ) throws -> DetectionData {
    let source = given ?? data
    let classNames = classNames ?? network?.classNames
    var line: ProgressLine?
    var shown: DetectionData.Work?
    defer { line?.clear() }
    func show(_ work: DetectionData.Work, done: Int, count: Int) throws {
      if Interruption.isRequested { throw Interruption.status }
      if shown != work {
        line?.clear()
        (shown, line) = (
          work, ProgressLine(work.rawValue, total: count, unit: "images", on: stream)
        )
      }
      line?.show(done)
    }
    guard source == DataSource.scenes.name else {
      try DataSource.requireAnnotations(source)
      return try readingAnnotated(skipBroken: skipBroken) {
        try DetectionData(
          folder: source,
          size: network.map { Array($0.inputShape.dropFirst()) }
            ?? imageSize.map { [$0.height, $0.width] } ?? [64, 64],
          classNames: classNames.map { Array($0.dropLast()) }, proposals: proposals,
          progress: show)
      }
    }
    let side = network?.inputShape[1] ?? 64
    guard network?.inputShape ?? [3, side, side] == [3, side, side], (32...1024).contains(side)
    else {
      throw CourseError(
        .shapeMismatch, "the scenes are square", expected: "a detector of square images",
        received: "one of \(network?.inputShape ?? [])", location: source,
        remedy: "Give a folder of images with boxes.")
    }
    let scenes = SyntheticScenes(size: side, count: DataSource.scenes.count, seed: 1)
    guard classNames.map({ Array($0.dropLast()) == scenes.classNames }) ?? true else {
      throw CourseError(
        .invalidData, "the classes differ from those of the detector",
        expected: (classNames ?? []).dropLast().map(\.printable).joined(separator: ", "),
        received: scenes.classNames.joined(separator: ", "), location: source,
        remedy: "Give a folder of images with boxes of these classes.")
    }
    let drawing = ProgressLine("drawing", total: scenes.count, unit: "scenes", on: stream)
    defer { drawing.clear() }
    var images: [AnnotatedImage] = []
    // In pieces, so that a signal is heard and progress is seen.
    for start in stride(from: 0, to: scenes.count, by: 100) {
      if Interruption.isRequested { throw Interruption.status }
      images += scenes.scenes(at: start..<min(start + 100, scenes.count))
      drawing.show(images.count)
    }
    drawing.clear()
    return try DetectionData(
      name: source, images: images, classNames: scenes.classNames, proposals: proposals,
      progress: show)
  }

  /// The network before training.
  func detectionNetwork(for data: DetectionData) throws -> NeuralNetwork {
    var network = try NeuralNetwork.fastRCNN(
      imageSize: data.imageSize, classNames: data.classNames, channels: maps.widths.flatMap { $0 },
      hidden: hidden[0], regions: regions, boxWeight: boxWeight,
      optimizer: optimizer.make(for: self), seed: seed)
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: batchSize)
    return network
  }

  /// The batches of a part of the data, whose regions are resampled in each epoch.
  func detectionBatches(of training: DetectionData) -> DetectionBatches {
    DetectionBatches(training, regions: regions, batchSize: batchSize, seed: seed)
  }

  /// Throws when settings do not fit a detector, or those of a detector are given for another network.
  func checkDetection(_ given: Set<String>) throws(UsageError) {
    guard isDetector else {
      let usual = Recipe(recipe: "")
      guard proposals == usual.proposals, boxWeight == usual.boxWeight else {
        throw UsageError(
          "'--proposals' and '--box-weight' apply to detectors: use the recipe figures-fast-rcnn")
      }
      return
    }
    let unfit = [
      "label", "target", "loss", "class-weights", "shape", "augment", "channels", "fit", "depth",
      "dropout", "batch-norm", "recurrent", "embedding", "blocks", "activation",
      "encoder", "encoder-rate",
    ]
    try checkKind("regions", unfit: unfit, suitable: "figures-fast-rcnn", given)
    if scaling != .none, !given.contains("scaling"), asksForOtherKind("regions", given) {
      throw otherKind("regions", suitable: "figures-fast-rcnn")
    }
    if let option = firstChanged(unfit, given: given)?.option {
      throw UsageError("'\(option)' does not apply to detectors: omit it")
    }
    guard scaling == .none else {
      throw UsageError("'--scaling \(scaling.text)' does not apply to detectors: omit it")
    }
    guard (1...6).contains(maps.widths.count), maps.widths.allSatisfy({ $0.count == 1 }),
      hidden.count == 1
    else {
      throw UsageError(
        "a detector has 1 to 6 convolutions, with pooling between them, and one hidden layer: use --maps "
          + "24,48,64 --hidden 128")
    }
    try checkExtras()
    guard data != DataSource.scenes.name || imageSize == nil else {
      throw UsageError("'--size' does not apply to the scenes, which are of 64 x 64 pixels")
    }
  }
}

extension SyntheticScenes {
  /// Scenes, drawn on all threads.
  fileprivate func scenes(at range: Range<Int>) -> [AnnotatedImage] {
    var found = [AnnotatedImage?](repeating: nil, count: range.count)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      parallelFor(range.count) { found[$0] = scene(at: range.lowerBound + $0) }
    }
    return found.compactMap { $0 }
  }
}
