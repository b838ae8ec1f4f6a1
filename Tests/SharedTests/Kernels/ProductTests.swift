import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

/// C = activation(op(A) . op(B) + bias) against a triple loop in double precision.
@Suite(.watched) struct ProductTests {
  /// A product with everything that it reads and writes.
  struct Example: Sendable {
    var m: Int, n: Int, k: Int
    var transposedA = false, transposedB = false
    /// Added to each row length, so that rows do not touch.
    var gap = 0
    var accumulates = false, hasColumnBias = false, hasRowBias = false
    var activation = kernelActivationIdentity.rawValue

    var leadingA: Int { (transposedA ? m : k) + gap }
    var leadingB: Int { (transposedB ? k : n) + gap }
    var leadingC: Int { n + gap }
  }

  struct Operands {
    var a, b, c, columnBias, rowBias: [Float]

    init(_ e: Example, seed: UInt64) {
      var numbers = TestNumbers(seed: seed)
      a = numbers.floats((e.transposedA ? e.k : e.m) * e.leadingA)
      b = numbers.floats((e.transposedB ? e.n : e.k) * e.leadingB)
      c = numbers.floats(e.m * e.leadingC)
      columnBias = numbers.floats(e.n)
      rowBias = numbers.floats(e.m)
    }
  }

  func run(_ e: Example, _ operands: Operands, on name: String) -> [Float] {
    var c = operands.c
    operands.a.withUnsafeBufferPointer { a in
      operands.b.withUnsafeBufferPointer { b in
        operands.columnBias.withUnsafeBufferPointer { columnBias in
          operands.rowBias.withUnsafeBufferPointer { rowBias in
            c.withUnsafeMutableBufferPointer { c in
              var product = CourseProduct()
              (product.m, product.n, product.k) = (e.m, e.n, e.k)
              product.a = kernels_matrix(a.baseAddress, e.leadingA, e.transposedA)
              product.b = kernels_matrix(b.baseAddress, e.leadingB, e.transposedB)
              product.c = c.baseAddress
              product.leadingC = e.leadingC
              product.accumulate = e.accumulates
              product.columnBias = e.hasColumnBias ? columnBias.baseAddress : nil
              product.rowBias = e.hasRowBias ? rowBias.baseAddress : nil
              product.activation = CourseActivation(e.activation)
              kernels_product(kernelSet(name), &product)
            }
          }
        }
      }
    }
    return c
  }

  /// The expected C; the gaps between its rows stay as they were.
  func reference(_ e: Example, _ operands: Operands) -> [Double] {
    var c = operands.c.map(Double.init)
    let a = operands.a, b = operands.b
    let (stepA, stepB) = (e.transposedA ? e.leadingA : 1, e.transposedB ? 1 : e.leadingB)
    for i in 0..<e.m {
      for j in 0..<e.n {
        var sum = e.accumulates ? c[i * e.leadingC + j] : 0
        var (ia, ib) = (e.transposedA ? i : i * e.leadingA, e.transposedB ? j * e.leadingB : j)
        for _ in 0..<e.k {
          sum += Double(a[ia]) * Double(b[ib])
          ia += stepA
          ib += stepB
        }
        if e.hasColumnBias { sum += Double(operands.columnBias[j]) }
        if e.hasRowBias { sum += Double(operands.rowBias[i]) }
        switch CourseActivation(e.activation) {
        case kernelActivationReLU: sum = max(sum, 0)
        case kernelActivationSigmoid: sum = 1 / (1 + exp(-sum))
        case kernelActivationTanh: sum = tanh(sum)
        default: break
        }
        c[i * e.leadingC + j] = sum
      }
    }
    return c
  }

  func check(_ e: Example, seed: UInt64) {
    let operands = Operands(e, seed: seed)
    let expected = reference(e, operands)
    for name in instructionSets {
      // k terms of size up to 1, each rounded to 2^-24: the error grows like sqrt(k).
      let difference = firstDifference(
        run(e, operands, on: name), expected, tolerance: 4e-7 * (2 + Double(e.k).squareRoot()))
      #expect(difference == nil, "kernels_product on \(name), \(e)")
    }
  }

  @Test func rowAndColumnCountsAroundEveryTile() {
    for m in 1...15 {
      for n in [1, 4, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33] {
        check(Example(m: m, n: n, k: 5), seed: UInt64(m * 100 + n))
      }
    }
    for m in [23, 24, 25, 27, 28, 29, 43] {
      check(Example(m: m, n: 65, k: 9, gap: 1), seed: UInt64(m))
    }
  }

  @Test(arguments: [false, true], [false, true])
  func transposedOperands(_ transposedA: Bool, _ transposedB: Bool) {
    for (m, n, k) in [(1, 1, 1), (3, 40, 17), (50, 10, 32), (17, 33, 65), (64, 32, 50)] {
      for gap in [0, 3] {
        check(
          Example(m: m, n: n, k: k, transposedA: transposedA, transposedB: transposedB, gap: gap),
          seed: 7)
      }
    }
  }

