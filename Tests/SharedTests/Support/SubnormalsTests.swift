import CourseTestSupport
import Shared
import Testing

// The end of a vanishing gradient: 1e-40 is subnormal, 1e-30 · 1e-10 becomes it.
@Suite(.watched) struct SubnormalsTests {
  /// The product on each of many indices, whichever thread they run on.
  private func products() -> [Float] {
    let count = 4096
    var results = Tensor(ones: [count])
    let (small, smaller) = (Tensor(1e-30), Tensor(1e-10))
    results.write { results in
      nonisolated(unsafe) let results = results
      parallelFor(count) { results[$0] = (small * smaller).scalars[0] }
    }
    return results.scalars
  }

  @Test func theyAreZerosInsideAndNumbersOutside() {
    #expect(products().allSatisfy { $0.isSubnormal })
    let inside = Tensor.withoutSubnormals { products() }
    #expect(inside.allSatisfy { $0 == 0 })
    #expect(products().allSatisfy { $0.isSubnormal })
  }

  @Test func subnormalOperandsAreZerosToo() {
    let tiny = Tensor(repeating: .leastNormalMagnitude / 128, shape: [3])
    #expect((tiny * 1e10).scalars.allSatisfy { $0 > 0 })
    #expect(Tensor.withoutSubnormals { tiny * 1e10 } == Tensor(zeros: [3]))
  }

  @Test func theOldModeComesBackAfterAnError() {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try Tensor.withoutSubnormals {
        try Tensor.withoutSubnormals { throw Failure() }
      }
    }
    #expect(products().allSatisfy { $0.isSubnormal })
  }

  // The weight's gradient is input · output gradient = 1e-30 · -1e-10, of which the learning rate makes 0.01.
  @Test func aTrainingStepDoesWithoutThem() throws {
    let data = try Dataset(
      name: "tiny", features: Tensor(repeating: 1e-30, shape: [1, 1]),
      targets: .values(Tensor(repeating: 1e-10, shape: [1, 1])))
    func weight(_ network: NeuralNetwork) -> Float {
      var copy = network
      var values: [Float] = []
      copy.forEachParameter { values.append($1.value.scalars[0]) }
      return values[0]
    }
    var network = NeuralNetwork(
      inputShape: [1], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 1e38), seed: 1)
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    var byHand = network
    let before = weight(network)

    try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 1))
    #expect(weight(network) == before)

    let output = byHand.forward(data.features, mode: .training)
    byHand.backward(output - Tensor(repeating: 1e-10, shape: [1, 1]))
    byHand.applyGradients()
    #expect(abs(weight(byHand) - before - 0.01) < 1e-4, "outside, a subnormal gradient counts")
  }
}
