import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// The readable steps against the kernels, over many random configurations.
@Suite(.waits(whileAnyTraps: RecurrentTask.all), .watched)
struct RecurrentAgreementTests {
  private struct Case {
    let cell: RecurrentCell
    let batch, steps, inputSize, hiddenSize: Int
    let returnsSequence, isReversed, hasState, hasFinalGradient: Bool
    let mask: Tensor?

    init(number: Int) {
      var draws = RandomKey(seed: varied(31)).folded(number).generator
      cell = RecurrentCell.allCases[number % 3]
      batch = .random(in: 1...7, using: &draws)
      steps = .random(in: 1...9, using: &draws)
      inputSize = .random(in: 1...11, using: &draws)
      // Around the widths of the kernels, 4, 8 and 16, and now and then above 32.
      hiddenSize =
        .random(in: 1...5, using: &draws) == 1
        ? .random(in: 30...37, using: &draws) : .random(in: 1...19, using: &draws)
      returnsSequence = .random(using: &draws)
      isReversed = .random(using: &draws)
      hasState = .random(using: &draws)
      hasFinalGradient = .random(using: &draws)
      let bits = (0..<(batch * steps)).map { _ -> Float in
        .random(in: 0..<4, using: &draws) == 0 ? 0 : 1
      }
      mask = Bool.random(using: &draws) ? Tensor(shape: [batch, steps], scalars: bits) : nil
    }

    var words: String {
      """
      \(cell) N \(batch) T \(steps) F \(inputSize) H \(hiddenSize) sequence \(returnsSequence) \
      reversed \(isReversed) state \(hasState) final gradient \(hasFinalGradient) \
      mask \(mask.map(\.description) ?? "none")
      """
    }
  }

  @Test(arguments: 0..<6) func theKernelsComputeWhatTheStepsCompute(part: Int) throws {
    for number in (part * 45)..<((part + 1) * 45) {
      let example = Case(number: number)
      let key = RandomKey(seed: varied(32)).folded(number)
      var fast = try recurrentLayer(
        example.cell, inputSize: example.inputSize, hiddenSize: example.hiddenSize,
        returnsSequence: example.returnsSequence, reversed: example.isReversed, .fast)
      // Larger weights would make gradients grow from step to step, and rounding errors with them.
      let deviation = 1 / Float(example.hiddenSize).squareRoot()
      fast.forEachParameter {
        $1.value = Tensor(normal: $1.value.shape, standardDeviation: deviation, key: key.folded($0))
      }
      var steps = fast
      steps.implementation = .reference
      func state(_ name: String) -> RecurrentState {
        let shape = [example.batch, example.hiddenSize]
        return RecurrentState(
          hidden: Tensor(normal: shape, key: key.folded(name)),
          cell: example.cell == .lstm ? Tensor(normal: shape, key: key.folded(name + "c")) : nil)
      }
      let x = Tensor(
        normal: [example.batch, example.steps, example.inputSize], key: key.folded("x"))
      let start = example.hasState ? state("start") : nil
      let expected = try recurrentPass(&steps, x, from: start, mask: example.mask)
      let got = try recurrentPass(&fast, x, from: start, mask: example.mask)
      try requireClose(got, expected, "output: \(example.words)")
      try requireClose(
        try #require(fast.finalState?.hidden), try #require(steps.finalState?.hidden),
        "final state: \(example.words)")

      let dY = Tensor(normal: got.shape, key: key.folded("dY"))
      let final = example.hasFinalGradient ? state("end") : nil
      try requireClose(
        recurrentBackward(&fast, dY, final: final, inputShape: x.shape),
        recurrentBackward(&steps, dY, final: final, inputShape: x.shape), "dX: \(example.words)")
      let (a, b) = (gradients(of: fast), gradients(of: steps))
      for name in b.keys.sorted() {
        try requireClose(try #require(a[name]), try #require(b[name]), "\(name): \(example.words)")
      }
      let (first, second) = (
        try #require(fast.initialStateGradient), try #require(steps.initialStateGradient)
      )
      try requireClose(first.hidden, second.hidden, "dh0: \(example.words)")
      if let cell = second.cell {
        try requireClose(try #require(first.cell), cell, "dc0: \(example.words)")
      }
    }
  }

  /// Otherwise training would run the readable steps.
  @Test func theKernelStandsInForAFormulaThatIsRight() {
    for (name, agree) in [
      ("ElmanRNN", ElmanRNN.bodiesAgree), ("LSTM", LSTM.bodiesAgree), ("GRU", GRU.bodiesAgree),
    ] {
      #expect(agree, "\(name): the readable body and the kernel disagree")
    }
  }

  /// A wrong formula must train wrongly, so it is found out.
  @Test func aWrongFormulaTrainsInPlaceOfTheKernel() throws {
    func trained(_ layer: some RecurrentLayer, _ implementation: Implementation) throws -> [Tensor]
    {
      var layer = layer
      layer.implementation = implementation
      var network = NeuralNetwork(
        inputShape: [4, 2], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1),
        seed: 3)
      try network.append(layer)
      let data = try Dataset(
        features: Tensor(normal: [6, 4, 2], key: RandomKey(seed: varied(1))),
        targets: .values(Tensor(normal: [6, 4, 3], key: RandomKey(seed: varied(2)))))
      try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 3))
      var weights: [Tensor] = []
      network.forEachParameter { weights.append($1.value) }
      return weights
    }
    #expect(!WrongRNN.bodiesAgree)
    let wrong = try trained(WrongRNN(), .fast)
    #expect(try wrong == trained(WrongRNN(), .reference))
    #expect(try wrong != trained(ElmanRNN(inputSize: 2, hiddenSize: 3), .fast))
    #expect(try wrong != trained(WrongRNN(), .kernel))
  }
}

/// An Elman network whose body forgets the hidden state.
private struct WrongRNN: RecurrentBodies {
  static let cell = RecurrentCell.elman
  static let agreement = agree(on: trials, running: tryBody)

  private var right: ElmanRNN
  var configuration: RecurrentConfiguration {
    get { right.configuration }
    set { right.configuration = newValue }
  }
  var inputWeights: Parameter {
    get { right.inputWeights }
    set { right.inputWeights = newValue }
  }
  var recurrentWeights: Parameter {
    get { right.recurrentWeights }
    set { right.recurrentWeights = newValue }
  }
  var bias: Parameter {
    get { right.bias }
    set { right.bias = newValue }
  }
  var implementation = Implementation.fast
  var memory = RecurrentMemory()

  init() { right = ElmanRNN(inputSize: 2, hiddenSize: 3, seed: 1) }
  init(configuration: RecurrentConfiguration) throws {
    right = try ElmanRNN(configuration: configuration)
  }

  func referenceForward(_ sequences: TimeSteps, from start: RecurrentState) -> [RecurrentStep] {
    var copy = right
    copy.recurrentWeights.value *= 0
    return copy.referenceForward(sequences, from: start)
  }

  func referenceBackward(
    _ record: [RecurrentStep], outputGradients: [Tensor], finalGradient: RecurrentState
  ) -> RecurrentGradients {
    right.referenceBackward(
      record, outputGradients: outputGradients, finalGradient: finalGradient)
  }
}
