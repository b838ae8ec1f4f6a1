import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

/// Attention against plain loops in double precision, on every instruction set.
@Suite(.watched) struct AttentionKernelTests {
  /// Steps around the blocks of 24 queries and the register tiles, sizes around the vectors; a head of one number.
  private static let sizes: [(batch: Int, steps: Int, heads: Int, size: Int)] = [
    (1, 1, 1, 1), (2, 1, 3, 4), (1, 5, 1, 1), (2, 3, 2, 3), (1, 7, 1, 5), (1, 13, 5, 1),
    (1, 24, 1, 16), (2, 25, 3, 17), (1, 33, 1, 65), (1, 49, 2, 33), (1, 64, 2, 32), (1, 130, 1, 8),
  ]

  @Test(arguments: instructionSets) func agreesWithPlainLoops(_ name: String) {
    var numbers = TestNumbers(seed: 61)
    for size in Self.sizes {
      // Without lengths, and with a short one and a long one.
      for mask in 0..<4 {
        let isCausal = mask & 1 == 0
        let lengths = mask < 2 ? nil : [(size.steps + 2) / 3, size.steps].suffix(size.batch)
        let example = AttentionExample(
          batch: size.batch, steps: size.steps, heads: size.heads, size: size.size,
          isCausal: isCausal, lengths: lengths.map { Array($0) }, &numbers)
        let (actual, expected) = (example.run(on: kernelSet(name)), example.reference())
        for (what, got, wanted) in [
          ("O", actual.o, expected.o), ("log sums", actual.logSums, expected.logSums),
          ("dX", actual.dX, expected.dX),
        ] {
          let difference = firstDifference(got, wanted, tolerance: 5e-5)
          #expect(
            difference == nil,
            "\(what), \(size), causal \(isCausal), lengths \(lengths ?? []): \(difference ?? "")")
        }
      }
    }
  }

  /// The loops, by finite differences of Σ O ⊙ dO.
  @Test(arguments: [true, false], [nil, [1, 3], [2, 1]])
  func plainLoopsAgreeWithFiniteDifferences(isCausal: Bool, lengths: [Int]?) {
    var numbers = TestNumbers(seed: 62)
    var example = AttentionExample(
      batch: 2, steps: 3, heads: 2, size: 2, isCausal: isCausal, lengths: lengths, &numbers)
    let gradient = example.reference().dX
    func loss() -> Double {
      zip(example.reference().o, example.dO).map { $0 * Double($1) }.reduce(0, +)
    }
    for place in gradient.indices {
      let x = example.x[place]
      example.x[place] = x + 1e-3
      let (above, high) = (loss(), Double(example.x[place]))
      example.x[place] = x - 1e-3
      let (below, low) = (loss(), Double(example.x[place]))
      example.x[place] = x
      #expect(abs((above - below) / (high - low) - gradient[place]) < 1e-5, "\(place)")
    }
  }

  @Test(arguments: instructionSets) func threadsDoNotChangeABit(_ name: String) {
    var numbers = TestNumbers(seed: 63)
    let example = AttentionExample(
      batch: 3, steps: 70, heads: 5, size: 17, isCausal: true, &numbers)
    let previous = kernels_thread_count()
    defer { kernels_set_thread_count(previous) }
    kernels_set_thread_count(1)
    let alone = example.run(on: kernelSet(name))
    for threads in [2, 3] {
      kernels_set_thread_count(threads)
      let together = example.run(on: kernelSet(name))
      #expect(sameBits(alone.o, together.o) && sameBits(alone.dX, together.dX), "\(threads)")
    }
  }

  /// Scores of 1e4: the largest is subtracted before the exponential.
  @Test(arguments: instructionSets) func largeScoresGiveWeights(_ name: String) {
    var numbers = TestNumbers(seed: 64)
    var example = AttentionExample(
      batch: 1, steps: 20, heads: 1, size: 4, isCausal: true, &numbers)
    for place in example.x.indices where place % 12 < 8 { example.x[place] *= 100 }
    let (actual, expected) = (example.run(on: kernelSet(name)), example.reference())
    let difference = firstDifference(actual.o, expected.o, tolerance: 1e-2)
    #expect(difference == nil, "\(difference ?? "")")
    let areFinite = actual.dX.allSatisfy(\.isFinite)
    #expect(areFinite)
  }

  /// A NaN reaches the steps that see it, and no others.
  @Test(arguments: instructionSets) func notANumberStays(_ name: String) {
    var numbers = TestNumbers(seed: 65)
    var example = AttentionExample(
      batch: 1, steps: 40, heads: 1, size: 3, isCausal: true, &numbers)
    example.x[30 * 9 + 4] = .nan
    let o = example.run(on: kernelSet(name)).o
    #expect(o.indices.allSatisfy { o[$0].isNaN == ($0 >= 30 * 3) })
  }
}

