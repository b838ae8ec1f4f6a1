import CourseCommandLine
import Foundation
import Shared

/// Grades submissions: builds each around the instructor's package, and runs its tests and probes apart.
///
/// A task has its points if every test that the reference solution passes has begun, ended and passed, and if its probe
/// gives the numbers of the reference, which are compared here.
final class Grader {
  let package: URL
  /// All tasks of the course.
  let catalogue: Catalogue
  /// The tasks to grade; `nil` for those of which a submission holds something written.
  let chosen: [CourseTask]?
  let isolation: Isolation
  let seeds: [UInt64]
  private let base: URL?
  /// The folder of the copies.
  private let folder: URL
  private let report: (String) -> Void
  /// The place of a submission among all, for the line of progress: `3 of 16`.
  var place = ""
  private let limits: Limits
  private var modules: [String: Module] = [:]
  private var fingerprints: [String: String] = [:]
  private var givenCode: [String: GivenCode] = [:]

  struct Limits {
    var tests = TestRun.Limits()
    var probe = ChildProcess.Limits(
      seconds: 60, processorSeconds: 10, memory: 4 << 30, output: 16 << 20)
    var compiler = ChildProcess.Limits(seconds: 600, processorSeconds: 120, memory: 16 << 30)

    init() {
      tests.patience = (all: 8, single: 4)
      tests.seconds = (all: 120, single: 60)
      tests.memory = 4 << 30
      tests.output = 16 << 20
      // One is enough for the verdict, and a few for the message.
      (tests.timeouts, tests.failures) = (1, 3)
    }
  }

  /// The instructor's side of the tasks of a module.
  private struct Module {
    var workspace: GradeWorkspace
    /// The identifiers of the tests of each task.
    var tests: [CourseTask.Number: Set<String>] = [:]
    /// The numbers of the reference, for each seed.
    var probes: [CourseTask.Number: [ProbeResults]] = [:]
  }

  /// - Parameters:
  ///   - base: the folder in which SwiftPM built the checker; by default that of this process
  ///   - folder: the folder of the copies; by default one in the package
  init(
    package: URL, catalogue: Catalogue, chosen: [CourseTask]? = nil, isolation: Isolation,
    seeds: [UInt64], base: URL? = nil, folder: URL? = nil, limits: Limits = Limits(),
    report: @escaping (String) -> Void = { _ in }
  ) {
    (self.package, self.catalogue, self.chosen) = (package, catalogue, chosen)
    (self.isolation, self.seeds, self.base, self.limits) = (isolation, seeds, base, limits)
    self.folder = folder ?? Grader.folder(in: package)
    self.report = report
  }

  static func folder(in package: URL) -> URL { package.appending(path: ".course/grade") }

  // MARK: The instructor's side

  /// The tasks that are graded at all.
  private var tasks: [CourseTask] { chosen ?? catalogue.tasks }

  /// Tasks without a probe, of those that were graded.
  var tasksWithoutProbe: [CourseTask.Number] {
    modules.values.flatMap { module in
      module.tests.keys.filter { module.probes[$0] == nil }
    }.sorted()
  }

