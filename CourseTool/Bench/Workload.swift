import Networks

/// A piece of work that is timed: the same work, on the same shapes, as its namesake in
/// Benchmarks/compare_pytorch.py.
struct Workload: Sendable {
  /// Work that is ready to be repeated.
  struct Prepared {
    /// Floating-point operations of one repetition, convolutions counted as their definition has them:
    /// a method that needs fewer can exceed the peak.
    let operations: Double
    /// One repetition.
    let work: () -> Void
  }

  /// The name on the command line.
  let name: String
  /// One line for the list.
  let description: String
  /// Makes the work ready. Everything goes through the public API.
  let prepare: @Sendable () throws -> Prepared

  /// All workloads: networks, products, convolutions.
  static let all = networks + [64, 256, 1024, 2048].map { matmul(size: $0) } + convolutions

  private static func matmul(size: Int) -> Workload {
    Workload(name: "matmul-\(size)", description: "product of two \(size) x \(size) matrices") {
      let key = RandomKey(seed: 1)
      let a = Tensor(normal: [size, size], key: key.folded("a"))
      let b = Tensor(normal: [size, size], key: key.folded("b"))
      return Prepared(operations: 2 * Double(size * size * size)) { _ = a.matmul(b) }
    }
  }
}
