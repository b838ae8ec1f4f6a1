import Foundation
import Shared

/// Keeps a program that is not trusted apart: another user without rights, no network, few processes, small files, and
/// none of the variables of this process.
///
/// Only Linux, as root and with the programs of util-linux, has all of it; `missing` lists the rest.
package struct Isolation: Sendable {
  /// The program and arguments that are put before a command.
  let prefix: [String]
  /// The user and group that runs it; `nil` for that of this process.
  let user: uid_t?
  /// The parts that could not be had, in words.
  package let missing: [String]

  /// A user's number that no person has, and which differs between graders that run at the same time.
  private static let users: Range<uid_t> = 61_184..<65_184
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
    var (prefix, missing): ([String], [String]) = ([], [])
    var user: uid_t?
    let isRoot = getuid() == 0
    // Without a user of its own, the limit would count the processes of the instructor.
    if isRoot, let program = exists("setpriv") {
      let number =
        Self.users.lowerBound + uid_t(getpid()) % uid_t(Self.users.count)
      let command = [
        program, "--reuid", "\(number)", "--regid", "\(number)", "--clear-groups",
        "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
      ]
      if works(command) { (prefix, user) = (command, number) }
    }
    if let known = user, let program, !Self(prefix: prefix, user: known, missing: []).runs(program)
    {
      (prefix, user) = ([], nil)
    }
    if user == nil {
      missing.append(
        isRoot
          ? "a user without rights, who can read Swift's libraries: the submissions run as root"
          : "a user of their own: the submissions run with your rights, since this is not root")
    }
    var limits = ["--fsize=\(Self.fileSize)", "--nofile=256"]
    if user != nil { limits.append("--nproc=\(Self.processCount)") }
    if let program = exists("prlimit"), works([program] + limits) {
      prefix = [program] + limits + prefix
      if user == nil { missing.append("a limit on the number of processes") }
    } else {
      missing.append("limits on the size of files and on the number of processes")
    }
    let program = exists("unshare") ?? "unshare"
    let commands = isRoot ? [[program, "--net"]] : [[program, "--map-root-user", "--net"]]
    if let command = commands.first(where: works) {
      prefix = command + prefix
    } else {
      missing.append("a network that is switched off")
    }
    (self.prefix, self.user, self.missing) = (prefix, user, missing)
  }

  private init(prefix: [String], user: uid_t?, missing: [String]) {
    (self.prefix, self.user, self.missing) = (prefix, user, missing)
  }

  /// Whether a program runs from a folder of its own.
  private func runs(_ program: String) -> Bool {
    let result = try? withFolder { folder in
      let copy = folder.appending(path: "program")
      try FileManager.default.copyItem(atPath: program, toPath: copy.path)
      return try ChildProcess.run(
        [copy.path, "help"], in: folder, limits: .init(seconds: 60), isolation: self)
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

  /// Calls `body` with a new, empty folder of the program's user, which is deleted afterwards.
  func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "course-grade-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    if let user, chown(folder.path, user, user) != 0 {
      throw CourseError(
        .file, "a folder cannot be given to another user: \(systemMessage(errno))",
        location: folder.path)
    }
    return try body(folder)
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
