import CourseCommandLine
import ExplorationNetworks
import Shared

/// The version of the tool and of the package.
let courseVersion = libraryVersion

/// `course version`
enum VersionCommand: Command {
  private static let notices = Flag(
    "notices", "print the licences that the data inside the program come with")

  static let description = CommandDescription(
    name: "version", abstract: "Show version and build information.", options: [notices])

  private struct Record: Encodable {
    var version: String
    var build: String
    var instructionSet: String
    var threads: Int
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    if arguments[notices] { return try showNotices(arguments, on: terminal) }
    let record = Record(
      version: courseVersion, build: isDebugBuild ? "debug" : "release",
      instructionSet: Parallelism.instructionSet, threads: Parallelism.threadCount)
    if arguments[CommonOptions.json] { return try terminal.output.json(record) }
    let threads = record.threads == 1 ? "1 thread" : "\(record.threads) threads"
    terminal.output.line(
      "course \(record.version) (\(record.build), \(record.instructionSet), \(threads))")
  }

  private struct Notice: Encodable {
    var data: String
    var notice: String
  }

  private static func showNotices(_ arguments: Arguments, on terminal: Terminal) throws {
    let notice = Notice(data: "definitions", notice: Dataset.definitionsLicense)
    if arguments[CommonOptions.json] { return try terminal.output.json(["notices": [notice]]) }
    terminal.output.line("The data set '\(notice.data)' is part of WordNet 3.0:\n")
    terminal.output.content(notice.notice)
  }
}
