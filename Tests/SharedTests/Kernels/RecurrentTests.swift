import CCourseKernels
import CourseTestSupport
import Testing

/// Recurrent passes against plain loops, on every instruction set.
@Suite(.serialized, .watched) struct RecurrentTests {
  /// A batch and a hidden size around the register tiles (6, 12 or 14 rows; 8, 16 or 32 columns), the
  /// groups of four tiles of rows, and the blocks of 256 in a sum: of inputs and units, and of sequences times
  /// steps in the gradients of the weights.
  private static let sizes: [(batch: Int, steps: Int, inputSize: Int, hiddenSize: Int)] = [
    (1, 1, 1, 1), (1, 5, 3, 7), (2, 3, 5, 4), (3, 4, 2, 8), (5, 2, 1, 9), (6, 3, 4, 15),
    (7, 2, 6, 16), (13, 2, 3, 17), (14, 3, 2, 31), (15, 2, 2, 32), (1, 1, 4, 32), (4, 3, 3, 33),
    (25, 2, 2, 5), (57, 2, 3, 6), (61, 3, 2, 18), (2, 2, 3, 64), (3, 2, 3, 65), (1, 2, 2, 130),
    (2, 2, 252, 5), (2, 2, 2, 257),
    (90, 5, 2, 3), (260, 2, 15, 4),
  ]
  private static let cells = [kernelCellElman, kernelCellLSTM, kernelCellGRU]

  @Test(arguments: cells) func agreesWithPlainLoops(_ cell: CourseCell) {
    var numbers = TestNumbers(seed: 41 + UInt64(cell.rawValue))
    for size in Self.sizes {
      // Twice, since mask, direction and states are drawn.
      for _ in 0..<(size.hiddenSize > 64 ? 1 : 2) {
        let example = RecurrentExample(
          cell, batch: size.batch, steps: size.steps, inputSize: size.inputSize,
          hiddenSize: size.hiddenSize, &numbers)
        let expected = example.reference()
        for name in instructionSets {
          let actual = example.run(on: kernelSet(name))
          for ((what, got), (_, wanted)) in zip(actual.named, expected.named) {
            let difference = firstDifference(got, wanted, tolerance: 2e-5)
            #expect(
              difference == nil,
              "\(what) on \(name), cell \(cell.rawValue), \(size): \(difference ?? "")")
          }
        }
      }
    }
  }

  /// The loops above, by finite differences of the loss Σ y·dY + Σ state·dState.
  @Test(arguments: cells) func plainLoopsAgreeWithFiniteDifferences(_ cell: CourseCell) {
    var numbers = TestNumbers(seed: 44 + UInt64(cell.rawValue))
    var example = RecurrentExample(
      cell, batch: 2, steps: 3, inputSize: 2, hiddenSize: 3, &numbers)
    example.mask = [1, 1, 0, 1, 1, 1]
    (example.initialHidden, example.initialCell) = (numbers.floats(6), numbers.floats(6))
    (example.dY, example.dFinalHidden) = (numbers.floats(18), numbers.floats(6))
    example.dFinalCell = numbers.floats(6)
    func loss(_ example: RecurrentExample) -> Double {
      let result = example.reference()
      func dot(_ a: [Double], _ b: [Float]?) -> Double {
        zip(a, b ?? []).map { $0 * Double($1) }.reduce(0, +)
      }
      return dot(result.y, example.dY) + dot(result.hidden, example.dFinalHidden)
        + dot(result.cell, example.dFinalCell)
    }
    let gradients = example.reference()
    func check(_ path: WritableKeyPath<RecurrentExample, [Float]>, _ gradient: [Double]) {
      for place in gradient.indices {
        // The step is 0.001 as rounded to single precision.
        var (above, below) = (example, example)
        above[keyPath: path][place] += 1e-3
        below[keyPath: path][place] -= 1e-3
        let step = Double(above[keyPath: path][place]) - Double(below[keyPath: path][place])
        let numeric = (loss(above) - loss(below)) / step
        #expect(abs(numeric - gradient[place]) < 1e-5, "\(path) \(place), cell \(cell.rawValue)")
      }
    }
    check(\.x, gradients.dX)
    check(\.inputWeights, gradients.dInput)
    check(\.recurrentWeights, gradients.dRecurrent)
    check(\.bias, gradients.dBias)
    check(\.candidateBias, gradients.dCandidateBias)
    check(\.initialHidden!, gradients.dHidden)
    check(\.initialCell!, gradients.dCell)
  }

  /// Large enough for threads. 70 sequences are enough for two and three threads to get their own, with
  /// several groups of rows; 40 for two, and three share out the units.
  @Test(arguments: cells, [70, 40]) func threadsDoNotChangeABit(_ cell: CourseCell, batch: Int) {
    var numbers = TestNumbers(seed: 47 + UInt64(cell.rawValue))
    let hiddenSize = (cell == kernelCellElman ? 136 : 72) + (70 - batch)
    let example = RecurrentExample(
      cell, batch: batch, steps: 5, inputSize: 20, hiddenSize: hiddenSize, &numbers)
    let previous = kernels_thread_count()
    defer { kernels_set_thread_count(previous) }
    for name in instructionSets {
      kernels_set_thread_count(1)
      let alone = example.run(on: kernelSet(name))
      for threads in [2, 3] {
        kernels_set_thread_count(threads)
        let together = example.run(on: kernelSet(name))
        for ((what, one), (_, many)) in zip(alone.named, together.named) {
          #expect(sameBits(one, many), "\(what) with \(threads) threads on \(name)")
        }
      }
    }
  }

  /// A pass without input gradient returns the same other gradients.
  @Test func theInputGradientIsOptional() {
    var numbers = TestNumbers(seed: 50)
    let example = RecurrentExample(
      kernelCellGRU, batch: 3, steps: 4, inputSize: 5, hiddenSize: 6, &numbers)
    var all = example.run(on: kernels_default())
    let without = example.run(on: kernels_default(), needsInputGradient: false)
    all.dX = []
    for ((what, one), (_, other)) in zip(all.named, without.named) {
      #expect(sameBits(one, other), "\(what)")
    }
  }
}
