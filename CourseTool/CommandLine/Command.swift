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
protocol Command: SendableMetatype {
  /// Name, help and arguments of the command.
  static var description: CommandDescription { get }
  /// Does the work. Results go to `terminal.output`, progress to `terminal.error`.
  ///
  /// Throws `UsageError` for invalid arguments (exit status 2), `CourseError` for all other input
  /// (1), `ExitStatus` to end without a message and with another status.
  static func run(_ arguments: Arguments, on terminal: Terminal) throws
}

/// The arguments and the help of a command.
struct CommandDescription: Sendable {
  /// One or two words: "train", "data list".
  let name: String
  /// One sentence for the list of commands.
  let abstract: String
  /// Further help: explanations, examples.
  let discussion: String
  let operands: [Operand]
  let options: [any OptionDescription]
  /// The words of the name.
  var words: [String] { name.split(separator: " ").map(String.init) }

  init(
    name: String, abstract: String, discussion: String = "", operands: [Operand] = [],
    options: [any OptionDescription] = []
  ) {
    self.name = name
    self.abstract = abstract
    self.discussion = discussion
    self.operands = operands
    self.options = options + CommonOptions.all
  }
}

/// The options that every command takes.
enum CommonOptions {
  static let json = Flag("json", "print JSON instead of text")
  static let noColor = Flag("no-color", "disable colours, as NO_COLOR=1 does")
  static let help = Flag("help", short: "h", "show this help")
  static let all: [any OptionDescription] = [json, noColor, help]
}

/// Invalid arguments. The tool ends with status 2.
struct UsageError: Error, Equatable {
  var message: String
  /// The command whose help the message refers to; `nil` for the running one, if any.
  var command: String?

  init(_ message: String, command: String? = nil) {
    self.message = message
    self.command = command
  }
}

/// Ends the tool with a status and without a message.
struct ExitStatus: Error, Equatable {
  let code: Int32
}
