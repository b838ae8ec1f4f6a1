import CourseTestSupport
import Shared
import Testing

// The number of threads belongs to the process and no result depends on it, so these tests may run
// beside all others.
@Suite(.serialized, .watched) struct ParallelismTests {
  @Test func theThreadCountIsWhatWasSet() {
    let before = Parallelism.threadCount
    defer { Parallelism.threadCount = before }
    #expect(before >= 1)
    for count in [1, 2, 3, 1] {
      Parallelism.threadCount = count
      #expect(Parallelism.threadCount == count)
    }
    Parallelism.threadCount = 100_000
    #expect(Parallelism.threadCount == 256)
  }

  @Test func theMachineIsDescribed() {
    #expect(Parallelism.availableCores >= 1)
    #expect(["avx512", "avx2", "neon", "portable"].contains(Parallelism.instructionSet))
  }

  @Test func noResultDependsOnTheNumberOfThreads() {
    let before = Parallelism.threadCount
    defer { Parallelism.threadCount = before }
    let key = RandomKey(seed: 81)
    let x = Tensor(normal: [300, 400], key: key.folded(0))
    let w = Tensor(normal: [400, 250], key: key.folded(1))
    func results() -> [Tensor] {
      [
        x.matmul(w), x.matmul(x, transposingOther: true), x.matmul(x, transposingSelf: true),
        exp(x) * 3 - x, x.sum(axis: 0), x.sum(axis: 1), Tensor(x.sum()), Tensor(x.variance()),
      ]
    }
    Parallelism.threadCount = 1
    let alone = results()
    for count in [2, 3, 5] {
      Parallelism.threadCount = count
      #expect(results() == alone, "\(count) threads")
    }
  }

  @Test func everyIndexIsVisitedOnce() {
    let before = Parallelism.threadCount
    defer { Parallelism.threadCount = before }
    Parallelism.threadCount = 3
    for count in [0, 1, 2, 7, 1000] {
      var visits = Tensor(zeros: [count])
      visits.write { visits in
        nonisolated(unsafe) let visits = visits
        parallelFor(count) { visits[$0] += Float($0 + 1) }
      }
      #expect(visits == Tensor(arange: 1, to: Float(count + 1)))
    }
  }

  @Test func fewerThanOneThreadStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      Parallelism.threadCount = 0
    }
    expectWords(of: result, "Parallelism.threadCount", "at least 1", "got 0")
  }
}
