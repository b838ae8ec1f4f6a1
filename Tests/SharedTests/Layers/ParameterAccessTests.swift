import CourseTestSupport
import Shared
import Testing

/// Parameters by name, and elements without a copy: what a bridge to another library needs.
@Suite(.watched) struct ParameterAccessTests {
  @Test func parametersAreReadByName() throws {
    let layer = TinyDense(inputSize: 2, outputSize: 3)
    #expect(Set(layer.parameters.keys) == ["weights", "bias"])
    #expect(layer.parameters["weights"]?.value == layer.weights.value)
    #expect(layer.parameters["wieghts"] == nil)
    let network = try tinyNetwork()
    #expect(network.parameters.count == 4)
    #expect(network.parameters["layers.0.bias"]?.value.shape == [4])
  }

  @Test func aParameterIsSetByName() throws {
    var layer = TinyDense(inputSize: 2, outputSize: 3)
    layer.weights.accumulate(Tensor(ones: [2, 3]))
    let value: Tensor = [[1, 2, 3], [4, 5, 6]]
    try layer.setParameter("weights", to: value)
    #expect(layer.weights.value == value)
    #expect(layer.weights.gradient == Tensor(ones: [2, 3]))

    // What was set by hand stays when the layer becomes part of a network.
    var network = NeuralNetwork(inputShape: [2], seed: 5)
    try network.append(layer)
    #expect(network.parameters["layers.0.weights"]?.value == value)
    try network.setParameter("layers.0.weights", to: -value)
    #expect(network.parameters["layers.0.weights"]?.value == -value)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    var layer = TinyDense(inputSize: 2, outputSize: 3)
    let before = layer.weights.value
    expectCourseError(.shapeMismatch, "weights", "shape [2, 3]", "[3, 2]") {
      try layer.setParameter("weights", to: Tensor(zeros: [3, 2]))
    }
    expectCourseError(.invalidArgument, "TinyDense", "one of weights, bias", "\"W\"") {
      try layer.setParameter("W", to: Tensor(zeros: [2, 3]))
    }
    #expect(layer.weights.value == before)
  }

  @Test func elementsAreReadWithoutACopy() {
    let x: Tensor = [[1, 2], [3, 4]]
    let (sum, count) = x.withUnsafeScalars { ($0.reduce(0, +), $0.count) }
    #expect(sum == 10 && count == 4)
    let same = x.withUnsafeScalars { first in
      x.withUnsafeScalars { first.baseAddress == $0.baseAddress }
    }
    #expect(same, "both must see the same memory")
    #expect(Tensor(zeros: [0]).withUnsafeScalars { $0.isEmpty })
  }
}
