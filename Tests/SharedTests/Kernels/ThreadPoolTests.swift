import CCourseKernels
import CourseTestSupport
import Foundation
import Synchronization
import Testing

/// The parallel loop. Tests of other suites change the number of threads meanwhile; none may care.
@Suite(.serialized, .watched) struct ThreadPoolTests {
  /// Calls kernels_parallel_for and counts how often each index came.
  func visits(_ count: Int) -> [Int32] {
    var visits = [Int32](repeating: 0, count: count)
    visits.withUnsafeMutableBufferPointer {
      kernels_parallel_for(
        count, { index, context in context!.assumingMemoryBound(to: Int32.self)[index] += 1 },
        $0.baseAddress)
    }
    return visits
  }

  @Test func everyIndexComesOnce() {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    for threads in [1, 2, 3, 7, 2, 16, 1] {
      kernels_set_thread_count(threads)
      for count in [0, 1, 2, 3, 5, 16, 100, 1000] {
        for _ in 0..<5 {
          #expect(visits(count).allSatisfy { $0 == 1 }, "\(threads) threads, \(count) indices")
        }
      }
    }
  }

  @Test func afterAPauseTheWorkersWakeUp() {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    kernels_set_thread_count(3)
    for _ in 0..<5 {
      #expect(visits(50).allSatisfy { $0 == 1 })
      usleep(2000)
    }
  }

  @Test func aLoopInsideALoopRunsWhereItIs() {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    kernels_set_thread_count(4)
    let total = Atomic(0)
    withUnsafePointer(to: total) { total in
      kernels_parallel_for(
        64,
        { _, context in
          kernels_parallel_for(
            10,
            { index, context in
              context!.assumingMemoryBound(to: Atomic<Int>.self).pointee
                .add(index, ordering: .relaxed)
            }, context)
        }, UnsafeMutableRawPointer(mutating: total))
    }
    #expect(total.load(ordering: .relaxed) == 64 * 45)
  }

  @Test func manyCallersAtOnce() async {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    kernels_set_thread_count(3)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<8 {
        group.addTask {
          (0..<50).allSatisfy { _ in self.visits(20 + caller).allSatisfy { $0 == 1 } }
        }
      }
      for await complete in group { #expect(complete) }
    }
  }

  @Test func threadCount() {
    #expect(kernels_available_cores() >= 1)
    #expect(kernels_thread_count() >= 1)
  }
}
