import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorShapeTests {
  private func counting(_ shape: [Int]) -> Tensor {
    Tensor(arange: 0, to: Float(shape.reduce(1, *))).reshaped(to: shape)
  }

  @Test func reshapingKeepsTheElements() {
    let x = counting([24])
    for shape in [[24], [2, 12], [2, 3, 4], [1, 24, 1], [2, 1, 3, 2, 2]] {
      #expect(x.reshaped(to: shape).shape == shape)
      #expect(x.reshaped(to: shape).scalars == x.scalars)
    }
    #expect(Tensor([5]).reshaped(to: []) == Tensor(5))
    #expect(Tensor(zeros: [0, 3]).reshaped(to: [3, 0, 2]).shape == [3, 0, 2])
  }

  @Test(
    arguments: [
      ([-1], [24]), ([-1, 4], [6, 4]), ([2, -1, 3], [2, 4, 3]), ([24, -1], [24, 1]),
    ])
  func minusOneFollowsFromTheOtherSizes(given: [Int], shape: [Int]) {
    #expect(counting([2, 3, 4]).reshaped(to: given).shape == shape)
  }

  @Test func minusOneOfAnEmptyTensorIsZero() {
    #expect(Tensor(zeros: [0, 3]).reshaped(to: [-1, 3]).shape == [0, 3])
  }

  @Test func reshapingSharesMemoryUntilAWrite() {
    let x = counting([2, 3])
    var y = x.reshaped(to: [3, 2])
    #expect(address(x) == address(y))
    y[0, 0] = 100
    #expect(x[0, 0] == 0)
  }

  @Test(
    arguments: [
      [1, 1], [1, 7], [7, 1], [2, 3], [16, 16], [17, 33], [64, 5], [100, 37], [0, 3], [3, 0],
    ])
  func transposingExchangesRowsAndColumns(shape: [Int]) {
    let x = counting(shape)
    let expected = tensor(shape: [shape[1], shape[0]]) { index in
      Float(index[1] * shape[1] + index[0])
    }
    expectSame(x.transposed(), expected, "\(shape)")
    expectSame(x.transposed(axes: [1, 0]), expected, "axes of \(shape)")
  }

  @Test func permutingMovesEveryAxis() {
    for shape in [[], [5], [2, 3, 4], [1, 4, 1], [3, 1, 2, 4], [2, 3, 1, 2, 4], [2, 0, 3]] {
      let x = counting(shape)
      for seed in 0..<8 {
        let axes = RandomKey(seed: 12).folded(seed).permutation(of: shape.count)
        let expected = tensor(shape: axes.map { shape[$0] }) { index in
          var original = index
          for (place, axis) in axes.enumerated() { original[axis] = index[place] }
          return Float(position(of: original, in: shape))
        }
        expectSame(x.transposed(axes: axes), expected, "\(shape) by \(axes)")
      }
    }
  }

  @Test func broadcastingRepeatsAxes() {
    let pairs = [
      ([], [3]), ([], []), ([1], [4]), ([3], [2, 3]), ([2, 1], [2, 3]), ([1, 3], [4, 3]),
      ([2, 1, 3], [5, 2, 4, 3]), ([1], [0]), ([2, 1], [2, 0]), ([1, 1, 1], [2, 3, 4]),
    ]
    for (shape, wanted) in pairs {
      let x = counting(shape)
      let expected = broadcastReference(x, Tensor(zeros: wanted)) { value, _ in value }
      expectSame(x.broadcast(to: wanted), expected, "\(shape) to \(wanted)")
    }
  }

  @Test func concatenatingPutsTensorsOneAfterTheOther() {
    let (a, b): (Tensor, Tensor) = ([[1, 2], [3, 4]], [[5, 6]])
    #expect(Tensor(concatenating: [a, b]) == [[1, 2], [3, 4], [5, 6]])
    #expect(Tensor(concatenating: [a, a], axis: 1) == [[1, 2, 1, 2], [3, 4, 3, 4]])
    #expect(Tensor(concatenating: [a, [[7], [8]]], axis: -1) == [[1, 2, 7], [3, 4, 8]])
    #expect(Tensor(concatenating: [a, Tensor(zeros: [0, 2]), b]) == [[1, 2], [3, 4], [5, 6]])
    #expect(Tensor(concatenating: [a]) == a)
    #expect(Tensor(concatenating: [[1], [], [2, 3]]) == [1, 2, 3])
    // Cut anywhere along any axis and put together again.
    let x = counting([3, 4, 5])
    #expect(Tensor(concatenating: [x[..<1], x[1...]], axis: 0) == x)
    #expect(Tensor(concatenating: [x[0..., ..<3], x[0..., 3...]], axis: 1) == x)
    #expect(Tensor(concatenating: [x[0..., 0..., ..<2], x[0..., 0..., 2...]], axis: 2) == x)
  }

  @Test func stackingMakesANewAxis() {
    let (a, b): (Tensor, Tensor) = ([1, 2, 3], [4, 5, 6])
    #expect(Tensor(stacking: [a, b]) == [[1, 2, 3], [4, 5, 6]])
    #expect(Tensor(stacking: [a, b], axis: 1) == [[1, 4], [2, 5], [3, 6]])
    #expect(Tensor(stacking: [a, b], axis: -1) == [[1, 4], [2, 5], [3, 6]])
    #expect(Tensor(stacking: [a, b], axis: -2) == Tensor(stacking: [a, b], axis: 0))
    #expect(Tensor(stacking: [Tensor(1), Tensor(2)]) == [1, 2])
    let x = counting([3, 4, 5])
    for axis in 0..<3 {
      let parts = (0..<x.shape[axis]).map { x.slice(axis: axis, at: $0) }
      #expect(Tensor(stacking: parts, axis: axis) == x, "axis \(axis)")
    }
  }

  @Test func paddingSurroundsTheElements() {
    let x: Tensor = [[1, 2], [3, 4]]
    #expect(
      x.padded(before: [1, 0], after: [0, 2]) == [[0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]])
    #expect(x.padded(before: [0, 1], after: [0, 0], with: -1) == [[-1, 1, 2], [-1, 3, 4]])
    #expect(x.padded(before: [0, 0], after: [0, 0]) == x)
    #expect(Tensor(zeros: [0]).padded(before: [2], after: [1], with: 5) == [5, 5, 5])
    let images = counting([2, 3, 4, 5])
    let padded = images.padded(before: [0, 0, 1, 2], after: [0, 0, 3, 1])
    #expect(padded.shape == [2, 3, 8, 8])
    #expect(padded[0..., 0..., 1..<5, 2..<7] == images)
    #expect(padded.sum() == images.sum())
  }
}
