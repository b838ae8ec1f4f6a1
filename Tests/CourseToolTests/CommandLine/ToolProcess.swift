import Foundation

/// The program beside the test bundle.
let builtTool = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  .appending(path: "course")

/// The demo as a program of its own, beside it.
let builtDemo = builtTool.deletingLastPathComponent().appending(path: "course-demo")

/// Whether the program is there.
let hasBuiltTool = FileManager.default.isExecutableFile(atPath: builtTool.path)

/// What `nohup`, or a shell that runs the tests in the background, lets them ignore, their children would ignore as
/// well. They do not inherit a handler.
private let childrenTakeSignals: Void = {
  for number in [SIGHUP, SIGINT, SIGTERM] {
    let before = signal(number, SIG_IGN)
    let isIgnored = unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    _ = signal(number, isIgnored ? { _ in } : before)
  }
}()

/// Runs the real program, or a line of a shell in which "$COURSE" is the program, and sends it signals.
/// - Parameters:
///   - signals: sent one after the other when the program is ready, each when the one before was taken
///   - isWatching: whether the program is to wait for the first signal before it is sent
///   - isReady: receives the text that the program has written to standard error
func runProcess(
  _ arguments: [String] = [], program: URL = builtTool, shell: String? = nil, in folder: URL,
  signals: [Int32] = [],
  isWatching: Bool = true,
  when isReady: (String) -> Bool = { _ in true }
) throws -> ToolRun {
  childrenTakeSignals
  let (output, error) = (folder.appending(path: "out.txt"), folder.appending(path: "err.txt"))
  for file in [output, error] { try Data().write(to: file) }
  func text(_ file: URL) throws -> String {
    String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }
  let process = Process()
  process.executableURL = shell == nil ? program : URL(filePath: "/bin/bash")
  process.arguments = shell.map { ["-c", $0] } ?? arguments
  process.environment = ProcessInfo.processInfo.environment.merging(
    ["COURSE": builtTool.path, "SWIFT_BACKTRACE": "enable=no"]) { _, new in new }
  process.currentDirectoryURL = folder
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = try FileHandle(forWritingTo: output)
  process.standardError = try FileHandle(forWritingTo: error)
  try process.run()
  let deadline = Date(timeIntervalSinceNow: 60)
  while process.isRunning, Date() < deadline, !isReady(try text(error)) { usleep(2000) }
  let number = process.processIdentifier
  while isWatching, let first = signals.first, process.isRunning, Date() < deadline,
    !isCaught(first, by: number)
  { usleep(500) }
  for signal in signals {
    kill(number, signal)
    // Two signals at the same moment would count as one. The program takes its handler away with the first.
    while process.isRunning, Date() < deadline, isCaught(signal, by: number) { usleep(500) }
  }
  while process.isRunning, Date() < deadline { usleep(2000) }
  if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  process.waitUntilExit()
  let isSignal = process.terminationReason == .uncaughtSignal
  return ToolRun(
    status: (isSignal ? 128 : 0) + process.terminationStatus, output: try text(output),
    error: try text(error))
}

/// Whether a process has a handler for a signal. Where that cannot be asked, it is as if it had none, after a
/// moment in which a signal is taken.
private func isCaught(_ signal: Int32, by process: Int32) -> Bool {
  #if os(Linux)
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    return (mask ?? 0) >> UInt64(signal - 1) & 1 == 1
  #else
    usleep(20_000)
    return false
  #endif
}
