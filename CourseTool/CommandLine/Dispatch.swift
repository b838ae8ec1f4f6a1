import Foundation
import Shared

/// Runs one command and returns the exit status: 0, 1 for a failure, 2 for invalid arguments, 128 plus
/// the number of a signal (130 after Ctrl-C).
///
/// If only writing to standard output failed, the status is 141 when its reader has closed it, like after
/// the signal SIGPIPE, and 1 otherwise.
func runCourse(arguments: [String], terminal: Terminal) -> Int32 {
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
  let style = terminal.output.style
  guard let first = arguments.first else {
    terminal.output.line(Help.overview(allCommands.map { $0.description }, style: style))
    return
  }
  let words: [String] =
    switch first {
    case "--help", "-h": ["help"] + arguments.dropFirst()
    case "--version": ["version"] + arguments.dropFirst()
    default: arguments
    }
  let command = try findCommand(words)
  let rest = Array(words.dropFirst(command.description.words.count))
  let parsed = try ArgumentParser(command: command.description).parse(rest)
  if parsed[CommonOptions.help] {
    try HelpCommand.show(command.description, json: parsed[CommonOptions.json], on: terminal)
  } else {
    do {
      try command.run(parsed, on: terminal)
    } catch var usage as UsageError {
      usage.command = usage.command ?? command.description.name
      throw usage
    } catch let error as CourseError {
      throw error.forCommandLine().suggestingToSkip(for: command.description, parsed)
    }
  }
}

/// The command named by the first word or the first two words.
func findCommand(_ words: [String]) throws -> any Command.Type {
  for count in [2, 1] where words.count >= count {
    let name = words.prefix(count).joined(separator: " ")
    if let match = allCommands.first(where: { $0.description.name == name }) { return match }
  }
  let first = words.first ?? ""
  let group = allCommands.map { $0.description }.filter { $0.name.hasPrefix(first + " ") }
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
  for head in allCommands.map({ $0.description.words[0] }) where !heads.contains(head) {
    heads.append(head)
  }
  throw UsageError(
    "unknown command '\(first)'." + didYouMean(suggestions(for: first, among: heads)))
}
