import CourseCommandLine
import Foundation
import Shared

/// A program that runs in a process group of its own, with limits: it and all that it starts end together.
///
///     let result = try ChildProcess.run(["swiftc", "--version"])
///     result.ending     // .exited(0)
///     result.output     // Swift version ...
package enum ChildProcess {
  /// A descriptor of the program that leads here, beside its standard streams.
  package static let channel: Int32 = 3
  /// How much a program may take. `nil` is no limit.
  package struct Limits: Sendable {
    /// Seconds on the clock.
    package var seconds: Double?
    /// Seconds of processor time, of each process.
    package var processorSeconds: Int?
    /// Bytes of address space, of each process.
    package var memory: Int?
    /// Bytes that it may write to its standard streams and to the channel.
    package var output: Int?

    package init(
      seconds: Double? = nil, processorSeconds: Int? = nil, memory: Int? = nil, output: Int? = nil
    ) {
      (self.seconds, self.processorSeconds) = (seconds, processorSeconds)
      (self.memory, self.output) = (memory, output)
    }
  }

  /// How a program ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// The limit of time on the clock was reached.
    case ranTooLong
    /// The limit of output was reached.
    case wroteTooMuch
  }

  package struct Result: Sendable {
    package let ending: Ending
    /// What it wrote to its standard streams: the first and the last part of what is very long.
    package let output: String
    package let errors: String
    /// All that it wrote to the channel.
    package let channel: Data
    /// Its processor time, and that of the processes that it waited for.
    package let processorSeconds: Double
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - command: the program, found on the path, and its arguments
  ///   - environment: variables beside those of this process
  ///   - isolation: keeps a program that is not trusted apart, with the variables of `environment` alone
  ///   - tick: is called about ten times a second
  /// - Throws: `CourseError` if it cannot be started, `ExitStatus` after Ctrl-C. Nothing is left running.
  package static func run(
    _ command: [String], in folder: URL? = nil, environment: [String: String] = [:],
    limits: Limits = Limits(), isolation: Isolation? = nil, tick: () -> Void = {}
  ) throws -> Result {
    var result = try runOnce(command, folder, environment, limits, isolation, tick)
    // A program that was copied a moment ago is busy while a process that another thread starts just then still has
    // its descriptor.
    for _ in 0..<20 where result.ending == .exited(126) && result.errors.contains("file busy") {
      usleep(50_000)
      result = try runOnce(command, folder, environment, limits, isolation, tick)
    }
    return result
  }

  private static func runOnce(
    _ command: [String], _ folder: URL?, _ environment: [String: String], _ limits: Limits,
    _ isolation: Isolation?, _ tick: () -> Void
  ) throws -> Result {
    let pipes = [try Pipe(), try Pipe(), try Pipe(keeping: limits.output ?? 1 << 30)]
    defer { for pipe in pipes { pipe.close() } }
    let process = try start(
      command, in: folder, environment: environment, limits: limits, isolation: isolation,
      pipes: pipes)
    for pipe in pipes { pipe.closeWriting() }
    let start = ContinuousClock.now
    var (hasRunTooLong, hasWrittenTooMuch) = (false, false)
    var (status, usage) = (Int32(0), rusage())
    while true {
      wait(for: pipes, milliseconds: 20)
      // Before the process is waited for, its number still belongs to it.
      if Interruption.isRequested { end(process) }
      if let limit = limits.seconds, ContinuousClock.now - start > .seconds(limit) {
        hasRunTooLong = true
        end(process)
      }
      if let limit = limits.output, pipes.reduce(0, { $0 + $1.count }) > limit {
        hasWrittenTooMuch = true
        end(process)
      }
      let ended = wait4(process, &status, WNOHANG, &usage)
      if ended == process || ended == -1 && errno != EINTR { break }
      tick()
    }
    // What the program has started and left behind.
    kill(-process, SIGKILL)
    isolation?.endProcesses()
    wait(for: pipes, milliseconds: 0)
    if Interruption.isRequested { throw Interruption.status }
    let signal = status & 0x7F
    return Result(
      ending: hasRunTooLong
        ? .ranTooLong
        : hasWrittenTooMuch
          ? .wroteTooMuch : signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal),
      output: pipes[0].text, errors: pipes[1].text, channel: pipes[2].data,
      processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }

  /// Ends a process, its group, and what it has started in groups of their own, as the compiler does.
  private static func end(_ process: pid_t) {
    // A process that stands still starts no other.
    kill(-process, SIGSTOP)
    let others = descendants(of: process)
    kill(-process, SIGKILL)
    for other in others { kill(other, SIGKILL) }
  }

  /// The processes that a process has started, and those that they have started; none where there is no `/proc`.
  private static func descendants(of process: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var children: [pid_t: [pid_t]] = [:]
    for name in names {
      // 1234 (a name) S 1233 ...
      guard let number = pid_t(name),
        let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
        let close = text.lastIndex(of: ")")
      else { continue }
      let words = text[close...].split(separator: " ")
      if words.count > 2, let parent = pid_t(words[2]) {
        children[parent, default: []].append(number)
      }
    }
    var result: [pid_t] = []
    var waiting = [process]
    while let next = waiting.popLast() {
      let started = children[next] ?? []
      result += started
      waiting += started
    }
    return result
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// Starts the program, by way of a shell that sets the limits.
  private static func start(
    _ command: [String], in folder: URL?, environment: [String: String], limits: Limits,
    isolation: Isolation?, pipes: [Pipe]
  ) throws -> pid_t {
    var script = "ulimit -c 0; "
    if let seconds = limits.processorSeconds { script += "ulimit -S -t \(max(1, seconds)); " }
    if let memory = limits.memory { script += "ulimit -v \(memory / 1024) 2>/dev/null; " }
    script += #"cd "$0" && exec "$@""#
    let words =
      ["/bin/sh", "-c", script, folder?.path ?? "."] + (isolation?.prefix ?? [])
      + command
    let inherited = isolation?.environment(in: folder) ?? ProcessInfo.processInfo.environment
    let variables = inherited.merging(environment) { $1 }.map { "\($0)=\($1)" }
    // Another user opens it again, by the name of the descriptor.
    if let user = isolation?.user { fchown(pipes[2].writing, user, user) }
    var arguments = words.map { strdup($0) } + [nil]
    var environment = variables.map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }

    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
      var actions: posix_spawn_file_actions_t?
    #else
      var attributes = posix_spawnattr_t()
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
      posix_spawnattr_destroy(&attributes)
      posix_spawn_file_actions_destroy(&actions)
    }
    posix_spawnattr_setpgroup(&attributes, 0)
    // The tool ignores the signals of a failed write, and a parent may have blocked others.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for (pipe, descriptor) in zip(pipes, [STDOUT_FILENO, STDERR_FILENO, channel]) {
      posix_spawn_file_actions_adddup2(&actions, pipe.writing, descriptor)
    }
    var process = pid_t()
    let failure = posix_spawn(&process, words[0], &actions, &attributes, &arguments, &environment)
    guard failure == 0 else {
      throw CourseError(
        .file, "a program cannot be started: \(systemMessage(failure))", location: command[0])
    }
    return process
  }

  /// Reads what has arrived; waits for at most some milliseconds.
  private static func wait(for pipes: [Pipe], milliseconds: Int32) {
    var waiting = pipes.filter(\.isOpen).map {
      pollfd(fd: $0.reading, events: Int16(POLLIN), revents: 0)
    }
    if waiting.isEmpty {
      usleep(UInt32(milliseconds) * 1000)
    } else {
      poll(&waiting, nfds_t(waiting.count), milliseconds)
    }
    for pipe in pipes { pipe.read() }
  }
}

