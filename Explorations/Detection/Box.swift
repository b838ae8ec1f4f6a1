import Shared

/// A rectangle in an image, parallel to its sides.
///
///     let box = Box(x1: 4, y1: 2, x2: 10, y2: 5)      // 6 wide, 3 high
///     box.area                                        // 18
///     box.center                                      // (7, 3.5)
///
/// The corners are places on a continuous plane, in pixels: the pixel in column 0 reaches from x = 0 to x = 1, so a
/// width is `x2 − x1`, as in torchvision, and not `x2 − x1 + 1`, as in the first code of the paper.
public struct Box: Sendable, Equatable, Codable {
  /// The left edge.
  public var x1: Float
  /// The upper edge.
  public var y1: Float
  /// The right edge.
  public var x2: Float
  /// The lower edge.
  public var y2: Float

  /// Creates a box from two corners. Stops unless `x1 ≤ x2` and `y1 ≤ y2`, all finite.
  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    guard x1 <= x2, y1 <= y2, [x1, y1, x2, y2].allSatisfy(\.isFinite) else {
      stop(
        "Box", expected: "finite corners with x1 ≤ x2 and y1 ≤ y2",
        received: "(\(x1), \(y1)), (\(x2), \(y2))")
    }
    (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
  }

  /// `x2 − x1`
  public var width: Float { x2 - x1 }
  /// `y2 − y1`
  public var height: Float { y2 - y1 }
  /// `width · height`
  public var area: Float { width * height }
  /// The middle.
  public var center: (x: Float, y: Float) { ((x1 + x2) / 2, (y1 + y2) / 2) }

  /// The part of the box that lies in an image.
  public func clipped(width: Float, height: Float) -> Box {
    func inside(_ value: Float, _ size: Float) -> Float { Swift.min(Swift.max(value, 0), size) }
    return Box(
      x1: inside(x1, width), y1: inside(y1, height), x2: inside(x2, width), y2: inside(y2, height))
  }
}

/// The way from one box to another: what a detector predicts for a proposal, in place of the corners.
///
/// | | |
/// |---|---|
/// | `dx`, `dy` | how far the centre moves, in widths and heights of the first box |
/// | `dw`, `dh` | the natural logarithm of the factor by which width and height grow |
public struct BoxOffset: Sendable, Equatable {
  /// The move to the right, in widths.
  public var dx: Float
  /// The move down, in heights.
  public var dy: Float
  /// The logarithm of the factor of the width.
  public var dw: Float
  /// The logarithm of the factor of the height.
  public var dh: Float

  /// Creates an offset.
  public init(dx: Float, dy: Float, dw: Float, dh: Float) {
    (self.dx, self.dy, self.dw, self.dh) = (dx, dy, dw, dh)
  }
}

/// A box in one image of a batch.
public struct Region: Sendable, Equatable {
  /// The index of the image in the batch.
  public var image: Int
  /// The box, in pixels of that image.
  public var box: Box

  /// Creates a region.
  public init(image: Int, box: Box) { (self.image, self.box) = (image, box) }
}
