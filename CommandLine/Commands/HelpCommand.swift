/// `course help [COMMAND]`
enum HelpCommand {
  static let description = CommandDescription(
    name: "help", abstract: "Show help for the tool or for a command.",
    operands: [
      Operand("COMMAND", .optional, "a command, such as train"),
      Operand("WORD", .optional, "the second word of its name, such as list in data list"),
    ])

  static func run(
    _ arguments: Arguments, of tool: CommandLineTool, on terminal: Terminal
  ) throws {
    let json = arguments[CommonOptions.json]
    let all = tool.descriptions
    guard let first = arguments.operand(0) else {
      if json { return try terminal.output.json(["commands": all.map(CommandRecord.init)]) }
      return terminal.output.line(Help.overview(tool, style: terminal.output.style))
    }
    let group = all.filter { $0.name.hasPrefix(first + " ") }
    if arguments.operands.count == 1, !group.isEmpty {
      if json { return try terminal.output.json(["commands": group.map(CommandRecord.init)]) }
      return terminal.output.line(
        group.map { Help.text(for: $0, style: terminal.output.style) }.joined(separator: "\n\n"))
    }
    let command = try tool.findCommand(arguments.operands)?.description ?? description
    if let extra = arguments.operands.dropFirst(command.words.count).first {
      throw UsageError("unexpected argument '\(extra)'")
    }
    try show(command, json: json, on: terminal)
  }

  static func show(_ command: CommandDescription, json: Bool, on terminal: Terminal) throws {
    if json { return try terminal.output.json(CommandRecord(command)) }
    terminal.output.line(Help.text(for: command, style: terminal.output.style))
  }
}

/// A command's description as JSON, for completion scripts and other programs.
private struct CommandRecord: Encodable {
  struct Argument: Encodable {
    var name: String
    var short: String?
    var value: String?
    /// The heading, for an option of a command that has several.
    var group: String?
    var help: String
  }
  var name: String
  var abstract: String
  var usage: String
  var arguments: [Argument]
  var options: [Argument]

  init(_ command: CommandDescription) {
    name = command.name
    abstract = command.abstract
    usage = Help.usage(of: command)
    arguments = command.operands.map { Argument(name: $0.name, help: $0.help) }
    options = command.groups.flatMap { group in
      group.options.map {
        Argument(
          name: "--\($0.name)", short: $0.short.map { "-\($0)" }, value: $0.placeholder,
          group: command.groups.count > 1 ? group.title : nil, help: $0.help)
      }
    }
  }
}
