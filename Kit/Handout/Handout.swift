import Foundation
import Shared

/// A package for students, made from this one: the tasks as stubs, and what belongs to them.
///
///     let plan = try HandoutPlan(tasks: [.firstPrinciples, .phase1])
///     try Handout(plan, of: package).write(to: folder)
///
/// The same package and plan give the same files, byte for byte.
package struct Handout: Sendable {
  package let plan: HandoutPlan
  /// The files by their paths.
  package private(set) var files: [String: Data] = [:]
  /// The tasks that it holds.
  package let tasks: [CourseTask]

  /// The folder with copies of the files with stubs, for `course reset`.
  static let stubs = ".stubs"
  /// Whether a package is a handout.
  static func isHandout(_ package: URL) -> Bool {
    FileManager.default.fileExists(atPath: package.appending(path: stubs).path)
  }
  /// The folder with the files as they are with their solutions.
  static let solutions = "Solutions"

  /// Makes the files.
  /// - Throws: `CourseError` for a marker that is wrong, a file that cannot be read, or a line of a solution that would
  ///   reach the students
  package init(_ plan: HandoutPlan, of package: URL) throws {
    self.plan = plan
    let catalogue = try Catalogue(package: package)
    tasks = catalogue.tasks.filter { plan.tasks.contains($0.scope) }
    if let empty = plan.tasks.first(where: { scope in !tasks.contains { $0.scope == scope } }) {
      throw CourseError(
        .invalidArgument, "this package does not hold the part", received: empty.rawValue)
    }
    var leaks = HandoutLeaks()
    var hidden: Set<CourseTask.Number> = []
    for path in try PackageFiles.all(in: package) {
      let data = try PackageFiles.read(path, in: package)
      if path.contains("/Hidden/") { hidden.formUnion(Handout.tasks(ofTests: data)) }
      guard plan.holds(path) else { continue }
      files[path] = data
      guard path.hasSuffix(".swift"),
        CourseTask.Scope.allCases.contains(where: {
          path.hasPrefix("\($0.folder)/")
        })
      else { continue }
      let source = try MarkedSource(String(decoding: data, as: UTF8.self), file: path)
      let stubs = source.regions.filter { plan.isStub($0.task) }
      guard !stubs.isEmpty else { continue }
      guard !stubs.contains(where: \.isUnwritten) else {
        throw CourseError(
          .invalidData, "the package has stubs itself", expected: "the complete package",
          location: path, remedy: "Make handouts from the package with the solutions.")
      }
      leaks.keep(stubs, of: source)
      let stubbed = Data(source.stubbed { plan.isStub($0.task) }.utf8)
      files[path] = stubbed
      guard stubs.contains(where: { stub in tasks.contains { $0.number == stub.task } }) else {
        continue
      }
      files["\(Handout.stubs)/\(path)"] = stubbed
      if plan.isForInstructors { files["\(Handout.solutions)/\(path)"] = data }
    }
    for path in ["course", "LICENSE", ".gitignore", ".swift-format"] {
      files[path] = try PackageFiles.read(path, in: package)
    }
    let manifest = String(
      decoding: try PackageFiles.read("Package.swift", in: package), as: UTF8.self)
    files["Package.swift"] = Data(
      try HandoutManifest.text(from: manifest) { folder in
        files.keys.contains { $0.hasPrefix("\(folder)/") }
      }.utf8)
    hidden.formIntersection(tasks.map(\.number))
    if !hidden.isEmpty, !plan.isForInstructors {
      let lines =
        ["# Tasks with tests that only instructors have."] + hidden.sorted().map { "\($0)" }
      files["Tests/hidden-tests.txt"] = Data((lines.joined(separator: "\n") + "\n").utf8)
    }
    try addTexts(from: package)
    for (path, text) in HandoutTexts(plan: plan, tasks: tasks).files {
      files[path] = Data(text.utf8)
    }
    try leaks.check(files.filter { !$0.key.hasPrefix("\(Handout.solutions)/") })
  }

  /// The texts of the tasks with their figures. A link to a text that is not there becomes its words.
  private mutating func addTexts(from package: URL) throws {
    var names =
      plan.tasks.map(\.text).sorted() + ["Protocols/From-Python.md", "Protocols/README.md"]
    if plan.isForInstructors { names.append("Protocols/Instructors.md") }
    let texts = try names.filter {
      FileManager.default.fileExists(atPath: package.appending(path: $0).path)
    }.map { ($0, String(decoding: try PackageFiles.read($0, in: package), as: UTF8.self)) }
    for (_, text) in texts {
      for match in text.matches(of: /\]\((figures\/[^)]+)\)/) {
        let path = "Protocols/\(match.1)"
        files[path] = try PackageFiles.read(path, in: package)
      }
    }
    let held = Set(files.keys).union(texts.map(\.0)).union(["README.md"])
    for (path, text) in texts {
      let folder = path.split(separator: "/").dropLast()
      let linked = text.replacing(/\[([^\]\[]+)\]\(([^)#:]+)(#[^)]*)?\)/) { match in
        var place = folder
        for part in match.2.split(separator: "/") {
          if part == ".." { _ = place.popLast() } else { place.append(part) }
        }
        let target = place.joined(separator: "/")
        let isThere = held.contains { $0 == target || $0.hasPrefix("\(target)/") }
        return isThere ? String(match.0) : String(match.1)
      }
      // The page for instructors stays with them, and with it the sentence that leads there.
      let isForAll = path.hasSuffix("README.md") && !plan.isForInstructors
      let rest = isForAll ? linked.replacing(/\s[^.]*\bInstructors\.md\./, with: "") : linked
      files[path] = Data(rest.utf8)
    }
  }

  /// The tasks of a file with tests: `/// Task 1.2.`
  private static func tasks(ofTests data: Data) -> [CourseTask.Number] {
    String(decoding: data, as: UTF8.self).matches(of: /Task (\d+\.\d+)/)
      .compactMap { CourseTask.Number($0.1) }
  }

  // MARK: Writing

  /// Writes the handout into a folder that does not exist or is empty: completely, or not at all.
  package func write(to folder: URL) throws {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: folder.path, isDirectory: &isFolder) {
      let content =
        isFolder.boolValue ? try manager.contentsOfDirectory(atPath: folder.path) : ["it"]
      guard content.isEmpty else {
        throw CourseError(
          .file, "the folder of the handout exists and is not empty",
          expected: "a new folder, or an empty one", location: folder.path,
          remedy: "Choose another folder, or remove this one.")
      }
    }
    let name = folder.lastPathComponent
    let above = folder.deletingLastPathComponent()
    guard manager.fileExists(atPath: above.path) else {
      throw CourseError(
        .file, "the folder for the handout does not exist", location: above.path,
        remedy: "Create it first.")
    }
    let part = above.appending(
      path: ".\(name).part-\(ProcessInfo.processInfo.processIdentifier)",
      directoryHint: .isDirectory)
    do {
      for (path, data) in files.sorted(by: { $0.key < $1.key }) {
        let file = part.appending(path: path)
        try manager.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        if path == "course" {
          try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
      }
      guard rename(part.path, folder.path) == 0 else {
        throw CourseError(
          .file, "cannot create the folder of the handout", received: systemMessage(errno),
          location: folder.path)
      }
    } catch {
      try? manager.removeItem(at: part)
      if error is CourseError { throw error }
      throw CourseError(
        .file, "cannot write the handout", received: error.localizedDescription,
        location: folder.path, remedy: "Nothing was created.")
    }
  }
}

