import Shared
import Testing

// The oracle of the tensor tests: NumPy's rules, one element and one index at a time.

/// The place along each axis of the element at a row-major position.
func indices(of position: Int, in shape: [Int]) -> [Int] {
  var rest = position
  var result = [Int](repeating: 0, count: shape.count)
  for axis in shape.indices.reversed() {
    result[axis] = rest % shape[axis]
    rest /= shape[axis]
  }
  return result
}

/// The row-major position of the element at `index`.
func position(of index: [Int], in shape: [Int]) -> Int {
  zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
}

/// A tensor whose element at each index is `element(index)`.
func tensor(shape: [Int], element: ([Int]) -> Float) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(
    shape: shape, scalars: (0..<count).map { element(indices(of: $0, in: shape)) })
}

/// `operation(a, b)` with both operands repeated along axes of size 1 and along missing axes in front.
func broadcastReference(_ a: Tensor, _ b: Tensor, operation: (Float, Float) -> Float) -> Tensor {
  let rank = max(a.rank, b.rank)
  let left = [Int](repeating: 1, count: rank - a.rank) + a.shape
  let right = [Int](repeating: 1, count: rank - b.rank) + b.shape
  let shape = (0..<rank).map { left[$0] == 1 ? right[$0] : left[$0] }
  let (x, y) = (a.scalars, b.scalars)
  return tensor(shape: shape) { index in
    let i = zip(index, left).map { $1 == 1 ? 0 : $0 }
    let j = zip(index, right).map { $1 == 1 ? 0 : $0 }
    return operation(x[position(of: i, in: left)], y[position(of: j, in: right)])
  }
}

/// Where the elements of a tensor lie in memory.
func address(_ tensor: Tensor) -> UInt { tensor.read { UInt(bitPattern: $0) } }

/// Two shapes that broadcast together, of rank 0 to 5, with axes of size 1 and now and then 0.
func randomShapePair(using draws: inout PhiloxGenerator) -> (left: [Int], right: [Int]) {
  let common = (0..<Int.random(in: 0...5, using: &draws)).map { _ in
    Int.random(in: 0..<20, using: &draws) == 0 ? 0 : Int.random(in: 1...4, using: &draws)
  }
  func operand() -> [Int] {
    let missing =
      Int.random(in: 0...2, using: &draws) == 0
      ? common.indices.randomElement(using: &draws) ?? 0 : 0
    return common.dropFirst(missing).map { Int.random(in: 0..<3, using: &draws) == 0 ? 1 : $0 }
  }
  return (operand(), operand())
}

/// A tensor of a few round numbers, none of them 0, many of them equal.
func roundNumbers(_ shape: [Int], using draws: inout PhiloxGenerator) -> Tensor {
  let choice: [Float] = [-2, -1, -0.5, 0.25, 1, 2, 3]
  return Tensor(
    shape: shape,
    scalars: (0..<shape.reduce(1, *)).map { _ in choice[Int(draws.next() >> 32) % choice.count] })
}
