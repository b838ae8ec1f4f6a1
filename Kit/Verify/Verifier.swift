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
    let sources = try MutatedSources(
      all, of: tasks, package: package, place: Verifier.file(of: scope))
    let copy = try mirror(scope, with: sources)
    let chosen = all.indices.filter { numbers.contains(all[$0].task) && isChosen($0, all[$0]) }
    let checker = Checker(package: copy, base: base, report: report)
    var runs: [CourseTask.Number: TestRun] = [:]
    for task in tasks where chosen.contains(where: { all[$0].task == task.number }) {
      let run = TestRun(
        command: try build(task, checker), package: copy)
      // The copy must be right before anything is changed in it.
      let verdict = TaskVerdict(task: task, tests: try run.run(filters: task.filters))
      guard verdict.outcome == .passed else {
        throw CourseError(
          .invalidData, "the solution of task \(task.number) does not pass its own tests",
          received: verdict.failures.first?.messages.first?.text ?? verdict.outcome.rawValue,
          remedy: "Mend it first: 'course check \(task.number)'.")
      }
      runs[task.number] = run
    }
    let byNumber = Dictionary(uniqueKeysWithValues: tasks.map { ($0.number, $0) })
    let results = Mutex<[Int: Verdict]>([:])
    let failure = Mutex<(any Error)?>(nil)
    let jobs = chosen.map { index -> (index: Int, task: CourseTask, run: TestRun) in
      var run = runs[all[index].task]!
      run.environment[MutatedSources.variable] = "\(index + 1)"
      return (index, byNumber[all[index].task]!, run)
    }
    DispatchQueue.concurrentPerform(iterations: jobs.count) { number in
      guard failure.withLock({ $0 == nil }) else { return }
      let (index, task, run) = jobs[number]
      do {
        let verdict = Verifier.verdict(
          on: all[index],
          TaskVerdict(task: task, tests: try run.run(filters: task.filters)))
        results.withLock { $0[index] = verdict }
        tell(verdict)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return results.withLock { all in chosen.compactMap { all[$0] } }
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

  /// Copies the folders that the tests of a part need, with the changed sources. A file that stays as it was keeps its
  /// age, so that only changes are compiled. The folder has the name of the package, which the compiler looks at.
  private func mirror(_ scope: CourseTask.Scope, with sources: MutatedSources) throws -> URL {
    let copy = package.appending(
      path: ".course/verify/\(scope.rawValue)/\(package.lastPathComponent)")
    let phase = String(scope.folder.prefix { $0 != "/" })
    var wanted = Set<String>()
    for folder in [
      "Shared", phase, "Protocols", "Tests/TestSupport", "Tests/\(scope.targets.tests)",
    ] {
      for file in SourceModule.files(in: package.appending(path: folder)) where !file.isFolder {
        let path = String(file.path.dropFirst(package.path.count).drop { $0 == "/" })
        wanted.insert(path)
        let data = try sources.files[path].map { Data($0.utf8) } ?? Data(contentsOf: file)
        try Verifier.write(data, to: copy.appending(path: path))
      }
    }
    let selection = "\(phase)/CourseMutant.swift"
    wanted.insert(selection)
    try Verifier.write(Data(MutatedSources.selection.utf8), to: copy.appending(path: selection))
    try Verifier.write(
      Data(contentsOf: package.appending(path: "Package.swift")),
      to: copy.appending(path: "Package.swift"))
    for folder in [phase, "Tests"] {
      for file in SourceModule.files(in: copy.appending(path: folder)) where !file.isFolder {
        let path = String(file.path.dropFirst(copy.path.count).drop { $0 == "/" })
        if !wanted.contains(path) { try FileManager.default.removeItem(at: file) }
      }
    }
    return copy
  }

  private static func write(_ data: Data, to file: URL) throws {
    if (try? Data(contentsOf: file)) == data { return }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(data, to: file)
  }
}

extension URL {
  fileprivate var isFolder: Bool {
    (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
  }
}
