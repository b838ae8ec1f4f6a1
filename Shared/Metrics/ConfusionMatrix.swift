/// The number of examples of each class that were predicted as each other class.
///
///     var confusion = ConfusionMatrix(classNames: ["cat", "dog"])
///     confusion.update(predicted: [0, 1, 1], actual: [0, 0, 1])
///     confusion.counts   // [[1, 1], [0, 1]]: one cat was taken for a dog
///     print(confusion)
///     //       cat  dog   <- predicted
///     // cat     1    1
///     // dog     .    1
///
/// Only the pairs that occur are kept: memory and time grow with the examples and the classes, not with the
/// square of the classes.
public struct ConfusionMatrix: Sendable, Equatable, Codable {
  /// A right class and the one that it was taken for.
  private struct Pair: Hashable, Codable, Comparable {
    var actual: Int
    var predicted: Int

    static func < (a: Pair, b: Pair) -> Bool {
      (a.actual, a.predicted) < (b.actual, b.predicted)
    }
  }

  private var pairs: [Pair: Int] = [:]
  /// A name for each class.
  public let classNames: [String]

  /// Starts with nothing counted; the classes are called by their names.
  public init(classNames: [String]) {
    guard !classNames.isEmpty else {
      stop("ConfusionMatrix", expected: "at least one class", received: "none")
    }
    self.classNames = classNames
  }

  /// Starts with nothing counted; the classes are called by their indices.
  public init(classCount: Int) {
    self.init(classNames: (0..<Swift.max(classCount, 0)).map(String.init))
  }

  /// The number of classes.
  public var classCount: Int { classNames.count }

  /// Takes in one batch of scores.
  public mutating func update(prediction: Tensor, target: Target) {
    let pairs = classPairs(prediction: prediction, target: target, metric: "ConfusionMatrix")
    update(predicted: pairs.predicted, actual: pairs.actual)
  }

  /// Takes in one batch of predicted classes.
  public mutating func update(predicted: [Int], actual: [Int]) {
    guard predicted.count == actual.count else {
      stop(
        "ConfusionMatrix", expected: "\(predicted.count) classes", received: "\(actual.count)")
    }
    if let wrong = (predicted + actual).first(where: { !(0..<classCount).contains($0) }) {
      stop("ConfusionMatrix", expected: "classes below \(classCount)", received: "\(wrong)")
    }
    for (predicted, actual) in zip(predicted, actual) {
      pairs[Pair(actual: actual, predicted: predicted), default: 0] += 1
    }
  }

  /// The examples of one class that were taken for another one, or for itself.
  public subscript(actual actual: Int, predicted predicted: Int) -> Int {
    pairs[Pair(actual: actual, predicted: predicted)] ?? 0
  }

  /// `counts[a][p]`: the examples of class `a` that were taken for class `p`. Makes all of the square; with
  /// many classes `entries` says the same in less.
  public var counts: [[Int]] {
    let row = [Int](repeating: 0, count: classCount)
    var rows = [[Int]](repeating: row, count: classCount)
    for (pair, count) in pairs { rows[pair.actual][pair.predicted] = count }
    return rows
  }

  /// The pairs of classes that occur, by the right class and then by the predicted one.
  public var entries: [(actual: Int, predicted: Int, count: Int)] {
    pairs.sorted { $0.key < $1.key }.map { ($0.key.actual, $0.key.predicted, $0.value) }
  }

  /// The number of examples taken in.
  public var total: Int { pairs.values.reduce(0, +) }

  /// The accuracy: right answers divided by all; NaN before the first batch.
  public var value: Float {
    Float(pairs.reduce(0) { $0 + ($1.key.actual == $1.key.predicted ? $1.value : 0) })
      / Float(total)
  }

  /// Forgets everything taken in.
  public mutating func reset() { self = ConfusionMatrix(classNames: classNames) }

  /// Precision, recall and F1 of each class.
  public var report: ClassificationReport { ClassificationReport(self) }
}

// MARK: - As text

extension ConfusionMatrix: CustomStringConvertible {
  /// A table with a row for each class and a column for each prediction, a point for 0. Where the names of the classes
  /// would make it wider than 80 characters, they have numbers. Above 40 classes, which no terminal has room for, the
  /// most frequent mistakes.
  public var description: String {
    if classCount > 40 { return mistakes(10) }
    let names = classNames.map(\.printable)
    let named = table(rows: names, columns: names)
    guard named.prefix(while: { $0 != "\n" }).count > 80 else { return named }
    let numbers = names.indices.map(String.init)
    return table(
      rows: zip(numbers, names).map { $0.padded(left: numbers.last?.count ?? 0) + "  " + $1 },
      columns: numbers)
  }

  private func table(rows: [String], columns: [String]) -> String {
    let cells = counts.map { row in row.map { $0 == 0 ? "." : "\($0)" } }
    let widths = columns.indices.map { column in
      Swift.max(columns[column].count, cells.map { $0[column].count }.max() ?? 0)
    }
    let names = rows.map(\.count).max() ?? 0
    func line(_ title: String, _ row: [String]) -> String {
      let columns = zip(row, widths).map { $0.padded(left: $1) }
      return title.padded(right: names) + "  " + columns.joined(separator: "  ")
    }
    let head = line("", columns) + "   <- predicted"
    return ([head] + zip(rows, cells).map { line($0, $1) }).joined(separator: "\n")
  }

  private func mistakes(_ limit: Int) -> String {
    let all = entries.filter { $0.actual != $0.predicted }.sorted {
      ($1.count, $0.actual, $0.predicted) < ($0.count, $1.actual, $1.predicted)
    }
    let lines = all.prefix(limit).map { mistake in
      "\(mistake.count) x \(classNames[mistake.actual].printable) taken for "
        + classNames[mistake.predicted].printable
    }
    let head = "\(classCount) classes, \(total) examples"
    return lines.isEmpty ? head + ", no mistakes" : ([head] + lines).joined(separator: "\n")
  }
}