  /// Depths around the block of k, and sizes that take the path of packed and shared panels.
  @Test(arguments: [(20, 30, 255), (30, 20, 256), (20, 30, 257), (15, 33, 514), (90, 70, 50)])
  func blocksOfDepth(_ m: Int, _ n: Int, _ k: Int) {
    for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
      check(
        Example(m: m, n: n, k: k, transposedA: ta, transposedB: tb, hasColumnBias: true), seed: 1)
    }
  }

  @Test(arguments: [(100, 60, 60), (60, 100, 60), (120, 200, 20), (300, 100, 10)])
  func largeProducts(_ m: Int, _ n: Int, _ k: Int) {
    for (ta, tb) in [(false, false), (true, true)] {
      check(Example(m: m, n: n, k: k, transposedA: ta, transposedB: tb, gap: 2), seed: 2)
    }
  }

  /// Columns around those of one, two and four vectors, and rows around those of their tiles, where A or B is shared.
  @Test(arguments: [(80, 60), (25, 300)], [false, true])
  func columnsAroundTheWideTile(_ size: (m: Int, k: Int), _ transposedA: Bool) {
    for n in [48, 49, 63, 64, 65, 95, 97, 112, 113, 127, 128, 129, 160] {
      check(
        Example(
          m: size.m + n % 6, n: n, k: size.k, transposedA: transposedA, transposedB: n % 2 == 0,
          gap: n % 5, hasColumnBias: n % 3 == 0, activation: UInt32(n % 4)), seed: UInt64(n))
    }
    check(
      Example(
        m: size.m, n: 129, k: size.k, transposedA: transposedA, gap: 1, accumulates: true), seed: 5)
  }

  /// So many columns that A is packed although it could be read where it is.
  @Test func wideProducts() {
    check(Example(m: 1045, n: 1030, k: 1, gap: 1), seed: 8)
    check(Example(m: 300, n: 270, k: 9, transposedA: true, gap: 1), seed: 8)
  }

  @Test(arguments: 0..<4 as Range<UInt32>)
  func biasAndActivation(_ activation: UInt32) {
    for (column, row) in [(false, false), (true, false), (false, true), (true, true)] {
      for (m, n, k) in [(5, 10, 3), (16, 32, 8), (2, 70, 400)] {
        check(
          Example(
            m: m, n: n, k: k, gap: 1, hasColumnBias: column, hasRowBias: row, activation: activation
          ),
          seed: 3)
      }
    }
  }

  @Test func accumulates() {
    for (m, n, k) in [(1, 1, 1), (14, 32, 6), (15, 33, 6), (10, 20, 800), (100, 90, 40)] {
      check(Example(m: m, n: n, k: k, gap: 1, accumulates: true), seed: 4)
    }
  }

  @Test func emptySizes() {
    check(Example(m: 0, n: 5, k: 3), seed: 5)
    check(Example(m: 5, n: 0, k: 3), seed: 5)
    check(Example(m: 20, n: 40, k: 0), seed: 5)
    check(Example(m: 20, n: 40, k: 0, accumulates: true), seed: 5)
    check(
      Example(
        m: 3, n: 4, k: 0, hasColumnBias: true, hasRowBias: true,
        activation: kernelActivationTanh.rawValue), seed: 5)
  }

  @Test func aNaNReachesItsRowAndNothingElse() {
    let e = Example(m: 20, n: 40, k: 30, activation: kernelActivationReLU.rawValue)
    var operands = Operands(e, seed: 6)
    operands.a[3 * e.leadingA + 29] = .nan
    for name in instructionSets {
      let c = run(e, operands, on: name)
      for i in 0..<e.m {
        for j in 0..<e.n where c[i * e.leadingC + j].isNaN != (i == 3) {
          Issue.record("\(name): row \(i), column \(j) is \(c[i * e.leadingC + j])")
        }
      }
    }
  }

  /// An operand that exists only as a packer: element (row, k) is a number made from both. This is how
  /// a convolution multiplies with patches of an image that are in no matrix.
  @Test(arguments: [(40, 50, 20), (15, 100, 400), (100, 15, 400), (100, 130, 90)])
  func packersOfOnesOwn(_ m: Int, _ n: Int, _ k: Int) {
    func element(_ row: Int, _ k: Int) -> Float { Float((row * 7 + k * 3) % 11) - 5 }
    var operand = CourseOperand()
    operand.pack = { _, set, first, count, k0, depth, width, panels in
      #expect(first % width == 0 && width <= set!.pointee.columnTile)
      for row in 0..<(count + width - 1) / width * width {
        for k in 0..<depth {
          let value = Float(((first + row) * 7 + (k0 + k) * 3) % 11) - 5
          panels![row / width * width * depth + k * width + row % width] = row < count ? value : 0
        }
      }
    }
    for name in instructionSets {
      var c = [Float](repeating: 0, count: m * n)
      c.withUnsafeMutableBufferPointer { c in
        var product = CourseProduct()
        (product.m, product.n, product.k, product.leadingC) = (m, n, k, n)
        (product.a, product.b, product.c) = (operand, operand, c.baseAddress)
        kernels_product(kernelSet(name), &product)
      }
      // Small integers: every sum is exact.
      let expected = (0..<m).flatMap { i in
        (0..<n).map { j in (0..<k).reduce(0.0) { $0 + Double(element(i, $1) * element(j, $1)) } }
      }
      let difference = firstDifference(c, expected, tolerance: 0)
      #expect(difference == nil, "packers of one's own on \(name), \(m) x \(n) x \(k)")
    }
  }

  @Test(arguments: [(150, 130, 90), (130, 150, 90), (64, 300, 400), (300, 64, 400)])
  func theSameBitsOnAnyNumberOfThreads(_ m: Int, _ n: Int, _ k: Int) {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    for name in instructionSets {
      for transposed in [false, true] {
        let e = Example(
          m: m, n: n, k: k, transposedA: transposed, transposedB: transposed, hasColumnBias: true,
          activation: kernelActivationSigmoid.rawValue)
        let operands = Operands(e, seed: 8)
        kernels_set_thread_count(1)
        let single = run(e, operands, on: name)
        for threads in [2, 3, 7] {
          kernels_set_thread_count(threads)
          #expect(sameBits(run(e, operands, on: name), single), "\(name), \(threads) threads, \(e)")
        }
      }
    }
  }
}
