import Foundation

/// The file that the bytes of `AtomicFile` go to, until it is complete and takes its name.
///
/// It is locked for as long as it is being written. The system takes the lock off when the process ends,
/// however it ends, so that a part file without a lock is a leftover: of a `kill -9` or a loss of power.
struct PartFile {
  let path: String
  let descriptor: Int32

  private static let (prefix, suffix) = (".course-", ".part")

  /// Creates a file with a new name in a folder; `nil`, with `errno`, when that cannot be done.
  init?(in folder: String) {
    while true {
      let path = "\(folder)/\(Self.prefix)\(UUID().uuidString)\(Self.suffix)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { return nil }
      // Where a file system has no locks, none is taken and none is found: leftovers stay.
      while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
      // Before it was locked, another process may have taken it for a leftover.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      close(descriptor)
    }
  }

  /// Removes the part files in a folder that no process is writing. Those that cannot be removed stay.
  static func removeLeftovers(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where isPart(name) {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      // Locked by this process while it goes: the process that has just created it would otherwise go on.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }

  /// Whether a name is one that `init(in:)` gives.
  private static func isPart(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.hasSuffix(suffix)
      && UUID(uuidString: String(name.dropFirst(prefix.count).dropLast(suffix.count))) != nil
  }
}
