import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct TensorArithmeticTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let name: String
    let tensors: @Sendable (Tensor, Tensor) -> Tensor
    let numbers: @Sendable (Float, Float) -> Float
    var testDescription: String { name }

    init(
      _ name: String, _ tensors: @escaping @Sendable (Tensor, Tensor) -> Tensor,
      _ numbers: @escaping @Sendable (Float, Float) -> Float
    ) {
      (self.name, self.tensors, self.numbers) = (name, tensors, numbers)
    }
  }

  static let operations = [
    Operation("+", { $0 + $1 }, { $0 + $1 }),
    Operation("-", { $0 - $1 }, { $0 - $1 }),
    Operation("*", { $0 * $1 }, { $0 * $1 }),
    Operation("/", { $0 / $1 }, { $0 / $1 }),
    Operation("maximum", { .maximum($0, $1) }, { Swift.max($0, $1) }),
    Operation("minimum", { .minimum($0, $1) }, { Swift.min($0, $1) }),
    Operation(".==", { $0 .== $1 }, { $0 == $1 ? 1 : 0 }),
    Operation(".!=", { $0 .!= $1 }, { $0 != $1 ? 1 : 0 }),
    Operation(".<", { $0 .< $1 }, { $0 < $1 ? 1 : 0 }),
    Operation(".<=", { $0 .<= $1 }, { $0 <= $1 ? 1 : 0 }),
    Operation(".>", { $0 .> $1 }, { $0 > $1 ? 1 : 0 }),
    Operation(".>=", { $0 .>= $1 }, { $0 >= $1 ? 1 : 0 }),
  ]

  @Test(arguments: operations)
  func broadcastingFollowsNumPy(operation: Operation) {
    var draws = RandomKey(seed: 21).generator
    for _ in 0..<120 {
      let shapes = randomShapePair(using: &draws)
      let a = roundNumbers(shapes.left, using: &draws)
      let b = roundNumbers(shapes.right, using: &draws)
      expectSame(
        operation.tensors(a, b), broadcastReference(a, b, operation: operation.numbers),
        "\(shapes.left) \(operation.name) \(shapes.right)")
    }
  }

  @Test(
    arguments: [
      ([2, 3], [3]), ([2, 3], [2, 1]), ([3, 1], [1, 4]), ([2, 3, 4], [3, 1]), ([], [2, 2]),
      ([4, 1, 2], [3, 1]), ([2, 0, 3], [1, 3]), ([1], [0]), ([1, 1, 1], [2]),
      ([2, 2, 1, 2], [2, 1, 1]),
      ([1, 2, 1, 2, 1], [2, 1, 2, 1, 2]), ([5, 1, 1], [5, 7, 3]), ([40], [3, 40]),
    ])
  func namedCasesOfBroadcasting(left: [Int], right: [Int]) {
    var draws = RandomKey(seed: 22).generator
    let (a, b) = (roundNumbers(left, using: &draws), roundNumbers(right, using: &draws))
    for operation in Self.operations where ["-", "/", ".<"].contains(operation.name) {
      expectSame(
        operation.tensors(a, b), broadcastReference(a, b, operation: operation.numbers),
        "\(left) \(operation.name) \(right)")
      expectSame(
        operation.tensors(b, a), broadcastReference(b, a, operation: operation.numbers),
        "\(right) \(operation.name) \(left)")
    }
  }

  @Test(arguments: operations)
  func largeTensorsAreWorkedOnInPieces(operation: Operation) {
    // Pieces have 32768 elements: two whole ones and a rest that fills no vector.
    var draws = RandomKey(seed: 23).generator
    let few = roundNumbers([1009], using: &draws)
    let many = few.broadcast(to: [66, 1009]).reshaped(to: [66 * 1009])
    let (a, b) = (many[..<65_543], many[1..<65_544])
    let expected = operation.tensors(few, Tensor(concatenating: [few[1...], few[..<1]]))
    expectSame(
      operation.tensors(a, b), expected.broadcast(to: [66, 1009]).reshaped(to: [-1])[..<65_543],
      operation.name)
    expectSame(
      operation.tensors(a.reshaped(to: [-1, 1]), Tensor([2])).reshaped(to: [-1]),
      operation.tensors(a, Tensor(repeating: 2, shape: a.shape)), "\(operation.name) 2")
  }

  @Test func numbersCombineWithEveryElement() {
    let x: Tensor = [[1, -2], [0.5, 4]]
    #expect(x + 1 == [[2, -1], [1.5, 5]])
    #expect(1 + x == [[2, -1], [1.5, 5]])
    #expect(x - 1 == [[0, -3], [-0.5, 3]])
    #expect(1 - x == [[0, 3], [0.5, -3]])
    #expect(x * 2 == [[2, -4], [1, 8]])
    #expect(2 * x == [[2, -4], [1, 8]])
    #expect(x / 2 == [[0.5, -1], [0.25, 2]])
    #expect(2 / x == [[2, -1], [4, 0.5]])
    #expect(-x == [[-1, 2], [-0.5, -4]])
    #expect((-Tensor([0]))[0].sign == .minus)
    #expect((x .== 1) == [[1, 0], [0, 0]])
    #expect((x .!= 1) == [[0, 1], [1, 1]])
    #expect((x .< 1) == [[0, 1], [1, 0]])
    #expect((x .<= 1) == [[1, 1], [1, 0]])
    #expect((x .> 0.5) == [[1, 0], [0, 1]])
    #expect((x .>= 0.5) == [[1, 0], [1, 1]])
    #expect(Tensor.maximum(x, 0) == [[1, 0], [0.5, 4]])
    #expect(Tensor.minimum(x, 1) == [[1, -2], [0.5, 1]])
    #expect((Tensor(zeros: [0, 3]) + 1).shape == [0, 3])
  }

  @Test func numbersCombineWithLargeTensors() {
    let x = Tensor(uniform: [70_001], in: 1..<2, key: RandomKey(seed: 24))
    let ones = Tensor(ones: [70_001])
    #expect(x + 3 == x + 3 * ones)
    #expect(3 - x == 3 * ones - x)
    #expect(3 / x == 3 * ones / x)
    #expect(-x == x * -1)
  }

  @Test func comparisonsWithNaNAreFalseExceptNotEqual() {
    let (x, y): (Tensor, Tensor) = (Tensor([.nan, 1, .nan]), Tensor([1, .nan, .nan]))
    #expect((x .== y).sum() == 0)
    #expect((x .!= y).sum() == 3)
    #expect(((x .< y) + (x .<= y) + (x .> y) + (x .>= y)).sum() == 0)
  }

  @Test func maximumAndMinimumPassNaNOn() {
    let (x, y): (Tensor, Tensor) = (Tensor([.nan, 1, .nan, 1]), Tensor([1, .nan, .nan, 2]))
    expectSame(.maximum(x, y), Tensor([.nan, .nan, .nan, 2]), "maximum")
    expectSame(.minimum(x, y), Tensor([.nan, .nan, .nan, 1]), "minimum")
    expectSame(.maximum(x, 0), Tensor([.nan, 1, .nan, 1]), "maximum with a number")
    expectSame(.minimum(x, 0), Tensor([.nan, 0, .nan, 0]), "minimum with a number")
  }
}
