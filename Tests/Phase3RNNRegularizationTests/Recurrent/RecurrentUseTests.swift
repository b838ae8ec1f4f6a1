import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Arguments and inputs that do not fit, first weights, configurations, stacking: the same for ElmanRNN, LSTM
/// and GRU.
@Suite(.waits(whileAnyTraps: RecurrentTask.all), .watched)
struct RecurrentUseTests {
  // MARK: Shapes

  @Test(arguments: RecurrentCell.allCases)
  func shapeInferenceSaysWhatDoesNotFit(cell: RecurrentCell) throws {
    let layer = try recurrentLayer(cell, .fast)
    let name = type(of: layer).typeName
    #expect(try layer.outputShape(for: [5, 2]) == [5, 3])
    #expect(
      try recurrentLayer(cell, returnsSequence: false, .fast).outputShape(for: [5, 2]) == [3])
    expectCourseError(.shapeMismatch, name, "[T, 2]", "got [5, 3]", "inputSize") {
      try layer.outputShape(for: [5, 3])
    }
    expectCourseError(.shapeMismatch, name, "[T, 2]", "got [64]", "Reshape", "Embedding") {
      try layer.outputShape(for: [64])
    }
    expectCourseError(
      .shapeMismatch, "\(name): sequences of length 0", "at least one step", "got [0, 2]"
    ) { try layer.outputShape(for: [0, 2]) }
    expectCourseError(.shapeMismatch, "sequences of length 0") {
      try layer.check(batchShape: [4, 0, 2], mode: .training)
    }
    try layer.check(batchShape: [4, 5, 2], mode: .training)
  }

  @Test(arguments: RecurrentCell.allCases)
  func aCarriedStateOfAnotherBatchSizeIsRefused(cell: RecurrentCell) throws {
    var layer = try recurrentLayer(cell, stateful: true, .fast)
    _ = layer.forward(Tensor(ones: [4, 5, 2]), mode: .training)
    try layer.check(batchShape: [4, 7, 2], mode: .training)
    expectCourseError(
      .shapeMismatch, "carried state", "a hidden state [3, 3]", "got a hidden state [4, 3]",
      "resetState()"
    ) { try layer.check(batchShape: [3, 5, 2], mode: .training) }
    // As a damaged checkpoint might do.
    layer.forEachState { $1 = Tensor(zeros: [4, 9]) }
    expectCourseError(.shapeMismatch, "a hidden state [4, 3]", "got a hidden state [4, 9]") {
      try layer.check(batchShape: [4, 5, 2], mode: .training)
    }
    layer.resetState()
    try layer.check(batchShape: [3, 5, 2], mode: .training)
  }

  @Test func inputsThatDoNotFitStop() async {
    let input = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LSTM(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(Tensor(ones: [4, 2]), mode: .training)
    }
    expectWords(
      of: input, "LSTM.forward: expected input [N, T, 2] of at least one step, got [4, 2]")
    let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = GRU(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [4, 0, 2]), mode: .training)
    }
    expectWords(of: empty, "GRU.forward", "of at least one step, got [4, 0, 2]")
    let state = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LSTM(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(
        Tensor(ones: [4, 5, 2]), initialState: RecurrentState(hidden: Tensor(zeros: [4, 3])),
        mode: .training)
    }
    expectWords(
      of: state, "LSTM.forward", "a hidden state [4, 3] and a cell state [4, 3]",
      "got a hidden state [4, 3] and no cell state")
    let cell = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ElmanRNN(inputSize: 2, hiddenSize: 3, seed: 1)
      let zeros = Tensor(zeros: [4, 3])
      _ = layer.forward(
        Tensor(ones: [4, 5, 2]), initialState: RecurrentState(hidden: zeros, cell: zeros),
        mode: .training)
    }
    expectWords(of: cell, "ElmanRNN.forward", "and no cell state", "and a cell state [4, 3]")
  }

  @Test func masksThatDoNotFitStop() async {
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LSTM(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(Tensor(ones: [4, 5, 2]), mask: Tensor(ones: [5, 4]), mode: .training)
    }
    expectWords(of: shape, "LSTM.forward: expected a mask [4, 5], got [5, 4]")
    let values = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = ElmanRNN(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 2, 2]), mask: [[1, 0.5]], mode: .training)
    }
    expectWords(of: values, "ElmanRNN.forward: expected a mask of 0 and 1, got 0.5")
  }

  @Test func backwardWithoutATrainingPassStops() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = LSTM(inputSize: 2, hiddenSize: 3, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 2, 2]), mode: .training)
      _ = layer.forward(Tensor(ones: [1, 2, 2]), mode: .inference)
      _ = layer.backward(Tensor(ones: [1, 2, 3]))
    }
    expectWords(of: inference, "LSTM.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = GRU(inputSize: 2, hiddenSize: 3, returnsSequence: false, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 2, 2]), mode: .training)
      _ = layer.backward(Tensor(ones: [1, 2, 3]))
    }
    expectWords(of: gradient, "GRU.backward", "shape [1, 3]", "got [1, 2, 3]")
  }

  // MARK: Arguments

  @Test(arguments: RecurrentCell.allCases)
  func aFileWithWrongArgumentsIsRefused(cell: RecurrentCell) throws {
    func make(_ configuration: RecurrentConfiguration) throws -> any RecurrentLayer {
      switch cell {
      case .elman: try ElmanRNN(configuration: configuration)
      case .lstm: try LSTM(configuration: configuration)
      case .gru: try GRU(configuration: configuration)
      }
    }
    for (inputs, hidden) in [(0, 3), (2, 0), (-1, 3), (2, 1 << 20), (1 << 40, 1 << 40)] {
      expectCourseError(.invalidArgument, "size out of range", "at least 1") {
        try make(RecurrentConfiguration(inputSize: inputs, hiddenSize: hidden))
      }
    }
    expectCourseError(.invalidArgument, "a finite padding value", "nan") {
      try make(RecurrentConfiguration(inputSize: 2, hiddenSize: 3, paddingValue: .nan))
    }
    expectCourseError(.invalidArgument, "a finite forget bias", "inf") {
      try make(RecurrentConfiguration(inputSize: 2, hiddenSize: 3, forgetBias: .infinity))
    }
    expectCourseError(.invalidArgument, "stateful and reversed", "one of the two") {
      try make(
        RecurrentConfiguration(inputSize: 2, hiddenSize: 3, isStateful: true, isReversed: true))
    }
  }

  @Test func wrongArgumentsStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LSTM(inputSize: 2, hiddenSize: 0, seed: 1)
    }
    expectWords(of: result, "LSTM: size out of range", "at least 1", "got [2, 0, 4]")
  }

  @Test(arguments: RecurrentCell.allCases)
  func aConfigurationMakesAnEqualLayer(cell: RecurrentCell) throws {
    let layer = try recurrentLayer(
      cell, returnsSequence: false, reversed: true, paddingValue: -1, .reference)
    let copy = try type(of: layer).init(configuration: layer.configuration)
    #expect(copy.configuration == layer.configuration)
    #expect(copy.implementation == .fast, "the implementation is not part of the configuration")
  }

  /// As `predict` on no examples does.
  @Test(arguments: RecurrentCell.allCases, [Implementation.reference, .fast])
  func aBatchWithoutSequencesIsFine(cell: RecurrentCell, implementation: Implementation) throws {
    var layer = try recurrentLayer(cell, implementation)
    _ = try recurrentPass(&layer, Tensor(ones: [1, 4, 2]))
    #expect(layer.forward(Tensor(zeros: [0, 4, 2]), mode: .inference).shape == [0, 4, 3])
    #expect(layer.finalState?.hidden.shape == [0, 3])
  }

  // MARK: First weights

  @Test(arguments: RecurrentCell.allCases)
  func eachGatesRecurrentBlockIsOrthogonal(cell: RecurrentCell) throws {
    let layer = try recurrentLayer(cell, hiddenSize: 9, .fast)
    let blocks = (0..<cell.gateCount).map { gate in
      layer.recurrentWeights.value[0..., (gate * 9)..<((gate + 1) * 9)]
    }
    for (gate, block) in blocks.enumerated() {
      expectClose(
        block.matmul(block, transposingOther: true), Tensor(eye: 9),
        "\(cell), recurrent block \(gate) times its transpose",
        mistakes: [
          "the blocks of all gates are orthogonal together, not each by itself":
            Tensor(eye: 9) / Float(cell.gateCount)
        ])
      for other in blocks[..<gate] { #expect(block != other, "two gates with equal weights") }
    }
  }

  @Test(arguments: RecurrentCell.allCases)
  func theVisitorShowsAllParameters(cell: RecurrentCell) throws {
    var layer = try recurrentLayer(cell, .fast)
    var names: [String] = []
    layer.forEachParameter { names.append("\($0) \($1.value.shape) \($1.isRegularized)") }
    let columns = 3 * cell.gateCount
    #expect(
      names == [
        "inputWeights [2, \(columns)] true", "recurrentWeights [3, \(columns)] true",
        "bias [\(columns)] false",
      ] + (cell == .gru ? ["candidateRecurrentBias [3] false"] : []),
      "a penalty on a bias would be on the wrong tensors")
    layer.forEachParameter { $1.value = Tensor(ones: $1.value.shape) }
    #expect(layer.bias.value == Tensor(ones: [columns]), "the visitor may change parameters")
  }

  // MARK: In a network

  /// Two stacked layers and a dense layer after them: everything is trained by one step.
  @Test(arguments: RecurrentCell.allCases, [Implementation.reference, .fast])
  func everyWeightOfAStackIsTrained(cell: RecurrentCell, implementation: Implementation) throws {
    func append(_ layer: some RecurrentLayer, to network: inout NeuralNetwork) throws {
      try network.append(layer)
    }
    // An unfinished layer must not reach the network: the next layer would stop the program.
    var trial = try recurrentLayer(cell, implementation)
    let y = try recurrentPass(&trial, Tensor(ones: [1, 4, 2]))
    _ = try recurrentBackward(&trial, y, inputShape: [1, 4, 2])
    var network = NeuralNetwork(
      inputShape: [4, 2], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1),
      seed: varied(3))
    try append(recurrentLayer(cell, implementation), to: &network)
    try append(
      recurrentLayer(cell, inputSize: 3, hiddenSize: 5, returnsSequence: false, implementation),
      to: &network)
    try network.append(TinyDense(inputSize: 5, outputSize: 2))
    var before: [String: Tensor] = [:]
    network.forEachParameter { before[$0] = $1.value }
    let x = Tensor(normal: [6, 4, 2], key: RandomKey(seed: varied(1)))
    let data = try Dataset(features: x, targets: .classes([0, 1, 1, 0, 1, 0]))
    try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 6))
    let hint = "the output weights after a recurrent layer are parameters like others"
    network.forEachParameter { name, parameter in
      #expect(parameter.value != before[name], "\(name) was not trained; \(hint)")
    }
  }
}
