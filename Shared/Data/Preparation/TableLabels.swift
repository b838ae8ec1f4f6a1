/// The labels of a table whose rows may have several of them, or none: yes and no in a column of its own for each, or
/// lists in the cells of one column.
///
///     title;comedy;drama                     title;genres
///     A;yes;no                               A;comedy
///     B;yes;yes                              B;comedy|drama
///
/// The truth of an example is a row of L numbers, 1 for each label that it has, and 0 for the others: for
/// `BinaryCrossEntropyLoss`.
///
///     let (parts, preparation) = try table.split(labels: ["genres"], seed: 1)
///     parts.train.classNames          // ["comedy", "drama"]
public struct TableLabels: Codable, Sendable, Equatable {
  /// The labels, in order.
  public let names: [String]
  /// The text between the labels of a cell; `nil` where each label has a column.
  public let separator: String?

  /// The texts that may separate labels; the first that occurs does.
  package static let separators = ["|", ";", ",", " "]

  /// The labels of a cell; repeated ones once.
  func list(_ text: String) -> [String] {
    guard let separator, !MissingValue.marksLabel(text) else { return [] }
    return text.split(separator: separator).map { $0.trimmed }.filter { !$0.isEmpty }
  }

  /// Yes or no; `nil` for another text.
  static func answer(_ text: String) -> Bool? {
    TableReview.yesAndNo[text.lowercased()]
      ?? CSVTable.number(text).flatMap {
        $0 == 1 ? true : $0 == 0 ? false : nil
      }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    let rest = drop { $0 == " " }
    return String(rest.reversed().drop { $0 == " " }.reversed())
  }
}

extension TableReview {
  /// The labels of the columns to predict.
  /// - Throws: when the cells of one column are no lists, or those of several are not yes and no.
  func labels() throws -> TableLabels {
    guard targets.count == 1 else {
      let labels = TableLabels(names: targets.map { table.title($0) }, separator: nil)
      _ = try table.truth(of: labels, inColumns: targets, rows: Array(0..<table.rowCount))
      return labels
    }
    return try listedLabels()
  }

  /// The labels that the cells of a column list.
  private func listedLabels() throws -> TableLabels {
    let column = targets[0]
    var cells: [String: Int] = [:]
    for row in 0..<table.rowCount {
      cells[table.text(row: row, column: column), default: 0] += 1
    }
    let separator =
      options.separator
      ?? TableLabels.separators.first { mark in
        cells.keys.contains { $0.contains(mark) }
      }
    func refuse(_ what: String, expected: String, received: String) -> CourseError {
      CourseError(
        .invalidData, what, expected: expected, received: received,
        location: "\(table.name), column \"\(table.title(column))\"",
        remedy: "For one label in each row use `target`; for others say how they are separated "
          + "(`separator`).")
    }
    let example = cells.keys.filter { !MissingValue.marksLabel($0) }.min() ?? ""
    guard let separator, cells.keys.contains(where: { $0.contains(separator) }) else {
      throw refuse(
        "the cells list no labels", expected: "a cell with several, such as comedy|drama",
        received: "one in each cell, such as \"\(example)\"")
    }
    let reader = TableLabels(names: [], separator: separator)
    var counts: [String: Int] = [:]
    for (cell, count) in cells {
      for label in Set(reader.list(cell)) { counts[label, default: 0] += count }
    }
    // Sentences, not lists: most of their words occur once.
    let rare = counts.values.count { $0 == 1 }
    guard options.separator != nil || counts.count <= 20 || rare * 2 < counts.count else {
      throw refuse(
        "the cells look like texts, not like lists of labels", expected: "labels that occur again",
        received: "\(counts.count) different ones, of which \(rare) occur once")
    }
    return TableLabels(names: counts.keys.sorted(), separator: separator)
  }

  /// The separator of the labels in the column to predict; `nil` where its cells look like single names, which may hold
  /// spaces and commas as well.
  package var listSeparator: String? {
    guard targets.count == 1, profiles[targets[0]].others > 0, let labels = try? labels(),
      profiles[targets[0]].differentWords > labels.names.count
    else { return nil }
    return labels.separator
  }
}

extension CSVTable {
  /// The labels of some rows, `[rows.count, L]`.
  /// - Throws: for a label that is unknown, and for a cell that is neither yes nor no.
  func truth(of labels: TableLabels, inColumns columns: [Int], rows: [Int]) throws -> Tensor {
    let places = Dictionary(uniqueKeysWithValues: labels.names.enumerated().map { ($1, $0) })
    let size = labels.names.count
    return try Tensor(shape: [rows.count, size]) { out in
      out.update(repeating: 0, count: rows.count * size)
      for (index, row) in rows.enumerated() {
        guard labels.separator != nil else {
          for (place, column) in columns.enumerated() {
            let text = text(row: row, column: column)
            guard let answer = TableLabels.answer(text) else {
              throw CourseError(
                .invalidData, "the answer is neither yes nor no",
                expected: "yes or no, true or false, 1 or 0", received: "\"\(text)\"",
                location: location(row: row, column: column),
                remedy: "Correct it, or remove the row.")
            }
            out[index * size + place] = answer ? 1 : 0
          }
          continue
        }
        for label in labels.list(text(row: row, column: columns[0])) {
          guard let place = places[label] else {
            throw CourseError(
              .invalidData, "a label that training did not have",
              expected: quotedList(labels.names),
              received: "\"\(label)\"", location: location(row: row, column: columns[0]),
              remedy: "Correct the label, or leave it out.")
          }
          out[index * size + place] = 1
        }
      }
    }
  }
}