/// The source files of a package.
enum PackageFiles {
  /// Kinds of files that belong to a package: a backup of an editor, which may hold a solution, is none.
  private static let kinds: Set = [
    "swift", "c", "h", "modulemap", "csv", "txt", "json", "npy", "png", "py", "md",
  ]

  /// The paths of the files that a handout may hold, sorted.
  static func all(in package: URL) throws -> [String] {
    let scopes = CourseTask.Scope.allCases
    let folders =
      [
        "Shared", "CommandLine", "Kit", "Networks", "ExplorationNetworks", "Pictures", "Training",
        "CourseTool",
        "Tests/TestSupport",
      ] + scopes.map(\.folder) + scopes.map(\.tests)
    var paths: Set<String> = []
    for folder in folders {
      let place = package.appending(path: folder).resolvingSymlinksInPath()
      guard FileManager.default.fileExists(atPath: place.path) else { continue }
      for name in try FileManager.default.subpathsOfDirectory(atPath: place.path) {
        let parts = name.split(separator: "/")
        guard let kind = parts.last?.split(separator: ".").last, kinds.contains(String(kind)),
          !parts.contains(where: { $0.hasPrefix(".") || $0 == "__pycache__" })
        else { continue }
        paths.insert("\(folder)/\(name)")
      }
    }
    return paths.sorted()
  }

  static func read(_ path: String, in package: URL) throws -> Data {
    do { return try Data(contentsOf: package.appending(path: path)) } catch {
      throw CourseError(
        .file, "cannot read a file of the package", received: error.localizedDescription,
        location: path)
    }
  }
}
