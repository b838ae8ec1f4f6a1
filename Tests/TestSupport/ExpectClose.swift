import Shared
import Testing

/// Records an issue unless two tensors have the same shape and each element of `actual` lies within
/// `atol + rtol · |expected|` of its partner. NaN is never close to anything.
///
///     expectClose(layer.forward(x, mode: .training), [[1, 2]], "Dense.forward")
///
/// - Parameters:
///   - subject: what is compared, as the message should name it
///   - atol: how far any element may be off
///   - rtol: how far an element may be off relative to the expected one
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    fail(
      "\(subject): expected shape \(expected.shape), got \(actual.shape)",
      sourceLocation: sourceLocation)
    return
  }
  let (got, wanted) = (actual.scalars, expected.scalars)
  let wrong = got.indices.filter { !isClose(got[$0], wanted[$0], atol: atol, rtol: rtol) }
  guard !wrong.isEmpty else { return }
  let shown = wrong.prefix(5).map { place in
    "  at \(multiIndex(of: place, in: actual.shape)): expected \(wanted[place]), got \(got[place])"
  }
  fail(
    """
    \(subject): \(wrong.count) of \(got.count) elements are off by more than \
    \(atol) + \(rtol)·|expected|
    \(shown.joined(separator: "\n"))\(wrong.count > shown.count ? "\n  ..." : "")
    """, sourceLocation: sourceLocation)
}

/// Records an issue unless `actual` lies within `atol + rtol · |expected|` of `expected`.
public func expectClose(
  _ actual: Float, _ expected: Float, _ subject: String, atol: Float = 1e-5, rtol: Float = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard !isClose(actual, expected, atol: atol, rtol: rtol) else { return }
  fail(
    "\(subject): expected \(expected), got \(actual) (tolerance \(atol) + \(rtol)·|expected|)",
    sourceLocation: sourceLocation)
}

/// Same shape, and every element within the tolerances; NaN is never close to anything.
public func areClose(
  _ actual: Tensor, _ expected: Tensor, atol: Float = 1e-5, rtol: Float = 1e-5
) -> Bool {
  actual.shape == expected.shape
    && zip(actual.scalars, expected.scalars)
      .allSatisfy { isClose($0, $1, atol: atol, rtol: rtol) }
}

/// Written so that NaN fails; equal infinities, whose difference is NaN, are close.
private func isClose(_ actual: Float, _ expected: Float, atol: Float, rtol: Float) -> Bool {
  actual == expected
    || (expected.isFinite && Swift.abs(actual - expected) <= atol + rtol * Swift.abs(expected))
}

/// The index along each axis of the element at a row-major position.
private func multiIndex(of position: Int, in shape: [Int]) -> [Int] {
  var rest = position
  var index: [Int] = []
  for size in shape.reversed() {
    index.insert(rest % size, at: 0)
    rest /= size
  }
  return index
}
