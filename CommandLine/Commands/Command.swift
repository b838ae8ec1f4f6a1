/// A command of the tool: its arguments, its help and its work.
///
/// Options and operands are declared once; parsing, usage line and help text all come from the
/// declaration. A complete command:
///
///     struct GreetCommand: Command {
///       static let loud = Flag("loud", "in capital letters")
///       static let description = CommandDescription(
///         name: "greet", abstract: "Print a greeting.",
///         operands: [Operand("NAME", .one, "the person to greet")], options: [loud])
///
///       static func run(_ arguments: Arguments, on terminal: Terminal) throws {
///         let name = arguments.operands[0]
///         terminal.output.line("Hello, \(arguments[loud] ? name.uppercased() : name)")
///       }
///     }
///
/// and its name in `allCommands`.
package protocol Command: SendableMetatype {
  /// Name, help and arguments of the command.
  static var description: CommandDescription { get }
  /// The help, given other arguments: `course train moons --help`.
  static func help(for arguments: Arguments) throws -> CommandDescription
  /// Does the work. Results go to `terminal.output`, progress to `terminal.error`.
  ///
  /// Throws `UsageError` for invalid arguments (exit status 2), `CourseError` for all other input
  /// (1), `ExitStatus` to end without a message and with another status.
  static func run(_ arguments: Arguments, on terminal: Terminal) throws
}

extension Command {
  /// The description of the command.
  package static func help(for arguments: Arguments) throws -> CommandDescription { description }
}

/// The arguments and the help of a command.
package struct CommandDescription: Sendable {
  /// One or two words: "train", "data list".
  package let name: String
  /// One sentence for the list of commands.
  package let abstract: String
  /// Further help: explanations, examples.
  package let discussion: String
  package let operands: [Operand]
  /// The options under the headings of the help.
  package let groups: [OptionGroup]
  package let options: [any OptionDescription]
  /// The words of the name.
  package var words: [String] { name.split(separator: " ").map(String.init) }

  package init(
    name: String, abstract: String, discussion: String = "", operands: [Operand] = [],
    options: [any OptionDescription] = []
  ) {
    self.init(
      name: name, abstract: abstract, discussion: discussion, operands: operands,
      groups: [OptionGroup("Options", options + CommonOptions.all)])
  }

  /// - Parameter groups: all options, with `CommonOptions.all`
  package init(
    name: String, abstract: String, discussion: String = "", operands: [Operand] = [],
    groups: [OptionGroup]
  ) {
    self.name = name
    self.abstract = abstract
    self.discussion = discussion
    self.operands = operands
    self.groups = groups
    options = groups.flatMap(\.options)
  }
}

/// Options under a heading of the help.
package struct OptionGroup: Sendable {
  package let title: String
  package let options: [any OptionDescription]

  package init(_ title: String, _ options: [any OptionDescription]) {
    (self.title, self.options) = (title, options)
  }
}

/// The options that all commands take, or many.
package enum CommonOptions {
  package static let json = Flag("json", "print JSON instead of text")
  package static let noColor = Flag("no-color", "disable colours, as NO_COLOR=1 does")
  package static let help = Flag("help", short: "h", "show this help")
  /// Of the commands that show progress.
  package static let quiet = Flag("quiet", short: "q", "hide progress")
  package static let all: [any OptionDescription] = [json, noColor, help]
}

/// Invalid arguments. The tool ends with status 2.
package struct UsageError: Error, Equatable {
  package var message: String
  /// The command whose help the message refers to; `nil` for the running one, if any.
  package var command: String?

  package init(_ message: String, command: String? = nil) {
    self.message = message
    self.command = command
  }
}

/// Ends the tool with a status and without a message.
package struct ExitStatus: Error, Equatable {
  package let code: Int32

  package init(code: Int32) { self.code = code }
}
