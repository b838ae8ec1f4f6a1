import CourseCommandLine
import Networks
import Pictures

/// An experiment that compares several training runs: a table and a plot.
protocol Study: SendableMetatype {
  /// Its name on the command line.
  static var name: String { get }
  /// Its question, in one sentence.
  static var abstract: String { get }
  /// The methods, the data and the procedure, in one paragraph.
  static var explanation: String { get }
  /// Trains all networks and collects the results.
  static func run(_ settings: StudySettings, session: inout StudySession) throws -> StudyResult
  /// Whether the study has an animation.
  static var isAnimated: Bool { get }
}

extension Study {
  static var isAnimated: Bool { false }
}

/// Every study, in the order of the list.
let allStudies: [any Study.Type] = [
  SearchStudy.self, PerceptronStudy.self, NeuronStudy.self, InitializationStudy.self,
  BatchNormStudy.self, RegularisationStudy.self, AddingProblemStudy.self, DepthStudy.self,
  SegmentationStudy.self, LabelsStudy.self,
]

/// The settings of a study; `nil` stands for its default.
struct StudySettings: Encodable {
  var seed: UInt64 = 1
  var epochs: Int?
  var examples: Int?
  var repeats: Int?
  var length: Int?
  var noise: Double?
  var data: String?
  var text: String?
  var label: String?
}

/// The results of a study.
struct StudyResult {
  /// The table that is printed.
  var table: StudyTable
  /// The table that is written as a CSV file, in more detail.
  var data: StudyTable
  /// The plot.
  var picture: any Picture
  /// A process that a plot cannot show.
  var animation: Animation?
  /// The conclusion, in words.
  var conclusion: String
}

/// Rows of words and numbers.
struct StudyTable: Encodable {
  /// One cell.
  enum Cell: Encodable, Equatable {
    case text(String)
    case count(Int)
    /// A number, shown with a number of digits after the decimal point.
    case number(Double, digits: Int)
    /// No measurement, with the reason.
    case missing(String)

    var text: String {
      switch self {
      case .text(let text), .missing(let text): text
      case .count(let count): "\(count)"
      case .number(let value, let digits): fixed(value, digits)
      }
    }

    /// As a field of a CSV file: numbers with all their digits, empty without a measurement.
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

  /// The table in aligned columns, the first one flush left.
  func text(style: Style) -> String {
    let widths = columns.indices.map { column in
      ([columns[column]] + rows.map { $0[column].text }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      cells.enumerated().map { column, text in
        column == 0
          ? text.padded(right: widths[0]) : text.padded(left: widths[column] + 2)
      }.joined()
    }
    return ([style.bold(line(columns))] + rows.map { line($0.map(\.text)) }).joined(separator: "\n")
  }

  /// The text of a CSV file.
  var csv: String {
    ([columns.map(csvField)] + rows.map { $0.map(\.field) })
      .map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// One object per row, by column.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for row in rows {
      try container.encode(Dictionary(uniqueKeysWithValues: zip(columns, row)))
    }
  }
}
