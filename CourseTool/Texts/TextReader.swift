import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks

/// Reads the operands of `course predict` for a network of texts: a text as it is, the lines of a file, or a column of a
/// table.
struct TextReader {
  private let classifier: TextClassifier
  private let recipe: Recipe
  /// The columns that were given: of the labels, and of the texts.
  private let label, text: LabelColumn?
  /// The option that names a column, where one was given.
  private let columnOption: String?

  /// `nil` for a network that does not read texts.
  /// - Parameters:
  ///   - label: the label column of tables, if it differs from training
  ///   - text: the column with the texts, likewise
  init?(_ network: NeuralNetwork, _ recipe: Recipe?, label: String?, text: String?) throws {
    guard let recipe, recipe.isOfTexts else { return nil }
    (classifier, self.recipe) = (try TextClassifier(network), recipe)
    self.label = (label ?? recipe.label).map { LabelColumn(argument: $0) }
    self.text = text.map { LabelColumn(argument: $0) }
    columnOption = text != nil ? "text" : label != nil ? "label" : nil
  }

  /// The inputs for the network, `[N, L]`, their rows in the file, from 1, and notes for the user.
  func features(of operand: String) throws -> (features: Tensor, rows: [Int], notes: [String]) {
    let found = try texts(of: operand)
    let texts = found.map(\.text)
    guard !texts.isEmpty else {
      throw CourseError(
        .invalidData, "there is no text to classify", expected: "a text, or a line for each",
        received: "nothing", location: isFile(operand) ? operand : nil)
    }
    let strange = texts.filter { text in
      !classifier.pieces(of: text).contains(where: \.isKnown)
    }
    var notes = recipe.textNotes(texts)
    if let first = strange.first {
      let shown = first.count > 40 ? first.prefix(39) + "…" : first[...]
      notes.append(
        strange.count == 1
          ? "no word of \"\(shown)\" was in the training texts, so its class is little more than a guess"
          : "no word of \(strange.count) texts was in the training texts (\"\(shown)\" and others), so "
            + "their classes are little more than guesses")
    }
    let features = try classifier.features(
      of: texts, location: { isFile(operand) ? "\(operand), line \(found[$0].row)" : "the text" })
    return (features, found.map(\.row), notes)
  }

  private func isFile(_ operand: String) -> Bool {
    DataSource.isStandardInput(operand) || FileManager.default.fileExists(atPath: operand)
  }

  private func texts(of operand: String) throws -> [(row: Int, text: String)] {
    guard isFile(operand) else {
      try TextOperand.requireNoMissingFile(operand, expected: "a file, or a text to classify")
      if let option = columnOption { throw UsageError("'--\(option)' applies to CSV files only") }
      return operand.contains { !$0.isWhitespace } ? [(1, operand)] : []
    }
    let ending = URL(filePath: operand).pathExtension.lowercased()
    // The standard input has no ending: lines of text, unless a column is asked for.
    guard
      !["csv", "tsv"].contains(ending),
      columnOption == nil || !DataSource.isStandardInput(operand)
    else { return try column(of: operand) }
    if let option = columnOption { throw UsageError("'--\(option)' applies to CSV files only") }
    let text = try utf8Text(readFile(at: operand, content: "lines of text"), path: operand)
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .filter { $0.element.contains { !$0.isWhitespace } }
      .map { ($0.offset + 1, String($0.element)) }
  }

  /// The texts in a table: in the column that was given, in that of the training, or in the only one beside a label.
  private func column(of path: String) throws -> [(row: Int, text: String)] {
    let known = recipe.text.map { LabelColumn(argument: $0) }
    let table = try DataSource.table(path, expecting: (text ?? known)?.names ?? [])
    let place =
      if let text {
        try table.column(text)
      } else if known == nil, table.columnCount == 1 {
        0
      } else {
        try table.column(known ?? table.onlyColumn(beside: label ?? "category"))
      }
    var texts: [(row: Int, text: String)] = []
    try table.forEachRow { row, fields in
      guard fields[place].contains(where: { !$0.isWhitespace }) else {
        throw CourseError(
          .invalidData, "a text is empty", expected: "words", received: "nothing",
          location: table.location(row: row, column: place), remedy: "Leave such rows out.")
      }
      texts.append((row + 1, fields[place]))
    }
    return texts
  }
}
