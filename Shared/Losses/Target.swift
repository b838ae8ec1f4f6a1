/// The right answer of a network for each example of a batch.
public enum Target: Sendable, Equatable {
  /// The index of the right class of each example.
  case classes([Int])
  /// One row of numbers for each example: one-hot rows, probabilities, or values to regress.
  case values(Tensor)
  /// The index of the right class at each step of N sequences of this length, sequence by sequence.
  /// `Target.ignored` stands where nothing is asked for, as after the end of a shorter sequence.
  case classSequences([Int], length: Int)
  /// The targets of several tasks by their names, each with an answer for every example: see `MultiTaskLoss`.
  case tasks([String: Target])

  /// The class index of a step that does not count.
  public static let ignored = -1

  /// The number of examples.
  public var count: Int {
    switch self {
    case .classes(let indices): indices.count
    case .classSequences(let indices, let length): length > 0 ? indices.count / length : 0
    case .values(let tensor): tensor.shape.first ?? 0
    case .tasks(let targets): targets.min { $0.key < $1.key }?.value.count ?? 0
    }
  }

  /// The number of answers asked for, over which a mean loss and an accuracy are taken: one for each
  /// example, or one for each step of a sequence that is not ignored.
  public var answerCount: Int {
    guard case .classSequences(let indices, _) = self else { return count }
    return indices.count { $0 != Target.ignored }
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
    case .classSequences(let all, let length):
      .classSequences(
        indices.flatMap { index in
          guard (0..<count).contains(index) else {
            stop("Target.rows(at:)", expected: "indices in 0..<\(count)", received: "\(index)")
          }
          return all[(index * length)..<((index + 1) * length)]
        }, length: length)
    case .tasks(let targets): .tasks(targets.mapValues { $0.rows(at: indices) })
    }
  }

  /// The class of each example: the index itself, or the place of the largest value of its row. Of
  /// sequences the class at each step, those to ignore included; of several tasks those of the only one with classes.
  public var classIndices: [Int] {
    switch self {
    case .classes(let indices), .classSequences(let indices, _): indices
    case .values(let tensor):
      if tensor.rank >= 2 {
        tensor.argmax(axis: -1)
      } else {
        stop(
          "Target.classIndices", expected: "rows [N, C]",
          received: "values of shape \(tensor.shape)")
      }
    case .tasks:
      if let classes = classTask?.target {
        classes.classIndices
      } else {
        stop("Target.classIndices", expected: "one task with classes", received: summary)
      }
    }
  }

  /// The only one of several tasks whose targets are class indices; `nil` where none is, or more than one.
  var classTask: (name: String, target: Target)? {
    guard case .tasks(let targets) = self else { return nil }
    let found = targets.filter { _, target in
      switch target {
      case .classes, .classSequences: true
      case .values, .tasks: false
      }
    }
    return found.count == 1 ? found.first.map { ($0.key, $0.value) } : nil
  }
}

extension Target {
  /// The weights of the answers together, `Σₙ sₙ Σⱼ wⱼ tₙⱼ`; their number where all count alike.
  /// - Parameters:
  ///   - weights: `s`, the weight of each example, `[N]`
  ///   - classWeights: `w`, the weight of each class
  package func totalWeight(
    ofExamples weights: Tensor?, ofClasses classWeights: [Float]?
  ) -> Double {
    if weights == nil && classWeights == nil { return Double(answerCount) }
    let examples = weights?.scalars ?? [Float](repeating: 1, count: count)
    switch self {
    case .classes(let labels), .classSequences(let labels, _):
      let length = labels.count / Swift.max(examples.count, 1)
      return labels.indices.reduce(0) { sum, place in
        let label = labels[place]
        guard label != Target.ignored else { return sum }
        return sum + Double(examples[place / length]) * Double(classWeights?[label] ?? 1)
      }
    case .values(let rows):
      guard let classWeights else { return examples.reduce(0) { $0 + Double($1) } }
      let ofRows = (rows * Tensor(classWeights)).reshaped(to: [examples.count, -1]).sum(axis: 1)
      return Double((ofRows * Tensor(examples)).sum())
    case .tasks: return examples.reduce(0) { $0 + Double($1) }
    }
  }

  /// The kind and the size of the target, for messages.
  package var summary: String {
    switch self {
    case .classes(let classes): "\(classes.count) classes"
    case .classSequences(_, let length): "\(count) sequences of \(length) classes"
    case .values(let values): "values of shape \(values.shape)"
    case .tasks(let targets):
      targets.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value.summary)" }
        .joined(separator: ", ")
    }
  }
}
