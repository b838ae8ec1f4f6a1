import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorEqualityTests {
  @Test func equalMeansEqualShapesAndEqualElements() {
    let x: Tensor = [[1, 2], [3, 4]]
    #expect(x == [[1, 2], [3, 4]])
    #expect(x != [[1, 2], [3, 5]])
    #expect(x != [1, 2, 3, 4])
    #expect(x != x.reshaped(to: [1, 2, 2]))
    #expect(Tensor(1) != [1])
  }

  @Test func emptyTensorsAreEqualWhenTheirShapesAre() {
    #expect(Tensor(zeros: [0, 3]) == Tensor(ones: [0, 3]))
    #expect(Tensor(zeros: [0, 3]) != Tensor(zeros: [3, 0]))
  }

  @Test func zerosOfBothSignsAreEqual() {
    #expect(Tensor([0, -0.0]) == Tensor([-0.0, 0]))
  }

  @Test func nothingEqualsNaNNotEvenItself() {
    let x = Tensor([1, .nan])
    #expect(!(x == x))
    #expect(x != x)
  }

  @Test func aDifferenceAnywhereInALargeTensorIsFound() {
    let x = Tensor(uniform: [70_000], key: RandomKey(seed: 35))
    for place in [0, 1, 32_767, 32_768, 69_999] {
      var y = x
      y[place] = y[place].nextUp
      #expect(x != y, "a difference at \(place) was missed")
    }
    #expect(x == x + 0)
  }
}
