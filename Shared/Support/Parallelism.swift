import CCourseKernels

/// How many threads the kernels use, the calling one included. No result ever depends on it.
public enum Parallelism {
  /// The number of threads, at most 256; at first the number of cores this process may use.
  public static var threadCount: Int {
    get { kernels_thread_count() }
    set {
      guard newValue >= 1 else {
        stop("Parallelism.threadCount", expected: "at least 1", received: "\(newValue)")
      }
      kernels_set_thread_count(newValue)
    }
  }

  /// The number of cores this process may use.
  public static var availableCores: Int { kernels_available_cores() }

  /// The instruction set that the kernels run on: "avx512", "avx2", "neon" or "portable".
  public static var instructionSet: String { String(cString: kernels.name) }

  /// The peak of one core in 10⁹ floating-point operations a second: the best of several short
  /// runs of multiply-adds that touch no memory. Takes about 50 ms.
  package static func measuredPeakGigaflops() -> Double {
    var sink: Float = 0
    let clock = ContinuousClock()
    return (0..<10).map { _ in
      let start = clock.now
      let operations = kernels.multiplyAddRounds(1_000_000, &sink)
      return operations / ((clock.now - start) / .seconds(1)) / 1e9
    }.max() ?? 0
  }
}

/// Calls `body` for each index below `count`, on all threads.
package func parallelFor(_ count: Int, _ body: (Int) -> Void) {
  withoutActuallyEscaping(body) { escaping in
    var box = escaping
    withUnsafeMutablePointer(to: &box) { pointer in
      kernels_parallel_for(
        count,
        { index, context in
          context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index)
        }, pointer)
    }
  }
}

/// Calls `body` with consecutive pieces of `0..<count`, on all threads when there is enough to do.
///
/// The pieces have a fixed size, so that which piece an element falls into, and with it every
/// rounding, does not depend on the number of threads.
@inline(__always)
func forEachChunk(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
  let size = 1 << 14
  guard count > 2 * size else {
    if count > 0 { body(0, count) }
    return
  }
  parallelFor((count + size - 1) / size) { chunk in
    body(chunk * size, min(size, count - chunk * size))
  }
}
