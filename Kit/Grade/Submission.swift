import Foundation
import Shared

/// The work of a student: of a folder, only the files that the tasks name.
///
/// The folder may hold the package, the package in a folder of its own, or the files alone.
struct Submission {
  let name: String
  /// The texts of the files, by their paths in the package.
  private(set) var files: [String: String] = [:]
  /// Why a file is not taken.
  private(set) var refused: [String: String] = [:]

  /// Bytes of a file.
  static let largestFile = 256 << 10

  /// A submission of some texts.
  init(name: String, files: [String: String]) { (self.name, self.files) = (name, files) }

  /// Reads the files.
  /// - Parameters:
  ///   - paths: the files that the tasks name
  ///   - rules: those for each file
  init(folder: URL, paths: [String], rules: (String) -> SourceRules) {
    name = folder.standardizedFileURL.lastPathComponent
    let found = Self.files(below: folder)
    for path in paths {
      let candidates = Self.candidates(for: path, in: found)
      guard let first = candidates.first else { continue }
      if candidates.count > 1 {
        refused[path] = "there are several: \(candidates.prefix(3).joined(separator: ", "))"
        continue
      }
      switch Self.read(first, in: folder) {
      case .success(let text):
        if let reason = rules(path).refusal(of: text) {
          refused[path] = reason
        } else {
          files[path] = text
        }
      case .failure(let refusal): refused[path] = refusal.reason
      }
    }
  }

  private struct Refusal: Error { var reason: String }

  /// The paths of all files below a folder, without those in hidden folders.
  private static func files(below folder: URL) -> [String] {
    let files = FileManager.default.enumerator(atPath: folder.path)
    var found: [String] = []
    // A bound, since a submission may be anything.
    var count = 0
    while let path = files?.nextObject() as? String, count < 50_000 {
      count += 1
      let name = path.split(separator: "/").last ?? ""
      if name.hasPrefix(".") { files?.skipDescendants() }
      if name.hasSuffix(".swift") { found.append(path) }
    }
    return found.sorted()
  }

  /// The files that can be meant: the one at its place, else those at its place in a folder, else those of its name.
  private static func candidates(for path: String, in found: [String]) -> [String] {
    if found.contains(path) { return [path] }
    let nested = found.filter { $0.hasSuffix("/\(path)") }
    if !nested.isEmpty { return nested }
    let name = path.split(separator: "/").last ?? ""
    return found.filter { $0 == name || $0.hasSuffix("/\(name)") }
  }

  private static func read(_ path: String, in folder: URL) -> Result<String, Refusal> {
    let root = folder.resolvingSymlinksInPath().path
    let file = folder.appending(path: path).resolvingSymlinksInPath().path
    func refuse(_ reason: String) -> Result<String, Refusal> { .failure(Refusal(reason: reason)) }
    guard file.hasPrefix(root + "/") else {
      return refuse("it is a symbolic link that leads out of the folder")
    }
    let descriptor = open(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return refuse("it cannot be read: \(systemMessage(errno))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return refuse("it is no regular file")
    }
    guard status.st_size <= largestFile else {
      return refuse("it has \(status.st_size) bytes, more than \(largestFile)")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    guard let data = try? handle.read(upToCount: largestFile + 1) ?? Data() else {
      return refuse("it cannot be read")
    }
    guard data.count <= largestFile else { return refuse("it has more than \(largestFile) bytes") }
    guard let text = String(validating: data, as: UTF8.self), !text.utf8.contains(0) else {
      return refuse("it is no text in UTF-8")
    }
    return .success(text)
  }
}

// MARK: Tasks

extension Submission {
  /// How much of a task there is.
  enum Part: Equatable {
    case written, unwritten
    case missing(String)
    case refused(String)
  }

  /// How much there is of a task.
  func part(_ task: CourseTask) -> Part {
    for path in task.files {
      if let reason = refused[path] { return .refused("\(path): \(reason)") }
    }
    let missing = task.files.filter { files[$0] == nil }
    if let first = missing.first { return .missing("\(first) is missing") }
    return task.files.contains { isWritten(task.number, in: files[$0] ?? "") }
      ? .written : .unwritten
  }

  /// Whether anything of a task is written in a text; a text without its marks is all the student's.
  private func isWritten(_ task: CourseTask.Number, in text: String) -> Bool {
    guard let source = try? MarkedSource(text, file: "") else { return true }
    let regions = source.regions.filter { $0.task == task }
    return regions.isEmpty || regions.contains { !$0.isUnwritten }
  }

  /// A file with the reference in place of the tasks of which nothing is written: so the others do not wait for them.
  /// - Parameters:
  ///   - tasks: all tasks there are
  ///   - others: further tasks for which the reference is to stand in
  /// - Returns: `nil` if the reference stands in for all of it
  func text(
    of path: String, tasks: [CourseTask], reference: String, without others: [CourseTask] = []
  ) -> String? {
    guard let text = files[path] else { return nil }
    let own = tasks.filter { $0.files.contains(path) }
    let open = own.filter { others.contains($0) || !isWritten($0.number, in: text) }
    if open.count == own.count { return nil }
    guard !open.isEmpty, let source = try? MarkedSource(text, file: path),
      let solution = try? MarkedSource(reference, file: path),
      source.regions.map(\.task) == solution.regions.map(\.task)
    else { return text }
    return source.replacing { region in
      guard open.contains(where: { $0.number == region.task }) else { return nil }
      return source.regions.firstIndex(of: region).map { solution.regions[$0].code }
    }
  }
}
