import Shared
import Testing

// The one comparison of numbers for all tests. A number is close when |actual − expected| ≤ atol + rtol · |expected|.
// NaN is close to nothing, unless `nanMatches` is set: then to another NaN.

/// Records an issue unless two tensors have the same shape and close elements.
///
///     expectClose(layer.forward(x, mode: .training), [[1, 2]], "Dense.forward")
///
/// A wrong answer that a known mistake produces is reported as that mistake:
///
///     expectClose(
///       y, [[17, 18]], "Dense.forward",
///       mistakes: ["the bias is missing: Y = X · W + b": [[7, -2]]])
///
/// - Parameters:
///   - subject: the name of the values in the message
///   - atol: the absolute tolerance
///   - rtol: the tolerance relative to the expected element
///   - nanMatches: whether NaN is close to NaN
///   - mistakes: the answer of each mistake, by its name in a student's words. An answer with NaN is never
///     recognised: too many mistakes have the same.
///   - notFinite: the name of the mistake when `actual` holds NaN or an infinity although `expected` is finite,
///     and no other mistake has the same answer
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  nanMatches: Bool = false, mistakes: KeyValuePairs<String, Tensor> = [:], notFinite: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard
    let words = problem(
      actual, expected, atol: atol, rtol: rtol, nanMatches: nanMatches, mistakes: mistakes,
      notFinite: notFinite)
  else { return }
  fail("\(subject)\(words)", sourceLocation: sourceLocation)
}

/// Records an issue unless two numbers are close.
public func expectClose(
  _ actual: Float, _ expected: Float, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  mistakes: KeyValuePairs<String, Float> = [:], notFinite: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func isClose(to right: Float) -> Bool {
    areClose(Double(actual), Double(right), atol: Double(atol), rtol: Double(rtol))
  }
  if isClose(to: expected) { return }
  let mistake = mistakes.first { isClose(to: $0.value) }?.key
  let hint = mistake ?? (actual.isFinite || !expected.isFinite ? nil : notFinite)
  fail(
    hint.map { "\(subject): \($0)\n  expected \(expected)\n  got      \(actual)" }
      ?? "\(subject): expected \(expected), got \(actual) (tolerance \(atol) + \(rtol)·|expected|)",
    sourceLocation: sourceLocation)
}

/// Throws, and records one issue, unless two tensors are close: for comparisons over hundreds of configurations, of
/// which the first that fails is enough to read.
public func requireClose(
  _ actual: Tensor, _ expected: Tensor, _ subject: String, atol: Float = 1e-4, rtol: Float = 1e-4,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  // Kernels compare at first, since loops over many numbers are slow in debug builds. A NaN fails here.
  if actual.shape == expected.shape {
    if actual.count == 0 { return }
    if (abs(actual - expected) - abs(expected) * rtol).max() <= atol { return }
  }
  let words = problem(actual, expected, atol: atol, rtol: rtol)
  try require(words == nil, "\(subject)\(words ?? "")", sourceLocation: sourceLocation)
}

/// Whether two tensors have the same shape and close elements.
public func areClose(
  _ actual: Tensor, _ expected: Tensor, atol: Float = 1e-5, rtol: Float = 1e-5,
  nanMatches: Bool = false
) -> Bool {
  problem(actual, expected, atol: atol, rtol: rtol, nanMatches: nanMatches) == nil
}

/// Whether two numbers are close. Equal infinities, whose difference is NaN, are.
public func areClose(
  _ actual: Double, _ expected: Double, atol: Double, rtol: Double, nanMatches: Bool = false
) -> Bool {
  actual == expected || nanMatches && actual.isNaN && expected.isNaN
    || expected.isFinite && Swift.abs(actual - expected) <= atol + rtol * Swift.abs(expected)
}

/// The first of the numbers of a kernel that is not close to its reference, in words; `nil` when all are. The tolerance
/// is relative to the reference where that is above 1, and absolute elsewhere.
public func firstDifference(
  _ actual: [Float], _ expected: [Double], tolerance: Double
) -> String? {
  if actual.count != expected.count { return "\(actual.count) values, expected \(expected.count)" }
  func allowed(_ place: Int) -> Double { tolerance * max(1, Swift.abs(expected[place])) }
  let wrong = actual.indices.first {
    !areClose(Double(actual[$0]), expected[$0], atol: allowed($0), rtol: 0)
  }
  return wrong.map {
    "value \($0): expected \(expected[$0]), got \(actual[$0]), tolerance \(allowed($0))"
  }
}

// MARK: Equal bits

/// Records an issue unless two tensors hold the same bits, where any NaN equals any other.
public func expectSame(
  _ actual: Tensor, _ expected: Tensor, _ subject: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    return fail(
      "\(subject): expected shape \(expected.shape), got \(actual.shape)",
      sourceLocation: sourceLocation)
  }
  let (got, wanted) = (actual.scalars, expected.scalars)
  // A kernel compares at first; zeros of either sign are equal to it.
  if actual == expected, !wanted.contains(0) { return }
  guard let wrong = got.indices.first(where: { !sameBits(got[$0], wanted[$0]) }) else { return }
  fail(
    """
    \(subject): at \(multiIndex(of: wrong, in: actual.shape)) of \(actual.shape): \
    expected \(wanted[wrong]), got \(got[wrong])
    """, sourceLocation: sourceLocation)
}

/// Whether two lists hold the same bits, where any NaN equals any other.
public func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { sameBits($0, $1) }
}

private func sameBits(_ a: Float, _ b: Float) -> Bool {
  a.bitPattern == b.bitPattern || a.isNaN && b.isNaN
}

// MARK: The message

/// The difference of two tensors in words, to go after the subject; `nil` when they are close.
private func problem(
  _ actual: Tensor, _ expected: Tensor, atol: Float, rtol: Float, nanMatches: Bool = false,
  mistakes: KeyValuePairs<String, Tensor> = [:], notFinite: String? = nil
) -> String? {
  let (got, wanted) = (actual.scalars, expected.scalars)
  var wrong: [Int] = []
  if actual.shape == expected.shape {
    wrong = got.indices.filter {
      !areClose(
        Double(got[$0]), Double(wanted[$0]), atol: Double(atol), rtol: Double(rtol),
        nanMatches: nanMatches)
    }
    if wrong.isEmpty { return nil }
  }
  let mistake = mistakes.first { areClose(actual, $0.value, atol: atol, rtol: rtol) }?.key
  if let hint = mistake ?? (actual.isFinite || !expected.isFinite ? nil : notFinite) {
    return ": \(hint)\n  expected \(oneLine(expected))\n  got      \(oneLine(actual))"
  }
  guard actual.shape == expected.shape else {
    return ": expected shape \(expected.shape), got \(actual.shape)"
  }
  let shown = wrong.prefix(5).map { place in
    "  at \(multiIndex(of: place, in: actual.shape)): expected \(wanted[place]), got \(got[place])"
  }
  return """
    : \(wrong.count) of \(got.count) elements are off by more than \(atol) + \(rtol)·|expected|
    \(shown.joined(separator: "\n"))\(wrong.count > shown.count ? "\n  ..." : "")
    """
}

/// The index along each axis of the element at a row-major position.
private func multiIndex(of position: Int, in shape: [Int]) -> [Int] {
  var rest = position
  return shape.reversed().map { size in
    defer { rest /= size }
    return rest % size
  }.reversed()
}

/// A small tensor on one line.
private func oneLine(_ tensor: Tensor) -> String {
  tensor.description.split(whereSeparator: \.isNewline)
    .map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
}
