import CCourseKernels
import Synchronization

/// The memory of a tensor: `count` floats, aligned to 64 bytes (one AVX-512 vector, one cache line).
///
/// `@unchecked Sendable`: a tensor writes to its storage only while it holds the single reference to
/// it, so no two threads ever see a write.
final class TensorStorage: @unchecked Sendable {
  let count: Int
  let pointer: UnsafeMutablePointer<Float>
  private let capacity: Int

  /// Uninitialised memory; the caller writes all of it.
  init(uninitialized count: Int) {
    self.count = count
    capacity = BufferPool.capacity(for: count)
    pointer = BufferPool.shared.take(capacity)
  }

  deinit {
    BufferPool.shared.giveBack(pointer, capacity: capacity)
  }
}

/// Keeps freed large buffers for the next tensor of that size.
///
/// A training step frees and asks for the same sizes over and over. Left to the system, each large
/// buffer is unmapped and mapped again, and every page of it faults again.
final class BufferPool: Sendable {
  static let shared = BufferPool()

  /// Below this many floats (64 KiB) the kernels keep freed buffers themselves, for each thread and without a lock.
  private static let smallest = 1 << 14
  /// The most that the pool keeps, in floats (256 MiB).
  private static let limit = 1 << 26

  private struct Free {
    var buffers: [Int: [UnsafeMutablePointer<Float>]] = [:]
    var total = 0
  }
  // The pointers inside have no other owner while they lie here.
  private struct Guarded: @unchecked Sendable { var free = Free() }
  private let guarded = Mutex(Guarded())

  /// Rounds a size up to one of eight steps an octave, so that nearly equal sizes share buffers.
  static func capacity(for count: Int) -> Int {
    guard count >= smallest else { return max(count, 1) }
    let step = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount - 3)
    return (count + step - 1) / step * step
  }

  func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    if capacity >= BufferPool.smallest,
      let kept = guarded.withLock({ state -> SendablePointer? in
        guard let pointer = state.free.buffers[capacity]?.popLast() else { return nil }
        state.free.total -= capacity
        return SendablePointer(pointer: pointer)
      })
    {
      return kept.pointer
    }
    guard let pointer = kernels_allocate(capacity) else {
      stop(
        "Tensor",
        expected: "\(SystemMemory.text(4 * Double(capacity))) of memory for \(capacity) floats",
        received: "none; this machine has \(SystemMemory.text(SystemMemory.bytes))")
    }
    return pointer
  }

  func giveBack(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
    if capacity >= BufferPool.smallest {
      let wrapped = SendablePointer(pointer: pointer)
      let isKept = guarded.withLock { state in
        guard state.free.total + capacity <= BufferPool.limit else { return false }
        state.free.buffers[capacity, default: []].append(wrapped.pointer)
        state.free.total += capacity
        return true
      }
      if isKept { return }
    }
    kernels_free(pointer, capacity)
  }

  /// Frees all kept buffers. Before tensors of other sizes are needed, buffers of the old sizes would only
  /// waste memory.
  func empty() {
    let emptied = guarded.withLock { state in
      defer { state.free = Free() }
      return Guarded(free: state.free)
    }
    for (capacity, buffers) in emptied.free.buffers {
      for pointer in buffers { kernels_free(pointer, capacity) }
    }
    kernels_trim()
  }

  /// The number of floats that it keeps.
  var keptCount: Int { guarded.withLock { $0.free.total } }

  private struct SendablePointer: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }
}
