/// What an argument parser needs to know of an option, whatever the type of its value.
protocol OptionDescription: Sendable {
  /// The long name, without dashes.
  var name: String { get }
  /// The one-letter name, if there is one.
  var short: Character? { get }
  /// The name of the value in usage texts; `nil` for a flag, which takes none.
  var placeholder: String? { get }
  /// One phrase for the list of options.
  var help: String { get }
  /// Turns the text of a value into the value.
  func read(_ text: String) throws(ValueProblem) -> any Sendable
}

/// An option with a value: `--epochs 10` or `--epochs=10`.
///
///     let epochs = Option("epochs", .integer(in: 1...1000), "passes over the training data")
///     arguments[epochs]     // Int?
struct Option<Value: Sendable>: OptionDescription {
  let name: String
  let short: Character?
  let kind: ValueKind<Value>
  let help: String
  var placeholder: String? { kind.placeholder }

  init(_ name: String, short: Character? = nil, _ kind: ValueKind<Value>, _ help: String) {
    self.name = name
    self.short = short
    self.kind = kind
    self.help = help
  }

  func read(_ text: String) throws(ValueProblem) -> any Sendable { try kind.read(text) }

  /// The same option with a value to use when it is not given; its help says which.
  func defaulting(to value: Value) -> DefaultedOption<Value> {
    DefaultedOption(option: self, value: value)
  }
}

/// An option that always has a value.
///
///     let length = Option("length", .integer(in: 1...1000), "characters to write").defaulting(to: 400)
///     arguments[length]     // Int
struct DefaultedOption<Value: Sendable>: OptionDescription {
  fileprivate let option: Option<Value>
  let value: Value
  var name: String { option.name }
  var short: Character? { option.short }
  var placeholder: String? { option.placeholder }
  var help: String { "\(option.help) (default: \(option.kind.text(value)))" }

  func read(_ text: String) throws(ValueProblem) -> any Sendable { try option.read(text) }
}

/// An option without a value: `--json`.
struct Flag: OptionDescription {
  let name: String
  let short: Character?
  let help: String
  var placeholder: String? { nil }

  init(_ name: String, short: Character? = nil, _ help: String) {
    self.name = name
    self.short = short
    self.help = help
  }

  func read(_ text: String) throws(ValueProblem) -> any Sendable { true }
}

/// A positional argument: the MODEL of `course predict MODEL FILE...`.
struct Operand: Sendable {
  /// How many arguments stand in this place.
  enum Arity: Sendable { case one, optional, oneOrMore }

  let name: String
  let arity: Arity
  let help: String

  init(_ name: String, _ arity: Arity, _ help: String) {
    self.name = name
    self.arity = arity
    self.help = help
  }

  /// `MODEL`, `[DATA]` or `FILE...`
  var usage: String {
    switch arity {
    case .one: name
    case .optional: "[\(name)]"
    case .oneOrMore: "\(name)..."
    }
  }
}
