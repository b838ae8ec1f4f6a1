import Shared
import Testing

/// Like `expectClose`, but recognises wrong answers that a known mistake gives, and names the mistake.
///
///     expectClose(
///       y, [[17, 18]], "Dense.forward",
///       mistakes: ["the bias is missing: Y = X · W + b": [[7, -2]]])
///
/// - Parameters:
///   - mistakes: what is wrong, in a student's words, and what `actual` is then. A mistake whose answer
///     holds NaN is never recognised: too many have the same.
///   - notFinite: what is wrong, in a student's words, when `actual` holds NaN or an infinity although
///     `expected` is finite, and no mistake has the same answer
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  mistakes: KeyValuePairs<String, Tensor>, notFinite: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if areClose(actual, expected, atol: atol, rtol: rtol) { return }
  let mistake = mistakes.first { areClose(actual, $0.value, atol: atol, rtol: rtol) }?.key
  let hint = mistake ?? (actual.isFinite || !expected.isFinite ? nil : notFinite)
  guard let hint else {
    expectClose(
      actual, expected, subject, atol: atol, rtol: rtol, sourceLocation: sourceLocation)
    return
  }
  fail(
    """
    \(subject): \(hint)
      expected \(oneLine(expected))
      got      \(oneLine(actual))
    """, sourceLocation: sourceLocation)
}

/// Like `expectClose`, but recognises wrong answers that a known mistake gives, and names the mistake.
public func expectClose(
  _ actual: Float, _ expected: Float, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  mistakes: KeyValuePairs<String, Float>, notFinite: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let (got, wanted) = (Tensor(actual), Tensor(expected))
  if areClose(got, wanted, atol: atol, rtol: rtol) { return }
  let mistake = mistakes.first { areClose(got, Tensor($0.value), atol: atol, rtol: rtol) }?.key
  let hint = mistake ?? (actual.isFinite || !expected.isFinite ? nil : notFinite)
  guard let hint else {
    expectClose(
      actual, expected, subject, atol: atol, rtol: rtol, sourceLocation: sourceLocation)
    return
  }
  fail(
    "\(subject): \(hint)\n  expected \(expected)\n  got      \(actual)",
    sourceLocation: sourceLocation)
}

/// Records an issue unless a process that was to stop wrote all the given words to standard error.
///
///     let result = await #expect(
///       processExitsWith: .failure, observing: [\.standardErrorContent]) { ... }
///     expectWords(of: result, "Dense.forward", "expected input [N, 3]", "got [2, 4]")
public func expectWords(
  of result: ExitTest.Result?, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  // When the process did not stop, #expect has said so.
  guard let result else { return }
  let text = String(decoding: result.standardErrorContent, as: UTF8.self)
  for word in words where !text.contains(word) {
    Issue.record(
      "\"\(word)\" is not in the message: \(text.prefix(500))", sourceLocation: sourceLocation)
  }
}

/// A small tensor on one line.
private func oneLine(_ tensor: Tensor) -> String {
  tensor.description.split(whereSeparator: \.isNewline)
    .map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
}
