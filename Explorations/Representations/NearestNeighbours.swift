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
  /// The vectors, `[N, D]`: of length 1 for cosines, else less their mean.
  private let vectors: Tensor
  private let mean: Tensor
  /// The squares of their lengths, `[N]`.
  private let squares: Tensor
  private let labels: [Int]

  /// Takes over known examples.
  /// - Parameters:
  ///   - features: `[N, D]`
  ///   - labels: a class for each, from 0; none where only neighbours are asked for
  /// - Throws: `CourseError` when features and labels do not fit each other
  public init(features: Tensor, labels: [Int] = [], distance: Distance = .cosine) throws {
    guard features.rank == 2, features.count > 0,
      labels.isEmpty || labels.count == features.shape[0]
    else {
      throw CourseError(
        .shapeMismatch, "NearestNeighbours: features and labels that do not fit each other",
        expected: "features [N, D], and N labels or none",
        received: "\(features.shape) and \(labels.count) labels")
    }
    (self.distance, self.labels) = (distance, labels)
    mean = features.mean(axis: 0)
    vectors = Self.prepared(features, distance, mean)
    squares = square(vectors).sum(axis: 1)
  }

  /// The vectors of which products are distances.
  private static func prepared(_ features: Tensor, _ distance: Distance, _ mean: Tensor) -> Tensor {
    switch distance {
    case .cosine:
      features / Tensor.maximum(sqrt(square(features).sum(axis: 1, keepDims: true)), 1e-12)
    // Distances are the same from any origin, and differences of large squares would be all rounding.
    case .euclidean: features - mean
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
      let rows = Self.prepared(
        queries[start..<Swift.min(start + piece, queries.shape[0])], distance, mean)
      var far = rows.matmul(vectors, transposingOther: true) * (distance == .cosine ? -1 : -2)
      if distance == .cosine {
        far += 1
      } else {
        far += squares
        far += square(rows).sum(axis: 1, keepDims: true)
      }
      var nearest = [[Neighbour]](repeating: [], count: rows.shape[0])
      let takesRoot = distance == .euclidean
      far.read { far in
        nonisolated(unsafe) let far = far
        nearest.withUnsafeMutableBufferPointer { nearest in
          nonisolated(unsafe) let nearest = nearest
          parallelFor(nearest.count) { row in
            nearest[row] = Self.smallest(
              UnsafeBufferPointer(start: far + row * known, count: known), count
            ).map { index, value in
              // Rounding makes some distances of 0 a little less.
              let value = Swift.max(value, 0)
              return Neighbour(index: index, distance: takesRoot ? value.squareRoot() : value)
            }
          }
        }
      }
      found += nearest
    }
    return found
  }

  /// The places of the smallest numbers, in order.
  private static func smallest(
    _ numbers: UnsafeBufferPointer<Float>, _ count: Int
  ) -> [(index: Int, value: Float)] {
    var best: [(index: Int, value: Float)] = []
    best.reserveCapacity(count + 1)
    for (index, value) in numbers.enumerated() {
      if best.count == count, !(value < best[count - 1].value) { continue }
      var place = best.count
      while place > 0, value < best[place - 1].value { place -= 1 }
      best.insert((index, value), at: place)
      if best.count > count { best.removeLast() }
    }
    return best
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

  /// The share of the queries whose class is right.
  /// - Parameters:
  ///   - labels: the class of each query
  ///   - neighbours: k
  public func accuracy(on queries: Tensor, labels: [Int], neighbours count: Int = 5) -> Double {
    let right = zip(classes(of: queries, neighbours: count), labels).count { $0 == $1 }
    return Double(right) / Double(labels.count)
  }
}
