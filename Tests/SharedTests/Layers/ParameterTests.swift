import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct ParameterTests {
  private func drawn() -> Parameter {
    Parameter(
      shape: [3, 4], initializer: StandardInitializer.heNormal,
      fans: .dense(inputs: 3, outputs: 4))
  }

  // MARK: Gradients

  @Test func gradientsAddUp() {
    var parameter = Parameter([[1, 2]])
    #expect(parameter.gradient == nil)
    parameter.accumulate([[1, 1]])
    #expect(parameter.gradient == [[1, 1]])
    parameter.accumulate([[2, 3]])
    #expect(parameter.gradient == [[3, 4]])
    #expect(parameter.value == [[1, 2]], "accumulating must not touch the value")
  }

  @Test func aClearedGradientIsGone() {
    var parameter = Parameter([1, 2])
    parameter.accumulate([1, 1])
    parameter.clearGradient()
    #expect(parameter.gradient == nil)
    parameter.accumulate([5, 6])
    #expect(parameter.gradient == [5, 6], "nothing of the old gradient may be left")
  }

  @Test func accumulatingLeavesTheContributionAlone() {
    var parameter = Parameter([1, 2])
    let contribution: Tensor = [1, 1]
    parameter.accumulate(contribution)
    parameter.accumulate(contribution)
    #expect(contribution == [1, 1])
    #expect(parameter.gradient == [2, 2])
  }

  @Test func gradientsAreScaled() {
    var parameter = Parameter([1, 2])
    parameter.scaleGradient(by: 2)
    #expect(parameter.gradient == nil, "there is nothing to scale yet")
    parameter.accumulate([1, -4])
    parameter.scaleGradient(by: 0.5)
    #expect(parameter.gradient == [0.5, -2])
  }

  @Test func copiesAreIndependent() {
    var original = Parameter([1, 2])
    original.accumulate([1, 1])
    var copy = original
    copy.value += 1
    copy.accumulate([1, 1])
    #expect(original.value == [1, 2])
    #expect(original.gradient == [1, 1])
    #expect(copy.value == [2, 3])
    #expect(copy.gradient == [2, 2])
  }

  @Test func stepsAreTakenInPlace() {
    var parameters = [Parameter(Tensor(ones: [3, 4])), drawn()]
    parameters[1].drawValue(key: RandomKey(seed: 106))
    for i in parameters.indices {
      parameters[i].accumulate(Tensor(ones: [3, 4]))
      let (value, gradient) = (
        address(parameters[i].value), parameters[i].gradient.map(address)
      )
      parameters[i].accumulate(Tensor(ones: [3, 4]))
      parameters[i].value.add(Tensor(ones: [3, 4]), scaledBy: -0.5)
      parameters[i].value *= 2
      parameters[i].scaleGradient(by: 3)
      #expect(address(parameters[i].value) == value, "the value was copied")
      #expect(parameters[i].gradient.map(address) == gradient, "the gradient was copied")
    }
  }

  @Test func biasesStartAtZero() {
    let fans = Fans.dense(inputs: 3, outputs: 2)
    #expect(Parameter(shape: [2], initializer: .zeros, fans: fans).value == [0, 0])
  }

  @Test func penaltiesApplyUnlessSaidOtherwise() {
    #expect(Parameter([1]).isRegularized)
    #expect(drawn().isRegularized)
    #expect(!Parameter([1], isRegularized: false).isRegularized)
  }

  // MARK: Drawing

  @Test func theValueIsDrawnAtOnceAndAgainFromTheNetworksKey() {
    var parameter = drawn()
    #expect(parameter.value.shape == [3, 4])
    #expect(parameter.value.variance() > 0)
    let first = parameter.value
    parameter.drawValue(key: RandomKey(seed: 101))
    let second = parameter.value
    #expect(second != first)
    #expect(
      second
        == StandardInitializer.heNormal.tensor(
          shape: [3, 4], fans: .dense(inputs: 3, outputs: 4), key: RandomKey(seed: 101)))
    parameter.drawValue(key: RandomKey(seed: 102))
    #expect(parameter.value == second, "a value is drawn for good only once")
  }

  @Test func aValueSetByHandStays() {
    var (assigned, changed, given) = (drawn(), drawn(), Parameter(Tensor(ones: [2])))
    assigned.value = Tensor(ones: [3, 4])
    changed.value[1, 2] = 9
    let kept = changed.value
    for key in [RandomKey(seed: 103), RandomKey(seed: 104)] {
      assigned.drawValue(key: key)
      changed.drawValue(key: key)
      given.drawValue(key: key)
    }
    #expect(assigned.value == Tensor(ones: [3, 4]))
    #expect(changed.value == kept)
    #expect(given.value == Tensor(ones: [2]))
  }

  @Test func accumulatingDoesNotCountAsSettingTheValue() {
    var parameter = drawn()
    let first = parameter.value
    parameter.accumulate(Tensor(ones: [3, 4]))
    parameter.drawValue(key: RandomKey(seed: 105))
    #expect(parameter.value != first)
  }

  @Test func equalLayersOfANetworkDiffer() throws {
    var network = NeuralNetwork(inputShape: [4], seed: 7)
    try network.append(TinyDense(inputSize: 4, outputSize: 4))
    try network.append(TinyDense(inputSize: 4, outputSize: 4))
    var weights: [Tensor] = []
    network.forEachParameter { name, parameter in
      if name.hasSuffix("weights") { weights.append(parameter.value) }
    }
    #expect(weights.count == 2)
    #expect(weights.first != weights.last)
  }

  @Test(
    arguments: [
      ([2], "got [2]"), ([1, 3, 4], "keepDims"), ([8, 3, 4], "not summed over the batch"),
      ([4, 3], "transposed"),
    ])
  func aGradientOfAnotherShapeStopsTheProgram(shape: [Int], word: String) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [shape] in
      var parameter = Parameter(Tensor(zeros: [3, 4]))
      parameter.accumulate(Tensor(zeros: shape))
    }
    expectWords(of: result, "Parameter.accumulate", "shape [3, 4], as the value has", word)
  }
}
