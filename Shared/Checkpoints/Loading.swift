/// The facts known while a checkpoint is being read.
///
/// A file names sizes, and a size is a claim: layers compare theirs with the file before they take memory,
/// and draw nothing, since the file sets every value.
enum Loading {
  /// The number of elements of the file's largest tensor; `nil` when no file is being read.
  @TaskLocal static var largestTensor: Int?

  /// The number of elements of all its tensors.
  @TaskLocal static var elementCount: Int?

  /// Whether a tensor of this shape can be in the file that is being read.
  static func allows(_ shape: [Int]) -> Bool {
    guard let largestTensor else { return true }
    return checkedElementCount(shape).map { $0 <= largestTensor } ?? false
  }
}

/// The largest number of elements of a tensor of weights, or of the output of a layer for one example.
private let largestCount = 1 << 31

/// Throws unless a layer's sizes, read from a file, are positive and make at most 2³¹ weights; while a
/// checkpoint is being read, no more than its largest tensor has.
///
/// A layer calls it in `init(configuration:)` for each of its tensors, before it makes one: a file of a
/// kilobyte must not take gigabytes.
package func checkSizes(_ sizes: [Int], of layer: String) throws {
  guard sizes.allSatisfy({ $0 >= 1 }), let count = checkedElementCount(sizes),
    count <= largestCount
  else {
    throw CourseError(
      .invalidArgument, "\(layer): size out of range",
      expected: "sizes of at least 1 and at most 2³¹ weights", received: "\(sizes)")
  }
  guard Loading.allows(sizes) else {
    throw CourseError(
      .format, "\(layer): sizes that the file has no weights for",
      expected: "at most the \(Loading.largestTensor ?? 0) numbers of its largest tensor",
      received: "\(sizes)")
  }
}

/// Throws unless the shape of an example, read from a file or made of sizes in one, has positive sizes and at
/// most 2³¹ elements.
package func checkShape(_ shape: [Int], of place: String) throws {
  guard shape.allSatisfy({ $0 >= 1 }), let count = checkedElementCount(shape),
    count <= largestCount
  else {
    throw CourseError(
      .invalidArgument, "\(place): size out of range",
      expected: "sizes of at least 1 and at most 2³¹ numbers an example", received: "\(shape)")
  }
}