  /// Builds and runs the reference of a module, once.
  private func module(of task: CourseTask) throws -> Module {
    let name = task.scope.targets.sources
    if let module = modules[name] { return module }
    let own = tasks.filter { $0.scope.targets.sources == name }
    let workspace = GradeWorkspace(
      package: package, folder: folder, tasks: own, base: base, report: report)
    try workspace.copyPackage()
    report("Building \(name) with the reference solution")
    let programs = try workspace.buildReference()
    var module = Module(workspace: workspace)
    try withPrograms(programs) { copies in
      let known = try probe(copies).channel
      let withProbe = Set(String(decoding: known, as: UTF8.self).split(separator: "\n"))
      for task in own {
        report("Running the reference solution of \(task.number) \(task.title)")
        let verdicts = try run(task, copies)
        if let wrong = verdicts.first(where: { $0.outcome != .passed }) {
          throw CourseError(
            .invalidData, "the reference solution of task \(task.number) does not pass its tests",
            received: "\(wrong.name): \(wrong.messages.first?.text ?? wrong.outcome.rawValue)",
            remedy: "Mend it first: 'course check \(task.number)'.")
        }
        guard !verdicts.isEmpty else {
          throw CourseError(
            .invalidData, "no test ran for task \(task.number)",
            expected: task.filters.joined(separator: ", "))
        }
        module.tests[task.number] = Set(verdicts.map(\.id))
        guard withProbe.contains("\(task.number)") else { continue }
        module.probes[task.number] = try seeds.map { seed in
          // Twice: a probe that depends on anything but its seed would fail right solutions.
          let runs = try (1...2).map { _ in
            try probe(copies, "\(task.number)", "\(seed)")
          }
          let numbers = runs.map { ProbeResults($0.channel) }
          guard let first = numbers[0], let second = numbers[1],
            second.difference(from: first) == nil
          else {
            throw CourseError(
              .invalidData, "the probe of task \(task.number) fails with the reference solution",
              received: numbers.contains(nil)
                ? TestRun.reason(of: runs[0]).text : "other numbers in a second run")
          }
          return first
        }
      }
    }
    modules[name] = module
    return module
  }

  /// The fingerprint of the instructor's side of a module.
  private func fingerprint(of name: String, _ task: CourseTask) throws -> String {
    if let known = fingerprints[name] { return known }
    var fingerprint = Fingerprint()
    for folder in ["Shared"] + GradeWorkspace.folders(of: task.scope) {
      for file in SourceModule.swiftFiles(in: package.appending(path: folder)) {
        fingerprint.add(file.path)
        fingerprint.add(try Data(contentsOf: file))
      }
    }
    fingerprints[name] = fingerprint.text
    return fingerprint.text
  }

  /// The given code around a file of a task.
  private func given(for path: String) -> GivenCode {
    let all = catalogue.tasks
    let module = all.first { $0.files.contains(path) }?.scope.targets.sources ?? ""
    if let known = givenCode[module] { return known }
    let code = GivenCode(
      package: package, tasks: all.filter { $0.scope.targets.sources == module })
    givenCode[module] = code
    return code
  }

  // MARK: A submission

  /// Reads a submission, with the fingerprint by which a later run recognises it.
  func read(_ folder: URL) throws -> (submission: Submission, fingerprint: String) {
    let paths = Set(tasks.flatMap(\.files)).sorted()
    let submission = Submission(folder: folder, paths: paths) { path in
      let own = (try? String(contentsOf: self.package.appending(path: path), encoding: .utf8)) ?? ""
      return SourceRules(given: self.given(for: path), reference: own)
    }
    var fingerprint = Fingerprint()
    fingerprint.add(chosen.map { $0.map { "\($0.number)" }.joined(separator: " ") } ?? "")
    for path in submission.files.keys.sorted() { fingerprint.add(path + submission.files[path]!) }
    for path in submission.refused.keys.sorted() {
      fingerprint.add(path + submission.refused[path]!)
    }
    for (name, tasks) in Dictionary(
      grouping: gradedTasks(of: submission), by: \.scope.targets.sources
    ).sorted(by: { $0.key < $1.key }) {
      fingerprint.add(try self.fingerprint(of: name, tasks[0]))
    }
    return (submission, fingerprint.text)
  }

  /// The tasks for which a submission gets points or none.
  private func gradedTasks(of submission: Submission) -> [CourseTask] {
    chosen
      ?? tasks.filter { task in
        switch submission.part(task) {
        case .written, .refused: true
        case .missing: task.files.contains { submission.files[$0] != nil }
        case .unwritten: false
        }
      }
  }

