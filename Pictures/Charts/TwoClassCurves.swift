import Networks

/// The decisions of a two-class model at every threshold.
///
///     let curves = try TwoClassCurves(probabilities: p, labels: labels)
///     curves.areaUnderROC                  // 0.5 for guessing, 1 for a perfect order
///     try curves.roc.write(to: URL(filePath: "roc.svg"))
///
/// - Reference: Fawcett (2006), *Pattern Recognition Letters* 27; Davis, Goadrich (2006), *ICML*.
public struct TwoClassCurves: Sendable {
  /// For each threshold, from high to low: true and false positives so far.
  private let counts: [(positives: Int, negatives: Int)]
  private let positives: Int
  private let negatives: Int
  /// Of the titles: of which class.
  private let suffix: String

  /// Sorts the examples by their probability of class 1.
  ///
  /// - Parameter className: the name of class 1, which counts as positive, for the titles
  /// - Throws: `CourseError` unless there is a label, 0 or 1, for each probability, both labels occur, and the
  ///   probabilities are finite.
  public init(probabilities: [Float], labels: [Int], className: String? = nil) throws {
    suffix = className.map { " of \($0)" } ?? ""
    let isRight =
      probabilities.count == labels.count && Set(labels) == [0, 1]
      && probabilities.allSatisfy(\.isFinite)
    guard isRight else {
      throw CourseError(
        .invalidData, "curves of two classes",
        expected: "a finite probability for each label, and labels 0 and 1",
        received: "\(probabilities.count) probabilities, \(labels.count) labels of "
          + "\(Set(labels).sorted())")
    }
    positives = labels.count { $0 == 1 }
    negatives = labels.count - positives
    var counts = [(positives: 0, negatives: 0)]
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    for (place, example) in order.enumerated() {
      var next = counts[counts.count - 1]
      if labels[example] == 1 { next.positives += 1 } else { next.negatives += 1 }
      // Equal probabilities are one threshold.
      if place > 0, probabilities[order[place - 1]] == probabilities[example] {
        counts[counts.count - 1] = next
      } else {
        counts.append(next)
      }
    }
    self.counts = counts
  }

  /// False positive rate and true positive rate of each threshold.
  private var rocPoints: [(x: Double, y: Double)] {
    counts.map {
      (Double($0.negatives) / Double(negatives), Double($0.positives) / Double(positives))
    }
  }

  /// The area under the ROC curve: the probability that a positive example has a higher score than a negative
  /// one, ties counting half.
  public var areaUnderROC: Double {
    let points = rocPoints
    return zip(points, points.dropFirst()).reduce(0) { area, pair in
      area + (pair.1.x - pair.0.x) * (pair.0.y + pair.1.y) / 2
    }
  }

  /// The average precision: the mean of the precision over the recall, in steps.
  public var averagePrecision: Double {
    zip(counts, counts.dropFirst()).reduce(0) { sum, pair in
      let (before, after) = pair
      let precision = Double(after.positives) / Double(after.positives + after.negatives)
      return sum + precision * Double(after.positives - before.positives) / Double(positives)
    }
  }

  /// True positive rate over false positive rate.
  public var roc: Figure {
    var figure = Figure(
      title: "ROC curve\(suffix)", x: .init("false positive rate", range: 0...1),
      y: .init("true positive rate", range: 0...1))
    figure.size = .init(width: 520, height: 500)
    figure.marks = [
      .line("area \(decimals(areaUnderROC))", rocPoints, hasMarkers: false),
      .line("guessing", [(0, 0), (1, 1)], isReference: true),
    ]
    return figure
  }

  /// Precision over recall.
  public var precisionRecall: Figure {
    var figure = Figure(
      title: "Precision and recall\(suffix)", x: .init("recall", range: 0...1),
      y: .init("precision", range: 0...1))
    figure.size = .init(width: 520, height: 500)
    let points = counts.dropFirst().map { count in
      (
        x: Double(count.positives) / Double(positives),
        y: Double(count.positives) / Double(count.positives + count.negatives)
      )
    }
    let share = Double(positives) / Double(positives + negatives)
    figure.marks = [
      .line("average precision \(decimals(averagePrecision))", points, hasMarkers: false),
      .line("guessing", [(0, share), (1, share)], isReference: true),
    ]
    return figure
  }

  private func decimals(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    return "\(thousandths / 1000)." + String("\(1000 + thousandths % 1000)".dropFirst())
  }
}
