import Shared
import Synchronization

/// The sizes and channels of the images of a source, from the headers of the files.
///
///     let shapes = try ImageShapes(of: ImageFolder("flowers"))
///     shapes.smallest, shapes.largest          // (240, 180), (1024, 768)
///     shapes.channels                          // 3
///
/// An image whose header cannot be read does not count: it is an error where its pixels are needed.
public struct ImageShapes: Sendable {
  /// The number of images of each shape `[C, H, W]`.
  public let counts: [[Int]: Int]

  /// Reads the headers, on all threads.
  /// - Throws: when the first image cannot be read
  public init(of source: some ImageSource) throws {
    let first = try source.shape(at: 0)
    let counts = Mutex([first: 1])
    let pieceSize = 64
    parallelFor((source.count + pieceSize - 2) / pieceSize) { piece in
      var own: [[Int]: Int] = [:]
      for index in (1 + piece * pieceSize)..<min(source.count, 1 + (piece + 1) * pieceSize) {
        if let shape = try? source.shape(at: index) { own[shape, default: 0] += 1 }
      }
      counts.withLock { $0.merge(own, uniquingKeysWith: +) }
    }
    self.counts = counts.withLock { $0 }
  }

  /// Images of such shapes.
  /// - Parameter counts: the number of images of each shape; at least one shape
  package init(counts: [[Int]: Int]) { self.counts = counts }

  /// The common number of channels: 1 where all images are grey, otherwise 3. Opacity is no colour.
  public var channels: Int { counts.keys.allSatisfy { $0[0] == 1 } ? 1 : 3 }

  /// The different sizes, the most frequent first.
  public var sizes: [(height: Int, width: Int, count: Int)] {
    var result: [[Int]: Int] = [:]
    for (shape, count) in counts { result[Array(shape.dropFirst()), default: 0] += count }
    return result.sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
      .map { ($0.key[0], $0.key[1], $0.value) }
  }

  /// The size with the fewest and the one with the most pixels.
  public var extremes: (smallest: (height: Int, width: Int), largest: (height: Int, width: Int)) {
    let sorted = sizes.sorted {
      ($0.height * $0.width, $0.height) < ($1.height * $1.width, $1.height)
    }
    let (first, last) = (sorted[0], sorted[sorted.count - 1])
    return ((first.height, first.width), (last.height, last.width))
  }

  /// The median of the shorter sides of all images.
  var medianShorterSide: Int {
    let sides = sizes.map { (side: min($0.height, $0.width), count: $0.count) }
      .sorted { $0.side < $1.side }
    let middle = sides.reduce(0) { $0 + $1.count } / 2
    var seen = 0
    for (side, count) in sides {
      seen += count
      if seen > middle { return side }
    }
    return sides[sides.count - 1].side
  }
}
