import Foundation
import Shared
import Synchronization

/// Keeps a program that is not trusted apart: another user without rights, no network, few processes, small files, and
/// none of the variables of this process.
///
/// Only Linux, as root and with the programs of util-linux, has all of it; `missing` lists the rest.
package struct Isolation: Sendable {
  /// The programs that limit and separate a command, with their arguments.
  private let limits: [String]
  /// The user and group that runs it; `nil` for that of this process.
  private(set) var user: uid_t?
  /// The parts that could not be had, in words.
  package let missing: [String]

  /// The numbers of users that no person has. Each folder is that of another one: all processes of a user are ended
  /// together, and dead ones count for its limit until the system has cleared them away.
  private static let users: Range<uid_t> = 61_184..<65_184
  private static let count = Atomic<uid_t>(0)
  /// Bytes of a file.
  private static let fileSize = 16 << 20
  private static let processCount = 256

  /// Finds out what this system can do.
  ///
  /// - Parameter program: a program that another user must be able to run from a folder of its own, with `help`: where
  ///   the libraries of Swift lie in the home of this user, none can
  package init(trying program: String? = nil) {
    func exists(_ program: String) -> String? {
      ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"].map { $0 + program }.first {
        access($0, X_OK) == 0
      }
    }
    func works(_ command: [String]) -> Bool {
      (try? ChildProcess.run(command + ["true"], limits: .init(seconds: 20)))?.ending == .exited(0)
    }
    var (limits, missing): ([String], [String]) = ([], [])
    let isRoot = getuid() == 0
    var user: uid_t? = isRoot && exists("setpriv") != nil ? Self.nextUser() : nil
    if let number = user, !works(Self.command(of: number)) { user = nil }
    if let known = user, let program, !Self(limits: [], user: known, missing: []).runs(program) {
      user = nil
    }
    if user == nil {
      missing.append(
        isRoot
          ? "a user without rights, who can read Swift's libraries: the submissions run as root"
          : "a user of their own: the submissions run with your rights, since this is not root")
    }
    var bounds = ["--fsize=\(Self.fileSize)", "--nofile=256"]
    // Without a user of its own, the limit would count the processes of the instructor.
    if user != nil { bounds.append("--nproc=\(Self.processCount)") }
    if let program = exists("prlimit"), works([program] + bounds) {
      limits = [program] + bounds
      if user == nil { missing.append("a limit on the number of processes") }
    } else {
      missing.append("limits on the size of files and on the number of processes")
    }
    let command = [exists("unshare") ?? "unshare"] + (isRoot ? [] : ["--map-root-user"]) + ["--net"]
    if works(command) {
      limits = command + limits
    } else {
      missing.append("a network that is switched off")
    }
    self.init(limits: limits, user: user, missing: missing)
  }

  private init(limits: [String], user: uid_t?, missing: [String]) {
    (self.limits, self.user, self.missing) = (limits, user, missing)
  }

  private static func nextUser() -> uid_t {
    let place = 16 &* uid_t(getpid()) &+ count.wrappingAdd(1, ordering: .relaxed).oldValue
    return users.lowerBound + place % uid_t(users.count)
  }

  /// The command that runs another one as a user without rights.
  private static func command(of user: uid_t) -> [String] {
    [
      "setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", "--no-new-privs",
      "--inh-caps=-all", "--bounding-set=-all",
    ]
  }

  /// The programs and arguments that are put before a command.
  var prefix: [String] { limits + (user.map(Self.command) ?? []) }

  /// Whether a program runs from a folder of its own.
  private func runs(_ program: String) -> Bool {
    let result = try? withFolder { isolation, folder in
      let copy = folder.appending(path: "program")
      try FileManager.default.copyItem(atPath: program, toPath: copy.path)
      return try ChildProcess.run(
        [copy.path, "help"], in: folder, limits: .init(seconds: 60), isolation: isolation)
    }
    return result?.ending == .exited(0)
  }

  /// The variables of a program.
  func environment(in folder: URL?) -> [String: String] {
    let own = ProcessInfo.processInfo.environment
    var variables = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
    variables["LD_LIBRARY_PATH"] = own["LD_LIBRARY_PATH"]
    if let folder {
      for name in ["HOME", "TMPDIR"] { variables[name] = folder.path }
    }
    return variables
  }

  /// Calls `body` with a new user, where there can be one, and a new, empty folder, which is deleted afterwards.
  func withFolder<Result>(_ body: (Isolation, URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "course-grade-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    var copy = self
    if user != nil { copy.user = Self.nextUser() }
    if let user = copy.user, chown(folder.path, user, user) != 0 {
      throw CourseError(
        .file, "a folder cannot be given to another user: \(systemMessage(errno))",
        location: folder.path)
    }
    return try body(copy, folder)
  }

  /// Ends the processes of the program's user that have left its process group.
  func endProcesses() {
    guard let user else { return }
    // One that is forked meanwhile is found in the next round.
    for _ in 0..<100 {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      let strays = names.compactMap { pid_t($0) }.filter { isAlive($0, user: user) }
      if strays.isEmpty { return }
      for process in strays { kill(process, SIGKILL) }
      usleep(1000)
    }
  }

  /// Whether a process belongs to a user, and does not merely wait for its parent after its end.
  private func isAlive(_ process: pid_t, user: uid_t) -> Bool {
    let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    func field(_ name: String) -> Substring {
      let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? ""
    }
    return field("Uid:") == "\(user)" && field("State:") != "Z"
  }
}
