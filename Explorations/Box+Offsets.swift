import Foundation
import Shared

// Task 5.5, the first part: how well two boxes agree, and the way from one to the other.
//
//     overlap = area of the intersection / area of the union
//     dx = (x' − x) / w     dy = (y' − y) / h     dw = ln(w' / w)     dh = ln(h' / h)
//
// (x, y) is the centre of this box, w and h are its width and height; those of the other box have a prime. `Box` has
// `x1`, `y1`, `x2`, `y2`, `width`, `height`, `area` and `center`. It is in Detection/Box.swift.

extension Box {
  /// The area that both boxes share, divided by the area of both together (IoU, the Jaccard index): from 0 to 1, where
  /// 1 means the same box, and 0 that they do not meet. Also 0 where both have no area.
  ///
  ///     Box(x1: 0, y1: 0, x2: 2, y2: 2).overlap(with: Box(x1: 1, y1: 0, x2: 3, y2: 2))     // 1/3: 2 of 6
  ///
  public func overlap(with other: Box) -> Float {
    // TODO(5.5): the width and the height of the intersection, 0 where the boxes do not meet; its area; the union.
    // BEGIN SOLUTION
    let sharedWidth = Swift.max(0, Swift.min(x2, other.x2) - Swift.max(x1, other.x1))
    let sharedHeight = Swift.max(0, Swift.min(y2, other.y2) - Swift.max(y1, other.y1))
    let shared = sharedWidth * sharedHeight
    let union = area + other.area - shared
    return union > 0 ? shared / union : 0
    // END SOLUTION
  }

  /// The way from this box to another one, which has an area as this one has: the target of a detector's regression.
  ///
  ///     let proposal = Box(x1: 0, y1: 0, x2: 10, y2: 20)
  ///     proposal.offset(to: Box(x1: 5, y1: 0, x2: 15, y2: 40))      // dx 0.5, dy 0.5, dw 0, dh ln 2
  ///
  public func offset(to target: Box) -> BoxOffset {
    requireArea(self, "Box.offset(to:)")
    requireArea(target, "Box.offset(to:)")
    // TODO(5.5): the four numbers of the formula above, where logf(x) is the natural logarithm.
    // BEGIN SOLUTION
    return BoxOffset(
      dx: (target.center.x - center.x) / width, dy: (target.center.y - center.y) / height,
      dw: logf(target.width / width), dh: logf(target.height / height))
    // END SOLUTION
  }

  /// The box to which an offset leads: `box.moved(by: box.offset(to: other)) == other`, up to rounding.
  ///
  /// A network may predict anything, so `dw` and `dh` count as at most `ln(1000 / 16)`, which no image needs to exceed.
  public func moved(by offset: BoxOffset) -> Box {
    let (dw, dh) = (Swift.min(offset.dw, Self.limit), Swift.min(offset.dh, Self.limit))
    // TODO(5.5): centre and size of the new box from `offset.dx`, `offset.dy`, `dw` and `dh`, with expf(x);
    // then its corners.
    // BEGIN SOLUTION
    let (x, y) = (center.x + offset.dx * width, center.y + offset.dy * height)
    let (newWidth, newHeight) = (width * expf(dw), height * expf(dh))
    return Box(
      x1: x - newWidth / 2, y1: y - newHeight / 2, x2: x + newWidth / 2, y2: y + newHeight / 2)
    // END SOLUTION
  }

  private static let limit = logf(1000 / 16)

  private func requireArea(_ box: Box, _ place: String) {
    guard box.width > 0, box.height > 0 else {
      stop(place, expected: "boxes with an area", received: "\(box)")
    }
  }
}

extension Box: CustomStringConvertible {
  /// `(4, 2) to (10, 5)`
  public var description: String { "(\(x1), \(y1)) to (\(x2), \(y2))" }
}
