import CourseCommandLine
import Foundation
import Shared
import Synchronization

/// Tries mutants with the tests of their tasks.
///
/// A copy of the package under `.course/verify` has all mutants of a part built in. It is built once, and each mutant
/// is a run of its task's tests with another environment.
package struct Verifier {
  let package: URL
  /// The folder in which SwiftPM built the checker; by default that of this process.
  var base: URL?
  /// Is told what happens.
  var report: (String) -> Void = { _ in }

  /// The result of one mutant.
  package struct Verdict: Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
      /// The first message holds the words of the mutant.
      case named
      /// The tests fail, in other words or with numbers.
      case caught
      /// A test ended the process or did not end, instead of failing.
      case crashed
      /// The tests pass, though the change is a mistake.
      case survived
      /// The tests pass, and the change is none.
      case equivalent
      /// The tests fail, though the change is no mistake.
      case falseAlarm = "false alarm"
    }
    package let mutant: Mutant
    package let outcome: Outcome
    /// The first message of the tests.
    package let message: String
    /// The test with that message.
    package let test: String

    /// Whether the tests or the entry have to be mended.
    package var isProblem: Bool {
      switch outcome {
      case .named, .equivalent: false
      case .caught: mutant.says != nil
      case .crashed, .survived, .falseAlarm: true
      }
    }
  }

  /// The file of the mutants of a part.
  package static func file(of scope: CourseTask.Scope) -> String {
    "Tests/Mutants/" + (scope.text.split(separator: "/").last ?? "").replacing(".md", with: ".txt")
  }

  /// All mutants of a part, as its file lists them.
  func mutants(of scope: CourseTask.Scope) throws -> [Mutant] {
    let file = Verifier.file(of: scope)
    let url = package.appending(path: file)
    guard let text = try? String(contentsOf: url, encoding: .utf8) else {
      throw CourseError(
        .file, "the mutants of \(scope.rawValue) are missing", location: file,
        remedy: "Only the full package has them, not a handout.")
    }
    return try Mutant.read(text, file: file)
  }

  /// Tries the mutants of one part.
  ///
  /// - Parameters:
  ///   - tasks: tasks of that part
  ///   - isChosen: whether a mutant is tried
  ///   - tell: is told each verdict, in the order in which they end
  func verdicts(
    on tasks: [CourseTask], of scope: CourseTask.Scope,
    where isChosen: (Int, Mutant) -> Bool = { _, _ in true }, tell: @Sendable (Verdict) -> Void
  ) throws -> [Verdict] {
    let all = try mutants(of: scope)
    let numbers = Set(tasks.map(\.number))
    let chosen = all.indices.filter { numbers.contains(all[$0].task) && isChosen($0, all[$0]) }
    let tasks = tasks.filter { task in chosen.contains { all[$0].task == task.number } }
    let runs = try runs(on: tasks, of: scope, with: all)
    return try inParallel(chosen) { index in
      let verdict = Verifier.verdict(
        on: all[index], try runs[all[index].task]!.verdict(mutant: index + 1))
      tell(verdict)
      return verdict
    }
  }

  /// A run of right code with other random numbers.
  package struct SeedVerdict: Sendable {
    package let task: CourseTask.Number
    /// The solution, or the name of a mutant that is no mistake.
    package let code: String
    package let seed: Int
    /// The first test that fails, and its message; `nil` if all pass.
    package let failure: (test: String, message: String)?
  }

  /// Runs the tests of tasks with the random numbers of several seeds: on the solutions, and on changes of them that are
  /// no mistake.
  ///
  /// - Parameter tell: is told each verdict, in the order in which they end
  func seedVerdicts(
    on tasks: [CourseTask], of scope: CourseTask.Scope, seeds: ClosedRange<Int>,
    tell: @Sendable (SeedVerdict) -> Void
  ) throws -> [SeedVerdict] {
    let all = try mutants(of: scope)
    let runs = try runs(on: tasks, of: scope, with: all)
    let jobs = tasks.flatMap { task -> [(CourseTask.Number, mutant: Int, seed: Int)] in
      let right = all.indices.filter {
        all[$0].task == task.number && all[$0].equivalent != nil
      }
      return ([0] + right.map { $0 + 1 }).flatMap { mutant in
        seeds.map { (task.number, mutant, $0) }
      }
    }
    return try inParallel(jobs) { number, mutant, seed in
      let result = try runs[number]!.verdict(mutant: mutant, seed: seed)
      let first = result.failures.first ?? result.tests.first { $0.outcome != .passed }
      let verdict = SeedVerdict(
        task: number, code: mutant == 0 ? "the solution" : all[mutant - 1].name, seed: seed,
        failure: result.outcome == .passed
          ? nil : (first?.name ?? "", first?.messages.first?.text ?? result.outcome.rawValue))
      tell(verdict)
      return verdict
    }
  }

  /// The tests of a task in a copy of the package with all mutants.
  private struct MutantRun: Sendable {
    let task: CourseTask
    let run: TestRun

    /// The tests of a mutant by its number; 0 is the solution.
    func verdict(mutant: Int = 0, seed: Int = 0) throws -> TaskVerdict {
      var run = run
      run.environment = [
        MutatedSources.variable: "\(mutant)", Verifier.seedVariable: "\(seed)",
      ]
      return TaskVerdict(task: task, tests: try run.run(filters: task.filters))
    }
  }

  /// The environment variable that chooses the random numbers of the tests (`Tests/TestSupport/Varied.swift`).
  static let seedVariable = "COURSE_TEST_SEED"

  /// Builds the tests of some tasks with all mutants of their part.
  private func runs(
    on tasks: [CourseTask], of scope: CourseTask.Scope, with all: [Mutant]
  ) throws -> [CourseTask.Number: MutantRun] {
    let sources = try MutatedSources(
      all, of: tasks, package: package, place: Verifier.file(of: scope))
    let copy = try copy(scope, with: sources)
    let checker = Checker(package: copy, base: base, report: report)
    var runs: [CourseTask.Number: MutantRun] = [:]
    for task in tasks {
      let run = MutantRun(
        task: task, run: TestRun(command: try build(task, checker), package: copy))
      // The copy must be right before anything is changed in it.
      let verdict = try run.verdict()
      guard verdict.outcome == .passed else {
        throw CourseError(
          .invalidData, "the solution of task \(task.number) does not pass its own tests",
          received: verdict.failures.first?.messages.first?.text ?? verdict.outcome.rawValue,
          remedy: "Mend it first: 'course check \(task.number)'.")
      }
      runs[task.number] = run
    }
    return runs
  }

  /// The results of jobs that run side by side, in their order.
  private func inParallel<Job: Sendable, Result: Sendable>(
    _ jobs: [Job], _ body: @Sendable (Job) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: jobs.count) { number in
      guard failure.withLock({ $0 == nil }) else { return }
      do {
        let result = try body(jobs[number])
        results.withLock { $0[number] = result }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return results.withLock { all in jobs.indices.compactMap { all[$0] } }
  }

  private func build(_ task: CourseTask, _ checker: Checker) throws -> [String] {
    do {
      return try checker.build(task)
    } catch let error as CompileErrors {
      let first = error.errors.first
      throw CourseError(
        .invalidData, "a mutant does not compile", received: first?.text,
        location: first.map { "\($0.file), line \($0.line)" },
        remedy: "Mend its entry in \(Verifier.file(of: task.scope)).")
    }
  }

  static func verdict(on mutant: Mutant, _ result: TaskVerdict) -> Verdict {
    let first = result.failures.first
    let message = first?.messages.first?.text ?? ""
    func plain(_ text: String) -> String {
      text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    let outcome: Verdict.Outcome =
      if result.outcome == .passed {
        mutant.equivalent == nil ? .survived : .equivalent
      } else if mutant.equivalent != nil {
        .falseAlarm
      } else if result.tests.contains(where: { $0.outcome == .crashed || $0.outcome == .timedOut })
      {
        .crashed
      } else if let words = mutant.says, plain(message).contains(plain(words)) {
        .named
      } else {
        .caught
      }
    return Verdict(mutant: mutant, outcome: outcome, message: message, test: first?.name ?? "")
  }

  // MARK: The copy

  /// Copies what the tests of a part need, with the changed sources.
  private func copy(_ scope: CourseTask.Scope, with sources: MutatedSources) throws -> URL {
    let copy = PackageCopy(
      package: package,
      folder: package.appending(
        path: ".course/verify/\(scope.rawValue)/\(package.lastPathComponent)"))
    let phase = String(scope.folder.prefix { $0 != "/" })
    var changed = sources.files
    changed["\(phase)/CourseMutant.swift"] = MutatedSources.selection
    try copy.copy([phase, "Tests/TestSupport", "Tests/\(scope.targets.tests)"], changed: changed)
    try copy.link("Shared", "Protocols", "Package.swift")
    return copy.folder
  }
}
