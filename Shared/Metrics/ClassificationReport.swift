import Foundation

/// How well one class is recognised.
public struct ClassScores: Sendable, Equatable, Codable {
  /// The name of the class.
  public var name: String
  /// Of the examples that were taken for this class, the fraction that belong to it:
  /// `TP / (TP + FP)`; 0 when there are none.
  public var precision: Float
  /// Of the examples of this class, the fraction that were recognised: `TP / (TP + FN)`; 0 when there
  /// are none.
  public var recall: Float
  /// The harmonic mean of precision and recall: `2 TP / (2 TP + FP + FN)`; 0 when there are none.
  public var f1: Float
  /// The number of examples of this class.
  public var support: Int
}

/// Precision, recall and F1 of each class, and their means.
///
///     print(confusion.report)
///     //                precision  recall     f1  support
///     // cat                1.000   0.500  0.667        2
///     // dog                0.500   1.000  0.667        1
///     // macro average      0.750   0.750  0.667        3
public struct ClassificationReport: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The scores of each class.
  public var classes: [ClassScores]
  /// The means over the classes that occur, as label or as prediction, each counting the same.
  public var macroAverage: ClassScores

  /// The report of a confusion matrix.
  public init(_ confusion: ConfusionMatrix) {
    func ratio(_ part: Int, _ whole: Int) -> Float {
      whole == 0 ? 0 : Float(part) / Float(whole)
    }
    let none = [Int](repeating: 0, count: confusion.classCount)
    var (hits, support, guesses) = (none, none, none)
    for entry in confusion.entries {
      support[entry.actual] += entry.count
      guesses[entry.predicted] += entry.count
      if entry.actual == entry.predicted { hits[entry.actual] = entry.count }
    }
    let classes = confusion.classNames.enumerated().map { index, name in
      ClassScores(
        name: name, precision: ratio(hits[index], guesses[index]),
        recall: ratio(hits[index], support[index]),
        f1: ratio(2 * hits[index], guesses[index] + support[index]), support: support[index])
    }
    self.init(
      classes, isPresent: classes.indices.map { support[$0] + guesses[$0] > 0 },
      total: confusion.total)
  }

  /// The report of scores, with the means over the classes that occur.
  init(_ classes: [ClassScores], isPresent: [Bool], total: Int) {
    self.classes = classes
    let present = classes.indices.filter { isPresent[$0] }.map { classes[$0] }
    func mean(_ score: (ClassScores) -> Float) -> Float {
      present.isEmpty ? 0 : present.reduce(0) { $0 + score($1) } / Float(present.count)
    }
    macroAverage = ClassScores(
      name: "macro average", precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1),
      support: total)
  }

  /// A table with a row for each class and one for the means. Above 40 classes it has those of the lowest F1,
  /// the interesting ones, and the number of the others.
  public var description: String {
    let limit = 40
    var shown = classes
    if classes.count > limit {
      let lowest = classes.indices.filter { classes[$0].support > 0 }
        .sorted { (classes[$0].f1, $0) < (classes[$1].f1, $1) }.prefix(20)
      shown = lowest.map { classes[$0] }
    }
    let rows = shown + [macroAverage]
    let names = rows.map(\.name.printable.count).max() ?? 0
    let supports = Swift.max("support".count, "\(macroAverage.support)".count)
    func number(_ value: Float, _ width: Int) -> String {
      String(format: "%.3f", Double(value)).padded(left: width)
    }
    let head =
      "".padded(right: names) + "  precision  recall     f1  " + "support".padded(left: supports)
    var lines = rows.map { row in
      row.name.printable.padded(right: names) + "  " + number(row.precision, 9) + "  "
        + number(row.recall, 6) + "  " + number(row.f1, 5) + "  "
        + "\(row.support)".padded(left: supports)
    }
    if shown.count < classes.count {
      lines.insert("... and \(classes.count - shown.count) classes besides these", at: shown.count)
    }
    return ([head] + lines).joined(separator: "\n")
  }
}
