import CourseCommandLine
import CourseTraining
import Foundation
import Networks

extension DataSource {
  /// Images from files or folders, in memory.
  static func loadImages(
    _ path: String, _ kind: ImageSources.Kind, classNames: [String]?, form: ImageForm,
    skipBroken: Bool, progress: TextStream?
  ) throws -> Loaded {
    let url = URL(filePath: path)
    switch kind {
    case .idx:
      return try Loaded(
        examples: Dataset(
          idxImages: path, labels: ImageSources.labelFile(ofIDX: path), classNames: classNames)
      ).inForm(form)
    case .cifar:
      guard url.pathExtension == "bin" else {
        return try Loaded(examples: .cifar10(.train, in: url), test: .cifar10(.test, in: url))
          .inForm(form)
      }
      return try Loaded(
        examples: Dataset(cifarFile: path, classNames: classNames ?? Dataset.cifar10Classes)
      ).inForm(form)
    case .npz:
      let parts = try Dataset.npzParts(path)
      func load(_ part: DatasetPart) throws -> Dataset? {
        try parts.contains(part) && parts.first != part
          ? Dataset(npz: path, part: part, classNames: classNames ?? []) : nil
      }
      return try Loaded(
        examples: Dataset(npz: path, part: parts.first, classNames: classNames ?? []),
        validation: load(.validation), test: load(.test)
      ).inForm(form)
    case .imageFolder, .numberedFolder:
      try requireNoAnnotations(path)
      let parts = kind == .imageFolder ? try FolderParts(of: path).folders : [:]
      var loaded = try load(
        folder: path, part: parts.isEmpty ? nil : .train, classNames, form, skipBroken, progress)
      let form = loaded.imageInput.map(ImageForm.of) ?? form
      func other(_ part: DatasetPart) throws -> Dataset? {
        guard parts[part] != nil else { return nil }
        let other = try load(
          folder: path, part: part, loaded.examples.classNames, form, skipBroken, progress)
        loaded.remarks.add(other.remarks)
        return other.examples
      }
      loaded.validation = try other(.validation)
      loaded.test = try other(.test)
      return loaded
    }
  }

  private static func load(
    folder path: String, part: DatasetPart?, _ classNames: [String]?, _ form: ImageForm,
    _ skipBroken: Bool, _ progress: TextStream?
  ) throws -> Loaded {
    var (source, remarks) = try folder(
      path, part: part, skipBroken: skipBroken, progress: progress)
    let line = ProgressLine("decoding", total: source.count, unit: "images", on: progress)
    defer { line.clear() }
    // A part that a network is measured on may have one class only.
    if classNames == nil, source.classNames.count < 2 {
      throw CourseError(
        .invalidData, "images of one class only", expected: "a folder for each of several classes",
        received: "the folder \(source.classNames.joined())", location: path,
        remedy: "Add a folder with images of something else: there is nothing to tell apart.")
    }
    let (input, note) = try form.input(for: ImageShapes(of: source))
    if let note { remarks.notes.append(note) }
    let data = try Dataset(ShownImages(source, counting: line), as: input, name: path)
    return Loaded(
      examples: try classNames.map { try data.relabelled($0, path: path) } ?? data,
      remarks: remarks, imageInput: input)
  }

  /// The images of a folder; `nil` for another kind of path. Throws for one of images with masks or boxes.
  static func folder(
    _ path: String, skipBroken: Bool, progress: TextStream?
  ) throws -> (source: any ImageSource, remarks: DataRemarks)? {
    guard !names.contains(path) else { return nil }
    switch ImageSources.kind(of: path) {
    case .imageFolder:
      try requireNoAnnotations(path)
      let parts = try FolderParts(of: path)
      return try folder(
        path, part: parts.isEmpty ? nil : .train, skipBroken: skipBroken, progress: progress)
    case .numberedFolder:
      try requireNoAnnotations(path)
      return try folder(path, part: nil, skipBroken: skipBroken, progress: progress)
    default: return nil
    }
  }

  private static func folder(
    _ path: String, part: DatasetPart?, skipBroken: Bool, progress: TextStream?
  ) throws -> (source: any ImageSource, remarks: DataRemarks) {
    let source = try ImageSources.open(path, part: part, skipBroken: skipBroken)
    switch source {
    case let folder as ImageFolder:
      return (folder, DataRemarks(skipped: folder.skipped, notes: folder.notes))
    case let folder as NumberedFolder:
      return (folder, DataRemarks(skipped: folder.skipped, notes: folder.notes))
    default: return (source, DataRemarks())
    }
  }
}

extension DataSource.Loaded {
  /// The same images in another form, if one is wanted.
  func inForm(_ form: ImageForm) throws -> DataSource.Loaded {
    guard form.isGiven else { return self }
    // A network compares its own input with images that it takes in one size only.
    if case .of(let input) = form,
      input.fitting == .refuse || input.shape == examples.inputShape
    {
      return self
    }
    let source = try DatasetSource(examples)
    var result = self
    let (input, note) = try form.input(for: ImageShapes(of: source))
    if let note { result.remarks.notes.append(note) }
    result.imageInput = input
    result.examples = try Dataset(source, as: input)
    result.validation = try validation.map { try Dataset(DatasetSource($0), as: input) }
    result.test = try test.map { try Dataset(DatasetSource($0), as: input) }
    return result
  }
}

extension Dataset {
  /// The same examples with labels that index into the class names of a network.
  func relabelled(_ names: [String], path: String) throws -> Dataset {
    guard classNames != names else { return self }
    let places = try classNames.map { name in
      guard let place = names.firstIndex(of: name) else {
        throw CourseError(
          .invalidData, "unknown class",
          expected: names.prefix(20).joined(separator: ", "), received: name, location: path,
          remedy: "Name the folders after the classes of the network.")
      }
      return place
    }
    guard let bytes else { return self }
    var result = try Dataset(
      name: name, bytes: bytes, targets: .classes(targets.classIndices.map { places[$0] }),
      classNames: names)
    result.files = files
    return result
  }
}

extension CourseError {
  /// The error; for one damaged image of several, with a pointer to the option that skips it.
  func suggestingToSkip(for command: CommandDescription, _ arguments: Arguments) -> CourseError {
    let path = location?.split(separator: ", offset").first.map(String.init) ?? ""
    let isImage = ImageExample.isImage(path) || path.lowercased().hasSuffix(".npy")
    // Not one that the user named.
    var named = Recipe(recipe: "")
    (arguments.value(of: "data") as? Setting.Change)?(&named)
    let isNamed = arguments.operands.contains(path) || named.data == path
    guard kind == .format, isImage, !isNamed,
      !arguments[RunOptions.skipBroken],
      command.options.contains(where: { $0.name == RunOptions.skipBroken.name })
    else { return self }
    var error = self
    error.remedy = (remedy.map { "\($0) " } ?? "") + "Or skip it with --skip-broken."
    return error
  }
}

/// Reads images that have masks or boxes of their own, none of which is skipped.
///
/// An error of one of them is one of the data, for which nothing points to `--skip-broken`.
func readingAnnotated<Result>(skipBroken: Bool, _ body: () throws -> Result) throws -> Result {
  if skipBroken { throw Recipe.skippingAnnotated }
  do {
    return try body()
  } catch var error as CourseError where error.kind == .format {
    error.kind = .invalidData
    throw error
  }
}
