import Shared

// Where a detector looks: boxes that may show something, of any class. It finds nothing that none of them overlaps.

extension Box {
  /// Boxes of several sizes and forms at regular places of an image, each within it.
  ///
  ///     Box.slidingWindows(width: 64, height: 64, sizes: [16, 32]).count      // 613
  ///
  /// - Parameters:
  ///   - sizes: the roots of their areas, in pixels
  ///   - ratios: width divided by height
  ///   - step: how far a window is from the next one, in widths and heights
  public static func slidingWindows(
    width: Int, height: Int, sizes: [Float], ratios: [Float] = [1, 0.7, 1.4], step: Float = 0.25
  ) -> [Box] {
    guard step >= 0.01, sizes.allSatisfy({ $0 >= 1 }), ratios.allSatisfy({ $0 > 0 }) else {
      stop(
        "Box.slidingWindows",
        expected: "sizes of at least 1, ratios above 0 and a step of at least 0.01",
        received: "sizes \(sizes), ratios \(ratios), step \(step)")
    }
    var boxes: [Box] = []
    for size in sizes {
      for ratio in ratios {
        let (w, h) = (size * ratio.squareRoot(), size / ratio.squareRoot())
        let (right, down) = (Float(width) - w, Float(height) - h)
        guard right >= 0, down >= 0 else { continue }
        // As many steps as are needed, of equal length, from one edge to the other.
        let columns = Int((right / (step * w)).rounded(.up))
        let rows = Int((down / (step * h)).rounded(.up))
        for row in 0...rows {
          for column in 0...columns {
            let x = right * Float(column) / Float(Swift.max(columns, 1))
            let y = down * Float(row) / Float(Swift.max(rows, 1))
            // Rounding may lead beyond the edge.
            boxes.append(
              Box(
                x1: x, y1: y, x2: Swift.min(x + w, Float(width)),
                y2: Swift.min(y + h, Float(height))))
          }
        }
      }
    }
    return boxes
  }

  /// Boxes around the parts of an image that differ from what is around them: a small selective search.
  ///
  /// 1. The image is divided into regions of similar colour, by a graph of neighbouring pixels: two regions become one where
  ///    they differ no more than each does in itself, `d ≤ min(dₐ + k / |a|, d_b + k / |b|)`.
  /// 2. The two neighbouring regions that are most similar become one, again and again, until one is left. Similar are
  ///    regions of like colour, small ones, and those that fill their common box.
  /// 3. The box of each region that there was is a proposal.
  ///
  /// - Parameters:
  ///   - image: `[3, H, W]`, from 0 to 1
  ///   - scales: k, the larger the larger the first regions; the search is done with each
  ///   - smallest: the shortest side of a proposal, in pixels
  /// - Reference: Uijlings, Van de Sande, Gevers, Smeulders (2013), "Selective Search for Object Recognition", *IJCV*;
  ///   Felzenszwalb, Huttenlocher (2004), "Efficient Graph-Based Image Segmentation", *IJCV*. Colours are compared by their
  ///   means, in place of histograms, and there are no textures.
  public static func selectiveSearch(
    _ image: Tensor, scales: [Float] = [0.3, 1], smallest: Float = 6
  ) -> [Box] {
    guard image.rank == 3, image.shape[0] == 3, image.count > 0 else {
      stop(
        "Box.selectiveSearch", expected: "an image [3, H, W]", received: "shape \(image.shape)")
    }
    var boxes: [Box] = []
    for scale in scales {
      var segmentation = Segmentation(of: image)
      segmentation.join(scale: scale)
      for box in segmentation.boxesWhileMerging()
      where box.width >= smallest && box.height >= smallest && !boxes.contains(box) {
        boxes.append(box)
      }
    }
    return boxes
  }
}

/// An image divided into regions.
private struct Segmentation {
  /// A region: its pixels, colours and box.
  private struct Part {
    var count = 1
    var color: SIMD3<Float>
    var (left, top, right, bottom): (Int, Int, Int, Int)
    /// The largest difference between neighbours in it.
    var difference: Float = 0
    var neighbors: Set<Int> = []

    var box: Box {
      Box(x1: Float(left), y1: Float(top), x2: Float(right), y2: Float(bottom))
    }

    mutating func add(_ other: Part) {
      let total = Float(count + other.count)
      color = (color * Float(count) + other.color * Float(other.count)) / total
      count += other.count
      (left, top) = (min(left, other.left), min(top, other.top))
      (right, bottom) = (max(right, other.right), max(bottom, other.bottom))
    }
  }

