import CourseTestSupport
import Shared
import Testing

/// Mistakes in the calling code, and the words with which the program must stop: the operation, what it
/// expected and what it got.
private enum Mistake: String, CaseIterable, Codable, Sendable {
  case negativeSize, scalarCount, notOneScalar, raggedRows, raggedLiteral, stepZero, oneHotIndex
  case index, indexRank, slice, sliceCount, sliceValue, slicePlace, row
  case reshape, transpose, permutation, broadcast, concatenation, stacking, stackingNothing, padding
  case sum, grownInPlace, unequalInPlace, scaled, comparison
  case product, productBatch, productScalar, bias, axis, meanAxis, emptyMaximum, emptyArgmax
  case activationGradient
  case hugeShape, hugeEmpty, hugeReshape, hugeFree, hugeBroadcast, hugeRange,
    hugeRangeByStep
  case sliceToTheEndOfNumbers, sliceFromBehindTheEnd, sliceBelowTheStart, hugePadding, hugeIdentity
  case hugeOneHot, hugeDraw, hugeDropping, hugeConcatenation

  var words: [String] {
    switch self {
    case .negativeSize: ["Tensor:", "at least 0", "[2, -1]"]
    case .scalarCount: ["Tensor(shape:scalars:)", "6 scalars for shape [2, 3]", "got 2"]
    case .notOneScalar: ["Tensor.scalar", "one element", "shape [3]"]
    case .raggedRows, .raggedLiteral: ["stacking", "[2] as the first has", "got [1]"]
    case .stepZero: ["arange", "not 0", "by 0.0"]
    case .oneHotIndex: ["Tensor(oneHot:classCount:)", "indices in 0..<3", "3 at position 1"]
    case .index: ["subscript", "inside shape [2, 3]", "got [2, 0]"]
    case .indexRank: ["subscript", "inside shape [2, 3]", "got [1]"]
    case .slice: ["slice", "a range inside 0..<3 for axis 1", "got 2..<4"]
    case .sliceCount: ["slice", "at most 1 ranges for shape [3]", "got 2"]
    case .sliceValue: ["slice", "a tensor of shape [1, 3]", "got [3]"]
    case .slicePlace: ["slice(axis:at:)", "an index in 0..<3", "got 3"]
    case .row: ["rows(at:)", "indices in 0..<2", "got -1"]
    case .reshape: ["reshaped", "6 elements, as [2, 3] has", "got [4, -1]"]
    case .transpose: ["transposed", "a matrix", "shape [3]"]
    case .permutation: ["transposed(axes:)", "0..<2 once", "got [0, 0]"]
    case .broadcast: ["broadcast(to:)", "[2, 3] broadcasts to", "got [3]"]
    case .concatenation: ["concatenating", "like [2, 3] but for axis 0", "got [2, 2]"]
    case .stacking: ["stacking", "[3] as the first has", "got [2]"]
    case .stackingNothing: ["stacking", "at least one tensor", "none"]
    case .padding: ["padded", "2 amounts", "got [1] and [1]"]
    case .sum: ["Tensor +:", "broadcast together", "[2, 3] and [2]"]
    case .grownInPlace: ["Tensor +=:", "broadcasts to [3]", "got [2, 3]"]
    case .unequalInPlace: ["Tensor *=:", "broadcasts to [2, 3]", "got [2]"]
    case .scaled: ["add(_:scaledBy:)", "shape [2, 3]", "got [3]"]
    case .comparison: ["Tensor .<:", "[2, 3] and [4]"]
    case .product: ["matmul", "[..., M, K] and [..., K, N]", "[2, 3]ᵀ and [3, 4]"]
    case .productBatch: ["matmul", "[2, 3, 4] and [5, 4, 1]"]
    case .productScalar: ["matmul", "rank 1 or more", "[2, 3] and []"]
    case .bias: ["matmul", "a bias of shape [4]", "got [3]"]
    case .axis: ["Tensor.sum", "an axis of shape [2, 3]", "axis 2"]
    case .meanAxis: ["Tensor.variance", "an axis of shape [2, 3]", "axis -3"]
    case .emptyMaximum: ["Tensor.max", "at least one element", "shape [0, 3]"]
    case .emptyArgmax: ["Tensor.argmax", "at least one element", "shape [0, 3]"]
    case .activationGradient: ["Activation.inputGradient", "shape [2, 3]", "got [3]"]
    case .hugeShape: ["Tensor:", "at most 2⁴⁸ elements", "shape [4611686018427387904, 4]"]
    case .hugeEmpty: ["Tensor:", "at most 2⁴⁸ elements", "shape [0, 4611686018427387904, 4]"]
    case .hugeReshape: ["reshaped", "6 elements", "got [4611686018427387904, 4]"]
    case .hugeFree: ["reshaped", "6 elements", "got [-1, 4611686018427387904, 4]"]
    case .hugeBroadcast: ["Tensor:", "at most 2⁴⁸ elements"]
    case .hugeRange: ["arange", "at most 2⁴⁸ numbers", "to 1e+30 by 1.0"]
    case .hugeRangeByStep: ["arange", "at most 2⁴⁸ numbers", "by 1e-30"]
    case .sliceToTheEndOfNumbers: ["slice", "inside 0..<2 for axis 0"]
    case .sliceFromBehindTheEnd: ["slice", "inside 0..<2 for axis 0", "got 5..<5"]
    case .sliceBelowTheStart: ["slice", "inside 0..<2 for axis 0", "got -1..<2"]
    case .hugePadding: ["padded", "from 0 to 2⁴⁸", "4611686018427387904"]
    case .hugeIdentity, .hugeOneHot, .hugeDraw, .hugeDropping, .hugeConcatenation:
      ["Tensor:", "at most 2⁴⁸ elements"]
    }
  }

