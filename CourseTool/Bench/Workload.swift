import Networks

/// A benchmark: the same work, on the same shapes, as its namesake in Benchmarks/compare_pytorch.py.
struct Workload: Sendable {
  /// A prepared workload.
  struct Prepared {
    /// Floating-point operations of one repetition. Those of a convolution follow its definition; faster
    /// algorithms can exceed the peak.
    let operations: Double
    /// One repetition.
    let work: () -> Void
  }

  /// The name on the command line.
  let name: String
  /// One line for the list.
  let description: String
  /// Prepares the work, through the public API only.
  let prepare: @Sendable () throws -> Prepared

  /// All workloads, in groups for the help.
  static let groups: [(title: String, workloads: [Workload])] = [
    ("Training steps (forward, loss, backward, update):", networks),
    ("Training steps on sequences:", sequences),
    ("Matrix products:", [64, 256, 1024, 2048].map { matmul(size: $0) }),
    ("Convolutions on 64 images:", convolutions),
    ("Other layers on 64 images:", otherLayers),
  ]
  static let all = groups.flatMap(\.workloads)

  private static func matmul(size: Int) -> Workload {
    Workload(name: "matmul-\(size)", description: "\(size) x \(size)") {
      let key = RandomKey(seed: 1)
      let a = Tensor(normal: [size, size], key: key.folded("a"))
      let b = Tensor(normal: [size, size], key: key.folded("b"))
      return Prepared(operations: 2 * Double(size * size * size)) { _ = a.matmul(b) }
    }
  }
}
