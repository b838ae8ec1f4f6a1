/// How the rows of a table become the inputs of a network: which columns are used, how their numbers, words and dates
/// are read, and how gaps are filled.
///
///     let table = try CSVTable(contentsOf: "titanic.csv")
///     let (parts, preparation) = try table.split(target: "survived", seed: 1)
///     print(preparation)          // a line for each column
///
///     var network = try NeuralNetwork.multilayerPerceptron(
///       inputSize: preparation.featureCount, vocabularies: preparation.vocabularies,
///       hiddenSizes: [32], classCount: 2, optimizer: Adam(learningRate: 0.01), seed: 1)
///     network.preparation = preparation
///     network.preprocessing = try preparation.standardizing(parts.train)
///     try network.fit(parts.train, validation: parts.validation, options: .init(epochs: 30))
///     try network.predict(CSVTable(contentsOf: "new passengers.csv"))
///
/// | column | features |
/// |---|---|
/// | numbers, also with decimal commas, thousands, percent or currency signs | the number |
/// | dates and times | days since the first one, or calendar parts |
/// | yes and no, true and false | 1 and 0 |
/// | words | one of 0 and 1 for each word (one-hot); a word that training did not have is all zeros |
/// | more different words than `PreparationOptions.wordLimit` | the index of the word, for a learned vector |
/// | gaps | see `Missing` |
/// | all values equal, counted rows, identifiers | none: the column is left out |
///
/// Which columns there are and how they are written is a matter of the whole table; words, means and constant columns
/// are those of the training rows. A network keeps its preparation in checkpoints, and reads other tables by it. The
/// scale of the features is the task of a `FeatureScaler`, which comes after it.
public struct Preparation: Codable, Sendable, Equatable {
  /// The treatment of missing values.
  public enum Missing: String, Codable, Sendable, CaseIterable {
    /// The mean of the training rows; the most frequent of words.
    case mean
    /// The median of the training rows; the most frequent of words.
    case median
    /// The median, and one more feature that is 1 where the value is missing. Missing words are all zeros.
    case indicator
    /// Rows with a gap are left out.
    case dropRow = "drop-row"
    /// A gap is an error.
    case refuse
  }

  /// How the values of a column become features.
  public enum Kind: Codable, Sendable, Equatable {
    /// The number.
    case number(style: NumberStyle)
    /// Days since `origin`, itself in days since 1970.
    case date(style: DateStyle, origin: Double)
    /// Sine and cosine of the month and the day of the week; of the hour, where there are times; and the year, where
    /// there are several.
    case calendar(style: DateStyle, hasYear: Bool, hasTime: Bool)
    /// 1 for yes, true, y, t and on; 0 for their opposites.
    case yesNo
    /// One-hot rows over these words.
    case words(values: [String])
    /// The index among these words, from 1; 0 for all others, which are rare or new, and for gaps. An `EntityEmbedding` turns
    /// it into a vector.
    case vocabulary(values: [String])
  }

  /// A word that occurs in fewer training rows has no vector of its own.
  public static let rareWordCount = 3

  /// A column that is used.
  public struct Column: Codable, Sendable, Equatable {
    /// Its name in the header, or "column 3".
    public var name: String
    /// Its number in the table of training, from 0.
    public var place: Int
    /// How its values become features.
    public var kind: Kind
    /// The value of gaps: a number, days since 1970, or the index of a word among the values; `nil` for none.
    public var fill: Double?
    /// Whether there is a feature for gaps.
    public var hasIndicator = false
  }

  /// A column that is not used.
  public struct LeftOut: Codable, Sendable, Equatable {
    /// Its name in the header, or "column 3".
    public var name: String
    /// The reason, for messages.
    public var reason: String
  }

  /// A column to predict.
  public struct TargetColumn: Codable, Sendable, Equatable {
    /// Its name; `nil` in a table without header.
    public var name: String?
    /// Its number in the table of training, from 0.
    public var place: Int
    /// How its numbers are written; `nil` for a column of classes.
    public var style: NumberStyle?

    /// A column of classes, or of numbers in a style.
    public init(name: String?, place: Int, style: NumberStyle? = nil) {
      (self.name, self.place, self.style) = (name, place, style)
    }
  }

