import CourseCommandLine
import Networks

/// An overview of a data set, to read before training on it.
///
/// It is made from the text of a CSV file and not from a `Dataset`, which rejects the problems that the overview
/// should show: missing values, and words among numbers.
struct DataOverview: Encodable, Sendable {
  struct Column: Encodable, Sendable {
    var name: String
    /// `nil` for a column of words.
    var minimum: Float?
    var mean: Float?
    var maximum: Float?
    /// The number of missing values.
    var missing = 0
    /// The number of values that are not numeric, in a column other than the label.
    var words = 0
    /// The number of different values.
    var distinct = 0
    /// What training does with the column, in words; `nil` for bundled data, and where it would refuse it.
    var use: String?
    /// Whether training leaves it out.
    var isLeftOut = false
    /// The reason why training refuses it.
    var problem: CourseError?

    enum CodingKeys: String, CodingKey {
      case name, minimum, mean, maximum, missing, words, distinct, use, isLeftOut
    }
  }

  struct ClassCount: Encodable, Sendable {
    var name: String
    var examples: Int
  }

  var name: String
  var examples: Int
  /// The shape of an example, for images of one shape.
  var shape: [Int]?
  /// The number of images of each size, for images from files.
  var sizes: [ClassCount] = []
  /// The errors of skipped images.
  var skipped: [String] = []
  /// Remarks that are not errors.
  var notes: [String] = []
  var columns: [Column]
  var label: String?
  /// Rows without a label.
  var missingLabels = 0
  var classes: [ClassCount] = []
  var firstRows: [[String]]

  /// Bundled data.
  init(_ data: Dataset) {
    name = data.name
    examples = data.count
    let labels = data.targets.classIndices
    var counts = [Int](repeating: 0, count: data.classCount ?? 0)
    for label in labels where counts.indices.contains(label) { counts[label] += 1 }
    let classes = counts.enumerated().map { index, count in
      ClassCount(
        name: data.classNames.isEmpty ? "\(index)" : data.classNames[index], examples: count)
    }
    self.classes = classes
    if data.holdsTexts {
      let texts = data.texts
      columns = [Column(name: "text", words: texts.count, distinct: Set(texts).count)]
      firstRows = (0..<min(5, data.count)).map { [texts[$0], classes[labels[$0]].name] }
      return
    }
    guard data.inputShape.count == 1 else {
      // Statistics of single pixels are many and say little.
      shape = data.inputShape
      (columns, firstRows) = ([], [])
      return
    }
    let rows = data.features.reshaped(to: [data.count, -1])
    let (low, mean, high) = (rows.min(axis: 0), rows.mean(axis: 0), rows.max(axis: 0))
    let values = rows.scalars
    let count = rows.shape[1]
    columns = (0..<count).map { index in
      let distinct = Set(stride(from: index, to: values.count, by: count).map { values[$0] })
      return Column(
        name: data.featureNames.isEmpty ? "\(index)" : data.featureNames[index],
        minimum: low[index], mean: mean[index], maximum: high[index], distinct: distinct.count)
    }
    firstRows = (0..<min(5, data.count)).map { row in
      (0..<count).map { shortNumber(values[row * count + $0]) }
        + (labels.count == data.count ? [classes[labels[row]].name] : [])
    }
  }

  // MARK: As text

