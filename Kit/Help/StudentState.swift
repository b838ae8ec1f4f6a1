import Foundation
import Shared

/// What a student has seen and done, in the folder `.course`, which Git ignores.
struct StudentState {
  /// The folder of the package.
  let package: URL

  private var folder: URL { package.appending(path: ".course", directoryHint: .isDirectory) }

  /// Whether a task passed when it was checked last.
  func hasPassed(_ task: CourseTask.Number) -> Bool {
    ProgressFile(package: package).done.contains(task)
  }

  /// The tasks to do: in a handout all of them; in the full package, which holds their solutions, those that were begun
  /// with `course reset`.
  func tasksToDo(of catalogue: Catalogue) -> [CourseTask] {
    if Handout.isHandout(package) { return catalogue.tasks }
    let kept = try? SolutionsFile(contentsOf: package.appending(path: SolutionsFile.kept))
    let begun = Set(kept?.solutions.map(\.task) ?? [])
    return catalogue.tasks.filter { begun.contains("\($0.number)") }
  }

  // MARK: Hints

  private var hintsFile: URL { folder.appending(path: "hints") }

  /// How many hints of a task were shown. The file has a line for each task: `1.2 3`.
  func hintsShown(_ task: CourseTask.Number) -> Int { hints()[task] ?? 0 }

  /// Notes how many hints of a task were shown.
  func note(hintsShown count: Int, of task: CourseTask.Number) throws {
    var hints = hints()
    hints[task] = count
    let lines = hints.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try AtomicFile.write(Data(lines.joined().utf8), to: hintsFile)
  }

  private func hints() -> [CourseTask.Number: Int] {
    let text = (try? String(contentsOf: hintsFile, encoding: .utf8)) ?? ""
    var result: [CourseTask.Number: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, let task = CourseTask.Number(words[0]), let count = Int(words[1]) {
        result[task] = count
      }
    }
    return result
  }

  // MARK: Backups

  /// Keeps a copy of a file as `.course/backup/Dense-20261128-220000.swift`, or with a number behind it where that is
  /// taken.
  /// - Returns: the path of the copy in the package
  func backUp(_ file: String, now: Date = Date()) throws -> String {
    let source = package.appending(path: file)
    let name = source.deletingPathExtension().lastPathComponent
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    let time = formatter.string(from: now)
    try FileManager.default.createDirectory(
      at: folder.appending(path: "backup"), withIntermediateDirectories: true)
    for number in 1... {
      let suffix = number == 1 ? "" : "-\(number)"
      let path = ".course/backup/\(name)-\(time)\(suffix).swift"
      let copy = package.appending(path: path)
      if FileManager.default.fileExists(atPath: copy.path) { continue }
      do { try FileManager.default.copyItem(at: source, to: copy) } catch {
        throw CourseError(
          .file, "cannot keep a copy of your file", received: error.localizedDescription,
          location: file, remedy: "Nothing was changed.")
      }
      return path
    }
    return ""
  }
}

extension Catalogue {
  /// The one task that a command is about.
  func task(_ name: String) throws -> CourseTask {
    let found = try tasks(named: name)
    guard found.count == 1, CourseTask.Number(name) != nil else {
      throw CourseError(
        .invalidArgument, "this is not one task", expected: "a number such as \(found[0].number)",
        received: name)
    }
    return found[0]
  }
}
