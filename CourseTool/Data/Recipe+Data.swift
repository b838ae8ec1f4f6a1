import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

extension Recipe {
  /// The data, in the shape that the network takes.
  /// - Parameters:
  ///   - expected: the columns and classes of a trained network
  ///   - form: the form in which a trained network takes images; `nil` for that of the settings
  ///   - progress: the stream for the progress of reading images; `nil` for none
  func loadData(
    for expected: ExpectedData? = nil, form: ImageForm? = nil, skipBroken: Bool = false,
    progress: TextStream? = nil
  ) throws -> DataSource.Loaded {
    if isDetector {
      let data = try loadDetectionData(
        classNames: expected?.classNames, skipBroken: skipBroken, progress: progress)
      // Images of any size are stretched to one, and boxes found there are stretched back.
      let input = try ImageInput(
        channels: 3, height: data.imageSize[0], width: data.imageSize[1], fitting: .stretch)
      return DataSource.Loaded(
        examples: try detectionBatches(of: data).dataset(), imageInput: input, detection: data)
    }
    if isOfTexts { return try loadTexts(data, classNames: expected?.classNames) }
    if isText {
      let parts = try DataSource.loadText(data, classNames: expected?.classNames)
        .split(
          validation: validation, test: test, batchSize: textRows, sequenceLength: sequenceLength)
      return DataSource.Loaded(examples: parts.train, parts: parts)
    }
    if isSegmentation {
      return try loadAnnotated(
        data, masks: masks, classNames: expected?.classNames, form: form ?? imageForm,
        skipBroken: skipBroken, progress: progress)
    }
    if isPretraining,
      let loaded = try loadUnlabelled(
        form: form ?? imageForm, skipBroken: skipBroken, progress: progress)
    {
      return loaded
    }
    if isPretraining { try DataSource.requireNoAnnotations(data, for: self) }
    var loaded = try DataSource.load(
      data, label: label, expected: expected,
      training: TableTraining(
        targets: loss == nil ? nil : target?.map { LabelColumn(argument: $0) }, kind: targetKind,
        options: preparationOptions, rows: { try indices(of: $0, name: data).train }),
      form: form ?? formOfEncoder() ?? imageForm, skipBroken: skipBroken, progress: progress)
    loaded.examples = try shaped(loaded.examples)
    loaded.validation = try loaded.validation.map(shaped)
    loaded.test = try loaded.test.map(shaped)
    return loaded
  }

  private func shaped(_ data: Dataset) throws -> Dataset {
    let own = data.inputShape
    // Dense layers take an image as a row of numbers.
    let wanted =
      !shape.isEmpty
      ? shape
      : maps.isEmpty && recurrent.isEmpty && encoder == nil ? [own.reduce(1, *)] : own
    let (count, wantedCount) = (own.reduce(1, *), wanted.reduce(1, *))
    guard count == wantedCount else {
      throw CourseError(
        .shapeMismatch, "the examples do not fit the input shape \(wanted)",
        expected: "\(wantedCount) numbers per example", received: "\(count)",
        location: data.name,
        remedy: "Choose another --shape, or --shape none.")
    }
    return wanted == own ? data : data.reshaped(to: wanted)
  }

  /// The three parts of the data: a function of the seed and the fractions.
  func split(_ data: DataSource.Loaded) throws -> DatasetSplit {
    if let parts = data.parts { return parts }
    if let fold, data.test != nil {
      throw UsageError(
        "'--folds \(fold.count)' makes test parts of the examples, and \(self.data) has test data of its own: "
          + "use --repeats \(fold.count)")
    }
    guard data.validation != nil || data.test != nil else {
      try checkShares()
      return try split(data.examples, validation: validation, test: test)
    }
    // Parts that the data set defines are taken as they are; the others come from the examples.
    let shares = (
      validation: data.validation == nil ? validation : 0, test: data.test == nil ? test : 0
    )
    // A subset is a copy, and a copy of all examples is wasted memory.
    var parts =
      shares == (0, 0)
      ? DatasetSplit(train: data.examples, validation: data.examples, test: data.examples)
      : try split(data.examples, validation: shares.validation, test: shares.test)
    if let validation = data.validation { parts.validation = validation }
    if let test = data.test { parts.test = test }
    return parts
  }

  private func split(
    _ data: Dataset, validation: Double, test: Double
  ) throws -> DatasetSplit {
    var recipe = self
    (recipe.validation, recipe.test) = (validation, test)
    let parts = try recipe.indices(of: data.targets, name: data.name)
    return DatasetSplit(
      train: data.subset(parts.train), validation: data.subset(parts.validation),
      test: data.subset(parts.test))
  }

