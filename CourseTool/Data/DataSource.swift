import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks

/// Loads data by name or path.
enum DataSource {
  /// Examples, and the validation and test sets that some data sets define.
  struct Loaded {
    var examples: Dataset
    var validation: Dataset?
    var test: Dataset?
    /// Remarks on the data.
    var remarks = DataRemarks()
    /// The parts of a text, which is split by position and not by examples.
    var parts: DatasetSplit?
    /// The name of the column that texts were taken from.
    var textColumn: String?
    /// How the rows of a table became examples.
    var preparation: Preparation?
    /// The form in which images were loaded that may have had another.
    var imageInput: ImageInput?
    /// The value of a pixel of each class in the masks, where it is not the number of the class.
    var maskValues: [UInt8]?
    /// The images with boxes that a detector learns from.
    var detection: DetectionData?
  }

  /// A data set that is part of the program.
  struct Bundled: Sendable {
    let name: String
    let abstract: String
    /// The name of the label column in the original file.
    let label: String
    let load: @Sendable () -> Dataset
  }

  static let bundled =
    [
      Bundled(
        name: "digits",
        abstract: "handwritten digits, 8 x 8 pixels of 0 to 16 (Alpaydin and Kaynak 1998)",
        label: "digit", load: { .digits }),
      Bundled(
        name: "iris", abstract: "three species of iris, four measurements in cm (Fisher 1936)",
        label: "species", load: { .iris }),
      Bundled(
        name: "sequence-sum",
        abstract: "sequences of 15 zeros and ones; the class is the number of ones",
        label: "sum", load: { sequenceSum }),
      Bundled(
        name: sortingName,
        abstract: "six digits, then the same in order, one to be predicted after the other",
        label: "digit", load: { sorting }),
      Bundled(
        name: definitions,
        abstract: "definitions of nouns; the class is one of ten categories (WordNet 3.0)",
        label: "category", load: { .definitions }),
    ] + toys

  /// Points in the plane, on which a network's decision can be drawn.
  private static let toys = [
    toy("blobs", "points around two centres") { try .blobs(count: $0, seed: $1) },
    toy("moons", "points along two half circles that reach into each other") {
      try .moons(count: $0, seed: $1)
    },
    toy("circles", "points along two circles, one inside the other") {
      try .circles(count: $0, seed: $1)
    },
    toy("spirals", "points along two arms of a spiral") { try .spirals(count: $0, seed: $1) },
    toy("xor", "points around four corners, opposite ones of one class") {
      try .xor(count: $0, seed: $1)
    },
    toy("checkerboard", "points on a board of 4 x 4 cells, black and white") {
      try .checkerboard(count: $0, seed: $1)
    },
  ]

  /// The names of the points in the plane.
  static var toyNames: [String] { toys.map(\.name) }

  private static func toy(
    _ name: String, _ abstract: String,
    _ make: @escaping @Sendable (_ count: Int, _ seed: UInt64) throws -> Dataset
  ) -> Bundled {
    Bundled(name: name, abstract: abstract, label: "class") {
      do { return try make(600, 1) } catch { stop("the data set \(name) cannot be made: \(error)") }
    }
  }

  private static let sequenceSum: Dataset = {
    do {
      return try .sequenceSum(count: 2400, length: 15, seed: 1)
    } catch {
      stop("the data set sequence-sum cannot be generated: \(error)")
    }
  }()

  private static let sorting: Dataset = {
    do {
      return try .sorting(count: 50_000, seed: 1)
    } catch {
      stop("the data set sorting cannot be generated: \(error)")
    }
  }()

  /// The digits that a transformer sorts.
  static let sortingName = "sorting"

  /// The texts with classes that are part of the program.
  static let definitions = "definitions"

  /// The text that is part of the program.
  static let shakespeare = (
    name: "shakespeare", abstract: "a text for character models: eight plays by Shakespeare"
  )

  /// The images with masks and boxes that are drawn on demand.
  static let scenes = (
    name: "synthetic-scenes",
    abstract: "scenes of up to four figures that overlap, with masks and boxes",
    count: 4000
  )

  /// The images of one figure each that are drawn on demand.
  static let figures = (
    name: "synthetic-figures",
    abstract: "ten figures, each with a colour, a texture and an angle of its own",
    count: 6000
  )

  /// Loads a text: by name, or any text file.
  /// - Parameter classNames: the characters of a trained network
  static func loadText(_ source: String, classNames: [String]?) throws -> CharacterText {
    let vocabulary = try classNames.flatMap { $0.isEmpty ? nil : try Vocabulary(classNames: $0) }
    if source == shakespeare.name {
      let text = CharacterText.shakespeare
      guard let vocabulary, vocabulary != text.vocabulary else { return text }
      return try CharacterText(
        text.vocabulary.text(of: text.tokens), name: source, vocabulary: vocabulary)
    }
    guard !names.contains(source) else {
      throw UsageError("\(source) is not a text: give a text file, or shakespeare")
    }
    var text = try CharacterText(contentsOf: source, vocabulary: vocabulary)
    text.name = source
    return text
  }

  /// The value of white in the images of a data set.
  static func brightest(of source: String) -> Float { source == "digits" ? 16 : 1 }

