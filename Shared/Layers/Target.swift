/// What a network should answer for each example of a batch.
public enum Target: Sendable, Equatable {
  /// The index of the right class of each example.
  case classes([Int])
  /// One row of numbers for each example: one-hot rows, probabilities, or values to regress.
  case values(Tensor)

  /// The number of examples.
  public var count: Int {
    switch self {
    case .classes(let indices): indices.count
    case .values(let tensor): tensor.shape.first ?? 0
    }
  }

  /// The targets of the examples with the given indices, in that order.
  public func rows(at indices: some Collection<Int>) -> Target {
    switch self {
    case .classes(let all):
      .classes(
        indices.map { index in
          guard all.indices.contains(index) else {
            stop(
              "Target.rows(at:)", expected: "indices in 0..<\(all.count)", received: "\(index)")
          }
          return all[index]
        })
    case .values(let tensor): .values(tensor.rows(at: indices))
    }
  }

  /// The class of each example: the index itself, or the place of the largest value of its row.
  public var classIndices: [Int] {
    switch self {
    case .classes(let indices): indices
    case .values(let tensor):
      if tensor.rank >= 2 {
        tensor.argmax(axis: -1)
      } else {
        stop(
          "Target.classIndices", expected: "rows [N, C]",
          received: "values of shape \(tensor.shape)")
      }
    }
  }
}
