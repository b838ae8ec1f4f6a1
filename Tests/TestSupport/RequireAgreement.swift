import Shared
import Testing

/// Throws, and records one issue, unless two tensors agree to `1e-4 + 1e-4 · |expected|`.
///
/// For comparisons over hundreds of configurations: the first that disagrees is enough to read.
public func requireAgreement(
  _ actual: Tensor, _ expected: Tensor, _ subject: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try require(
    actual.shape == expected.shape,
    "\(subject): expected shape \(expected.shape), got \(actual.shape)",
    sourceLocation: sourceLocation)
  guard actual.count > 0 else { return }
  let excess = abs(actual - expected) - abs(expected) * 1e-4
  let worst = excess.argmax()
  // Written so that NaN fails.
  try require(
    excess.max() <= 1e-4,
    """
    \(subject): the largest difference is at element \(worst): \
    \(expected.scalars[worst]) and \(actual.scalars[worst])
    """, sourceLocation: sourceLocation)
}