  /// By how much the pixels of some images are multiplied for a network that was trained on others: by 16 where white was
  /// 16 and is 1. `nil` where nothing changes, or the numbers are those of a table.
  static func brightening(of source: String, forTrainingOn trained: String?) -> FeatureScaler? {
    func hasPixels(_ source: String) -> Bool { source == "digits" || hasImages(source) }
    guard let trained, hasPixels(source), hasPixels(trained) else { return nil }
    let factor = brightest(of: trained) / brightest(of: source)
    return factor == 1 ? nil : .dividing(by: 1 / factor)
  }

  /// The downloadable data sets, which define a test set.
  private static let published: [(name: String, load: @Sendable (DatasetPart) throws -> Dataset)] =
    [
      ("mnist", { try .mnist($0) }), ("fashion-mnist", { try .fashionMNIST($0) }),
      ("cifar10", { try .cifar10($0) }),
    ]

  /// Whether data with a name have a test set of their own.
  static func definesTest(_ source: String) -> Bool {
    published.contains { $0.name == source }
  }

  static var names: [String] {
    bundled.map(\.name) + [figures.name] + published.map(\.name)
  }

  /// Whether the data have a name, and no place on the disk that a user chose.
  static func isKnown(_ source: String) -> Bool {
    names.contains(source) || [shakespeare.name, scenes.name].contains(source)
  }

  /// Whether the data are a table, which needs a label column.
  static func isTable(_ source: String) -> Bool {
    !names.contains(source) && !isImages(source)
  }

  private static func isImages(_ source: String) -> Bool {
    ImageSources.kind(of: source) != nil
  }

  /// Whether the data are images, of a file or folder or by name, and no rows of numbers.
  static func hasImages(_ source: String) -> Bool {
    source == figures.name || published.contains { $0.name == source }
      || !names.contains(source) && isImages(source)
  }

  /// The error for data without a label column, which may also be a folder that does not exist.
  static func labelIsMissing(_ source: String) -> UsageError {
    if PixelImage.looksLikeImage(source), FileManager.default.fileExists(atPath: source) {
      return UsageError("\(source) is a single image: give the folder of the image, or a table")
    }
    let label =
      "a label column is required: --label COLUMN (a name, or an index from 0; -1 is the last)"
    return UsageError(
      source == "-" || FileManager.default.fileExists(atPath: source)
        ? "\(source): \(label)"
        : "there is no file or folder \(source); and for a CSV file \(label)")
  }

  /// The figures, drawn on all threads.
  private static func drawnFigures(progress: TextStream?) throws -> Dataset {
    let images = SyntheticImages(count: figures.count, seed: 1)
    let line = ProgressLine("drawing", total: images.count, unit: "images", on: progress)
    defer { line.clear() }
    return try Dataset(ShownImages(images, counting: line), name: figures.name, channels: 3)
  }

  /// Loads data by name, images from files or folders, or a CSV file with its label column.
  /// - Parameters:
  ///   - expected: the columns and classes of a trained network
  ///   - training: how to prepare a CSV file, where there is no network yet
  ///   - form: the form in which images are wanted
  ///   - skipBroken: whether to skip images that cannot be read
  ///   - progress: the stream for the progress of reading images; `nil` for none
  static func load(
    _ source: String, label: String?, expected: ExpectedData? = nil,
    training: TableTraining? = nil, form: ImageForm = .suiting(), skipBroken: Bool = false,
    progress: TextStream? = nil
  ) throws -> Loaded {
    let classNames = expected?.classNames
    if let known = bundled.first(where: { $0.name == source }) {
      return Loaded(examples: known.load())
    }
    if source == figures.name {
      return try Loaded(examples: drawnFigures(progress: progress)).inForm(form)
    }
    if let known = published.first(where: { $0.name == source }) {
      return try Loaded(examples: known.load(.train), test: known.load(.test)).inForm(form)
    }
    if let kind = ImageSources.kind(of: source) {
      return try loadImages(
        source, kind, classNames: classNames, form: form, skipBroken: skipBroken,
        progress: progress)
    }
    guard source != shakespeare.name else {
      throw noClasses(source, "is a text", trainedBy: ["char-lstm", "char-transformer"])
    }
    guard source != scenes.name else {
      throw scenesAreNoClasses
    }
    // A text that cannot be the path of a table was meant to be a name.
    if !isPath(source) {
      throw UsageError(
        "unknown data set '\(source)'." + didYouMean(suggestions(for: source, among: names))
          + "\n  Expected \(names.joined(separator: ", ")), or the path of a CSV file or a folder of images."
      )
    }
    let column = label.map { LabelColumn(argument: $0) }
    if let expected { return try loadTable(source, label: column, expected: expected) }
    let training = training ?? TableTraining()
    guard let targets = training.targets ?? column.map({ [$0] }) else {
      throw labelIsMissing(source)
    }
    return try loadTable(source, targets: targets, training: training)
  }
}

extension Dataset {
  /// The examples in the input shape of a network, if the number of elements agrees: images as rows of pixels, or
  /// the reverse.
  func fitting(_ shape: [Int]) -> Dataset {
    let (own, wanted) = (inputShape.reduce(1, *), shape.reduce(1, *))
    return inputShape != shape && own == wanted ? reshaped(to: shape) : self
  }
}
