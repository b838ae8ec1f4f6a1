import CourseCommandLine
import Foundation
import Shared
import Synchronization

/// `course verify`
enum VerifyCommand: Command {
  static let sample = Option(
    "sample", .integer(in: 1...100_000), "try only this many mutants, spread over all")
  static let skip = Option("skip", .integer(in: 0...100_000), "begin the sample later by N")
    .defaulting(to: 0)
  static let all = Flag("all", "list every mutant with the message of its tests")
  static let seeds = Option(
    "seeds", .integer(in: 1...100_000),
    "run the tests of right code instead, with N other seeds")
  static let description = CommandDescription(
    name: "verify", abstract: "Test the tests: try wrong solutions.",
    discussion: """
      Applies the mutants of Tests/Mutants, one wrong change of a solution at a time,
      and runs the tests of its task. Each must fail, in words that name the mistake.

      With --seeds, the tests draw other random numbers, and run on right code: the
      solutions, and the changes that are no mistake. All of them must pass.

      Examples:
        course verify 1.2
        course verify all --sample 40
        course verify phase1 --seeds 200
      """,
    operands: [Operand("TASK", .oneOrMore, "a number such as 1.2, a phase such as phase1, or all")],
    options: [sample, skip, all, seeds])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let package = try packageRoot()
    let catalogue = try Catalogue(package: package)
    let numbers = Set(
      try arguments.operands.flatMap { try catalogue.tasks(named: $0) }.map(\.number))
    let tasks = catalogue.tasks.filter { numbers.contains($0.number) }
    let output = arguments[CommonOptions.json] ? terminal.withoutOutput.output : terminal.output
    let line = StatusLine(on: terminal.error)
    let verifier = Verifier(package: package, report: { line.show($0) })
    let parts = CourseTask.Scope.allCases.map { scope in
      (scope: scope, tasks: tasks.filter { $0.scope == scope })
    }.filter { !$0.tasks.isEmpty }
    if let count = arguments[seeds] {
      if let option = ["sample", "skip"].first(where: arguments.isGiven) {
        throw UsageError("--seeds and --\(option) do not go together")
      }
      var verdicts: [Verifier.SeedVerdict] = []
      try Interruption.watched {
        for part in parts {
          verdicts += try verifier.seedVerdicts(on: part.tasks, of: part.scope, seeds: 1...count) {
            line.show("\($0.task) \($0.code), seed \($0.seed)")
          }
        }
      }
      line.clear()
      show(verdicts, on: output)
      if arguments[CommonOptions.json] { try terminal.output.json(verdicts.map(SeedRecord.init)) }
      if verdicts.contains(where: { $0.failure != nil }) { throw ExitStatus(code: 1) }
      return
    }
    var verdicts: [Verifier.Verdict] = []
    try Interruption.watched {
      let counts = try parts.map { part in
        try verifier.mutants(of: part.scope).count { numbers.contains($0.task) }
      }
      // Every n-th of all, so that each part has its share.
      let step = arguments[sample].map { max(1, counts.reduce(0, +) / $0) } ?? 1
      let offset = arguments[skip]
      for part in parts {
        verdicts += try verifier.verdicts(
          on: part.tasks, of: part.scope,
          where: { index, _ in (index + offset).isMultiple(of: step) },
          tell: { line.show("\($0.mutant.task) \($0.mutant.name): \($0.outcome.rawValue)") })
      }
    }
    line.clear()
    guard !verdicts.isEmpty else {
      throw CourseError(
        .invalidData, "no mutant was tried", expected: "at least one",
        remedy: "Choose a larger --sample.")
    }
    show(verdicts, listsAll: arguments[all], on: output)
    if arguments[CommonOptions.json] { try terminal.output.json(verdicts.map(Record.init)) }
    if verdicts.contains(where: \.isProblem) { throw ExitStatus(code: 1) }
  }

  private static func show(
    _ verdicts: [Verifier.Verdict], listsAll: Bool, on output: TextStream
  ) {
    let style = output.style
    for verdict in verdicts where listsAll || verdict.isProblem {
      let outcome =
        verdict.isProblem ? style.red(verdict.outcome.rawValue) : verdict.outcome.rawValue
      output.line("\(verdict.mutant.task) \(style.bold(verdict.mutant.name)): \(outcome)")
      if let words = verdict.mutant.says, verdict.outcome == .caught {
        output.line("  expected \(words)")
      }
      if !verdict.message.isEmpty {
        let lines = verdict.message.split(separator: "\n").prefix(listsAll ? 4 : 12)
        output.line("  \(verdict.test): " + lines.joined(separator: "\n    "))
      }
    }
    output.line(style.bold("task   mutants  named  caught  crashed  survived  equivalent"))
    let tasks = Set(verdicts.map(\.mutant.task)).sorted()
    for task in tasks { output.line(row("\(task)", verdicts.filter { $0.mutant.task == task })) }
    if tasks.count > 1 { output.line(style.bold(row("all", verdicts))) }
    let wrong = verdicts.filter { $0.mutant.equivalent == nil }
    let named = wrong.count { $0.outcome == .named }
    let survived = wrong.count { $0.outcome == .survived }
    if !wrong.isEmpty {
      output.line(
        "\(wrong.count - survived) of \(wrong.count) are caught, "
          + "\(fixed(100 * Double(named) / Double(wrong.count), 1)) % by a message that names the mistake."
      )
    }
  }

  /// A line for each task, and what failed.
  private static func show(_ verdicts: [Verifier.SeedVerdict], on output: TextStream) {
    let style = output.style
    for verdict in verdicts {
      guard let (test, message) = verdict.failure else { continue }
      output.line(
        "\(verdict.task) \(style.bold(verdict.code)), \(Verifier.seedVariable)=\(verdict.seed): "
          + style.red("failed"))
      let lines = message.split(separator: "\n").prefix(12)
      output.line("  \(test): " + lines.joined(separator: "\n    "))
    }
    output.line(style.bold("task      runs   failed"))
    let tasks = Set(verdicts.map(\.task)).sorted()
    for task in tasks {
      let own = verdicts.filter { $0.task == task }
      output.line(row("\(task)", own.count, own.count { $0.failure != nil }))
    }
    let failed = verdicts.count { $0.failure != nil }
    if tasks.count > 1 { output.line(style.bold(row("all", verdicts.count, failed))) }
    output.line("\(verdicts.count - failed) of \(verdicts.count) runs of right code pass.")
  }

  private static func row(_ title: String, _ counts: Int...) -> String {
    counts.reduce(title.padding(toLength: 5, withPad: " ", startingAt: 0)) { line, count in
      let text = "\(count)"
      return line + String(repeating: " ", count: max(1, 9 - text.count)) + text
    }
  }

  private static func row(_ title: String, _ verdicts: [Verifier.Verdict]) -> String {
    func count(_ outcomes: Verifier.Verdict.Outcome..., width: Int) -> String {
      let text = "\(verdicts.count { outcomes.contains($0.outcome) })"
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let total = "\(verdicts.count)"
    return title.padding(toLength: 5, withPad: " ", startingAt: 0)
      + String(repeating: " ", count: max(0, 9 - total.count)) + total
      + count(.named, width: 7) + count(.caught, width: 8) + count(.crashed, width: 9)
      + count(.survived, width: 10) + count(.equivalent, .falseAlarm, width: 12)
  }

  /// A line on a terminal that several threads write.
  private final class StatusLine: Sendable {
    private let line: Mutex<LiveLine>

    init(on stream: TextStream) { line = Mutex(LiveLine(on: stream)) }

    func show(_ text: String) { line.withLock { $0.show(text) } }
    func clear() { line.withLock { $0.clear() } }
  }

  struct Record: Encodable {
    var task, mutant, outcome, test, message: String
    var says: String?

    init(_ verdict: Verifier.Verdict) {
      task = "\(verdict.mutant.task)"
      mutant = verdict.mutant.name
      outcome = verdict.outcome.rawValue
      test = verdict.test
      message = verdict.message
      says = verdict.mutant.says
    }
  }

  struct SeedRecord: Encodable {
    var task, code: String
    var seed: Int
    var test, message: String?

    init(_ verdict: Verifier.SeedVerdict) {
      (task, code, seed) = ("\(verdict.task)", verdict.code, verdict.seed)
      (test, message) = (verdict.failure?.test, verdict.failure?.message)
    }
  }
}
