import Shared

// Task 5.5, the second part: of the boxes that a detector finds for one thing, only the best remains.

/// Keeps the boxes with the best scores, and drops each that overlaps one of them too much (greedy non-maximum
/// suppression).
///
/// Takes the boxes in the order of their scores, the highest first, and of equal scores the one with the lower index. A
/// box is kept unless its overlap with a box that was kept before it is above the threshold.
///
///     let boxes = [Box(x1: 0, y1: 0, x2: 4, y2: 4), Box(x1: 0, y1: 0, x2: 4, y2: 3), Box(x1: 6, y1: 0, x2: 8, y2: 4)]
///     nonMaximumSuppression(boxes, scores: [0.6, 0.9, 0.3], threshold: 0.5)      // [1, 2]: 0 overlaps 1 by 3/4
///
/// - Parameters:
///   - boxes: boxes of one class in one image
///   - scores: a finite number for each, the higher the better
///   - threshold: the overlap, from 0 to 1, above which two boxes are taken for the same thing
/// - Returns: the indices of the boxes that are kept, in the order of their scores
/// - Complexity: O(number of boxes · number kept), and the sorting.
/// - Reference: as `torchvision.ops.nms`; Girshick (2015), "Fast R-CNN", *ICCV*.
///   Task: Protocols/Explorations.md, 5.5.
public func nonMaximumSuppression(_ boxes: [Box], scores: [Float], threshold: Float) -> [Int] {
  guard boxes.count == scores.count, scores.allSatisfy(\.isFinite), (0...1).contains(threshold)
  else {
    stop(
      "nonMaximumSuppression",
      expected: "a finite score for each box, and a threshold from 0 to 1",
      received: "\(boxes.count) boxes, scores \(scores), threshold \(threshold)")
  }
  // TODO(5.5): the indices in the order of the scores; then keep one after the other, unless its overlap with one that
  // is kept already is above the threshold. boxes[i].overlap(with: boxes[j]) is the first part of the task.
  // BEGIN SOLUTION
  let order = boxes.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
  var kept: [Int] = []
  for index in order
  where kept.allSatisfy({ boxes[$0].overlap(with: boxes[index]) <= threshold }) {
    kept.append(index)
  }
  return kept
  // END SOLUTION
}
