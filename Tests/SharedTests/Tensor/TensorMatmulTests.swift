import CourseTestSupport
import Foundation
import Shared
import Testing

/// `A · B` in double precision, both as they are stored in memory after any transposition.
private func product(_ a: Tensor, _ b: Tensor) -> Tensor {
  let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
  let (x, y) = (a.scalars.map(Double.init), b.scalars.map(Double.init))
  var sums = [Double](repeating: 0, count: m * n)
  for i in 0..<m {
    for l in 0..<k {
      let factor = x[i * k + l]
      for j in 0..<n { sums[i * n + j] += factor * y[l * n + j] }
    }
  }
  return Tensor(shape: [m, n], scalars: sums.map { Float($0) })
}

private func random(_ shape: [Int], _ name: String) -> Tensor {
  Tensor(uniform: shape, in: -1..<1, key: RandomKey(seed: 41).folded(name).folded(shape.count))
}

/// The tolerance of a sum of `k` products of numbers below 1.
private func tolerance(_ k: Int) -> Float { 1e-6 + 1.5e-7 * Float(k) }

@Suite(.watched) struct TensorMatmulTests {
  @Test(
    arguments: [
      [1, 1, 1], [1, 5, 1], [1, 7, 33], [2, 3, 4], [5, 1, 5], [14, 8, 32], [15, 16, 33],
      [13, 9, 31],
      [3, 40, 2], [29, 17, 65], [28, 390, 5], [0, 3, 4], [3, 0, 4], [3, 4, 0],
    ])
  func productsMatchALoopWithAllTransposes(sizes: [Int]) {
    let (m, k, n) = (sizes[0], sizes[1], sizes[2])
    let (a, b) = (random([m, k], "a"), random([k, n], "b"))
    let (aT, bT) = (a.transposed(), b.transposed())
    let expected = product(a, b)
    let tolerance = tolerance(k)
    expectClose(a.matmul(b), expected, "A B \(sizes)", atol: tolerance)
    expectClose(
      aT.matmul(b, transposingSelf: true), expected, "(Aᵀ)ᵀ B \(sizes)", atol: tolerance)
    expectClose(
      a.matmul(bT, transposingOther: true), expected, "A (Bᵀ)ᵀ \(sizes)", atol: tolerance)
    expectClose(
      aT.matmul(bT, transposingSelf: true, transposingOther: true), expected,
      "(Aᵀ)ᵀ (Bᵀ)ᵀ \(sizes)", atol: tolerance)
  }

  @Test(arguments: [(130, 70, 150), (200, 450, 37), (9, 700, 400)])
  func largeProductsMatchALoopInSomePlaces(m: Int, k: Int, n: Int) {
    let (a, b) = (random([m, k], "a"), random([k, n], "b"))
    let results = [
      a.matmul(b), a.transposed().matmul(b, transposingSelf: true),
      a.matmul(b.transposed(), transposingOther: true),
      a.transposed().matmul(b.transposed(), transposingSelf: true, transposingOther: true),
    ]
    var draws = RandomKey(seed: 42).generator
    let rows = [0, m - 1] + (0..<4).map { _ in Int.random(in: 0..<m, using: &draws) }
    let columns = [0, n - 1] + (0..<4).map { _ in Int.random(in: 0..<n, using: &draws) }
    let some = product(a.rows(at: rows), b.transposed().rows(at: columns).transposed())
    for (number, result) in results.enumerated() {
      expectClose(
        result.rows(at: rows).transposed().rows(at: columns).transposed(), some,
        "\(m)x\(k) · \(k)x\(n), variant \(number)", atol: tolerance(k))
    }
  }

  @Test(arguments: Activation.allCases)
  func biasAndActivationFollowTheProduct(activation: Activation) {
    for sizes in [[1, 3, 5], [7, 4, 40], [3, 0, 4], [40, 30, 300]] {
      let (a, b) = (random([sizes[0], sizes[1]], "a"), random([sizes[1], sizes[2]], "b"))
      let bias = random([sizes[2]], "bias")
      let plain = a.matmul(b)
      expectClose(
        a.matmul(b, bias: bias), plain + bias, "bias \(sizes)", atol: 1e-6, rtol: 1e-6)
      expectClose(
        a.matmul(b, activation: activation), activation(plain), "\(activation) \(sizes)",
        atol: 1e-6, rtol: 1e-6)
      expectClose(
        a.matmul(b, bias: bias, activation: activation), activation(plain + bias),
        "bias and \(activation) \(sizes)", atol: 1e-6, rtol: 1e-6)
      expectClose(
        a.transposed().matmul(
          b.transposed(), transposingSelf: true, transposingOther: true, bias: bias,
          activation: activation), activation(plain + bias),
        "transposes, bias and \(activation) \(sizes)", atol: 1e-6, rtol: 1e-6)
    }
  }