  /// The columns that are used, in the order of their features.
  public internal(set) var columns: [Column]
  /// The columns that are not used, without those that were not asked for.
  public internal(set) var leftOut: [LeftOut] = []
  /// The columns to predict; none where they are not known.
  public internal(set) var targets: [TargetColumn] = []
  /// The treatment of missing values.
  public internal(set) var missing: Missing
  /// Further marks of missing values, such as "unknown" or "-999".
  public internal(set) var missingMarks: [String] = []
  /// The number of columns in the table of training.
  public internal(set) var columnCount: Int
  /// Whether the columns have names.
  public internal(set) var isNamed: Bool
  /// The labels of which a row may have several; `nil` for classes and numbers.
  public internal(set) var labels: TableLabels?
  /// The windows of a series, whose columns hold the past of the targets as well; `nil` where each row is an example.
  public internal(set) var window: SeriesWindow?

  /// The names of the features, in the order of a network's inputs; none where the columns have no names.
  public var featureNames: [String] { isNamed ? columns.flatMap(\.featureNames) : [] }
  /// The number of features.
  public var featureCount: Int { columns.reduce(0) { $0 + $1.featureCount } }

  /// The numbers of the features that are 0 or 1, or between -1 and 1: they need no scaling.
  public var unscaledFeatures: [Int] {
    var (features, start) = ([Int](), 0)
    for column in columns {
      let size = column.featureCount
      switch column.kind {
      case .number, .date: if column.hasIndicator { features.append(start + size - 1) }
      // The year is a number.
      case .calendar(_, let hasYear, _): features += (start + (hasYear ? 1 : 0))..<(start + size)
      case .yesNo, .words, .vocabulary: features += start..<(start + size)
      }
      start += size
    }
    return features
  }

  /// The features that are indices of words, and the number of indices: `NeuralNetwork.multilayerPerceptron` takes them.
  public var vocabularies: [Int: Int] {
    var (sizes, start) = ([Int: Int](), 0)
    for column in columns {
      if case .vocabulary(let values) = column.kind { sizes[start] = values.count + 1 }
      start += column.featureCount
    }
    return sizes
  }

  /// Mean 0 and standard deviation 1 for the numbers of the training part; the features of words, of yes and no and of
  /// gaps stay as they are.
  public func standardizing(_ training: Dataset) throws -> FeatureScaler {
    guard let window else {
      return try .fitted(to: training, by: .features, except: unscaledFeatures)
    }
    // The rows of a window have the same scale.
    let rows = try Dataset(
      name: training.name, features: training.features.reshaped(to: [-1, featureCount]),
      targets: .classes([Int](repeating: 0, count: training.count * window.history)),
      featureNames: featureNames)
    return try FeatureScaler.fitted(to: rows, by: .features, except: unscaledFeatures)
      .repeated(window.history)
  }

  /// A preparation for plain numbers under these names, in this order: a network without a preparation of its own
  /// reads tables so.
  package init(
    numbersNamed names: [String], count: Int, target: TargetColumn? = nil
  ) {
    // Where the label column was, the others moved.
    func place(_ feature: Int) -> Int {
      target.map { feature >= $0.place } ?? false ? feature + 1 : feature
    }
    columns = (0..<count).map { feature in
      Column(
        name: names.count == count ? names[feature] : "column \(place(feature))",
        place: place(feature), kind: .number(style: .plain))
    }
    targets = target.map { [$0] } ?? []
    missing = .refuse
    columnCount = count + (target == nil ? 0 : 1)
    isNamed = names.count == count && !names.isEmpty
  }

  init(
    columns: [Column], leftOut: [LeftOut], targets: [TargetColumn], missing: Missing,
    missingMarks: [String], columnCount: Int, isNamed: Bool, labels: TableLabels? = nil,
    window: SeriesWindow? = nil
  ) {
    self.columns = columns
    self.leftOut = leftOut
    self.targets = targets
    self.missing = missing
    self.missingMarks = missingMarks
    self.columnCount = columnCount
    self.isNamed = isNamed
    (self.labels, self.window) = (labels, window)
  }
}