  /// Grades a submission.
  func grade(_ submission: Submission, fingerprint: String) throws -> SubmissionGrade {
    var grade = SubmissionGrade(student: submission.name, fingerprint: fingerprint)
    let tasks = gradedTasks(of: submission)
    if tasks.isEmpty { grade.remarks.append("no file of a task, or none with code in it") }
    var written: [CourseTask] = []
    for task in tasks {
      var result = SubmissionGrade.Task(
        number: task.number, title: task.title, outcome: .notWritten, points: 0,
        maximum: task.points)
      switch submission.part(task) {
      case .written: written.append(task)
      case .unwritten: break
      case .missing(let words): (result.outcome, result.message) = (.missing, words)
      case .refused(let words): (result.outcome, result.message) = (.refused, words)
      }
      grade.tasks.append(result)
    }
    // Before the clock is read: the first submission does not pay for the instructor's side.
    for task in written { _ = try module(of: task) }
    let began = ContinuousClock.now
    var names: [String] = []
    for name in written.map(\.scope.targets.sources) where !names.contains(name) {
      names.append(name)
    }
    for name in names {
      try self.grade(
        written.filter { $0.scope.targets.sources == name }, of: submission, in: &grade)
    }
    refuseWorkOfOthers(submission, in: &grade)
    let duration = ContinuousClock.now - began
    grade.seconds =
      Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    return grade
  }

  /// Grades the tasks of one module.
  private func grade(
    _ tasks: [CourseTask], of submission: Submission, in grade: inout SubmissionGrade
  ) throws {
    let module = try module(of: tasks[0])
    var files = try self.files(of: tasks, submission, module)
    let (programs, rejected) = try module.workspace.build(&files, limits: limits.compiler)
    for path in rejected.keys.sorted() {
      grade.remarks.append(
        "\(path) does not compile: for the other tasks, the instructor's file stands in its place")
    }
    var failed: [CourseTask] = []
    try withPrograms(programs) { copies in
      for task in tasks {
        let place = grade.tasks.firstIndex { $0.number == task.number }!
        if let path = task.files.first(where: { rejected[$0] != nil }) {
          grade.tasks[place].outcome = .doesNotCompile
          grade.tasks[place].message = rejected[path]!
          continue
        }
        report("\(submission.name) (\(place)): \(task.number) \(task.title)")
        try judge(task, module, copies, &grade.tasks[place])
        if grade.tasks[place].outcome != .passed { failed.append(task) }
      }
    }
    let left = tasks.filter { task in !task.files.contains { rejected[$0] != nil } }
    try gradeAgain(failed, of: left, submission, module, in: &grade)
  }

  /// Takes the points of tasks whose file uses a type of another task that is not the student's own: where that one is
  /// not written or fails, the instructor's code stands in its place, and would give the answer.
  private func refuseWorkOfOthers(_ submission: Submission, in grade: inout SubmissionGrade) {
    var isStable = false
    while !isStable {
      isStable = true
      for place in grade.tasks.indices where grade.tasks[place].outcome == .passed {
        let number = grade.tasks[place].number
        let task = catalogue.tasks.first { $0.number == number }!
        for path in task.files {
          let own = (try? String(contentsOf: package.appending(path: path), encoding: .utf8)) ?? ""
          let names = SourceRules.names(in: submission.files[path] ?? "")
            .subtracting(SourceRules.names(in: own))
          let used = given(for: path).works(namedIn: names).first { work in
            let owners = catalogue.tasks.filter { $0.files.contains(work.path) }.map(\.number)
            return !owners.contains(number)
              && !owners.allSatisfy { owner in
                grade.tasks.contains { $0.number == owner && $0.outcome == .passed }
              }
          }
          guard let used else { continue }
          (grade.tasks[place].outcome, grade.tasks[place].points) = (.refused, 0)
          grade.tasks[place].message =
            "\(path): uses \(used.type), the work of another task, which does not pass: compute it here, with "
            + "loops or with operations of Tensor"
          isStable = false
          break
        }
      }
    }
  }

  /// The files of some tasks, with the instructor's code in place of others.
  private func files(
    of tasks: [CourseTask], _ submission: Submission, _ module: Module,
    without others: [CourseTask] = []
  ) throws -> [String: String] {
    var files: [String: String] = [:]
    for path in Set(tasks.flatMap(\.files)) {
      files[path] = submission.text(
        of: path, tasks: catalogue.tasks, reference: try module.workspace.reference(path),
        without: others)
    }
    return files
  }

