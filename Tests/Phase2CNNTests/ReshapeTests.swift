import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct ReshapeTests {
  @Test func keepsTheOrderOfTheElements() throws {
    var reshape = Reshape([1, 2, 3])
    let x = Tensor(arange: 0, to: 12).reshaped(to: [2, 6])
    let (y, dX) = try trainingPass(
      &reshape, input: x, outputGradient: x.reshaped(to: [2, 1, 2, 3]))
    #expect(y == Tensor(arange: 0, to: 12).reshaped(to: [2, 1, 2, 3]))
    #expect(dX == x)
    try expectGradients(of: reshape, inputShape: [2, 3, 2])
    expectInferenceKeepsNothing(Reshape([1, 2, 3]), input: x)
  }

  @Test func configurationAndShapes() throws {
    let reshape = Reshape([1, 8, 8])
    #expect(try Reshape(configuration: reshape.configuration).configuration.shape == [1, 8, 8])
    #expect(try reshape.outputShape(for: [64]) == [1, 8, 8])
    #expect(try reshape.outputShape(for: [4, 16]) == [1, 8, 8])
    expectCourseError(.shapeMismatch, "Reshape", "64 elements", "[1, 8, 8]", "[65], which has 65") {
      try reshape.outputShape(for: [65])
    }
    expectCourseError(.invalidArgument, "Reshape", "at least 1", "[8, 0]") {
      try Reshape(configuration: Reshape.Configuration(json: #"{"shape": [8, 0]}"#))
    }
  }

  @Test func wrongUseStops() async {
    let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reshape([-1, 8])
    }
    expectWords(of: negative, "Reshape: size out of range", "at least 1", "[-1, 8]")
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var reshape = Reshape([2, 2])
      _ = reshape.forward([[1, 2, 3]], mode: .inference)
    }
    expectWords(of: count, "Reshape.forward", "4 elements an example", "got [1, 3]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var reshape = Reshape([1, 2])
      _ = reshape.forward([[1, 2]], mode: .inference)
      _ = reshape.backward([[[1, 2]]])
    }
    expectWords(of: inference, "Reshape.backward", "no forward pass to go back through")
  }
}

extension Reshape.Configuration {
  init(json: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
  }
}
