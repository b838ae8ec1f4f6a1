import Shared

/// A box with the class of the thing in it.
public struct LabelledBox: Sendable, Equatable, Codable {
  /// The box.
  public var box: Box
  /// The class, from 0 on; there is none for the background.
  public var label: Int

  /// Creates a labelled box.
  public init(box: Box, label: Int) { (self.box, self.label) = (box, label) }
}

/// A box that a detector found.
public struct Detection: Sendable, Equatable, Codable {
  /// The box.
  public var box: Box
  /// The class, from 0 on.
  public var label: Int
  /// How sure the detector is, the higher the better.
  public var score: Float

  /// Creates a detection.
  public init(box: Box, label: Int, score: Float) {
    (self.box, self.label, self.score) = (box, label, score)
  }
}

/// How well a detector finds things: average precision, from the boxes of all images of a set.
///
///     var scores = DetectionScores(classCount: 1)
///     scores.add([Detection(box: a, label: 0, score: 0.9)], truth: [LabelledBox(box: a, label: 0)])
///     scores.add([Detection(box: b, label: 0, score: 0.8)], truth: [LabelledBox(box: c, label: 0)])   // apart
///     scores.averagePrecision(of: 0)       // 0.5: half of the things, with a precision of 1
///
/// The detections of a class are taken in the order of their scores over all images, the highest first, and of equal scores
/// in the order in which they came. One is *right* if it overlaps a true box of its class enough, and no better detection
/// took that box before. After each of them
///
///     precision = right ones so far / detections so far        recall = right ones so far / true boxes
///
/// and the average precision is the area under the curve of the precision over the recall, in which a precision counts as the
/// largest at this or a higher recall. It is 1 where all true boxes come first. A second box for the same thing is
/// wrong: hence non-maximum suppression.
///
/// | | VOC 2010 | COCO |
/// |---|---|---|
/// | a detection takes | the true box that it overlaps most, be it free or not | the best one that is free |
/// | overlap | above the threshold | at least the threshold |
/// | area | exact | the mean at 101 recalls, 0, 0.01, ..., 1 |
/// | thresholds | 0.5 | the mean over 0.5, 0.55, ..., 0.95 |
/// | detections that count | all | the best 100 of a class in each image |
///
/// The programs of the authors differ in small things. That of VOC counts overlaps at the threshold, and a width is a pixel
/// larger than for a `Box`. `pycocotools` has rounded recalls: its 0.95 is a little above 19/20. Where a recall is
/// exactly a hundredth, it can miss one of the 101 precisions.
///
/// - Complexity: O(D log D) for D detections, and the overlaps of those in one image.
/// - Reference: Everingham, Eslami, Van Gool, Williams, Winn, Zisserman (2015), "The PASCAL Visual Object Classes
///   Challenge: A Retrospective", section 4.2; Lin et al. (2014), "Microsoft COCO", and `pycocotools`.
public struct DetectionScores: Sendable {
  /// The number of classes.
  public let classCount: Int
  /// The images, by class: detections with the highest score first, and true boxes.
  private var images: [[(found: [Detection], truth: [Box])]]

  /// Starts without images.
  public init(classCount: Int) {
    guard classCount >= 1 else {
      stop("DetectionScores", expected: "at least one class", received: "\(classCount)")
    }
    self.classCount = classCount
    images = [[(found: [Detection], truth: [Box])]](repeating: [], count: classCount)
  }

  /// Takes an image.
  public mutating func add(_ found: [Detection], truth: [LabelledBox]) {
    let labels = found.map(\.label) + truth.map(\.label)
    guard labels.allSatisfy({ (0..<classCount).contains($0) }),
      found.allSatisfy({ !$0.score.isNaN })
    else {
      stop(
        "DetectionScores.add", expected: "labels below \(classCount), and scores that are numbers",
        received: "labels \(labels), scores \(found.map(\.score))")
    }
    for label in 0..<classCount {
      let own = found.filter { $0.label == label }
      let boxes = truth.filter { $0.label == label }.map(\.box)
      images[label].append((sorted(own), boxes))
    }
  }

  /// The number of true boxes of a class.
  public func truthCount(of label: Int) -> Int {
    images(of: label).reduce(0) { $0 + $1.truth.count }
  }

  /// A point of the curve of a class, after one more detection.
  public struct Point: Sendable, Equatable {
    /// The score of the detection.
    public let score: Float
    /// The share of the detections so far that are right.
    public let precision: Double
    /// The share of the true boxes that were found so far.
    public let recall: Double
  }

  /// The precision over the recall of a class, from the detection with the highest score on.
  /// - Parameter overlap: the overlap above which a detection is right
  public func curve(of label: Int, overlap: Float = 0.5) -> [Point] {
    points(of: label, right: images(of: label).map { voc($0.found, $0.truth, overlap) })
  }

