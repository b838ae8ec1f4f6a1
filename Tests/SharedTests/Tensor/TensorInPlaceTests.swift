import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorInPlaceTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let name: String
    let tensor: @Sendable (inout Tensor, Tensor) -> Void
    let number: @Sendable (inout Tensor, Float) -> Void
    let result: @Sendable (Tensor, Tensor) -> Tensor
    var testDescription: String { name }
  }

  static let operations = [
    Operation(name: "+=", tensor: { $0 += $1 }, number: { $0 += $1 }, result: { $0 + $1 }),
    Operation(name: "-=", tensor: { $0 -= $1 }, number: { $0 -= $1 }, result: { $0 - $1 }),
    Operation(name: "*=", tensor: { $0 *= $1 }, number: { $0 *= $1 }, result: { $0 * $1 }),
    Operation(name: "/=", tensor: { $0 /= $1 }, number: { $0 /= $1 }, result: { $0 / $1 }),
  ]

  @Test(arguments: operations)
  func inPlaceIsTheSameAsAssigningTheResult(operation: Operation) {
    var draws = RandomKey(seed: 31).generator
    let pairs: [([Int], [Int])] = [
      ([], []), ([3], [3]), ([3], []), ([2, 3], [3]), ([2, 3], [2, 1]), ([2, 3, 4], [3, 1]),
      ([2, 3, 4], [1, 1, 4]), ([1], [1]), ([5, 1, 2], [1, 2]), ([0, 3], [3]),
      ([2, 3, 2, 3], [3, 1, 3]), ([1, 1], [1]), ([40_000], [40_000]), ([300, 120], [120]),
    ]
    for (left, right) in pairs {
      let (a, b) = (roundNumbers(left, using: &draws), roundNumbers(right, using: &draws))
      var changed = a
      operation.tensor(&changed, b)
      expectSame(changed, operation.result(a, b), "\(left) \(operation.name) \(right)")
      changed = a
      operation.number(&changed, 0.5)
      expectSame(changed, operation.result(a, Tensor(0.5)), "\(left) \(operation.name) 0.5")
    }
  }

  @Test(arguments: operations)
  func aTensorMayStandOnBothSides(operation: Operation) {
    for shape in [[4], [3, 5], [40_000]] {
      let a = Tensor(uniform: shape, in: 1..<2, key: RandomKey(seed: 32))
      var x = a
      operation.tensor(&x, x)
      expectSame(x, operation.result(a, a), "x \(operation.name) x")
      var y = a
      // The same memory under another shape.
      operation.tensor(&y, y.reshaped(to: [1] + shape).reshaped(to: shape))
      expectSame(y, operation.result(a, a), "y \(operation.name) y")
    }
    var square: Tensor = [[1, 2], [4, 8]]
    let before = square
    operation.tensor(&square, square[..<1])
    expectSame(square, operation.result(before, before[..<1]), "x \(operation.name) a row of x")
  }

  @Test func addingScaledNeedsOnePass() {
    var x: Tensor = [[1, 2], [3, 4]]
    x.add([[10, 20], [30, 40]], scaledBy: -0.5)
    #expect(x == [[-4, -8], [-12, -16]])
    x.add(x, scaledBy: 2)
    #expect(x == [[-12, -24], [-36, -48]])
    let (a, b) = (
      Tensor(uniform: [70_001], key: RandomKey(seed: 33)),
      Tensor(uniform: [70_001], key: RandomKey(seed: 34))
    )
    var sum = a
    sum.add(b, scaledBy: 0.25)
    expectClose(sum, a + 0.25 * b, "add(_:scaledBy:)", atol: 0, rtol: 2e-7)
  }
}
