import Foundation
import Shared

/// A program with commands: it finds the command, parses its arguments, runs it, and reports errors.
///
///     let tool = CommandLineTool(abstract: "Greet people.", commands: [GreetCommand.self])
///     exit(tool.run(["greet", "Ada"], on: .process))
///
/// `help` is added to the commands.
package struct CommandLineTool: Sendable {
  /// One sentence for the head of the help.
  package let abstract: String
  /// Every command, in the order of the help.
  package let commands: [any Command.Type]
  /// The end of the overview.
  package let advice: String
  /// Rephrases an error for the command line, given the command and its arguments.
  private let rephrase: @Sendable (CourseError, CommandDescription, Arguments) -> CourseError

  package init(
    abstract: String, commands: [any Command.Type], advice: String = "",
    rephrase: @escaping @Sendable (CourseError, CommandDescription, Arguments) -> CourseError = {
      error, _, _ in error
    }
  ) {
    (self.abstract, self.commands, self.advice) = (abstract, commands, advice)
    self.rephrase = rephrase
  }

  /// Every command and `help`.
  package var descriptions: [CommandDescription] {
    commands.map { $0.description } + [HelpCommand.description]
  }

  /// Runs the program with the arguments of its process, and ends it.
  package func runProcess() -> Never {
    Interruption.ignoreSignalsOfWriting()
    occupyClosedDescriptors()
    let (arguments, problem) = commandLineArguments()
    if let problem { TextStream.process(STDERR_FILENO, environment: [:]).line(problem) }
    exit(problem == nil ? run(arguments, on: .process) : 2)
  }

  /// Runs one command and returns the exit status: 0, 1 for a failure, 2 for invalid arguments, 128 plus
  /// the number of a signal (130 after Ctrl-C).
  ///
  /// If only writing to standard output failed, the status is 141 when its reader has closed it, like after
  /// the signal SIGPIPE, and 1 otherwise.
  package func run(_ arguments: [String], on terminal: Terminal) -> Int32 {
    var terminal = terminal
    // Even a message about wrong arguments respects it.
    if arguments.prefix(while: { $0 != "--" }).contains("--no-color") { terminal.removeColors() }
    let status = statusOfCommand(arguments, on: terminal)
    guard let failure = terminal.output.failure, status == 0 else { return status }
    guard failure != EPIPE else { return 128 + SIGPIPE }
    let error = terminal.error
    error.line(
      "\(error.style.red("error:")) cannot write to standard output: \(systemMessage(failure))")
    return 1
  }

  private func statusOfCommand(_ arguments: [String], on terminal: Terminal) -> Int32 {
    let error = terminal.error
    // Whatever ends the command: a progress line is not its last word.
    defer { if error.hasLiveLine { error.clearLine() } }
    do {
      try dispatch(arguments, on: terminal)
      return 0
    } catch let status as ExitStatus {
      return status.code
    } catch let usage as UsageError {
      let place = ["course", usage.command].compactMap { $0 }.joined(separator: " ")
      let help = ["course help", usage.command].compactMap { $0 }.joined(separator: " ")
      error.line("\(error.style.red("error:")) \(place): \(usage.message)\n  See '\(help)'.")
      return 2
    } catch let failure {
      error.line("\(error.style.red("error:")) \(failure)")
      return 1
    }
  }

  private func dispatch(_ arguments: [String], on terminal: Terminal) throws {
    guard let first = arguments.first else {
      return terminal.output.line(Help.overview(self, style: terminal.output.style))
    }
    let words: [String] =
      switch first {
      case "--help", "-h": ["help"] + arguments.dropFirst()
      case "--version": ["version"] + arguments.dropFirst()
      default: arguments
      }
    let command = try findCommand(words)
    let description = command?.description ?? HelpCommand.description
    let rest = Array(words.dropFirst(description.words.count))
    let parsed = try ArgumentParser(command: description).parse(rest)
    if parsed[CommonOptions.help] {
      try HelpCommand.show(
        command?.help(for: parsed) ?? description, json: parsed[CommonOptions.json], on: terminal)
    } else {
      do {
        if let command {
          try command.run(parsed, on: terminal)
        } else {
          try HelpCommand.run(parsed, of: self, on: terminal)
        }
      } catch var usage as UsageError {
        usage.command = usage.command ?? description.name
        throw usage
      } catch let error as CourseError {
        throw rephrase(error, description, parsed)
      }
    }
  }

  /// The command named by the first word or the first two words; `nil` for `help`.
  package func findCommand(_ words: [String]) throws -> (any Command.Type)? {
    if words.first == HelpCommand.description.name { return nil }
    for count in [2, 1] where words.count >= count {
      let name = words.prefix(count).joined(separator: " ")
      if let match = commands.first(where: { $0.description.name == name }) { return match }
    }
    let first = words.first ?? ""
    let group = descriptions.filter { $0.name.hasPrefix(first + " ") }
    guard group.isEmpty else {
      let forms = group.map { "  " + Help.usage(of: $0) }.joined(separator: "\n")
      var problem = "missing subcommand"
      if let second = words.dropFirst().first(where: { !$0.hasPrefix("-") }) {
        let close = suggestions(for: second, among: group.map { $0.words[1] })
        problem = "unknown command '\(first) \(second)'." + didYouMean(close)
      }
      throw UsageError("\(problem)\n\(forms)", command: first)
    }
    var heads: [String] = []
    for head in descriptions.map({ $0.words[0] }) where !heads.contains(head) {
      heads.append(head)
    }
    throw UsageError(
      "unknown command '\(first)'." + didYouMean(suggestions(for: first, among: heads)))
  }
}