  /// The average precision of a class by the rules of VOC 2010; `nil` where the truth has none of it.
  public func averagePrecision(of label: Int, overlap: Float = 0.5) -> Double? {
    guard truthCount(of: label) > 0 else { return nil }
    let points = curve(of: label, overlap: overlap)
    let precisions = envelope(points)
    var (area, last) = (0.0, 0.0)
    for (point, precision) in zip(points, precisions) {
      area += (point.recall - last) * precision
      last = point.recall
    }
    return area
  }

  /// The mean of the average precisions of the classes of which the truth has some (mAP); `nil` without any.
  public func meanAveragePrecision(overlap: Float = 0.5) -> Double? {
    mean((0..<classCount).compactMap { averagePrecision(of: $0, overlap: overlap) })
  }

  /// The average precision of a class by the rules of COCO, as a mean over thresholds; `nil` where the truth has none.
  /// - Parameter overlaps: the overlaps from which on a detection is right
  public func cocoAveragePrecision(
    of label: Int, overlaps: [Double] = stride(from: 50, through: 95, by: 5).map { $0 / 100 }
  ) -> Double? {
    guard truthCount(of: label) > 0 else { return nil }
    return mean(
      overlaps.map { overlap in
        // At most 100 detections of an image count.
        let points = points(
          of: label,
          right: images[label].map { coco(Array($0.found.prefix(100)), $0.truth, overlap) })
        let precisions = envelope(points)
        var (sum, place) = (0.0, 0)
        for step in 0...100 {
          while place < points.count, points[place].recall < Double(step) / 100 { place += 1 }
          sum += place < points.count ? precisions[place] : 0
        }
        return sum / 101
      })
  }

  /// The mean of `cocoAveragePrecision` over the classes of which the truth has some; `nil` without any.
  public var cocoMeanAveragePrecision: Double? {
    mean((0..<classCount).compactMap { cocoAveragePrecision(of: $0) })
  }

  /// The share of the true boxes of all classes that some box overlaps enough: of proposals, the recall that bounds
  /// the detections among them.
  public static func recall(
    of truth: [[LabelledBox]], among proposals: [[Box]], overlap: Float = 0.5
  ) -> Double? {
    guard truth.count == proposals.count else {
      stop(
        "DetectionScores.recall", expected: "proposals for each of \(truth.count) images",
        received: "\(proposals.count)")
    }
    let count = truth.reduce(0) { $0 + $1.count }
    let found = zip(truth, proposals).reduce(0) { sum, image in
      sum
        + image.0.count { thing in
          image.1.contains { $0.overlap(with: thing.box) >= overlap }
        }
    }
    return count > 0 ? Double(found) / Double(count) : nil
  }

  private func images(of label: Int) -> [(found: [Detection], truth: [Box])] {
    guard images.indices.contains(label) else {
      stop(
        "DetectionScores", expected: "a class from 0 to \(classCount - 1)", received: "\(label)")
    }
    return images[label]
  }

  // MARK: Matching

  /// For each detection of an image, whether it is right: the true box that it overlaps most must not be taken.
  private func voc(_ found: [Detection], _ truth: [Box], _ threshold: Float) -> [(Float, Bool)] {
    var isTaken = [Bool](repeating: false, count: truth.count)
    return found.map { detection in
      let overlaps = truth.map { $0.overlap(with: detection.box) }
      guard let largest = overlaps.max(), largest > threshold,
        let best = overlaps.firstIndex(of: largest), !isTaken[best]
      else { return (detection.score, false) }
      isTaken[best] = true
      return (detection.score, true)
    }
  }

  /// The same where a detection takes the best true box that is free.
  private func coco(_ found: [Detection], _ truth: [Box], _ threshold: Double) -> [(Float, Bool)] {
    var isTaken = [Bool](repeating: false, count: truth.count)
    return found.map { detection in
      var (best, largest) = (-1, Float(threshold))
      for (index, box) in truth.enumerated() where !isTaken[index] {
        let overlap = box.overlap(with: detection.box)
        // Of equal ones the last, as in pycocotools.
        if overlap >= largest { (best, largest) = (index, overlap) }
      }
      if best >= 0 { isTaken[best] = true }
      return (detection.score, best >= 0)
    }
  }

  /// The points of all images together; of equal scores the first image comes first.
  private func points(of label: Int, right: [[(score: Float, isRight: Bool)]]) -> [Point] {
    let all = right.flatMap { $0 }
    let order = all.indices.sorted { (all[$1].score, $0) < (all[$0].score, $1) }
    let count = Double(max(truthCount(of: label), 1))
    var rightOnes = 0.0
    return order.enumerated().map { number, index in
      if all[index].isRight { rightOnes += 1 }
      return Point(
        score: all[index].score, precision: rightOnes / Double(number + 1),
        recall: rightOnes / count)
    }
  }

  /// At each point the largest precision from there on.
  private func envelope(_ points: [Point]) -> [Double] {
    var largest = 0.0
    return points.reversed().map { point in
      largest = max(largest, point.precision)
      return largest
    }.reversed()
  }

  private func sorted(_ found: [Detection]) -> [Detection] {
    found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }.map { found[$0] }
  }

  private func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
