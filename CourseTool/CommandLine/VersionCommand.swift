import CourseCommandLine
import Shared

/// The version of the tool and of the package.
let courseVersion = libraryVersion

/// `course version`
enum VersionCommand: Command {
  static let description = CommandDescription(
    name: "version", abstract: "Show version and build information.")

  private struct Record: Encodable {
    var version: String
    var build: String
    var instructionSet: String
    var threads: Int
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let record = Record(
      version: courseVersion, build: isDebugBuild ? "debug" : "release",
      instructionSet: Parallelism.instructionSet, threads: Parallelism.threadCount)
    if arguments[CommonOptions.json] { return try terminal.output.json(record) }
    let threads = record.threads == 1 ? "1 thread" : "\(record.threads) threads"
    terminal.output.line(
      "course \(record.version) (\(record.build), \(record.instructionSet), \(threads))")
  }
}
