/// What a user decides about the columns of a table; the rest is decided by looking at it.
public struct PreparationOptions: Sendable, Equatable {
  /// The treatment of missing values.
  public var missing = Preparation.Missing.indicator
  /// Further marks of missing values, such as "unknown" or "-999".
  public var missingMarks: [String] = []
  /// The only columns to use; `nil` for all that are good for it.
  public var columns: [LabelColumn]?
  /// Columns to leave out.
  public var ignored: [LabelColumn] = []
  /// Columns to take as words though they hold numbers, such as codes.
  public var words: [LabelColumn] = []
  /// The largest number of different words in a column that becomes one-hot. Of a column with more, the network learns a
  /// vector for each word.
  public var wordLimit = 50
  /// Whether dates become year, month and weekday in place of a number of days.
  public var usesCalendar = false
  /// The decimal mark, point or comma; `nil` to find it.
  public var decimal: NumberStyle.Mark?

  /// The text between the labels of a cell, where a row may have several; `nil` to find it.
  public var separator: String?
  /// The windows of a series, whose rows are in the order of time; `nil` where each row is an example.
  public var window: SeriesWindow?

  /// The usual ones.
  public init() {}
}
