import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorIndexingTests {
  /// The numbers 0, 1, 2, ... so that an element tells where it came from.
  private func counting(_ shape: [Int]) -> Tensor {
    Tensor(arange: 0, to: Float(shape.reduce(1, *))).reshaped(to: shape)
  }

  // MARK: Elements

  @Test func elementsAreReadAtTheirIndex() {
    let x = counting([120])
    let (x2, x3) = (x.reshaped(to: [8, 15]), x.reshaped(to: [4, 5, 6]))
    let x4 = x.reshaped(to: [2, 3, 4, 5])
    for place in 0..<120 {
      let (i2, i3) = (indices(of: place, in: x2.shape), indices(of: place, in: x3.shape))
      let i4 = indices(of: place, in: x4.shape)
      #expect(x[place] == Float(place))
      #expect(x2[i2[0], i2[1]] == Float(place))
      #expect(x3[i3[0], i3[1], i3[2]] == Float(place))
      #expect(x4[i4[0], i4[1], i4[2], i4[3]] == Float(place))
    }
  }

  @Test func oneElementIsWrittenAndNoOther() {
    var (x, x2) = (Tensor(zeros: [4]), Tensor(zeros: [2, 3]))
    var (x3, x4) = (Tensor(zeros: [2, 3, 4]), Tensor(zeros: [2, 3, 4, 5]))
    x[2] = 1
    x2[1, 0] = 1
    x3[1, 2, 3] = 1
    x4[1, 0, 3, 2] = 1
    #expect(x.scalars == [0, 0, 1, 0])
    #expect(x2.scalars == [0, 0, 0, 1, 0, 0])
    #expect(x3.argmax() == 23 && x3.sum() == 1)
    #expect(x4.argmax() == 60 + 15 + 2 && x4.sum() == 1)
    x2[1, 0] += 2
    #expect(x2[1, 0] == 3)
  }

  // MARK: Slices

  @Test func everyKindOfRangeReadsASlice() {
    let x: Tensor = [[1, 2, 3], [4, 5, 6]]
    #expect(x[0..<1] == [[1, 2, 3]])
    #expect(x[0..., 1...] == [[2, 3], [5, 6]])
    #expect(x[...0] == [[1, 2, 3]])
    #expect(x[..<1, ..<2] == [[1, 2]])
    #expect(x[1...1, 0...1] == [[4, 5]])
    #expect(x[0..<2, 2..<3] == [[3], [6]])
    #expect(x[] == x)
    #expect(Tensor(7)[] == Tensor(7))
  }

  @Test func slicesMayBeEmpty() {
    let x = counting([2, 3])
    #expect(x[1..<1].shape == [0, 3])
    #expect(x[2...].shape == [0, 3])
    #expect(x[0..., ..<0].shape == [2, 0])
    #expect(x[2..<2, 3..<3].shape == [0, 0])
    #expect(Tensor(zeros: [0, 4])[0..<0, 1..<3].shape == [0, 2])
  }

  @Test func slicesOfAnyRankAreThoseOfALoop() {
    var draws = RandomKey(seed: 11).generator
    for _ in 0..<60 {
      let shape = (0..<Int.random(in: 1...5, using: &draws)).map { _ in
        Int.random(in: 1...4, using: &draws)
      }
      let ranges = shape.map { size in
        let start = Int.random(in: 0...size, using: &draws)
        return start..<Int.random(in: start...size, using: &draws)
      }
      let x = counting(shape)
      let expected = tensor(shape: ranges.map(\.count)) { index in
        Float(position(of: zip(index, ranges).map { $0 + $1.lowerBound }, in: shape))
      }
      let part: Tensor =
        switch ranges.count {
        case 1: x[ranges[0]]
        case 2: x[ranges[0], ranges[1]]
        case 3: x[ranges[0], ranges[1], ranges[2]]
        case 4: x[ranges[0], ranges[1], ranges[2], ranges[3]]
        default: x[ranges[0], ranges[1], ranges[2], ranges[3], ranges[4]]
        }
      expectSame(part, expected, "\(ranges) of \(shape)")

      // Writing: what lies inside changes, what lies outside stays.
      var written = x
      let new = -part - 1
      switch ranges.count {
      case 1: written[ranges[0]] = new
      case 2: written[ranges[0], ranges[1]] = new
      case 3: written[ranges[0], ranges[1], ranges[2]] = new
      case 4: written[ranges[0], ranges[1], ranges[2], ranges[3]] = new
      default: written[ranges[0], ranges[1], ranges[2], ranges[3], ranges[4]] = new
      }
      let wanted = tensor(shape: shape) { index in
        let value = Float(position(of: index, in: shape))
        return zip(index, ranges).allSatisfy { $1.contains($0) } ? -value - 1 : value
      }
      expectSame(written, wanted, "\(ranges) written into \(shape)")
    }
  }

  @Test func slicesAreWritten() {
    var x = Tensor(zeros: [3, 4])
    x[1...1, 1..<3] = [[5, 6]]
    #expect(x == [[0, 0, 0, 0], [0, 5, 6, 0], [0, 0, 0, 0]])
    x[2...] = [[1, 2, 3, 4]]
    #expect(x[2...] == [[1, 2, 3, 4]])
    x[..<0] = Tensor(zeros: [0, 4])
    x[0...0] += 1
    #expect(x[..<1] == [[1, 1, 1, 1]])
    x[..<1] = x[2...]
    #expect(x[..<1] == x[2...])
    x[] = x * 2
    #expect(x == [[2, 4, 6, 8], [0, 10, 12, 0], [2, 4, 6, 8]])
  }

  /// As NumPy counts them: x[:-1], x[-2:], x[-3:-1].
  @Test func negativeBoundsCountFromTheEnd() {
    let x: Tensor = [[0, 1, 2, 3], [4, 5, 6, 7]]
    #expect(x[0..., ..<(-1)] == [[0, 1, 2], [4, 5, 6]])
    #expect(x[0..., ...(-1)] == x)
    #expect(x[0..., ...(-2)] == [[0, 1, 2], [4, 5, 6]])
    #expect(x[0..., (-2)...] == [[2, 3], [6, 7]])
    #expect(x[(-1)..., (-3)..<(-1)] == [[5, 6]])
    #expect(x[0..., (-3)...(-2)] == [[1, 2], [5, 6]])
    #expect(x[..<(-2)].shape == [0, 4])
    #expect(x[0...1, 4...].shape == [2, 0], "one past the end there is nothing")
    var written = x
    written[(-1)..., ..<(-3)] = [[9]]
    #expect(written == [[0, 1, 2, 3], [9, 5, 6, 7]])
  }

  @Test func aSliceAtOnePlaceLosesItsAxis() {
    let x = counting([2, 3, 4])
    for axis in 0..<3 {
      for place in 0..<x.shape[axis] {
        var rest = x.shape
        rest.remove(at: axis)
        let expected = tensor(shape: rest) { index in
          var full = index
          full.insert(place, at: axis)
          return Float(position(of: full, in: x.shape))
        }
        expectSame(x.slice(axis: axis, at: place), expected, "axis \(axis) at \(place)")
        expectSame(x.slice(axis: axis - 3, at: place), expected, "axis \(axis - 3) at \(place)")
      }
    }
    #expect(Tensor([4, 5, 6]).slice(axis: 0, at: 2) == Tensor(6))
  }

  // MARK: Rows

  @Test func rowsComeInTheOrderOfTheirIndices() {
    let x = counting([4, 2, 3])
    let picked = x.rows(at: [3, 0, 3])
    #expect(picked.shape == [3, 2, 3])
    #expect(picked.slice(axis: 0, at: 0) == x.slice(axis: 0, at: 3))
    #expect(picked.slice(axis: 0, at: 1) == x.slice(axis: 0, at: 0))
    #expect(picked.slice(axis: 0, at: 2) == x.slice(axis: 0, at: 3))
    #expect(x.rows(at: 1..<3) == x[1..<3])
    #expect(x.rows(at: [3, 2, 1, 0][1...2]) == x.rows(at: [2, 1]))
    #expect(x.rows(at: []).shape == [0, 2, 3])
    #expect(Tensor([5, 6, 7]).rows(at: [2, 2]) == [7, 7])
    #expect(Tensor(zeros: [3, 0]).rows(at: [1, 2]).shape == [2, 0])
  }

  @Test func rowsThatAreNamedTwiceAddUp() async {
    var sums = Tensor(ones: [4, 37])
    let rows = counting([3, 37])
    sums.add(rows: rows, at: [2, 0, 2])
    #expect(sums[0..<1] == rows[1..<2] + 1)
    #expect(sums[1..<2] == Tensor(ones: [1, 37]))
    #expect(sums[2..<3] == rows[0..<1] + rows[2..<3] + 1)
    let wrong = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var sums = Tensor(zeros: [2, 3])
      sums.add(rows: Tensor(zeros: [1, 3]), at: [2])
    }
    expectWords(of: wrong, "Tensor.add(rows:at:): expected indices in 0..<2, got 2")
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var sums = Tensor(zeros: [2, 3])
      sums.add(rows: Tensor(zeros: [1, 3]), at: [0, 1])
    }
    expectWords(of: shape, "Tensor.add(rows:at:)", "2 indices and rows [1, 3]")
  }
}
