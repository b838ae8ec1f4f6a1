import Shared
import Testing

/// Like `expectClose`, but recognises wrong answers that a known mistake gives, and names the mistake.
///
///     expectClose(
///       y, [[17, 18]], "Dense.forward",
///       mistakes: ["the bias is missing: Y = X · W + b": [[7, -2]]])
///
/// - Parameter mistakes: what is wrong, in a student's words, and what `actual` is then
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  mistakes: KeyValuePairs<String, Tensor>, sourceLocation: SourceLocation = #_sourceLocation
) {
  if areClose(actual, expected, atol: atol, rtol: rtol) { return }
  guard let mistake = mistakes.first(where: { areClose(actual, $0.value, atol: atol, rtol: rtol) })
  else {
    expectClose(
      actual, expected, subject, atol: atol, rtol: rtol, sourceLocation: sourceLocation)
    return
  }
  Issue.record(
    """
    \(subject): \(mistake.key)
      expected \(oneLine(expected))
      got      \(oneLine(actual))
    """, sourceLocation: sourceLocation)
}

/// Like `expectClose`, but recognises wrong answers that a known mistake gives, and names the mistake.
public func expectClose(
  _ actual: Float, _ expected: Float, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  mistakes: KeyValuePairs<String, Float>, sourceLocation: SourceLocation = #_sourceLocation
) {
  let (got, wanted) = (Tensor(actual), Tensor(expected))
  if areClose(got, wanted, atol: atol, rtol: rtol) { return }
  let mistake = mistakes.first { areClose(got, Tensor($0.value), atol: atol, rtol: rtol) }
  guard let mistake else {
    expectClose(
      actual, expected, subject, atol: atol, rtol: rtol, sourceLocation: sourceLocation)
    return
  }
  Issue.record(
    "\(subject): \(mistake.key)\n  expected \(expected)\n  got      \(actual)",
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

/// Same shape, and every element within the tolerances; NaN is close to NaN, so that a mistake whose
/// result is NaN can be recognised.
private func areClose(_ a: Tensor, _ b: Tensor, atol: Float, rtol: Float) -> Bool {
  a.shape == b.shape
    && zip(a.scalars, b.scalars).allSatisfy { a, b in
      a == b || (a.isNaN && b.isNaN)
        || (b.isFinite && Swift.abs(a - b) <= atol + rtol * Swift.abs(b))
    }
}

/// A small tensor on one line.
private func oneLine(_ tensor: Tensor) -> String {
  tensor.description.split(whereSeparator: \.isNewline)
    .map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
}
