import CourseCommandLine
import Foundation
import Shared

/// The instructor's package with the files of a submission in place of its own, for the tasks of one module.
///
/// From one submission to the next, only its own files are compiled again: `Shared`, the tests and their support stay as
/// they are.
struct GradeWorkspace {
  /// The instructor's package.
  let package: URL
  /// The folder of the copies.
  let folder: URL
  /// The tasks of a module.
  let tasks: [CourseTask]
  let base: URL?
  let report: (String) -> Void

  private var scope: CourseTask.Scope { tasks[0].scope }
  /// The package with the files of a submission.
  var copy: URL { mirror.folder }
  private var mirror: PackageCopy {
    PackageCopy(
      package: package,
      folder: folder.appending(path: package.standardizedFileURL.lastPathComponent))
  }
  /// The paths of the files that the tasks name.
  var paths: [String] { Set(tasks.flatMap(\.files)).sorted() }

  /// The programs around a submission.
  struct Programs {
    var tests: URL
    var probe: URL
  }

  // MARK: Files

  /// The folders that the tests and the probe of a module need, beside `Shared`.
  static func folders(of scope: CourseTask.Scope) -> [String] {
    [
      String(scope.folder.prefix { $0 != "/" }), "Tests/TestSupport", "Tests/Probes",
      "Tests/\(scope.targets.tests)",
    ]
  }

  /// Copies the folders that the tests need.
  func copyPackage() throws {
    guard FileManager.default.fileExists(atPath: package.appending(path: "Tests/Probes").path)
    else {
      throw CourseError(
        .file, "this package cannot grade: its probes are missing", expected: "Tests/Probes",
        location: package.path, remedy: "Grade from the full package, not from a handout.")
    }
    try mirror.copy(Self.folders(of: scope))
    // Of Shared, the compiler reads the headers alone.
    try mirror.link("Shared")
  }

  /// The instructor's own text of a file.
  func reference(_ path: String) throws -> String {
    try String(contentsOf: package.appending(path: path), encoding: .utf8)
  }

  /// Puts the files of a submission in place; all others are the instructor's.
  func place(_ files: [String: String]) throws {
    for path in paths {
      try mirror.write(Data((files[path] ?? reference(path)).utf8), to: path)
    }
  }

  // MARK: Building

  /// Builds the tests and the probe around the files that are in place.
  /// - Throws: `CompileErrors`, or `QuickBuild.Unavailable` if the compiler gives up
  func build(limits: ChildProcess.Limits) throws -> Programs {
    var quick = QuickBuild(package: copy, base: base, report: report)
    // An expression on which the compiler would think for ever is an error after some seconds.
    quick.flags = ["-Xfrontend", "-solver-expression-time-threshold=10"]
    quick.limits = limits
    let tests = try quick.tests(of: tasks, title: "the tests of \(scope.targets.sources)")
    return Programs(tests: tests, probe: try quick.probe(of: scope))
  }

  /// Builds the instructor's own files.
  /// - Throws: `CourseError` if they cannot be built
  func buildReference() throws -> Programs {
    try place([:])
    do {
      return try build(limits: .init(seconds: 3600))
    } catch let errors as CompileErrors {
      let first = errors.errors.first
      throw CourseError(
        .invalidData, "the instructor's package does not compile", received: first?.text,
        location: first.map { "\($0.file), line \($0.line)" })
    } catch let problem as QuickBuild.Unavailable {
      throw CourseError(
        .file, "the instructor's package cannot be built:\n\(problem.reason)",
        location: copy.path)
    }
  }

  /// Builds a submission without the files that do not compile.
  ///
  /// - Parameters:
  ///   - files: the files of the submission, which becomes those that are in place
  ///   - limits: those of one call of the compiler
  /// - Returns: the programs, and the message for each file that was left out
  func build(
    _ files: inout [String: String], limits: ChildProcess.Limits
  ) throws -> (programs: Programs, rejected: [String: String]) {
    var rejected: [String: String] = [:]
    while true {
      if files.isEmpty { return (try buildReference(), rejected) }
      try place(files)
      do {
        return (try build(limits: limits), rejected)
      } catch  where !(error is ExitStatus) && !files.isEmpty {
        let blamed = try blamed(for: error, in: files, limits: limits)
        for (path, message) in blamed {
          rejected[path] = message
          files[path] = nil
        }
      }
    }
  }

  /// The files because of which a build fails, each with a message: at least one.
  private func blamed(
    for error: any Error, in files: [String: String], limits: ChildProcess.Limits
  ) throws -> [String: String] {
    var named: [String: String] = [:]
    for diagnostic in (error as? CompileErrors)?.errors ?? [] where files[diagnostic.file] != nil {
      named[diagnostic.file] = named[diagnostic.file] ?? Self.words(diagnostic)
    }
    if named.count == 1 { return named }
    // Several files, or none of the submission: then each is tried alone, with the instructor's others.
    var alone: [String: String] = [:]
    for path in (named.isEmpty ? files : named).keys.sorted() {
      try place([path: files[path]!])
      do {
        _ = try build(limits: limits)
      } catch  where !(error is ExitStatus) {
        alone[path] = named[path] ?? Self.words(error)
      }
    }
    if !alone.isEmpty { return alone }
    let message = "it compiles alone, but not with the other files: \(Self.words(error))"
    return files.mapValues { _ in message }
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case let errors as CompileErrors: errors.errors.first.map(words) ?? "it does not compile"
    case let problem as QuickBuild.Unavailable:
      "the compiler gives up: \(problem.reason.split(separator: "\n").last ?? "no message")"
    default: "\(error)"
    }
  }

  private static func words(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.file.split(separator: "/").last ?? ""
    return "\(place):\(diagnostic.line): \(diagnostic.text)"
  }
}

extension QuickBuild {
  /// Builds the probe of a module: a program that runs its tasks on random inputs and writes the results.
  func probe(of scope: CourseTask.Scope) throws -> URL {
    let (modules, objects) = try phase(scope)
    let module = scope.targets.sources
    let sources =
      ["Tests/Probes/Probe.swift", "Tests/Probes/\(module).swift"]
      + ["TinyDense", "TinyOptimizers", "TinySquaredError"].map { "Tests/TestSupport/\($0).swift" }
    let own = try compile(
      SourceModule(
        name: "CourseProbe", sources: sources.map { package.appending(path: $0) }, imports: modules,
        isImported: false), in: "probe-\(module)", "the probe of \(module)")
    return try link(
      own + objects + baseObjects(), into: folder.appending(path: "probe-\(module)/probe"),
      libraries: scope == .generator ? codecLibraries : [])
  }
}
