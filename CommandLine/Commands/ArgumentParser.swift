/// The arguments of a command, checked against its description.
package struct Arguments: Sendable {
  package fileprivate(set) var operands: [String] = []
  fileprivate var values: [String: any Sendable] = [:]

  /// The value of an option, `nil` when it was not given.
  package subscript<Value>(option: Option<Value>) -> Value? { values[option.name] as? Value }
  /// The value of an option, or its default.
  package subscript<Value>(option: DefaultedOption<Value>) -> Value {
    values[option.name] as? Value ?? option.value
  }
  /// Whether a flag was given.
  package subscript(flag: Flag) -> Bool { values[flag.name] != nil }
  /// Whether the option of a name was given.
  package func isGiven(_ name: String) -> Bool { values[name] != nil }
  /// The value of the option of a name, `nil` when it was not given.
  package func value(of name: String) -> (any Sendable)? { values[name] }
  /// The operand at an index, `nil` when there are fewer.
  package func operand(_ index: Int) -> String? {
    operands.indices.contains(index) ? operands[index] : nil
  }
}

/// Parses arguments: `--name value`, `--name=value`, `-n value`, flags, operands in any order, and `--`,
/// after which every argument is an operand.
package struct ArgumentParser {
  package let command: CommandDescription

  package init(command: CommandDescription) { self.command = command }

  /// The arguments, sorted and typed.
  package func parse(_ words: [String]) throws(UsageError) -> Arguments {
    var result = Arguments()
    var rest = words[...]
    var onlyOperands = false
    while let word = rest.popFirst() {
      if onlyOperands || !looksLikeOption(word) {
        result.operands.append(word)
      } else if word == "--" {
        onlyOperands = true
      } else {
        try parseOption(word, rest: &rest, into: &result)
      }
    }
    // Help is most useful while the other arguments are still wrong.
    if !result[CommonOptions.help] { try checkCount(of: result.operands) }
    return result
  }

  private func parseOption(
    _ word: String, rest: inout ArraySlice<String>, into result: inout Arguments
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let written = String(parts[0])
    let attached = parts.count == 2 ? String(parts[1]) : nil
    guard let option = option(called: written) else { throw unknown(written) }
    guard !result.isGiven(option.name) else { throw failure("duplicate option '\(written)'") }

    guard let placeholder = option.placeholder else {
      guard attached == nil else {
        throw failure("option '\(written)' takes no value, but got '\(attached ?? "")'")
      }
      result.values[option.name] = true
      return
    }
    let text: String
    if let attached {
      text = attached
    } else if let next = rest.first, !looksLikeOption(next) {
      text = next
      rest = rest.dropFirst()
    } else {
      throw failure("option '\(written)' requires a value: \(written) \(placeholder)")
    }
    do {
      result.values[option.name] = try option.read(text)
    } catch {
      throw failure(
        "option '\(written)': expected \(error.expected), got '\(text)'."
          + didYouMean(error.suggestions))
    }
  }

  private func option(called written: String) -> (any OptionDescription)? {
    command.options.first { option in
      written == "--\(option.name)" || option.short.map { written == "-\($0)" } == true
    }
  }

  /// Whether a word begins with a dash and is neither a single dash nor a negative number.
  private func looksLikeOption(_ word: String) -> Bool {
    word.count > 1 && word.hasPrefix("-") && Double(word) == nil
  }

  private func checkCount(of operands: [String]) throws(UsageError) {
    let required = command.operands.filter { [.one, .oneOrMore].contains($0.arity) }
    if operands.count < required.count {
      throw failure("missing \(required[operands.count].usage)")
    }
    let isOpen = command.operands.contains { [.oneOrMore, .zeroOrMore].contains($0.arity) }
    if !isOpen, operands.count > command.operands.count {
      throw failure("unexpected argument '\(operands[command.operands.count])'")
    }
  }

  private func unknown(_ written: String) -> UsageError {
    let names = command.options.flatMap { option in
      ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
    }
    return failure(
      "unknown option '\(written)'." + didYouMean(suggestions(for: written, among: names)))
  }

  private func failure(_ message: String) -> UsageError {
    UsageError(message, command: command.name)
  }
}
