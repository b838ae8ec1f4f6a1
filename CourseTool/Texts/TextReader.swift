import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks

/// Reads the operands of `course predict` for a network of texts: a text as it is, the lines of a file, or a column of a
/// table.
struct TextReader {
  private let classifier: TextClassifier
  private let recipe: Recipe

  /// `nil` for a network that does not read texts.
  init?(_ network: NeuralNetwork, _ recipe: Recipe?) throws {
    guard let recipe, recipe.isOfTexts else { return nil }
    (classifier, self.recipe) = (try TextClassifier(network), recipe)
  }

  /// The inputs for the network, `[N, L]`, and notes for the user.
  func features(of operand: String) throws -> (features: Tensor, notes: [String]) {
    let texts = try texts(of: operand)
    guard !texts.isEmpty else {
      throw CourseError(
        .invalidData, "there is no text to classify", expected: "a text, or a line for each",
        received: "nothing", location: operand.isEmpty ? nil : operand)
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
    return (try classifier.features(of: texts), notes)
  }

  private func texts(of operand: String) throws -> [String] {
    let isFile =
      DataSource.isStandardInput(operand) || FileManager.default.fileExists(atPath: operand)
    let ending = URL(filePath: operand).pathExtension.lowercased()
    guard isFile else {
      let looksLikeAFile =
        !operand.contains(where: \.isWhitespace)
        && (["csv", "tsv", "txt"].contains(ending) || operand.contains("/"))
      guard !looksLikeAFile else {
        throw CourseError(
          .file, "the file does not exist", expected: "a file, or a text to classify",
          location: operand)
      }
      return operand.contains { !$0.isWhitespace } ? [operand] : []
    }
    guard !["csv", "tsv"].contains(ending) else { return try column(of: operand) }
    let text = try utf8Text(readFile(at: operand, content: "lines of text"), path: operand)
    return text.split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.contains { !$0.isWhitespace } }
  }

  /// The texts in a table: in the column of the training, or in the only one beside a label.
  private func column(of path: String) throws -> [String] {
    let wanted = recipe.text.map { LabelColumn(argument: $0) }
    let label = recipe.label.map { LabelColumn(argument: $0) }
    let table = try DataSource.table(path, expecting: wanted?.names ?? [])
    let place =
      if let wanted {
        try table.column(wanted)
      } else if table.columnCount == 1 {
        0
      } else {
        try table.column(table.onlyColumn(beside: label ?? "category"))
      }
    var texts: [String] = []
    try table.forEachRow { row, fields in
      guard fields[place].contains(where: { !$0.isWhitespace }) else {
        throw CourseError(
          .invalidData, "a text is empty", expected: "words",
          location: table.location(row: row, column: place), remedy: "Leave such rows out.")
      }
      texts.append(fields[place])
    }
    return texts
  }
}
