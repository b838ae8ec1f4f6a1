import CourseCommandLine
import Foundation
import Shared

/// `course check --watch`: checks a task again whenever a file is saved, and moves on when it passes.
struct WatchLoop {
  let package: URL
  let catalogue: Catalogue
  /// The tasks to do, in order.
  let tasks: [CourseTask]
  let terminal: Terminal
  let text: CheckText
  private var progress: ProgressFile
  private var current: CourseTask

  init(
    package: URL, catalogue: Catalogue, tasks: [CourseTask], from first: CourseTask,
    text: CheckText,
    terminal: Terminal
  ) {
    (self.package, self.catalogue, self.tasks) = (package, catalogue, tasks)
    (self.text, self.terminal, current) = (text, terminal, first)
    progress = ProgressFile(package: package)
  }

  /// Runs until `q`, Ctrl-C, or the last task passes.
  mutating func run() throws {
    let watcher = FileWatcher(folders: watchedFolders)
    try withSingleKeys {
      guard try check() else { return }
      while let event = watcher.next() {
        switch event {
        case .key("q"): return
        case .key("h"): try hint()
        case .key("r"), .key("\n"): guard try check() else { return }
        case .key: break
        case .changed(let files):
          turn(to: files)
          guard try check() else { return }
        }
      }
      throw Interruption.status
    }
  }

  private var watchedFolders: [URL] {
    let names = Set(tasks.map { String($0.scope.folder.prefix { $0 != "/" }) }).union(["Shared"])
    return names.sorted().map { package.appending(path: $0) }
  }

  /// Turns to the task of a file that was saved, if it belongs to others than the current one.
  private mutating func turn(to files: [String]) {
    func has(_ task: CourseTask) -> Bool {
      task.files.contains { files.contains(package.appending(path: $0).path) }
    }
    guard !has(current) else { return }
    let owners = tasks.filter(has)
    if let task = progress.next(in: owners) ?? owners.first { current = task }
  }

  /// Checks the current task, and after it the next, as long as they pass.
  /// - Returns: whether a task is left
  private mutating func check() throws -> Bool {
    clear()
    while true {
      let verdict = try CheckCommand.check(current, in: package, on: terminal)
      progress.note(verdict)
      try progress.write(package: package)
      terminal.output.line(text.row(verdict))
      let details = text.details(verdict)
      if !details.isEmpty { terminal.output.line(details) }
      let next = progress.next(in: tasks, after: current)
      guard verdict.outcome == .passed else {
        terminal.output.line()
        terminal.output.line(text.place(current))
        terminal.output.line("\n" + bar + "\n" + keys)
        return true
      }
      guard let next else {
        terminal.output.line("\n" + bar + "\n" + text.end)
        return false
      }
      current = next
    }
  }

  private func clear() {
    // Colour codes go through the stream; this is for a terminal alone.
    guard terminal.output.features.isTerminal else { return terminal.output.line() }
    terminal.output.clearScreen()
  }

  /// `Progress ████▌       12 of 40 tasks`
  private var bar: String {
    let done = tasks.count { progress.done.contains($0.number) }
    let style = terminal.output.style
    let bar = ProgressBar.text(
      Double(done) / Double(max(1, tasks.count)), width: 30,
      unicode: terminal.output.features.usesUnicode)
    return "Progress  \(style.green(bar)) \(done) of \(tasks.count) tasks"
  }

  private var keys: String {
    let style = terminal.output.style
    guard isatty(STDIN_FILENO) == 1 else { return style.dim("Waiting for a change.") }
    return style.dim("Waiting for a change.  h: hint   r: run again   q: quit")
  }

  /// Shows the next hint, as `course hint` does.
  private func hint() throws {
    let parser = ArgumentParser(command: HintCommand.description)
    terminal.output.line()
    do {
      try HintCommand.run(
        try parser.parse(["\(current.number)"]), in: package, on: terminal, again: "h")
    } catch let error as CourseError {
      terminal.output.line("\(error)")
    }
  }
}
