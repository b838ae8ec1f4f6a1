// Texts as examples: they stay text, and a layer finds the words in them.

extension Dataset {
  /// Texts, each with a class.
  ///
  ///     let data = try Dataset(
  ///       texts: ["young domestic cat", "a long cape"], labels: [1, 0],
  ///       classNames: ["artifact", "animal"])
  ///     data.inputShape            // [18], the bytes of the longer one in UTF-8
  ///     data.text(at: 1)           // "a long cape"
  ///
  /// An example is a row of bytes, as the numbers 1 to 255, and zeros after the end of the text. So no word is lost
  /// before a network has seen it, and the words that it knows are part of the network.
  ///
  /// - Parameters:
  ///   - length: the number of bytes of an example; what is longer is cut, between two characters. `nil` for
  ///     that of the longest text
  ///   - location: the place of an example in messages; `nil` for its number
  /// - Throws: `CourseError` when there are no texts, a text is empty, or holds the character 0; when the labels do not
  ///   fit them.
  public init(
    name: String = "texts", texts: [String], labels: [Int], classNames: [String] = [],
    length: Int? = nil, location: (Int) -> String? = { _ in nil }
  ) throws {
    for (place, text) in texts.enumerated() {
      let problem: String? =
        !text.contains { !$0.isWhitespace }
        ? "a text is empty"
        : text.utf8.contains(0) ? "a text holds the character 0" : nil
      guard let problem else { continue }
      throw CourseError(
        .invalidData, problem, expected: "words", received: text.isEmpty ? "nothing" : nil,
        location: location(place) ?? "\(name), example \(place)",
        remedy: "Leave such examples out.")
    }
    let length = max(length ?? texts.map(\.utf8.count).max() ?? 1, 1)
    var bytes = [UInt8](repeating: 0, count: texts.count * length)
    for (place, text) in texts.enumerated() {
      bytes.replaceSubrange(
        (place * length)..<((place + 1) * length), with: textBytes(text, length: length))
    }
    guard !texts.isEmpty else {
      throw CourseError(
        .invalidData, "the dataset is empty", expected: "at least one text", received: "0",
        location: name)
    }
    try self.init(
      name: name, bytes: ByteFeatures(shape: [texts.count, length], bytes: bytes, divisor: 1),
      targets: .classes(labels), classNames: classNames)
    holdsTexts = true
  }

  /// The texts in a column of a table, with the classes in another.
  ///
  ///     let table = try CSVTable(contentsOf: "reviews.csv")
  ///     let data = try Dataset(texts: table, text: "review", label: "stars")
  ///
  /// - Parameters:
  ///   - classNames: the classes of a trained network, to which the labels then refer; `nil` to take those of the table
  ///   - length: the number of bytes of an example, as above
  /// - Throws: `CourseError` when a column is not there or both are the same, a text is empty, a label missing or
  ///   unknown.
  public init(
    texts table: CSVTable, text: LabelColumn, label: LabelColumn, classNames: [String]? = nil,
    length: Int? = nil
  ) throws {
    let (textColumn, labelColumn) = (try table.column(text), try table.column(label))
    guard textColumn != labelColumn else {
      throw CourseError(
        .invalidArgument, "one column cannot be text and label",
        expected: "a column for each",
        received:
          "\(table.columnNames.map { "\"\($0[textColumn])\"" } ?? "column \(textColumn)") for both",
        location: table.name)
    }
    let classes = try table.classes(
      inColumn: labelColumn, classNames: classNames, areWords: true)
    var texts: [String] = []
    table.forEachRow { _, fields in texts.append(fields[textColumn]) }
    try self.init(
      name: table.name, texts: texts, labels: classes.indices, classNames: classes.names,
      length: length
    ) { table.location(row: $0, column: textColumn) }
  }

  /// The text of an example; `nil` where the examples are no texts.
  public func text(at index: Int) -> String? {
    guard holdsTexts, let bytes else { return nil }
    return String(decoding: bytes.bytes(at: index).prefix { $0 != 0 }, as: UTF8.self)
  }

  /// All texts, in order; empty where the examples are none.
  public var texts: [String] { (0..<count).compactMap(text(at:)) }

  /// The same texts as rows of another number of bytes: longer ones are cut.
  package func withTexts(ofLength length: Int) throws -> Dataset {
    guard holdsTexts, inputShape != [length] else { return self }
    return try Dataset(
      name: name, texts: texts, labels: targets.classIndices, classNames: classNames,
      length: length)
  }
}

/// A text as a row of so many bytes: cut between two characters where it is longer, and zeros after its end.
package func textBytes(_ text: String, length: Int) -> [UInt8] {
  let bytes = Array(text.utf8)
  var end = min(bytes.count, length)
  // A byte 10xxxxxx continues a character.
  while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
  return bytes[..<end] + [UInt8](repeating: 0, count: length - end)
}
