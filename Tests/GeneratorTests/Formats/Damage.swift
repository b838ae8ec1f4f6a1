import Foundation
import Shared
import Testing

/// Calls `read` with every shorter version of `data` and with every version in which one bit is wrong.
/// Damage may go unnoticed where the format has no checks, but it must never end the process, and what is
/// thrown must be a `CourseError`.
/// - Parameter truncationIsNoticed: whether every shorter version must be refused
/// - Returns: how many of the wrong bits were noticed, and of how many
@discardableResult
func damage(
  _ data: Data, truncationIsNoticed: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
  _ read: (Data) throws -> Void
) -> (noticed: Int, all: Int) {
  func isRefused(_ damaged: Data) -> Bool {
    do {
      try read(damaged)
      return false
    } catch {
      if !(error is CourseError) {
        Issue.record("expected a CourseError, got \(error)", sourceLocation: sourceLocation)
      }
      return true
    }
  }
  for length in 0..<data.count {
    let isNoticed = isRefused(data.prefix(length))
    if truncationIsNoticed && !isNoticed {
      Issue.record(
        "a file cut off at \(length) of \(data.count) bytes was read",
        sourceLocation: sourceLocation)
    }
  }
  var noticed = 0
  for place in 0..<data.count {
    for bit in 0..<8 {
      var damaged = data
      damaged[damaged.startIndex + place] ^= 1 << bit
      if isRefused(damaged) { noticed += 1 }
    }
  }
  return (noticed, data.count * 8)
}

/// Bytes from base64.
func bytes(_ base64: String) throws -> Data {
  try #require(Data(base64Encoded: base64))
}
