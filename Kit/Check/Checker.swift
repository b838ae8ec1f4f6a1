import CourseCommandLine
import Foundation
import Shared

/// Builds and runs the tests of tasks.
///
///     let checker = Checker(package: folder)
///     let verdict = try checker.check(task)
///     verdict.outcome     // passed
package struct Checker {
  let package: URL
  /// Is told what happens, `Building Phase1FeedForward (14 files)`, and with an empty text that it goes on.
  let report: (String) -> Void
  /// The folder in which SwiftPM built the checker; by default that of this process.
  let base: URL?
  package var limits = TestRun.Limits()

  package init(package: URL, base: URL? = nil, report: @escaping (String) -> Void = { _ in }) {
    (self.package, self.base, self.report) = (package, base, report)
  }

  /// Checks a task.
  /// - Throws: `CourseError` if no test could be run for a reason that is not in the student's code; `ExitStatus` after
  ///   Ctrl-C
  package func check(_ task: CourseTask) throws -> TaskVerdict {
    let lock = try lock()
    // Closing it releases the lock.
    defer { close(lock) }
    var verdict = try verdict(on: task)
    verdict.hasHiddenTests = hasHiddenTests(task)
    return verdict
  }

  /// Waits until no other process builds here.
  func lock() throws -> Int32 {
    let file = package.appending(path: ".course/check/lock")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CourseError(
        .file, "a file cannot be written: \(systemMessage(errno))", location: file.path)
    }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard !Interruption.isRequested else {
        close(descriptor)
        throw Interruption.status
      }
      report("Waiting for another check that is running here")
      usleep(100_000)
    }
    return descriptor
  }

  private func verdict(on task: CourseTask) throws -> TaskVerdict {
    let (unwritten, all) = try unwritten(in: task)
    if !unwritten.isEmpty, unwritten.count == all {
      return TaskVerdict(task: task, unwritten: unwritten)
    }
    do {
      let run = TestRun(
        command: try build(task), package: package, limits: limits)
      report("Running the tests of \(task.number) \(task.title)")
      let tests = try run.run(filters: task.filters, tick: { report("") })
      guard !tests.isEmpty else {
        throw CourseError(
          .file, "no test ran for task \(task.number)",
          expected: task.filters.joined(separator: ", "),
          location: "Tests/\(task.scope.targets.tests)", remedy: "Were its tests removed?")
      }
      var verdict = TaskVerdict(task: task, tests: tests)
      verdict.unwritten = unwritten
      return verdict
    } catch let failure as CompileErrors {
      return TaskVerdict(task: task, errors: sorted(failure.errors, task))
    }
  }

  /// Builds a task's tests: with the compiler alone, or, where that is not possible, with SwiftPM.
  /// - Returns: the command that runs them
  func build(_ task: CourseTask) throws -> [String] {
    #if os(Linux)
      do {
        return [try quickly { try $0.tests(of: task) }.path]
      } catch is QuickBuild.Unavailable {
        report("Building with SwiftPM, which takes longer (the reason is in \(Self.log))")
      }
    #else
      report("Building the tests of \(task.scope.rawValue)")
    #endif
    return try PackageBuild(package: package, report: report).tests(of: task.scope)
  }

  /// Builds with the compiler alone. The first time that it fails for a reason that is not in the code, perhaps since
  /// another compiler was installed, everything is built again.
  func quickly<Product>(_ body: (QuickBuild) throws -> Product) throws -> Product {
    let build = QuickBuild(package: package, base: base, report: report)
    let log = package.appending(path: Self.log)
    try BaseBuild(package: package, report: report).update()
    do {
      let product = try body(build)
      if changeTime(of: log) != nil { try? FileManager.default.removeItem(at: log) }
      return product
    } catch let problem as QuickBuild.Unavailable {
      guard changeTime(of: log) == nil else { throw problem }
      try AtomicFile.write(Data(problem.reason.utf8), to: log)
      build.removeAll()
      try BaseBuild(package: package, report: report).update(always: true)
      return try body(build)
    }
  }

  private static let log = ".course/quick-build.log"

  /// The student's own file first.
  private func sorted(_ errors: [Diagnostic], _ task: CourseTask) -> [Diagnostic] {
    errors.filter { task.files.contains($0.file) } + errors.filter { !task.files.contains($0.file) }
  }

  /// The places of a task that are still stubs, in words, and the number of its places; none in a file whose marks a
  /// student has changed.
  private func unwritten(in task: CourseTask) throws -> (places: [String], all: Int) {
    let regions = try task.files.flatMap { file -> [MarkedSource.Region] in
      let url = package.appending(path: file)
      guard let text = try? String(contentsOf: url, encoding: .utf8) else {
        throw CourseError(
          .file, "the file of task \(task.number) is missing", location: url.path,
          remedy: "Bring it back: 'course reset \(task.number)'.")
      }
      return (try? MarkedSource(text, file: file))?.regions.filter { $0.task == task.number } ?? []
    }
    return (regions.filter(\.isUnwritten).map(\.words), regions.count)
  }

  /// Whether an instructor's copy has tests that this one has not: `Tests/hidden-tests.txt` lists the tasks.
  private func hasHiddenTests(_ task: CourseTask) -> Bool {
    let list = try? String(
      contentsOf: package.appending(path: "Tests/hidden-tests.txt"), encoding: .utf8)
    return list?.split(whereSeparator: \.isWhitespace).contains(Substring("\(task.number)"))
      ?? false
  }
}