  /// The three parts of the images of a detector; `nil` for other data.
  func detectionParts(
    _ data: DataSource.Loaded
  ) throws -> (train: DetectionData, validation: DetectionData, test: DetectionData)? {
    guard let images = data.detection else { return nil }
    let parts = try indices(of: data.examples.targets, name: data.examples.name)
    return (
      images.subset(parts.train), images.subset(parts.validation), images.subset(parts.test)
    )
  }

  /// The examples of each part.
  private func indices(
    of targets: Target, name: String
  ) throws -> (train: [Int], validation: [Int], test: [Int]) {
    try checkShares()
    if let fold {
      return try targets.fold(
        fold.index, of: fold.count, validation: validation, seed: seed, name: name)
    }
    switch splitName {
    case .random:
      return try targets.split(
        train: 1 - validation - test, validation: validation, test: test, seed: seed, name: name)
    case .ordered:
      if let window = preparationOptions.window {
        return try window.parts(
          of: targets.count, validation: validation, test: test, name: name)
      }
      let count = targets.count
      let testStart = count - Int((Double(count) * test).rounded())
      let validationStart = testStart - Int((Double(count) * validation).rounded())
      return (
        Array(0..<validationStart), Array(validationStart..<testStart), Array(testStart..<count)
      )
    }
  }

  /// Notes on classes that have fewer examples than there are parts.
  func smallClassNotes(_ data: Dataset) -> [String] {
    guard splitName == .random, !isText, !isSegmentation, !isDetector, !isPretraining, loss == nil,
      let count = data.classCount
    else { return [] }
    var examples = [Int](repeating: 0, count: count)
    for label in data.targets.classIndices where label >= 0 { examples[label] += 1 }
    let parts = fold?.count ?? 1 + (validation > 0 ? 1 : 0) + (test > 0 ? 1 : 0)
    let small = examples.indices.filter { (1..<parts).contains(examples[$0]) }
    let notes = small.prefix(5).map { label in
      let name = data.classNames.isEmpty ? "\(label)" : "\"\(data.classNames[label])\""
      return
        "class \(name) has \(counted(examples[label], "example")), too few for every \(fold == nil ? "part" : "fold")"
    }
    return notes + (small.count > 5 ? ["so have \(small.count - 5) more classes"] : [])
  }

  /// Notes in a network which data it is trained on.
  static func record(_ data: DataSource.Loaded, in network: inout NeuralNetwork) {
    network.dataFingerprint = data.fingerprint
    network.imageInput = data.imageInput
    network.maskValues = data.maskValues
  }

  /// The data that a network was trained on, to be divided as they were for its training.
  ///
  /// Every use of a part of them goes through here: the part of an example depends on all examples and their order, so
  /// that after any change some training examples would be among the test examples.
  ///
  /// - Parameters:
  ///   - isGivenNow: whether the user has just given their location
  ///   - remedy: the alternative
  /// - Throws: when they have changed, or came through a pipe.
  func recordedData(
    of network: NeuralNetwork, isGivenNow: Bool = false, skipBroken: Bool,
    progress: TextStream? = nil, remedy: String
  ) throws -> DataSource.Loaded {
    guard isGivenNow || !DataSource.isPipe(data) else {
      throw CourseError(
        .file, "the training data came through a pipe and cannot be read again", expected: "a file",
        location: data, remedy: remedy)
    }
    // A name that is gone from the disk would be taken for another kind of data, with another remedy.
    let isThere =
      DataSource.isKnown(data) || DataSource.isPipe(data)
      || FileManager.default.fileExists(atPath: data)
    guard isThere else {
      throw CourseError(
        .file, "the training data are not there", expected: "a file or a folder",
        received: "no such file or directory", location: data, remedy: remedy)
    }
    let loaded = try loadData(
      for: isPretraining ? nil : ExpectedData(of: network, self),
      // Not that of the file of the encoder, which may be gone.
      form: network.imageInput.map(ImageForm.of)
        ?? (encoder == nil ? nil : ImageForm(of: network)),
      skipBroken: skipBroken, progress: progress)
    guard network.dataFingerprint == loaded.fingerprint else {
      throw CourseError(
        .invalidData, "the data have changed since training",
        expected: "the same examples in the same order, for the same split",
        received: "\(loaded.examples.count) examples, with changes", location: data,
        remedy: remedy)
    }
    return loaded
  }
}

extension DataSource.Loaded {
  /// A hash of each part of the data.
  var fingerprint: String {
    let all =
      parts.map { [$0.train, $0.validation, $0.test] }
      ?? [examples] + [validation, test].compactMap { $0 }
    return all.filter { $0.count > 0 }.map(\.fingerprint).joined(separator: " ")
  }
}
