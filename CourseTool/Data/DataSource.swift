import Foundation
import Networks

/// The data that a name or a path stands for.
enum DataSource {
  /// Examples, and those that their authors divided off to validate and to test on.
  struct Loaded {
    var examples: Dataset
    var validation: Dataset?
    var test: Dataset?
    /// What there is to say about them.
    var remarks = ImageRemarks()
    /// The parts of a text, which is divided by place and not by examples.
    var parts: DatasetSplit?
    /// Where the label was, of a table to train on.
    var label: Label?

    /// The label column of a table.
    struct Label {
      var name: String?
      var place: Int
    }
  }

  /// Data that are part of the program.
  struct Bundled: Sendable {
    let name: String
    let abstract: String
    /// What the column of the class is called in the file that the data come from.
    let label: String
    let load: @Sendable () -> Dataset
  }

  static let bundled = [
    Bundled(
      name: "digits",
      abstract: "handwritten digits, 8 x 8 pixels of 0 to 16 (Alpaydin and Kaynak 1998)",
      label: "digit", load: { .digits }),
    Bundled(
      name: "iris", abstract: "three kinds of iris, four lengths in cm (Fisher 1936)",
      label: "species", load: { .iris }),
    Bundled(
      name: "sequence-sum", abstract: "15 zeros and ones; the class is the number of ones",
      label: "sum", load: { sequenceSum }),
  ]

  private static let sequenceSum: Dataset = {
    do {
      return try .sequenceSum(count: 2400, length: 15, seed: 1)
    } catch {
      stop("the data sequence-sum cannot be made: \(error)")
    }
  }()

  /// The text that is part of the program.
  static let almanac = (
    name: "almanac", abstract: "weather, fables, recipes and riddles of a village, to learn writing"
  )

  /// Loads a text: by name, or any text file.
  /// - Parameter classNames: the characters of a trained network
  static func loadText(_ source: String, classNames: [String]?) throws -> CharacterText {
    let vocabulary = try classNames.flatMap { $0.isEmpty ? nil : try Vocabulary(classNames: $0) }
    if source == almanac.name {
      let text = CharacterText.almanac
      guard let vocabulary, vocabulary != text.vocabulary else { return text }
      return try CharacterText(
        text.vocabulary.text(of: text.tokens), name: source, vocabulary: vocabulary)
    }
    guard !names.contains(source) else {
      throw UsageError("the data \(source) are not a text: give a text file, or almanac")
    }
    return try CharacterText(contentsOf: source, vocabulary: vocabulary)
  }

  /// What white is in images of such data.
  static func brightest(of source: String) -> Float { source == "digits" ? 16 : 1 }

  /// Data that 'course data fetch' downloads, with a test part of their own.
  private static let published: [(name: String, load: @Sendable (DatasetPart) throws -> Dataset)] =
    [
      ("mnist", { try .mnist($0) }), ("fashion-mnist", { try .fashionMNIST($0) }),
      ("cifar10", { try .cifar10($0) }),
    ]

  static var names: [String] { bundled.map(\.name) + published.map(\.name) }

  /// Whether the data are a table, in which a column has to be the label.
  static func isTable(_ source: String) -> Bool {
    !names.contains(source) && !isImages(source)
  }

  private static func isImages(_ source: String) -> Bool {
    ImageSources.kind(of: source) != nil
  }

  /// Whoever names a folder that is not there has no label column in mind.
  static func labelIsMissing(_ source: String) -> UsageError {
    if PixelImage.looksLikeImage(source), FileManager.default.fileExists(atPath: source) {
      return UsageError("\(source) is one image: give the folder that it lies in, or a table")
    }
    let label = "needs a label column: --label COLUMN (a name, or a number from 0; -1 is the last)"
    return UsageError(
      source == "-" || FileManager.default.fileExists(atPath: source)
        ? "the data \(source) \(label)"
        : "there is no file or folder \(source); and a CSV file \(label)")
  }

  /// Loads data by name, images from files or folders, or a CSV file with its label column.
  /// - Parameters:
  ///   - schema: what a trained network looks for: its features, and its classes, which the labels then refer to
  ///   - skipBroken: leaves out images that cannot be read
  static func load(
    _ source: String, label: String?, schema: TableSchema? = nil, skipBroken: Bool = false
  ) throws -> Loaded {
    let classNames = schema.flatMap { $0.classNames.isEmpty ? nil : $0.classNames }
    if let known = bundled.first(where: { $0.name == source }) {
      return Loaded(examples: known.load())
    }
    if let known = published.first(where: { $0.name == source }) {
      return Loaded(examples: try known.load(.train), test: try known.load(.test))
    }
    if let kind = ImageSources.kind(of: source) {
      return try loadImages(source, kind, classNames: classNames, skipBroken: skipBroken)
    }
    guard source != almanac.name else {
      throw UsageError("the almanac is a text, for the recipe char-lstm")
    }
    // Something that cannot be a path to a table was meant to be a name.
    if !isPath(source) {
      throw UsageError(
        "unknown data '\(source)'." + didYouMean(suggestions(for: source, among: names))
          + "\n  There are: \(names.joined(separator: ", ")); or the path of a CSV file or of a folder of images."
      )
    }
    return try loadTable(
      source, label: label.map { LabelColumn(argument: $0) }, schema: schema)
  }
}

extension Dataset {
  /// The examples in the shape that a network takes, where they have as many numbers: rows of pixels for
  /// a network that sees images.
  func fitting(_ shape: [Int]) -> Dataset {
    inputShape != shape && inputShape.reduce(1, *) == shape.reduce(1, *)
      ? reshaped(to: shape) : self
  }

  /// A number that changes when an example changes: FNV-1a over labels and features.
  ///
  /// Recognises that a run is resumed on other data than it began with; no protection against anyone.
  var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ value: UInt32) { hash = (hash ^ UInt64(value)) &* 0x100_0000_01b3 }
    for label in targets.classIndices { mix(UInt32(truncatingIfNeeded: label)) }
    forEachPiece { piece in
      for value in piece.scalars { mix(value.bitPattern) }
    }
    return String(hash, radix: 16)
  }
}