  private let (height, width): (Int, Int)
  private var parts: [Part]
  /// The region that a pixel or region became part of; its own number as long as it is one.
  private var owners: [Int]

  /// Each pixel is a region, in the mean colour of its neighbourhood of 3 × 3 pixels, which evens out noise.
  init(of image: Tensor) {
    (height, width) = (image.shape[1], image.shape[2])
    let (h, w, area) = (height, width, height * width)
    owners = Array(0..<area)
    parts = image.read { pixels in
      (0..<area).map { place in
        let (row, column) = (place / w, place % w)
        var (sum, count) = (SIMD3<Float>(), Float(0))
        for y in max(row - 1, 0)...min(row + 1, h - 1) {
          for x in max(column - 1, 0)...min(column + 1, w - 1) {
            let at = y * w + x
            sum += SIMD3(pixels[at], pixels[area + at], pixels[2 * area + at])
            count += 1
          }
        }
        return Part(
          color: sum / count, left: column, top: row, right: column + 1, bottom: row + 1)
      }
    }
  }

  private static func distance(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
    let d = a - b
    return (d * d).sum().squareRoot()
  }

  private mutating func owner(of place: Int) -> Int {
    var root = place
    while owners[root] != root { root = owners[root] }
    var next = place
    while owners[next] != root { (owners[next], next) = (root, owners[next]) }
    return root
  }

  /// Joins pixels to regions, pairs of neighbours with the smallest difference first.
  mutating func join(scale: Float) {
    var edges: [(difference: Float, a: Int, b: Int)] = []
    edges.reserveCapacity(2 * parts.count)
    for place in parts.indices {
      if place % width + 1 < width { edges.append((0, place, place + 1)) }
      if place + width < parts.count { edges.append((0, place, place + width)) }
    }
    for index in edges.indices {
      edges[index].difference = Self.distance(
        parts[edges[index].a].color, parts[edges[index].b].color)
    }
    edges.sort { ($0.difference, $0.a, $0.b) < ($1.difference, $1.a, $1.b) }
    for edge in edges {
      let (a, b) = (owner(of: edge.a), owner(of: edge.b))
      guard a != b,
        edge.difference <= parts[a].difference + scale / Float(parts[a].count),
        edge.difference <= parts[b].difference + scale / Float(parts[b].count)
      else { continue }
      parts[a].add(parts[b])
      parts[a].difference = edge.difference
      owners[b] = a
    }
    for edge in edges {
      let (a, b) = (owner(of: edge.a), owner(of: edge.b))
      if a != b {
        parts[a].neighbors.insert(b)
        parts[b].neighbors.insert(a)
      }
    }
  }

  /// How similar two neighbouring regions are: in colour, in that they are small, and in that they fill their box.
  private func similarity(_ a: Int, _ b: Int) -> Float {
    var both = parts[a]
    both.add(parts[b])
    let area = Float(height * width)
    let box = Float((both.right - both.left) * (both.bottom - both.top))
    return 3 - Self.distance(parts[a].color, parts[b].color) - Float(both.count) / area
      - (box - Float(both.count)) / area
  }

  /// The boxes of all regions that there are until one is left.
  mutating func boxesWhileMerging() -> [Box] {
    var alive = owners.indices.filter { owners[$0] == $0 }
    var boxes = alive.map { parts[$0].box }
    var pairs: [(similarity: Float, a: Int, b: Int)] = []
    func add(_ a: Int, _ b: Int, to pairs: inout [(similarity: Float, a: Int, b: Int)]) {
      pairs.append((similarity(a, b), min(a, b), max(a, b)))
    }
    for a in alive { for b in parts[a].neighbors where a < b { add(a, b, to: &pairs) } }
    while alive.count > 1,
      let best = pairs.max(by: { ($0.similarity, $1.a, $1.b) < ($1.similarity, $0.a, $0.b) })
    {
      let (a, b) = (best.a, best.b)
      parts[a].add(parts[b])
      let neighbors = parts[a].neighbors.union(parts[b].neighbors).subtracting([a, b])
      parts[a].neighbors = neighbors
      for other in neighbors {
        parts[other].neighbors.remove(b)
        parts[other].neighbors.insert(a)
      }
      alive.removeAll { $0 == b }
      pairs.removeAll { $0.a == a || $0.b == a || $0.a == b || $0.b == b }
      for other in neighbors.sorted() { add(a, other, to: &pairs) }
      boxes.append(parts[a].box)
    }
    return boxes
  }
}