  /// Judges tasks that failed once more, each with the instructor's code of the other ones that failed: its tests may
  /// have failed because of those.
  private func gradeAgain(
    _ failed: [CourseTask], of tasks: [CourseTask], _ submission: Submission, _ module: Module,
    in grade: inout SubmissionGrade
  ) throws {
    guard failed.count > 1 else { return }
    for task in failed {
      let others = failed.filter { $0 != task }
      var own = try files(of: tasks, submission, module, without: others)
      let (programs, rejected) = try module.workspace.build(&own, limits: limits.compiler)
      guard rejected.isEmpty else { continue }
      let place = grade.tasks.firstIndex { $0.number == task.number }!
      report("\(grade.student) (\(self.place)): \(task.number) again, with your code of the others")
      var result = grade.tasks[place]
      try withPrograms(programs) { copies in
        try judge(task, module, copies, &result)
      }
      guard result.outcome == .passed else { continue }
      grade.tasks[place] = result
      let names = others.map { "\($0.number)" }.joined(separator: ", ")
      grade.remarks.append(
        "\(task.number) passes with the instructor's code of \(names), which failed too")
    }
  }

  /// Runs the tests and the probe of a task.
  private func judge(
    _ task: CourseTask, _ module: Module, _ copies: Copies, _ result: inout SubmissionGrade.Task
  ) throws {
    (result.outcome, result.points, result.message) = (.failed, 0, "")
    let expected = module.tests[task.number] ?? []
    let all: [TestVerdict]
    do {
      all = try run(task, copies)
    } catch let error as CourseError {
      result.message = error.what
      return
    }
    // What a submission reports of tests that do not exist counts for nothing.
    let verdicts = all.filter { expected.contains($0.id) }
    result.tests = expected.count
    result.passedTests = verdicts.count { $0.outcome == .passed }
    let failures = TaskVerdict(task: task, tests: verdicts).failures
    if result.passedTests < expected.count || verdicts.count != expected.count {
      let first = failures.first ?? verdicts.first { $0.outcome != .passed }
      result.message =
        first.map { "\($0.name): \($0.messages.first?.text ?? $0.outcome.rawValue)" }
        ?? "\(expected.count - verdicts.count) of \(expected.count) tests did not run"
      return
    }
    for (seed, right) in zip(seeds, module.probes[task.number] ?? []) {
      let run = try probe(copies, "\(task.number)", "\(seed)")
      let words =
        ProbeResults(run.channel).map { $0.difference(from: right) }
        ?? TestRun.reason(of: run).text
      if let words {
        result.message = "the tests pass, but not random inputs: \(words)"
        return
      }
    }
    (result.outcome, result.points) = (.passed, result.maximum)
  }

  // MARK: Running

  /// The programs in a folder of their own, from which they run.
  private struct Copies {
    var isolation: Isolation
    var folder: URL
    var tests, probe: String
  }

  /// Calls `body` with copies of the programs.
  private func withPrograms(
    _ programs: GradeWorkspace.Programs, _ body: (Copies) throws -> Void
  ) throws {
    try isolation.withFolder { isolation, folder in
      let copies = try [programs.tests, programs.probe].map { program in
        let copy = folder.appending(path: program.lastPathComponent)
        try FileManager.default.copyItem(at: program, to: copy)
        chmod(copy.path, 0o555)
        return copy.path
      }
      try body(Copies(isolation: isolation, folder: folder, tests: copies[0], probe: copies[1]))
    }
  }

  private func run(_ task: CourseTask, _ copies: Copies) throws -> [TestVerdict] {
    // The paths in messages are relative to the copy of the package.
    let package = folder.appending(path: package.standardizedFileURL.lastPathComponent)
    var run = TestRun(command: [copies.tests], package: package, limits: limits.tests)
    run.isolation = (copies.isolation, copies.folder)
    return try run.run(filters: task.filters)
  }

  private func probe(_ copies: Copies, _ arguments: String...) throws -> ChildProcess.Result {
    try ChildProcess.run(
      [copies.probe] + arguments, in: copies.folder,
      environment: ["SWIFT_BACKTRACE": "enable=no"], limits: limits.probe,
      isolation: copies.isolation)
  }
}
