import Shared

/// The known examples whose features are nearest to those of others: the most similar ones by a representation.
///
///     let known = try NearestNeighbours(
///       features: encoder.predict(train.features), labels: train.targets.classIndices)
///     known.neighbours(of: encoder.predict(queries), count: 8)[0][0].index    // the most similar example
///     known.accuracy(on: encoder.predict(test.features), labels: test.targets.classIndices)
///
/// The class of an example is that of most of its k nearest neighbours; where two classes have as many, that of the nearest
/// among these. It has no weights and is fitted to nothing, so it shows the meaning of distances as they are.
///
/// A product of matrices gives the distances of all pairs, with a rounding error that belongs to the lengths of the vectors
/// and not to their distance. So it only chooses the examples that can be among the nearest ones. They are measured in
/// double precision: order and distances are right also for vectors that lie close together or far from the origin.
///
/// - Complexity: O(M · N · D) time for M queries among N examples.
/// - Reference: Cover, Hart (1967), *Nearest neighbor pattern classification*; Wu, Xiong, Yu, Lin (2018), "Unsupervised
///   Feature Learning via Non-Parametric Instance Discrimination", *CVPR*, on cosines in place of distances.
public struct NearestNeighbours: Sendable {
  /// How far two vectors are apart.
  public enum Distance: String, Sendable, CaseIterable {
    /// `1 − a · b / (|a| |b|)`, from 0 to 2: the lengths do not count. A vector of length 0 is 1 away from all.
    case cosine
    /// `|a − b|`
    case euclidean
  }

  /// A known example near a query.
  public struct Neighbour: Sendable, Equatable {
    /// Its number among the known examples.
    public let index: Int
    /// Its distance from the query.
    public let distance: Float
  }

  /// How far two vectors are apart.
  public let distance: Distance
  /// The vectors, `[N, D]`, as they were given.
  private let features: Tensor
  /// The same as factors of products: of length 1 for cosines, else less their mean.
  private let vectors: Tensor
  private let mean: Tensor
  /// The squares of their lengths, `[N]`.
  private let squares: Tensor
  private let labels: [Int]

  /// Takes over known examples.
  /// - Parameters:
  ///   - features: `[N, D]`
  ///   - labels: a class for each, from 0; none where only neighbours are asked for
  /// - Throws: `CourseError` when features and labels do not fit each other, and for a feature that is no number
  public init(features: Tensor, labels: [Int] = [], distance: Distance = .cosine) throws {
    guard features.rank == 2, features.count > 0,
      labels.isEmpty || labels.count == features.shape[0]
    else {
      throw CourseError(
        .shapeMismatch, "NearestNeighbours: features and labels that do not fit each other",
        expected: "features [N, D], and N labels or none",
        received: "\(features.shape) and \(labels.count) labels")
    }
    if let wrong = labels.firstIndex(where: { $0 < 0 }) {
      throw CourseError(
        .invalidData, "NearestNeighbours: label out of range", expected: "0 or more",
        received: "\(labels[wrong])", location: "example \(wrong)")
    }
    if let wrong = features.firstNonFiniteIndex {
      throw CourseError(
        .invalidData, "NearestNeighbours: feature is not finite", expected: "numbers",
        received: "NaN or infinity", location: "example \(wrong / features.shape[1])")
    }
    (self.distance, self.features, self.labels) = (distance, features, labels)
    mean = features.mean(axis: 0)
    vectors = Self.factors(features, distance, mean)
    squares = square(vectors).sum(axis: 1)
  }

  /// The vectors of which products are distances, up to rounding.
  private static func factors(_ features: Tensor, _ distance: Distance, _ mean: Tensor) -> Tensor {
    switch distance {
    case .cosine:
      // By the largest number first, since the squares of large and small numbers are none.
      let largest = abs(features).max(axis: 1, keepDims: true)
      let scaled = features / Tensor.maximum(largest, .leastNonzeroMagnitude)
      return scaled / Tensor.maximum(sqrt(square(scaled).sum(axis: 1, keepDims: true)), 1)
    // Distances are the same from any origin, and shorter vectors have smaller errors.
    case .euclidean: return features - mean
    }
  }

  /// The nearest examples of each query, the nearest first; of equally near ones the first.
  /// - Parameters:
  ///   - queries: `[M, D]`
  ///   - count: k; as many as there are, where that is less
  public func neighbours(of queries: Tensor, count: Int) -> [[Neighbour]] {
    guard queries.rank == 2, queries.shape[1] == vectors.shape[1], count >= 1 else {
      stop(
        "NearestNeighbours",
        expected: "queries [M, \(vectors.shape[1])] and a count of at least 1",
        received: "\(queries.shape), \(count)")
    }
    let known = vectors.shape[0]
    let count = Swift.min(count, known)
    var found: [[Neighbour]] = []
    // In pieces that keep the products of all pairs near 16 MB.
    let piece = Swift.max(1, (4 << 20) / known)
    for start in stride(from: 0, to: queries.shape[0], by: piece) {
      let queries = queries[start..<Swift.min(start + piece, queries.shape[0])]
      let rows = Self.factors(queries, distance, mean)
      let ofRows = square(rows).sum(axis: 1)
      // 1 − a · b, or |a − b|² = |a|² + |b|² − 2 a · b
      var far = rows.matmul(vectors, transposingOther: true) * (distance == .cosine ? -1 : -2)
      if distance == .cosine {
        far += 1
      } else {
        far += squares
        far += ofRows.reshaped(to: [-1, 1])
      }
      found += nearest(of: queries, far: far, squares: ofRows.scalars, count: count)
    }
    return found
  }

