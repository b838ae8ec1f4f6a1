import CourseTestSupport
import Foundation

/// Calls `body` with a copy of the script in a folder with stand-ins for the tools it calls.
func withScript(_ body: (ScriptFolder) throws -> Void) throws {
  try withTemporaryFolder { folder in try body(ScriptFolder(root: folder)) }
}

/// A folder that looks like the package to the script `course`.
struct ScriptFolder {
  let root: URL
  private var script: URL { root.appending(path: "course") }
  private var tools: URL { root.appending(path: "tools") }

  init(root: URL) throws {
    self.root = root
    let manager = FileManager.default
    for folder in [
      "tools", "headers", "Shared", "Phase1-FeedForward", "Phase2-CNN", "Generator", "CourseTool",
      "Tests/Phase1FeedForwardTests", "Tests/SharedTests",
    ] {
      try manager.createDirectory(
        at: root.appending(path: folder), withIntermediateDirectories: true)
    }
    try manager.copyItem(
      at: packageFolder.appending(path: "course").resolvingSymlinksInPath(), to: script)
    // The script finds these and nothing else: a real swift or apt-get must stay out of reach.
    for name in Self.realTools {
      guard
        let path = ["/bin/", "/usr/bin/"].map({ $0 + name }).first(where: manager.fileExists)
      else { continue }
      try manager.createSymbolicLink(
        atPath: tools.appending(path: name).path, withDestinationPath: path)
    }
    for (name, body) in Self.standIns {
      let file = tools.appending(path: name)
      try Data("#!/bin/bash\n\(body)\n".utf8).write(to: file)
      try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
  }

  /// Runs the script without a terminal; kills it when it waits for an answer.
  func run(
    _ arguments: String..., environment: [String: String] = [:], script: URL? = nil
  ) throws -> ToolRun {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [(script ?? self.script).path] + arguments
    // No system packages unless a test names some: the stand-in compiler knows no real headers.
    process.environment = [
      "PATH": tools.path, "HOME": root.path, "ROOT": root.path, "COURSE_SYSTEM_PACKAGES": "",
    ].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files and not pipes: no pipe can fill up.
    let (output, error) = (root.appending(path: "out.txt"), root.appending(path: "err.txt"))
    for file in [output, error] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.run()
    process.waitUntilExit()
    return ToolRun(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      error: try String(contentsOf: error, encoding: .utf8))
  }

  /// How the stand-ins were called, in order.
  func calls() throws -> [String] {
    let file = root.appending(path: "calls.txt")
    guard FileManager.default.fileExists(atPath: file.path) else { return [] }
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      String($0).replacing(root.path, with: "ROOT")
    }
  }

  /// Replaces `swift test` by a script, which gets its arguments.
  func makeTests(_ body: String) throws {
    try Data(body.utf8).write(to: root.appending(path: "tests"))
  }

  /// Writes a file of tests with a comment.
  func makeTestFile(_ name: String, comment: String) throws {
    try Data("/// \(comment)\n".utf8).write(
      to: root.appending(path: "Tests/Phase1FeedForwardTests/\(name).swift"))
  }

  /// Takes a tool away.
  func remove(_ tool: String) throws {
    try FileManager.default.removeItem(at: tools.appending(path: tool))
  }

  /// Makes a file, with a date that is certainly after everything before.
  func touch(_ path: String) throws {
    let file = root.appending(path: path)
    try Data().write(to: file)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 2)], ofItemAtPath: file.path)
  }

  private static let realTools = [
    "awk", "basename", "bash", "cat", "chmod", "cut", "dirname", "env", "find", "grep", "head",
    "mkdir",
    "readlink", "rm", "sed", "sleep", "sort", "tail", "tee", "touch", "tr",
  ]

  private static let note = #"echo "${0##*/} $*" >>"$ROOT/calls.txt""#
  private static let standIns = [
    "uname": "echo Linux",
    "id": #"echo "${FAKE_ID-1000}""#,
    "sudo": note + "\n" + #"while [ "${1#-}" != "$1" ]; do shift; done; "$@""#,
    "apt-get": note + "\n"
      + #"""
      if [ "${FAKE_APT-}" = fails ]; then echo "E: no network" >&2; exit 100; fi
      if [ "$1" = install ]; then : >"$ROOT/headers/fake.h"; fi
      """#,
    "clang": #"""
    read -r line; name=${line#*<}; name=${name%>*}
    [ "$name" = stdio.h ] || [ -e "$ROOT/headers/$name" ]
    """#,
    "swift": #"""
    if [ "$1" = --version ]; then
      echo "Swift version ${FAKE_VERSION-6.3} (stand-in)"; exit
    fi
    """# + "\n" + note + "\n"
      + #"""
      case "$*" in
        *--show-bin-path*) echo "$ROOT/bin" ;;
        build*)
          if [ "${FAKE_BUILD-}" = fails ]; then echo "cannot find 'x' in scope"; exit 1; fi
          if [ "${FAKE_BUILD-}" = waits ]; then
            printf 'Another instance of SwiftPM (PID: 7) is already running, waiting until ...'; sleep 2
          fi
          if [ "${FAKE_BUILD-}" = another ]; then FAKE_BUILD='' bash "$ROOT/course" version; fi
          case "$*" in *--product*) ;; *) exit ;; esac
          mkdir -p "$ROOT/bin"
          words="$*"; program=${words##*--product }
          { echo '#!/bin/bash'
            echo 'name=${0##*/}; [ "$name" != course ] || name=tool'
            echo 'printf "$name"; printf " <%s>" "$@"; echo; [ "$1" != train ] || exit 7'
          } >"$ROOT/bin/$program"
          chmod +x "$ROOT/bin/$program" ;;
        test*)
          if [ -e "$ROOT/tests" ]; then . "$ROOT/tests" "$@"; exit; fi
          case "${FAKE_TEST-}" in
            none) echo "✔ Test run with 0 tests in 0 suites passed after 0.001 seconds." ;;
            crashes) echo "Fatal error: no"; exit 1 ;;
            *) echo "✔ Test run with 12 tests in 3 suites passed after 0.5 seconds." ;;
          esac ;;
      esac
      """#,
  ]
}