/// Attention on random numbers, and its results by plain loops in double precision.
private struct AttentionExample {
  let batch, steps, heads, size: Int
  let isCausal: Bool
  let lengths: [Int]?
  var x, dO: [Float]

  init(
    batch: Int, steps: Int, heads: Int, size: Int, isCausal: Bool, lengths: [Int]? = nil,
    _ numbers: inout TestNumbers
  ) {
    (self.batch, self.steps, self.heads, self.size) = (batch, steps, heads, size)
    (self.isCausal, self.lengths) = (isCausal, lengths)
    let count = batch * steps * heads * size
    x = numbers.floats(3 * count, in: -2...2)
    dO = numbers.floats(count)
  }

  /// Results begin as NaN, which shows elements that are not written.
  func run(
    on set: UnsafePointer<CourseKernelSet>
  ) -> (o: [Float], logSums: [Float], dX: [Float]) {
    var o = [Float](repeating: .nan, count: dO.count)
    var logSums = [Float](repeating: .nan, count: batch * heads * steps)
    var dX = [Float](repeating: .nan, count: x.count)
    (lengths ?? []).withUnsafeBufferPointer { buffer in
      var sizes = CourseAttention(
        batch: batch, steps: steps, heads: heads, size: size, causal: isCausal,
        lengths: lengths == nil ? nil : buffer.baseAddress)
      kernels_attention_forward(set, &sizes, x, &o, &logSums)
      kernels_attention_backward(set, &sizes, x, o, logSums, dO, &dX)
    }
    return (o, logSums, dX)
  }

  func reference() -> (o: [Double], logSums: [Double], dX: [Double]) {
    var o = [Double](repeating: 0, count: dO.count)
    var logSums = [Double](repeating: 0, count: batch * heads * steps)
    var dX = [Double](repeating: 0, count: x.count)
    let scale = 1 / Double(size).squareRoot()
    for n in 0..<batch {
      for h in 0..<heads {
        // The place of the numbers of part 0 to 2 (queries, keys, values), and of the output.
        func part(_ part: Int, _ t: Int) -> Int {
          ((n * steps + t) * 3 + part) * heads * size + h * size
        }
        func output(_ t: Int) -> Int { (n * steps + t) * heads * size + h * size }
        func dot(_ a: Int, _ b: Int) -> Double {
          (0..<size).reduce(0) { $0 + Double(x[a + $1]) * Double(x[b + $1]) }
        }
        for t in 0..<steps {
          let seen = 0..<min(isCausal ? t + 1 : steps, lengths?[n] ?? steps)
          let scores = seen.map { scale * dot(part(0, t), part(1, $0)) }
          let largest = scores.max() ?? 0
          let sum = scores.reduce(0) { $0 + exp($1 - largest) }
          logSums[(n * heads + h) * steps + t] = largest + log(sum)
          let weights = scores.map { exp($0 - largest) / sum }
          for i in 0..<size {
            o[output(t) + i] = seen.reduce(0) { $0 + weights[$1] * Double(x[part(2, $1) + i]) }
          }
          let dWeights = seen.map { u in
            (0..<size).reduce(0) {
              $0 + Double(dO[output(t) + $1]) * Double(x[part(2, u) + $1])
            }
          }
          let mean = zip(weights, dWeights).reduce(0) { $0 + $1.0 * $1.1 }
          for u in seen {
            let dScore = weights[u] * (dWeights[u] - mean) * scale
            for i in 0..<size {
              dX[part(0, t) + i] += dScore * Double(x[part(1, u) + i])
              dX[part(1, u) + i] += dScore * Double(x[part(0, t) + i])
              dX[part(2, u) + i] += weights[u] * Double(dO[output(t) + i])
            }
          }
        }
      }
    }
    return (o, logSums, dX)
  }
}
