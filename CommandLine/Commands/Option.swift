/// What an argument parser needs to know of an option, whatever the type of its value.
package protocol OptionDescription: Sendable {
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
package struct Option<Value: Sendable>: OptionDescription {
  package let name: String
  package let short: Character?
  package let kind: ValueKind<Value>
  package let help: String
  package var placeholder: String? { kind.placeholder }

  package init(_ name: String, short: Character? = nil, _ kind: ValueKind<Value>, _ help: String) {
    self.name = name
    self.short = short
    self.kind = kind
    self.help = help
  }

  package func read(_ text: String) throws(ValueProblem) -> any Sendable { try kind.read(text) }

  /// The same option with a value to use when it is not given; its help says which.
  package func defaulting(to value: Value) -> DefaultedOption<Value> {
    DefaultedOption(option: self, value: value)
  }
}

/// An option that always has a value.
///
///     let length = Option("length", .integer(in: 1...1000), "characters to write").defaulting(to: 400)
///     arguments[length]     // Int
package struct DefaultedOption<Value: Sendable>: OptionDescription {
  fileprivate let option: Option<Value>
  package let value: Value
  package var name: String { option.name }
  package var short: Character? { option.short }
  package var placeholder: String? { option.placeholder }
  package var help: String { "\(option.help) (default: \(option.kind.text(value)))" }

  package func read(_ text: String) throws(ValueProblem) -> any Sendable { try option.read(text) }
}

/// An option without a value: `--json`.
package struct Flag: OptionDescription {
  package let name: String
  package let short: Character?
  package let help: String
  package var placeholder: String? { nil }

  package init(_ name: String, short: Character? = nil, _ help: String) {
    self.name = name
    self.short = short
    self.help = help
  }

  package func read(_ text: String) throws(ValueProblem) -> any Sendable { true }
}

/// A positional argument: the MODEL of `course predict MODEL FILE...`.
package struct Operand: Sendable {
  /// How many arguments stand in this place.
  package enum Arity: Sendable { case one, optional, oneOrMore, zeroOrMore }

  package let name: String
  package let arity: Arity
  package let help: String

  package init(_ name: String, _ arity: Arity, _ help: String) {
    self.name = name
    self.arity = arity
    self.help = help
  }

  /// `MODEL`, `[DATA]`, `FILE...` or `[TASK...]`
  package var usage: String {
    switch arity {
    case .one: name
    case .optional: "[\(name)]"
    case .oneOrMore: "\(name)..."
    case .zeroOrMore: "[\(name)...]"
    }
  }
}
