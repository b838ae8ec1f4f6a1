import Shared
import Testing

/// Records an issue unless a process that had to stop wrote all the given words to standard error.
///
///     let result = await #expect(
///       processExitsWith: .failure, observing: [\.standardErrorContent]) { ... }
///     expectWords(of: result, "Dense.forward", "expected input [N, 3]", "got [2, 4]")
public func expectWords(
  of result: ExitTest.Result?, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  // If the process did not stop, #expect has recorded it.
  guard let result else { return }
  let text = String(decoding: result.standardErrorContent, as: UTF8.self)
  if let words = notWrittenLine(in: text) { return fail(words, sourceLocation: sourceLocation) }
  for word in words where !text.contains(word) {
    Issue.record(
      "\"\(word)\" is not in the message: \(text.prefix(500))", sourceLocation: sourceLocation)
  }
}

/// The line with which a process ended because code is not written yet.
func notWrittenLine(in output: String) -> String? {
  output.split(whereSeparator: \.isNewline).first { $0.hasPrefix(NotWritten.mark) }.map(String.init)
}