  /// The overview in tables, for a stream.
  func text(for stream: TextStream) -> String {
    let style = stream.style
    let size =
      shape.map { " of shape \($0)" }
      ?? (sizes.isEmpty ? ", \(counted(columns.count, "feature"))" : "")
    var lines = ["\(style.bold(name.printable)): \(counted(examples, "example"))\(size)"]
    if !classes.isEmpty {
      // A sequence has an answer at each step.
      let answers = classes.reduce(0) { $0 + $1.examples }
      lines += [
        "",
        style.bold("Classes") + (label.map { " (\($0.printable))" } ?? "")
          + (answers > examples ? " of \(answers) answers" : ""),
      ]
      let width = classes.map(\.name.printable.count).max() ?? 0
      for entry in classes.prefix(40) {
        let percent = fixed(100 * Double(entry.examples) / Double(max(1, examples, answers)), 1)
        lines.append(
          "  \(entry.name.printable.padded(right: width))  \("\(entry.examples)".padded(left: 6))  "
            + "\(percent) %".padded(left: 7))
      }
      if classes.count > 40 { lines.append("  and \(classes.count - 40) more") }
    }
    if shape != nil || !sizes.isEmpty {
      return (lines + imageLines(for: stream)).joined(separator: "\n")
    }
    lines += [""] + columnLines(style)
    lines += ["", style.bold("First rows")]
    lines += firstRows.map { row in
      "  " + row.prefix(12).map(\.printable).joined(separator: ", ")
        + (row.count > 12 ? ", ..." : "")
    }
    if missingLabels > 0 {
      lines += [
        "",
        style.yellow("Missing labels") + ": \(missingLabels). Fill them in, or remove these rows.",
      ]
    }
    lines += useLines(style)
    if !notes.isEmpty { lines += [""] + notes.map { stream.note($0.printable) } }
    return lines.joined(separator: "\n")
  }

  /// What training does with the columns, those that are plain numbers in one line, and why it refuses some.
  private func useLines(_ style: Style) -> [String] {
    let known = columns.filter { $0.use != nil || $0.problem != nil }
    guard !known.isEmpty else {
      let constant = columns.filter { $0.distinct == 1 }
      return constant.isEmpty
        ? []
        : [
          "",
          "\(counted(constant.count, "feature")) with a constant value: rejected by --scaling "
            + "standardize and minmax.",
        ]
    }
    let plain = known.filter { $0.use == "number" }
    let others = known.filter { $0.use != "number" }
    let width = min(24, max(7, others.map(\.name.printable.count).max() ?? 0))
    var lines = ["", style.bold("In training")]
    if !plain.isEmpty {
      let names = plain.prefix(8).map(\.name.printable).joined(separator: ", ")
      lines.append(
        "  " + "numbers".padded(right: width) + "  \(names)"
          + (plain.count > 8 ? " and \(plain.count - 8) more" : ""))
    }
    for column in others.prefix(40) {
      let use =
        column.problem.map { "\(style.yellow("refused:")) \($0.what)" } ?? column.use?.printable
        ?? ""
      lines.append("  " + column.name.printable.padded(right: width) + "  " + use)
    }
    if others.count > 40 { lines.append("  and \(others.count - 40) more") }
    for problem in others.compactMap(\.problem).prefix(8) { lines += ["", problem.description] }
    return lines
  }

  private func columnLines(_ style: Style) -> [String] {
    // Of many columns, such as the pixels of an image, the middle is omitted.
    let shown = columns.count > 32 ? Array(columns.prefix(12)) + columns.suffix(4) : columns
    let width = max(8, shown.map(\.name.printable.count).max() ?? 0)
    func number(_ value: Float?) -> String {
      (value.map { fixed($0, abs($0) < 1000 ? 3 : 0) } ?? "-").padded(left: 11)
    }
    var lines = [
      style.bold(
        "  " + "Feature".padded(right: width)
          + ["minimum", "mean", "maximum"].map { $0.padded(left: 11) }.joined()
          + "missing".padded(left: 9) + "distinct".padded(left: 10))
    ]
    for (place, column) in shown.enumerated() {
      if columns.count > 32, place == 12 { lines.append("  ...") }
      lines.append(
        "  " + column.name.printable.padded(right: width) + number(column.minimum)
          + number(column.mean)
          + number(column.maximum) + "\(column.missing)".padded(left: 9)
          + "\(column.distinct)".padded(left: 10))
    }
    return lines
  }
}