  @Test func aVectorIsARowOnTheLeftAndAColumnOnTheRight() {
    let a: Tensor = [[1, 2, 3], [4, 5, 6]]
    #expect(a.matmul([1, 0, -1]) == [-2, -2])
    #expect(Tensor([1, -1]).matmul(a) == [-3, -3, -3])
    #expect(Tensor([1, 2, 3]).matmul([4, 5, 6]) == Tensor(32))
    #expect(a.matmul([1, 1], transposingSelf: true) == [5, 7, 9])
    #expect(Tensor([1, 0, 1]).matmul(a, transposingOther: true) == [4, 10])
    #expect(Tensor([1, -1]).matmul(a, bias: [1, 2, 3], activation: .relu) == [0, 0, 0])
    // A vector has no other side to turn to: its transpose is itself.
    #expect(Tensor([1, -1]).matmul(a, transposingSelf: true) == [-3, -3, -3])
    #expect(a.matmul([1, 0, -1], transposingOther: true) == [-2, -2])
    let batch = random([4, 2, 3], "batch")
    let vector = random([3], "vector")
    expectClose(
      batch.matmul(vector), (batch * vector).sum(axis: -1), "batch times vector", atol: 1e-6)
  }

  @Test func leadingAxesShareOneMatrix() {
    let (a, b) = (random([2, 3, 5, 4], "a"), random([4, 6], "b"))
    let bias = random([6], "bias")
    let expected = (product(a.reshaped(to: [30, 4]), b) + bias).reshaped(to: [2, 3, 5, 6])
    expectClose(a.matmul(b, bias: bias), expected, "shared", atol: 1e-6)
    expectClose(
      a.matmul(b.transposed(), transposingOther: true, bias: bias), expected, "shared, transposed",
      atol: 1e-6)
    expectClose(
      a.transposed(axes: [0, 1, 3, 2]).matmul(b, transposingSelf: true, bias: bias), expected,
      "shared, left transposed", atol: 1e-6)
  }

  @Test func batchesAreMultipliedMatrixByMatrix() {
    let (a, b) = (random([2, 3, 5, 4], "a"), random([2, 3, 4, 6], "b"))
    let bias = random([6], "bias")
    let matrices = zip(a.reshaped(to: [6, 5, 4]).matrices, b.reshaped(to: [6, 4, 6]).matrices)
    let expected = (Tensor(stacking: matrices.map(product)) + bias).reshaped(to: [2, 3, 5, 6])
    let (aT, bT) = (a.transposed(axes: [0, 1, 3, 2]), b.transposed(axes: [0, 1, 3, 2]))
    expectClose(a.matmul(b, bias: bias), expected, "batch", atol: 1e-6)
    expectClose(
      aT.matmul(b, transposingSelf: true, bias: bias), expected, "left transposed", atol: 1e-6)
    expectClose(
      a.matmul(bT, transposingOther: true, bias: bias), expected, "right transposed", atol: 1e-6)
    expectClose(
      aT.matmul(bT, transposingSelf: true, transposingOther: true, bias: bias), expected,
      "both transposed", atol: 1e-6)
  }

  /// np.matmul: sizes of 1, and missing ones in front, are repeated on either side.
  @Test(
    arguments: [
      ([1], [5]), ([5], [1]), ([], [5]), ([2, 1], [3]), ([2, 3], [2, 3]), ([3], [2, 1]),
      ([4, 1, 2], [3, 1]), ([0], [1]),
    ])
  func leadingAxesBroadcast(left: [Int], right: [Int]) {
    let (a, b) = (random(left + [3, 4], "a"), random(right + [4, 2], "b"))
    // The operators broadcast: A[..., M, K, 1] · B[..., 1, K, N], summed over K.
    let expected = (a.reshaped(to: left + [3, 4, 1]) * b.reshaped(to: right + [1, 4, 2])).sum(
      axis: -2)
    expectClose(a.matmul(b), expected, "\(left) and \(right)", atol: 1e-5)
    let turned = a.transposed(axes: Array(0..<left.count) + [left.count + 1, left.count])
    expectClose(
      turned.matmul(b, transposingSelf: true, bias: [1, 2]), expected + [1, 2], "A transposed",
      atol: 1e-5)
  }

  @Test func emptySumsAreZeroAndKeepBiasAndActivation() {
    #expect(Tensor(zeros: [2, 3, 0]).matmul(Tensor(zeros: [0, 4])) == Tensor(zeros: [2, 3, 4]))
    #expect(Tensor(zeros: [0, 3]).matmul(Tensor(zeros: [3, 4])).shape == [0, 4])
    #expect(Tensor(zeros: [0, 2, 3]).matmul(Tensor(zeros: [3, 4])).shape == [0, 2, 4])
    #expect(Tensor(zeros: [0, 2, 3]).matmul(Tensor(zeros: [0, 3, 4])).shape == [0, 2, 4])
    #expect(
      Tensor(zeros: [2, 0]).matmul(Tensor(zeros: [0, 2]), bias: [1, -1], activation: .relu)
        == [[1, 0], [1, 0]])
  }

  @Test func infinitiesAndNaNReachOnlyTheirOwnRowAndColumn() {
    var a = random([20, 9], "a")
    a[3, 4] = .nan
    a[7, 0] = .infinity
    let result = a.matmul(Tensor(ones: [9, 40]))
    #expect(result.slice(axis: 0, at: 3).scalars.allSatisfy { $0.isNaN })
    #expect(result.slice(axis: 0, at: 7).scalars.allSatisfy { $0 == .infinity })
    #expect(result.rows(at: (0..<20).filter { $0 != 3 && $0 != 7 }).isFinite)
  }
}

extension Tensor {
  /// The matrices of a batch.
  fileprivate var matrices: [Tensor] { (0..<shape[0]).map { slice(axis: 0, at: $0) } }
}
