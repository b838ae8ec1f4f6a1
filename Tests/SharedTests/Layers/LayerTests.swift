import CourseTestSupport
import Shared
import Testing

/// The example of `Layer`'s documentation.
private struct Doubling: ParameterFreeLayer {
  static let typeName = "Doubling"
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 }
  mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
}

@Suite(.watched) struct LayerTests {
  @Test func aLayerWithoutParametersIsTwoMethods() throws {
    var layer = Doubling(configuration: NoConfiguration())
    #expect(layer.configuration == NoConfiguration())
    #expect(layer.forward([1, 2], mode: .training) == [2, 4])
    #expect(layer.backward([1, 1]) == [2, 2])
    layer.backwardWithoutInputGradient([1, 1])
    var visits = 0
    layer.forEachParameter { _, _ in visits += 1 }
    layer.forEachState { _, _ in visits += 1 }
    #expect(visits == 0)
    var network = NeuralNetwork(inputShape: [2])
    try network.append(layer)
    #expect(network.outputShape == [2])
  }

  @Test func backwardWithoutInputGradientStillAccumulates() {
    var (layer, other) = (
      TinyDense(inputSize: 3, outputSize: 2), TinyDense(inputSize: 3, outputSize: 2)
    )
    let x = Tensor(uniform: [4, 3], key: RandomKey(seed: 111))
    let dY = Tensor(uniform: [4, 2], key: RandomKey(seed: 112))
    _ = layer.forward(x, mode: .training)
    _ = other.forward(x, mode: .training)
    layer.backwardWithoutInputGradient(dY)
    _ = other.backward(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(layer.bias.gradient == dY.sum(axis: 0))
  }

  @Test func copiesOfALayerAreIndependent() {
    var layer = TinyDense(inputSize: 2, outputSize: 2)
    let before = layer.weights.value
    var copy = layer
    copy.weights.value *= 0
    _ = copy.forward([[1, 1]], mode: .training)
    _ = layer.forward([[1, 2]], mode: .training)
    _ = layer.backward([[1, 1]])
    #expect(layer.weights.value == before)
    #expect(layer.weights.gradient == [[1, 1], [2, 2]])
    #expect(copy.weights.gradient == nil)
  }

  @Test func visitorsPassErrorsOn() {
    var layer = TinyDense(inputSize: 2, outputSize: 2)
    expectCourseError(.file, "disk full") {
      try layer.forEachParameter { _, _ in throw CourseError(.file, "disk full") }
    }
  }

  @Test func aTrainingPassKeepsItsValuesForOneBackwardPass() async {
    var kept = Kept<Tensor>()
    kept.set([1, 2], in: .training)
    #expect(kept.take(for: "ReLU") == [1, 2])
    let twice = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var kept = Kept<Tensor>()
      kept.set([1, 2], in: .training)
      _ = kept.take(for: "ReLU")
      _ = kept.take(for: "ReLU")
    }
    let inference = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var kept = Kept<Tensor>()
      kept.set([1, 2], in: .training)
      kept.set([3, 4], in: .inference)
      _ = kept.take(for: "ReLU")
    }
    for result in [twice, inference] {
      expectWords(
        of: result, "ReLU.backward", "no forward pass to go back through", "once for each")
    }
  }

  @Test func sizesFromFilesAreChecked() throws {
    try checkSizes([1], of: "Dense")
    try checkSizes([1 << 16, 1 << 15], of: "Dense")
    for sizes in [[0, 3], [3, -1], [-2, -2], [1 << 16, 1 << 16], [.max, .max]] {
      expectCourseError(.invalidArgument, "Dense", "size out of range", "got \(sizes)") {
        try checkSizes(sizes, of: "Dense")
      }
    }
  }

  @Test func backwardAfterAnInferencePassStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = TinyDense(inputSize: 2, outputSize: 2)
      _ = layer.forward([[1, 1]], mode: .training)
      _ = layer.forward([[1, 1]], mode: .inference)
      _ = layer.backward([[1, 1]])
    }
    expectWords(
      of: result, "TinyDense.backward", "no forward pass to go back through", "in training mode")
  }

  @Test func aGradientOfAnotherShapeStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      requireGradient(Tensor(zeros: [2, 3]), shape: [2, 4], of: "ReLU")
    }
    expectWords(of: result, "ReLU.backward", "shape [2, 4], as the output has", "got [2, 3]")
  }

  // MARK: Schedules and optimizers

  @Test func schedulesAreFunctionsOfStepAndEpoch() {
    #expect(ConstantSchedule().learningRate(step: 1000, epoch: 7, base: 0.5) == 0.5)
    let schedule = TinyReciprocal(offset: 1, perStep: 2, perEpoch: 1)
    #expect(schedule.learningRate(step: 3, epoch: 1, base: 4) == 0.5)
    #expect(schedule.learningRate(step: 0, epoch: 0, base: 4) == 4)
  }

  @Test func optimizersWithoutMemoryNeedOnlyAnUpdate() {
    let optimizer = TinySGD(learningRate: 0.5)
    var value: Tensor = [1, 2]
    var state = NoState(for: value)
    var visits = 0
    state.forEach { _, _ in visits += 1 }
    #expect(visits == 0)
    optimizer.update(&value, gradient: [2, -2], state: &state, step: 1)
    #expect(value == [0, 3])
  }
}
