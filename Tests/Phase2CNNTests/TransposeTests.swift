import CourseTestSupport
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct TransposeTests {
  @Test func exchangesTheAxes() throws {
    var layer = Transpose()
    let (y, dX) = try trainingPass(
      &layer, input: [[[1, 2, 3], [4, 5, 6]]], outputGradient: [[[1, 2], [3, 4], [5, 6]]])
    #expect(y == [[[1, 4], [2, 5], [3, 6]]])
    #expect(dX == [[[1, 3, 5], [2, 4, 6]]])
    try expectGradients(of: layer, inputShape: [2, 3, 4])
  }

  @Test func shapes() throws {
    #expect(try Transpose().outputShape(for: [7, 2]) == [2, 7])
    for shape in [[3], [1, 2, 3]] {
      expectCourseError(.shapeMismatch, "Transpose", "two axes", "\(shape)") {
        try Transpose().outputShape(for: shape)
      }
    }
  }
}
