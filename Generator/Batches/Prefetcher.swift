import CCourseKernels
import Foundation
import Shared

/// Makes values ahead of their use, on threads of its own, in order and never more than a few.
///
/// `plan` plans the next value and is called by one thread at a time, in order; `make` does the work, on
/// several threads at once. An error of `make` comes out in place of its value, and the next value after it.
///
/// The threads know the queue and not its owner, so an owner that goes away ends them: the work that has
/// begun is finished and thrown away.
final class Prefetcher<Plan, Value: Sendable> {
  private let queue: Queue<Plan, Value>

  /// - Parameters:
  ///   - threads: the number of threads; with 0 each value is made when it is taken
  ///   - capacity: the number of values that may be ready or in the making; at least one for each thread
  init(
    threads: Int, capacity: Int, plan: @escaping () -> Plan,
    make: @escaping @Sendable (Plan) throws -> Value
  ) {
    let queue = Queue(
      capacity: max(capacity, threads), threads: threads, plan: plan, make: make)
    self.queue = queue
    for number in 0..<threads {
      let thread = Thread { queue.work() }
      thread.name = "course-images-\(number)"
      // Without optimization, one kernel takes 3.5 MB of it (`unary`).
      thread.stackSize = 1 << 23
      thread.start()
    }
  }

  deinit { queue.cancel() }

  /// The next value, waiting for it if need be.
  func next() throws -> Value { try queue.next() }
}

/// The state that threads and owner share; all changes are guarded by `condition`.
private final class Queue<Plan, Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let capacity: Int
  private let threads: Int
  private let plan: () -> Plan
  private let make: @Sendable (Plan) throws -> Value
  private var planned = 0
  private var taken = 0
  private var ready: [Int: Result<Value, any Error>] = [:]
  private var isCancelled = false

  init(
    capacity: Int, threads: Int, plan: @escaping () -> Plan,
    make: @escaping @Sendable (Plan) throws -> Value
  ) {
    self.capacity = capacity
    self.threads = threads
    self.plan = plan
    self.make = make
  }

  /// The loop of each thread, until the queue is cancelled.
  func work() {
    // The kernels' own threads belong to the training that waits for these images.
    kernels_keep_on_this_thread()
    while let (number, next) = begin() {
      let result = Result { try make(next) }
      condition.withLock {
        ready[number] = result
        condition.broadcast()
      }
    }
  }

  /// The next piece of work, when there is room for it; `nil` when there is no more to do.
  private func begin() -> (Int, Plan)? {
    condition.withLock {
      while !isCancelled && planned - taken >= capacity { condition.wait() }
      guard !isCancelled else { return nil }
      defer { planned += 1 }
      return (planned, plan())
    }
  }

  func next() throws -> Value {
    if threads == 0 { return try make(plan()) }
    return try condition.withLock {
      while ready[taken] == nil { condition.wait() }
      defer {
        taken += 1
        condition.broadcast()
      }
      return ready.removeValue(forKey: taken)!
    }.get()
  }

  func cancel() {
    condition.withLock {
      isCancelled = true
      condition.broadcast()
    }
  }
}