  func make() {
    var x = Tensor(zeros: [2, 3])
    let vector = Tensor(zeros: [3])
    let empty = Tensor(zeros: [0, 3])
    switch self {
    case .negativeSize: _ = Tensor(zeros: [2, -1])
    case .scalarCount: _ = Tensor(shape: [2, 3], scalars: [1, 2])
    case .notOneScalar: _ = vector.scalar
    case .raggedRows:
      let rows: [[Float]] = [[1, 2], [3]]
      _ = Tensor(rows)
    case .raggedLiteral: x = [[[1, 2], [3]]]
    case .stepZero: _ = Tensor(arange: 0, to: 1, by: 0)
    case .oneHotIndex: _ = Tensor(oneHot: [0, 3], classCount: 3)
    case .index: _ = x[2, 0]
    case .indexRank: _ = x[1]
    case .slice: _ = x[0..., 2..<4]
    case .sliceCount: _ = vector[0..., 0...]
    case .sliceValue: x[..<1] = vector
    case .slicePlace: _ = x.slice(axis: 1, at: 3)
    case .row: _ = x.rows(at: [0, -1])
    case .reshape: _ = x.reshaped(to: [4, -1])
    case .transpose: _ = vector.transposed()
    case .permutation: _ = x.transposed(axes: [0, 0])
    case .broadcast: _ = x.broadcast(to: [3])
    case .concatenation: _ = Tensor(concatenating: [x, Tensor(zeros: [2, 2])])
    case .stacking: _ = Tensor(stacking: [vector, Tensor(zeros: [2])])
    case .stackingNothing: _ = Tensor(stacking: [])
    case .padding: _ = x.padded(before: [1], after: [1])
    case .sum: _ = x + Tensor(zeros: [2])
    case .grownInPlace:
      var small = vector
      small += x
    case .unequalInPlace: x *= Tensor(zeros: [2])
    case .scaled: x.add(vector, scaledBy: 1)
    case .comparison: _ = x .< Tensor(zeros: [4])
    case .product: _ = x.matmul(Tensor(zeros: [3, 4]), transposingSelf: true)
    case .productBatch: _ = Tensor(zeros: [2, 3, 4]).matmul(Tensor(zeros: [5, 4, 1]))
    case .productScalar: _ = x.matmul(Tensor(1))
    case .bias: _ = x.matmul(Tensor(zeros: [3, 4]), bias: vector)
    case .axis: _ = x.sum(axis: 2)
    case .meanAxis: _ = x.variance(axis: -3)
    case .emptyMaximum: _ = empty.max()
    case .emptyArgmax: _ = empty.argmax(axis: 0)
    case .activationGradient:
      _ = Activation.identity.inputGradient(output: x, outputGradient: vector)
    case .hugeShape: _ = Tensor(zeros: [1 << 62, 4])
    case .hugeEmpty: _ = Tensor(zeros: [0, 1 << 62, 4])
    case .hugeReshape: _ = x.reshaped(to: [1 << 62, 4])
    case .hugeFree: _ = x.reshaped(to: [-1, 1 << 62, 4])
    case .hugeBroadcast: _ = Tensor(1).broadcast(to: [1 << 62, 4])
    case .hugeRange: _ = Tensor(arange: 0, to: 1e30)
    case .hugeRangeByStep: _ = Tensor(arange: 0, to: 1, by: 1e-30)
    case .sliceToTheEndOfNumbers: _ = x[0...Int.max]
    case .sliceFromBehindTheEnd: _ = x[5...]
    case .sliceBelowTheStart: _ = x[(-3)...]
    case .hugePadding: _ = x.padded(before: [0, 1 << 62], after: [0, 1 << 62])
    case .hugeIdentity: _ = Tensor(eye: 1 << 40)
    case .hugeOneHot: _ = Tensor(oneHot: [0, 0], classCount: 1 << 62)
    case .hugeDraw: _ = Tensor(normal: [1 << 62, 4], key: RandomKey(seed: 1))
    case .hugeDropping:
      _ = Tensor(bernoulliMask: [1 << 62, 4], rate: 0.5, key: RandomKey(seed: 1))
    case .hugeConcatenation:
      let wide = Tensor(zeros: [0, 1 << 47])
      _ = Tensor(concatenating: [wide, wide, wide], axis: 1)
    }
  }
}

@Suite(.watched) struct TensorMistakeTests {
  @Test(arguments: Mistake.allCases)
  private func aMistakeStopsTheProgramWithTheRightWords(mistake: Mistake) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [mistake] in
      mistake.make()
    }
    for word in mistake.words { expectWords(of: result, word) }
  }
}
