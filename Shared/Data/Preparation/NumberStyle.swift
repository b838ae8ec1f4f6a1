/// How the numbers of a column are written: their decimal and grouping marks, and signs around them.
///
///     NumberStyle(decimal: .comma, grouping: .point).number("1.234,5")   // 1234.5
///     NumberStyle(affix: "%").number("12 %")                             // 12
public struct NumberStyle: Codable, Sendable, Equatable {
  /// A character between digits.
  public enum Mark: String, Codable, Sendable, CaseIterable {
    case point, comma, space, apostrophe

    var characters: [Character] {
      switch self {
      case .point: ["."]
      case .comma: [","]
      case .space: [" ", "\u{A0}", "\u{202F}", "\u{2009}"]
      case .apostrophe: ["'", "\u{2019}"]
      }
    }
  }

  /// The mark before the fraction: a point or a comma.
  public var decimal = Mark.point
  /// The mark between groups of three digits; `nil` where there is none.
  public var grouping: Mark?
  /// The sign before or after every number: `%`, `$`, `EUR`.
  public var affix: String?

  /// A style; without arguments, numbers such as `-1.5e3`.
  public init(decimal: Mark = .point, grouping: Mark? = nil, affix: String? = nil) {
    (self.decimal, self.grouping, self.affix) = (decimal, grouping, affix)
  }

  static let plain = NumberStyle()

  /// The style in words; empty for plain numbers.
  var text: String {
    [
      decimal == .comma ? "decimal comma" : nil, grouping.map { "thousands by \($0.rawValue)" },
      affix.map { "in \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
  }

  /// The number that a text stands for; `nil` when it is none in this style.
  public func number(_ text: String) -> Double? {
    if self == .plain { return CSVTable.number(text) }
    guard var body = Self.body(of: text, without: affix) else { return nil }
    if let grouping {
      guard let whole = Self.ungrouped(body, grouping, decimal: decimal) else { return nil }
      body = whole
    }
    if decimal == .comma {
      guard !body.contains(".") else { return nil }
      body = body.replacing(",", with: ".")
    }
    return CSVTable.number(body)
  }

  /// The sign and the digits of a text that has an affix.
  private static func body(of text: String, without affix: String?) -> String? {
    guard let affix else { return text }
    var body = Substring(text)
    var sign = ""
    func takeSign() {
      guard sign.isEmpty, let first = body.first, "+-\u{2212}".contains(first) else { return }
      sign = first == "+" ? "" : "-"
      body.removeFirst()
    }
    takeSign()
    if body.hasPrefix(affix) {
      body.removeFirst(affix.count)
    } else if body.hasSuffix(affix) {
      body.removeLast(affix.count)
    } else {
      return nil
    }
    while let first = body.first, Mark.space.characters.contains(first) { body.removeFirst() }
    while let last = body.last, Mark.space.characters.contains(last) { body.removeLast() }
    takeSign()
    return sign + body
  }

  /// The digits without the marks between groups, which have to stand before every third digit.
  private static func ungrouped(_ text: String, _ grouping: Mark, decimal: Mark) -> String? {
    guard grouping != decimal else { return nil }
    let sign = text.prefix { "+-".contains($0) }
    let end = text.firstIndex { decimal.characters.contains($0) } ?? text.endIndex
    let whole = text[..<end].dropFirst(sign.count)
    let groups = whole.split(omittingEmptySubsequences: false) { grouping.characters.contains($0) }
    guard let first = groups.first,
      groups.count == 1 || (1...3).contains(first.count) && first != "0",
      groups.dropFirst().allSatisfy({ $0.count == 3 }),
      groups.joined().allSatisfy({ $0.isASCII && $0.isNumber })
    else { return nil }
    return sign + groups.joined() + text[end...]
  }
}

// MARK: - Which style?

extension NumberStyle {
  /// The style of the texts of a column.
  enum Detection: Equatable {
    case style(NumberStyle)
    /// Numbers such as `1,234`, whose comma may be either mark.
    case ambiguous(example: String)
    /// Not all of the texts are numbers.
    case none
  }

  /// The style that all of some texts have, none of which is a plain number.
  /// - Parameters:
  ///   - decimal: the decimal mark, where it is known from the user or from other columns
  ///   - hasPlain: whether there are plain numbers as well, which have no affix
  static func detect(
    _ texts: some Collection<String>, decimal: Mark?, hasPlain: Bool
  ) -> Detection {
    guard let first = texts.first else { return .none }
    let affix = affix(of: first)
    guard affix == nil || !hasPlain else { return .none }
    // Without fractions the decimal mark does not matter: spaces and apostrophes come with either.
    let candidates =
      [
        (Mark.point, nil), (.comma, nil), (.comma, .point), (.point, .comma), (.point, .space),
        (.comma, .space), (.point, .apostrophe), (.comma, .apostrophe),
      ].map { NumberStyle(decimal: $0.0, grouping: $0.1, affix: affix) }
    let fitting = candidates.filter { style in texts.allSatisfy { style.number($0) != nil } }
    let wanted = fitting.filter { decimal == nil || $0.decimal == decimal }
    guard let best = wanted.first ?? fitting.first(where: { $0.decimal == .point }) else {
      return .none
    }
    // "1,234" in every cell: a fraction or thousands.
    let readings = Set(fitting.map(\.decimal))
    if decimal == nil, readings.count == 2, best.decimal == .comma, best.grouping == nil,
      fitting.contains(where: { $0.grouping == .comma })
    {
      return .ambiguous(example: first)
    }
    return .style(best)
  }

  /// The sign around the first number: everything before or after its digits.
  private static func affix(of text: String) -> String? {
    let isDigit = { (character: Character) in character.isASCII && character.isNumber }
    guard let start = text.firstIndex(where: isDigit), let end = text.lastIndex(where: isDigit)
    else { return nil }
    func trimmed(_ part: Substring) -> String? {
      let sign = part.filter {
        !"+-\u{2212}.,".contains($0) && !Mark.space.characters.contains($0)
      }
      return sign.isEmpty ? nil : sign
    }
    let (before, after) = (trimmed(text[..<start]), trimmed(text[text.index(after: end)...]))
    guard before == nil || after == nil, let found = before ?? after else { return nil }
    return affixes.contains(found.lowercased()) || found.unicodeScalars.allSatisfy(isCurrency)
      ? found : nil
  }

  private static let affixes: Set = [
    "%", "eur", "euro", "usd", "chf", "gbp", "jpy", "kr", "zł",
  ]

  private static func isCurrency(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .currencySymbol
  }
}
