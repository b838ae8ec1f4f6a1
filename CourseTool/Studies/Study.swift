import Networks

/// A comparison of several trainings: a table of numbers and a picture.
protocol Study: SendableMetatype {
  /// What `course study` calls it.
  static var name: String { get }
  /// What it shows, in one sentence.
  static var abstract: String { get }
  /// What is compared, on what, and how, for `course study --help`-like texts: one paragraph.
  static var explanation: String { get }
  /// Trains everything and collects what came out.
  static func run(_ settings: StudySettings, session: inout StudySession) throws -> StudyResult
}

/// Every study, in the order of the list.
let allStudies: [any Study.Type] = [
  AddingProblemStudy.self, BatchNormStudy.self, RegularisationStudy.self,
]

/// What may be changed about a study; `nil` stands for what the study itself chooses.
struct StudySettings: Encodable {
  var seed: UInt64 = 1
  var epochs: Int?
  var examples: Int?
  var repeats: Int?
  var length: Int?
  var noise: Double?
}

/// What a study found.
struct StudyResult {
  /// The table that is printed.
  var table: StudyTable
  /// The table that is written as a CSV file, in more detail.
  var data: StudyTable
  /// The picture, as the text of an SVG file.
  var svg: String
  /// What the table says, in words.
  var conclusion: String
}

/// Rows of words and numbers.
struct StudyTable: Encodable {
  /// One cell.
  enum Cell: Encodable, Equatable {
    case text(String)
    case count(Int)
    /// A number, shown with so many digits behind the point.
    case number(Double, digits: Int)
    /// Nothing was measured, and why.
    case missing(String)

    var text: String {
      switch self {
      case .text(let text), .missing(let text): text
      case .count(let count): "\(count)"
      case .number(let value, let digits): fixed(value, digits)
      }
    }

    /// As a field of a CSV file: numbers with all their digits, nothing where nothing was measured.
    var field: String {
      switch self {
      case .text(let text): csvField(text)
      case .count(let count): "\(count)"
      case .number(let value, _): "\(Float(value))"
      case .missing: ""
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .count(let count): try container.encode(count)
      case .number(let value, _): try container.encode(value)
      case .missing: try container.encodeNil()
      }
    }
  }

  var columns: [String]
  var rows: [[Cell]] = []

  /// The table in columns of characters; the first one is flush left.
  func text(style: Style) -> String {
    let widths = columns.indices.map { column in
      ([columns[column]] + rows.map { $0[column].text }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      cells.enumerated().map { column, text in
        column == 0
          ? padded(right: text, to: widths[0]) : padded(left: text, to: widths[column] + 2)
      }.joined()
    }
    return ([style.bold(line(columns))] + rows.map { line($0.map(\.text)) }).joined(separator: "\n")
  }

  /// The text of a CSV file.
  var csv: String {
    ([columns.map(csvField)] + rows.map { $0.map(\.field) })
      .map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// One object a row, by column.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for row in rows {
      try container.encode(Dictionary(uniqueKeysWithValues: zip(columns, row)))
    }
  }
}