  /// The nearest examples of some queries.
  /// - Parameters:
  ///   - far: the distances or their squares, up to rounding, `[M, N]`
  ///   - ofQueries: the squares of the lengths of the queries as factors
  private func nearest(
    of queries: Tensor, far: Tensor, squares ofQueries: [Float], count: Int
  ) -> [[Neighbour]] {
    let (known, size) = (features.shape[0], features.shape[1])
    let squares = squares.scalars
    // That of a sum of D products of rounded numbers, relative to |a|² + |b|².
    let rounding = Float(size + 8) * Float.ulpOfOne
    var nearest = [[Neighbour]](repeating: [], count: ofQueries.count)
    far.read { far in
      queries.read { queries in
        features.read { features in
          nonisolated(unsafe) let (far, queries, features) = (far, queries, features)
          nearest.withUnsafeMutableBufferPointer { nearest in
            nonisolated(unsafe) let nearest = nearest
            parallelFor(nearest.count) { row in
              let far = far + row * known
              let ofQuery = ofQueries[row] + .leastNormalMagnitude
              func error(_ index: Int) -> Float { rounding * (ofQuery + squares[index]) }
              // As many examples as are wanted are surely within the last of these.
              var bounds = Smallest(count: count)
              for index in 0..<known { bounds.take(Double(far[index] + error(index)), index) }
              var measured = Smallest(count: count)
              // Written so that what is no number is measured.
              for index in 0..<known where !(Double(far[index] - error(index)) > bounds.last) {
                measured.take(measure(queries + row * size, features + index * size, size), index)
                // None is nearer, and there can be many: embeddings that collapsed are all the same.
                if measured.last == 0 { break }
              }
              nearest[row] = measured.entries.map {
                Neighbour(index: $0.index, distance: Float($0.value))
              }
            }
          }
        }
      }
    }
    return nearest
  }

  /// The smallest of many numbers, in order, and of equal ones the first; NaN is the largest number.
  private struct Smallest {
    let count: Int
    private(set) var entries: [(value: Double, index: Int)] = []
    private(set) var last = Double.infinity

    init(count: Int) {
      self.count = count
      entries.reserveCapacity(count + 1)
    }

    mutating func take(_ value: Double, _ index: Int) {
      let value = value.isNaN ? .infinity : value
      if entries.count == count, !(value < last) { return }
      var place = entries.count
      while place > 0, value < entries[place - 1].value { place -= 1 }
      entries.insert((value, index), at: place)
      if entries.count > count { entries.removeLast() }
      if entries.count == count { last = entries[count - 1].value }
    }
  }

  /// The distance of two vectors.
  private func measure(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ size: Int
  ) -> Double {
    switch distance {
    case .cosine:
      var (product, ofA, ofB) = (0.0, 0.0, 0.0)
      for place in 0..<size {
        let (x, y) = (Double(a[place]), Double(b[place]))
        product += x * y
        ofA += x * x
        ofB += y * y
      }
      // Rounding makes some distances of 0 a little less.
      return ofA > 0 && ofB > 0 ? Swift.max(1 - product / (ofA * ofB).squareRoot(), 0) : 1
    case .euclidean:
      var sum = 0.0
      for place in 0..<size {
        let difference = Double(a[place]) - Double(b[place])
        sum += difference * difference
      }
      return sum.squareRoot()
    }
  }

  /// The class of each query.
  /// - Parameter neighbours: k
  public func classes(of queries: Tensor, neighbours count: Int = 5) -> [Int] {
    guard !labels.isEmpty else {
      stop("NearestNeighbours.classes", expected: "examples with labels", received: "none")
    }
    return neighbours(of: queries, count: count).map { nearest in
      var votes: [Int: Int] = [:]
      for neighbour in nearest { votes[labels[neighbour.index], default: 0] += 1 }
      let most = votes.values.max()
      return nearest.lazy.map { labels[$0.index] }.first { votes[$0] == most } ?? 0
    }
  }

  /// The share of the queries whose class is right. Stops without queries, or without a class for each.
  /// - Parameters:
  ///   - labels: the class of each query
  ///   - neighbours: k
  public func accuracy(on queries: Tensor, labels: [Int], neighbours count: Int = 5) -> Double {
    guard !labels.isEmpty, queries.shape.first == labels.count else {
      stop(
        "NearestNeighbours.accuracy", expected: "a class for each of at least one query",
        received: "queries \(queries.shape), \(labels.count) labels")
    }
    let right = zip(classes(of: queries, neighbours: count), labels).count { $0 == $1 }
    return Double(right) / Double(labels.count)
  }
}
