import CourseCommandLine
import Foundation

/// Waits for changes of the Swift files in some folders, and for keys.
///
/// On Linux the system wakes it (inotify); elsewhere it looks three times a second. Either way the times of the files
/// tell what has changed, so that it does not matter how an editor saves.
final class FileWatcher {
  private let folders: [URL]
  private var times: [String: TimeInterval]
  private var notifier: Int32 = -1

  init(folders: [URL]) {
    self.folders = folders
    times = Self.times(in: folders)
    observe()
  }

  deinit { if notifier >= 0 { close(notifier) } }

  enum Event: Equatable {
    /// Paths of files that changed, came or went.
    case changed([String])
    case key(Character)
  }

  /// The next event; `nil` after Ctrl-C, and at the end of the keys' stream where `endsWithInput`.
  func next() -> Event? {
    while !Interruption.isRequested {
      if let changes = changes() { return .changed(changes) }
      var waiting = [pollfd(fd: notifier, events: Int16(POLLIN), revents: 0)]
      if isatty(STDIN_FILENO) == 1 {
        waiting.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0))
      }
      // A negative descriptor is passed over. Without a notifier, look again soon.
      poll(&waiting, nfds_t(waiting.count), notifier >= 0 ? 1000 : 300)
      if waiting.count == 2, waiting[1].revents & Int16(POLLIN | POLLHUP) != 0 {
        var byte: UInt8 = 0
        guard read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
        return .key(Character(UnicodeScalar(byte)))
      }
      if waiting[0].revents != 0 {
        // Editors save in several steps; together they are one change.
        usleep(30_000)
        observe()
      }
    }
    return nil
  }

  /// The files that differ from what was seen last; `nil` without one.
  func changes() -> [String]? {
    let now = Self.times(in: folders)
    defer { times = now }
    let changed = Set(now.keys).union(times.keys).filter { now[$0] != times[$0] }
    return changed.isEmpty ? nil : changed.sorted()
  }

  private static func times(in folders: [URL]) -> [String: TimeInterval] {
    var times: [String: TimeInterval] = [:]
    for file in folders.flatMap(SourceModule.swiftFiles) { times[file.path] = changeTime(of: file) }
    return times
  }

  /// Asks the system to be woken by changes in the folders as they are now.
  private func observe() {
    #if os(Linux)
      if notifier >= 0 { close(notifier) }
      notifier = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
      guard notifier >= 0 else { return }
      let events = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)
      for folder in folders {
        let inner = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        let all = [folder] + (inner?.compactMap { $0 as? URL }.filter(\.hasDirectoryPath) ?? [])
        for folder in all { inotify_add_watch(notifier, folder.path, events) }
      }
    #endif
  }
}

/// Lets keys arrive one by one and without being shown, until the end of `body`.
func withSingleKeys(_ body: () throws -> Void) rethrows {
  var before = termios()
  guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else { return try body() }
  var single = before
  single.c_lflag &= ~tcflag_t(ICANON | ECHO)
  tcsetattr(STDIN_FILENO, TCSANOW, &single)
  defer { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
  try body()
}
