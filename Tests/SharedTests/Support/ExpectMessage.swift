import Testing

/// Records an issue unless the program that an exit test ran stopped with one of our own messages that
/// holds all the given words.
func expectMessage(
  _ result: ExitTest.Result?, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let result else { return }
  let text = String(decoding: result.standardErrorContent, as: UTF8.self)
  let message =
    text.split(separator: "\n").first { $0.contains("Fatal error:") }.map(String.init) ?? text
  for word in words where !message.contains(word) {
    Issue.record("\"\(word)\" is not in the message: \(message)", sourceLocation: sourceLocation)
  }
}
