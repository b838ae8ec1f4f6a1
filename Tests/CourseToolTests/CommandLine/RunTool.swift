import CourseCommandLine
import Foundation
import Synchronization

@testable import CourseTool

/// The result of a run of the tool.
struct ToolRun {
  var status: Int32
  var output: String
  var error: String

  /// Standard output, read as JSON.
  var json: [String: Any] {
    get throws {
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
      guard let object = value as? [String: Any] else { throw CocoaError(.coderInvalidValue) }
      return object
    }
  }
}

/// Runs the tool in this process, as `course ARGUMENTS` would.
func runTool(_ arguments: String..., isTerminal: Bool = false) -> ToolRun {
  runTool(arguments, isTerminal: isTerminal)
}

/// Runs the tool in this process, as `course ARGUMENTS` would.
func runTool(_ arguments: [String], isTerminal: Bool = false) -> ToolRun {
  let (output, error) = (Recorder(), Recorder())
  var features = TerminalFeatures(isTerminal: isTerminal, environment: ["LANG": "C.UTF-8"])
  features.progressDelay = .zero
  let terminal = Terminal(
    output: TextStream(features: features) { output.append($0) },
    error: TextStream(features: features) { error.append($0) })
  let status = courseTool.run(arguments, on: terminal)
  return ToolRun(status: status, output: output.text, error: error.text)
}

/// Records the text of a stream.
final class Recorder: Sendable {
  private let content = Mutex("")
  var text: String { content.withLock { $0 } }
  func append(_ text: String) { content.withLock { $0 += text } }
}
