/// Which column of a table holds the label: by name, or by number from 0 (negative: from the back).
///
///     Dataset(csv: "flowers.csv", label: "species")
///     Dataset(csv: "flowers.csv", label: -1)          // the last column
public enum LabelColumn: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The column with this name in the header.
  case name(String)
  /// The column with this number; 0 is the first, -1 the last.
  case index(Int)

  /// A column from a command line: a whole number is an index, everything else a name.
  package init(argument: String) {
    self = Int(argument).map { .index($0) } ?? .name(argument)
  }

  /// The name, if it is one.
  package var names: [String] {
    if case .name(let name) = self { [name] } else { [] }
  }

  /// The name or the number.
  public var description: String {
    switch self {
    case .name(let name): name
    case .index(let index): "\(index)"
    }
  }
}

extension LabelColumn: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// The column with this name.
  public init(stringLiteral name: String) { self = .name(name) }
  /// The column with this number.
  public init(integerLiteral index: Int) { self = .index(index) }
}

/// Whether the first row of a CSV file holds the names of the columns.
public enum CSVHeader: String, Sendable, Codable, CaseIterable {
  /// Detect it: the first row is a header when it has words where the rows below have numbers, no
  /// number at all, or the numbers of the columns (0, 1, 2, label).
  case automatic
  /// The first row is a header.
  case present
  /// The first row is data.
  case absent
}
