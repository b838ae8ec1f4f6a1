import Networks

/// The data that a name or a path stands for.
enum DataSource {
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
  ]

  static func isBundled(_ name: String) -> Bool { bundled.contains { $0.name == name } }

  /// Loads bundled data by name, or a CSV file with its label column.
  /// - Parameter classNames: the classes of a trained network, which the labels then refer to
  static func load(
    _ source: String, label: String?, classNames: [String]? = nil
  ) throws -> Dataset {
    if let known = bundled.first(where: { $0.name == source }) { return known.load() }
    // Something that cannot be a path to a table was meant to be a name.
    let names = bundled.map(\.name)
    if !source.contains("."), !source.contains("/") {
      throw UsageError(
        "unknown data '\(source)'." + didYouMean(suggestions(for: source, among: names))
          + "\n  There are: \(names.joined(separator: ", ")); or the path of a CSV file.")
    }
    guard let label else {
      throw UsageError("the data \(source) needs a label column: --label COLUMN")
    }
    let classNames = classNames.flatMap { $0.isEmpty ? nil : $0 }
    return try Dataset(csv: source, label: LabelColumn(argument: label), classNames: classNames)
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
