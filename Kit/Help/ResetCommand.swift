import CourseCommandLine
import Foundation
import Shared

/// `course reset 1.2`
enum ResetCommand: Command {
  static let description = CommandDescription(
    name: "reset", abstract: "Begin a task again; your code is kept.",
    discussion: """
      Puts the stubs back into the regions of the task, and leaves the rest of the
      file as it is. Your file is kept in .course/backup. Where markers such as
      // BEGIN SOLUTION are missing, the whole file is put back as it was handed out.
      """,
    operands: [Operand("TASK", .one, "the number of a task, such as 1.2")])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    try run(arguments, in: try packageRoot(), on: terminal)
  }

  static func run(_ arguments: Arguments, in package: URL, on terminal: Terminal) throws {
    let task = try Catalogue(package: package).task(arguments.operands[0])
    let state = StudentState(package: package)
    if !Handout.isHandout(package) { try? SolutionsFile.keep(task, in: package) }
    for file in task.files {
      let place = package.appending(path: file)
      let handedOut = try? String(
        contentsOf: package.appending(path: "\(Handout.stubs)/\(file)"), encoding: .utf8)
      let text: String? =
        FileManager.default.fileExists(atPath: place.path)
        ? String(decoding: try PackageFiles.read(file, in: package), as: UTF8.self) : nil
      let (new, isWhole) = try reset(text, to: handedOut, task: task, file: file)
      if new == text {
        terminal.output.line("\(file) is as it was handed out.")
        continue
      }
      let backup = text == nil ? nil : try state.backUp(file)
      try AtomicFile.write(Data(new.utf8), to: place)
      terminal.output.line(
        isWhole
          ? "\(file): the whole file is as it was handed out, since its markers were not in order."
          : "\(file): task \(task.number) begins again.")
      if let backup { terminal.output.line("  Your file: \(backup)") }
    }
    var progress = ProgressFile(package: package)
    if progress.forget(task.number) { try progress.write(package: package) }
  }

  /// The text of a file with the stubs of a task.
  /// - Returns: the text, and whether the whole file was replaced
  static func reset(
    _ text: String?, to handedOut: String?, task: CourseTask, file: String
  ) throws -> (text: String, isWhole: Bool) {
    let original = try handedOut.map { try MarkedSource($0, file: file) }
    func regions(_ source: MarkedSource) -> [MarkedSource.Region] {
      source.regions.filter { $0.task == task.number }
    }
    var problem: CourseError
    do {
      guard let text else {
        throw CourseError(.file, "the file is missing", location: file)
      }
      let source = try MarkedSource(text, file: file)
      let count = regions(source).count
      if count == original.map({ regions($0).count }) ?? max(count, 1) {
        // The stubs as they were handed out, since their given values depend on the code above them.
        var stubs = original.map(regions)?.map(\.code)[...]
        let new = source.replacing { region in
          guard region.task == task.number else { return nil }
          return stubs?.popFirst() ?? source.stub(of: region)
        }
        return (new, false)
      }
      problem = CourseError(
        .format, "the file does not hold the regions of task \(task.number)",
        expected: "// TODO(\(task.number)): above // BEGIN SOLUTION", received: "\(count)",
        location: file)
    } catch let error as CourseError {
      problem = error
    }
    guard let handedOut else {
      problem.remedy = "Put the marker back, or take the file from Git again."
      throw problem
    }
    return (handedOut, true)
  }
}