/// A stream of a child process, of which the first and the last part are kept.
private final class Pipe {
  private(set) var reading: Int32 = -1
  private(set) var writing: Int32 = -1
  private(set) var isOpen = true
  private var head: [UInt8] = []
  private var tail: [UInt8] = []
  private var isCut = false
  /// The bytes kept of each part.
  private let limit: Int
  /// The bytes that were read.
  private(set) var count = 0

  init(keeping limit: Int = 1 << 18) throws {
    self.limit = limit
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw CourseError(.file, "no pipe can be opened: \(systemMessage(errno))")
    }
    (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  func closeWriting() {
    if writing >= 0 { Foundation.close(writing) }
    writing = -1
  }

  func close() {
    closeWriting()
    if reading >= 0 { Foundation.close(reading) }
    reading = -1
  }

  /// Reads what is there, at most a part of it: a program that writes without end must not keep us here.
  func read() {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<16 where isOpen {
      let count = Foundation.read(reading, &buffer, buffer.count)
      if count == 0 { isOpen = false }
      guard count > 0 else { return }
      self.count += count
      let space = max(0, limit - head.count)
      head += buffer[0..<min(count, space)]
      if count > space { tail += buffer[min(count, space)..<count] }
      if tail.count > 2 * limit {
        tail.removeFirst(tail.count - limit)
        isCut = true
      }
    }
  }

  var data: Data { Data(head) }

  var text: String {
    String(decoding: head + (isCut ? Array("\n...\n".utf8) : []) + tail, as: UTF8.self)
  }
}