extension Preparation.Column {
  /// The number of features.
  public var featureCount: Int {
    let size =
      switch kind {
      case .number, .date, .yesNo, .vocabulary: 1
      case .calendar(_, let hasYear, let hasTime): 4 + (hasYear ? 1 : 0) + (hasTime ? 2 : 0)
      case .words(let values): values.count
      }
    return size + (hasIndicator ? 1 : 0)
  }

  /// The names of the features.
  public var featureNames: [String] {
    let names =
      switch kind {
      case .number, .date, .yesNo, .vocabulary: [name]
      case .calendar(_, let hasYear, let hasTime):
        (hasYear ? ["\(name) year"] : [])
          + (["month", "weekday"] + (hasTime ? ["hour"] : [])).flatMap {
            ["\(name) \($0) sine", "\(name) \($0) cosine"]
          }
      case .words(let values): values.map { "\(name) = \($0)" }
      }
    return names + (hasIndicator ? ["\(name) is missing"] : [])
  }

  /// The column in words, without its name: "numbers; gaps: 28".
  public var summary: String {
    let text =
      switch kind {
      case .number(let style): style == .plain ? "number" : "number, \(style.text)"
      case .date(let style, _): style.order == .none ? "time of day" : "date, in days"
      case .calendar(_, let hasYear, let hasTime):
        "date, as \(hasYear ? "year, " : "")month\(hasTime ? ", weekday and hour" : " and weekday")"
      case .yesNo: "yes or no"
      case .words(let values): "one of \(values.count) words: \(Self.list(values))"
      case .vocabulary(let values):
        "one of \(values.count) words or another, as a vector: \(Self.list(values))"
      }
    return text + gapText
  }

  private static func list(_ words: [String]) -> String {
    words.prefix(4).map(\.printable).joined(separator: ", ") + (words.count > 4 ? ", ..." : "")
  }

  private var gapText: String {
    guard let fill else { return hasIndicator ? "; gaps marked" : "" }
    let value: String
    switch kind {
    case .words(let values), .vocabulary(let values):
      value = values.indices.contains(Int(fill)) ? values[Int(fill)] : ""
    // The date itself says little.
    case .date, .calendar: return hasIndicator ? "; gaps filled and marked" : ""
    default: value = shortText(fill)
    }
    return hasIndicator ? "; gaps \(value), and marked" : ""
  }
}

/// A number of up to seven digits, without the point of a whole one.
private func shortText(_ number: Double) -> String {
  let text = "\(Float(number))"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

extension Preparation: CustomStringConvertible {
  /// A line for each column, and one for all that are numbers of one style.
  public var description: String {
    var lines: [(name: String, text: String)] = []
    var numbers: [(style: String, names: [String])] = []
    for column in columns {
      guard case .number = column.kind, !column.hasIndicator else {
        lines.append((column.name.printable, column.summary))
        continue
      }
      let place = numbers.firstIndex { $0.style == column.summary } ?? numbers.count
      if place == numbers.count { numbers.append((column.summary, [])) }
      numbers[place].names.append(column.name.printable)
    }
    for (style, names) in numbers {
      if names.count < 3 {
        lines += names.map { ($0, style) }
      } else {
        let rest = names.count - 8
        lines.append(
          (
            "\(names.count) columns",
            style + ": " + names.prefix(8).joined(separator: ", ")
              + (rest > 0 ? " and \(rest) more" : "")
          ))
      }
    }
    lines += leftOut.map { ($0.name.printable, "left out: \($0.reason.printable)") }
    let width = min(24, lines.map(\.name.count).max() ?? 0)
    return lines.map { $0.name.padded(right: width) + "  " + $0.text }.joined(separator: "\n")
  }

  /// The lines, indented.
  package var lines: String {
    description.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }

  /// Whether all columns are plain numbers, without gaps in training.
  public var isPlain: Bool { leftOut.isEmpty && columns.allSatisfy(\.isPlain) }
}

extension Preparation.Column {
  fileprivate var isPlain: Bool { kind == .number(style: .plain) && !hasIndicator }
}
