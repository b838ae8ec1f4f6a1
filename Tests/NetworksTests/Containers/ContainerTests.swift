import CourseTestSupport
import Networks
import Testing

/// What goes through containers to the layers inside: shapes, names, random numbers, settings, checks.
@Suite(.watched) struct ContainerTests {
  private func network(
    _ inputShape: [Int], _ layers: [any Layer], seed: UInt64 = 1
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: inputShape, loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1),
      seed: seed)
    for layer in layers { try network.append(layer) }
    return network
  }

  /// Dense - residual(dense, dropout, dense) - dense.
  private func nested() throws -> NeuralNetwork {
    try network(
      [3],
      [
        Dense(outputSize: 4),
        Residual(
          Sequential(
            Dense(outputSize: 5, activation: .tanh), Dropout(rate: 0.5), Dense(outputSize: 4))),
        Dense(outputSize: 2),
      ])
  }

  private func images(_ shape: [Int]) -> Tensor {
    Tensor(normal: shape, key: RandomKey(seed: varied(5)).folded("images"))
  }

  // MARK: Gradients

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    func conv(_ channels: Int, _ kernel: AxisSizes = 3, stride: AxisSizes = 1) -> Conv2D {
      Conv2D(
        outputChannels: channels, kernelSize: kernel, stride: stride, padding: .same,
        activation: .tanh)
    }
    let cases: [(any Layer, [Int])] = [
      (Residual(Sequential(conv(3, [3, 2]), BatchNorm(), TanH())), [3, 5, 7]),
      (
        Residual(
          Sequential(conv(4, stride: 2), conv(4)),
          shortcut: Conv2D(outputChannels: 4, kernelSize: 1, stride: 2)), [2, 5, 6]
      ),
      (
        Skip(
          Sequential(
            AveragePool2D(kernelSize: 2), conv(3), Skip(conv(2)), Upsample2D(scaleFactor: 2),
            conv(2))),
        [2, 6, 4]
      ),
      (
        Branches([conv(1), Sequential(conv(2), conv(3)), Sequential()], merge: .concatenate),
        [2, 3, 5]
      ),
      (Branches([conv(2), Residual(conv(2)), Sequential()], merge: .add), [2, 3, 5]),
      (
        Skip(
          Residual(
            Branches([LSTM(hiddenSize: 2), GRU(hiddenSize: 1)], merge: .concatenate, axis: -1)),
          axis: -1), [4, 3]
      ),
    ]
    for (layer, shape) in cases {
      try expectGradients(of: network(shape, [layer]).layers[0], inputShape: [3] + shape)
    }
  }

  // MARK: Names and random numbers

  /// Tokens have no gradient, wherever they are read.
  @Test func layersThatReadTokensAreCompared() throws {
    let table = Embedding(vocabularySize: 5, embeddingSize: 3, seed: 1)
    for layer in [
      table, EmbeddingBag(vocabularySize: 5, embeddingSize: 3, seed: 1),
      Sequential(table, Flatten(), Dense(inputSize: 12, outputSize: 2, seed: 2)),
      Branches([table, Embedding(vocabularySize: 7, embeddingSize: 3, seed: 2)], merge: .add),
      Siamese(Sequential(table, Flatten())),
    ] as [any Layer] {
      func check(_ layer: some Layer) {
        for input in [nil, Tensor([[0, 1, 4, 1], [2, 2, 3, 0]])] {
          let report = checkGradients(of: layer, inputShape: [2, 4], input: input)
          #expect(report.passed, "\(report)")
          #expect(report.entries.allSatisfy { $0.tensor != "input" })
        }
      }
      check(layer)
    }
  }

  @Test func parametersAndStatesAreNamedByTheirPath() throws {
    let network = try network(
      [2, 4, 4],
      [
        ReLU(),
        Residual(
          Sequential(Conv2D(outputChannels: 3, kernelSize: 3, padding: .same), BatchNorm()),
          shortcut: Conv2D(outputChannels: 3, kernelSize: 1, bias: false)),
        Skip(Branches([ReLU(), ConvReLU(outputChannels: 1, kernelSize: 1)], merge: .concatenate)),
      ])
    var names: [String] = []
    network.visitParameters { name, _ in names.append(name) }
    #expect(
      names == [
        "layers.1.body.0.weights", "layers.1.body.0.bias", "layers.1.body.1.scale",
        "layers.1.body.1.shift", "layers.1.shortcut.weights",
        "layers.2.body.1.convolution.weights", "layers.2.body.1.convolution.bias",
      ])
    names = []
    network.visitStates { name, _ in names.append(name) }
    #expect(
      names == [
        "layers.1.body.1.runningMean", "layers.1.body.1.runningVariance", "layers.1.body.1.batches",
      ])
    #expect(network.outputShape == [7, 4, 4])
    #expect(network.parameterCount == 2 * 3 * 9 + 3 + 6 + 6 + 3 + 1)
  }

  @Test func equalLayersAtTwoPlacesDrawDifferentNumbers() throws {
    let network = try network(
      [50],
      [
        Branches(
          [Dropout(rate: 0.5), Sequential(Dropout(rate: 0.5)), Residual(Dropout(rate: 0.5))],
          merge: .concatenate),
        Residual(Dense(outputSize: 150), shortcut: Dense(outputSize: 150)),
      ])
    var branches = try #require(network.layers[0] as? Branches)
    let masks = branches.forward(Tensor(ones: [1, 50]), mode: .training)
    let (first, second) = (masks[0..., 0..<50], masks[0..., 50..<100])
    #expect(first != second && first != masks[0..., 100...] - 1)
    let parameters = network.parameters
    #expect(
      parameters["layers.1.body.weights"]?.value != parameters["layers.1.shortcut.weights"]?.value)
  }

  @Test func sizesAreInferredAsGiven() throws {
    let inferred = try network(
      [2, 6, 6],
      [
        Residual(
          Sequential(Conv2D(outputChannels: 4, kernelSize: 3, padding: .same), BatchNorm()),
          shortcut: Conv2D(outputChannels: 4, kernelSize: 1)), Flatten(),
        Skip(Dense(outputSize: 3)), Dense(outputSize: 2),
      ])
    let given = try network(
      [2, 6, 6],
      [
        Residual(
          Sequential(
            Conv2D(inputChannels: 2, outputChannels: 4, kernelSize: 3, padding: .same),
            BatchNorm(channels: 4)),
          shortcut: Conv2D(inputChannels: 2, outputChannels: 4, kernelSize: 1)), Flatten(),
        Skip(Dense(inputSize: 144, outputSize: 3)), Dense(inputSize: 147, outputSize: 2),
      ])
    #expect(inferred.layerOutputShapes == [[4, 6, 6], [144], [147], [2]])
    let parameters = given.parameters
    inferred.visitParameters { #expect($1.value == parameters[$0]?.value, "\($0)") }
  }

  /// The draws of a network without containers are those of ever: the first weights of layers 0 and 1.
  @Test func aNetworkWithoutContainersIsAsItWas() throws {
    let uniform = StandardInitializer.uniform(low: 0, high: 1)
    let network = try network(
      [2],
      [Dense(outputSize: 2, initializer: uniform), Dense(outputSize: 1, initializer: uniform)],
      seed: 7)
    let key = RandomKey(seed: 7).folded("layer")
    for (index, shape) in [[2, 2], [2, 1]].enumerated() {
      #expect(
        network.parameters["layers.\(index).weights"]?.value
          == Tensor(uniform: shape, in: 0..<1, key: key.folded(index).folded("weights")))
    }
  }

  @Test func oneThreadIsAsGoodAsTwo() throws {
    func result(threads: Int) throws -> [Tensor] {
      let before = Parallelism.threadCount
      Parallelism.threadCount = threads
      defer { Parallelism.threadCount = before }
      var network = try network(
        [8, 32, 32],
        [
          Residual(Sequential(Conv2D(outputChannels: 8, kernelSize: 3, padding: .same), ReLU())),
          Skip(
            Branches(
              [Conv2D(outputChannels: 4, kernelSize: 1), Conv2D(outputChannels: 4, kernelSize: 1)],
              merge: .add)),
        ])
      let output = network.forward(images([6, 8, 32, 32]))
      let gradient = network.backwardToInput(images(output.shape))
      return [output, gradient]
        + network.parameters.sorted { $0.key < $1.key }.map {
          $0.value.gradient ?? $0.value.value
        }
    }
    let (one, two) = (try result(threads: 1), try result(threads: 2))
    #expect(one == two)
  }

  // MARK: Errors by path

  @Test func shapesThatDoNotMeetAreLocatedByPath() throws {
    expectCourseError(
      .shapeMismatch, "layer 1.body.2.shortcut.0 (Dense), where the input is [5]", "[..., 7]"
    ) {
      try network(
        [3],
        [
          ReLU(),
          Residual(
            Sequential(
              Dense(outputSize: 5), ReLU(),
              Residual(
                Dense(outputSize: 3),
                shortcut: Sequential(Dense(inputSize: 7, outputSize: 3))))),
        ])
    }
    expectCourseError(
      .shapeMismatch, "layer 0 (Residual), where the network's input is [2, 8, 8]",
      "[2, 8, 8] from body, got [4, 4, 4] from shortcut", "1 x 1 convolution"
    ) {
      try network(
        [2, 8, 8], [Residual(ReLU(), shortcut: Conv2D(outputChannels: 4, kernelSize: 1, stride: 2))]
      )
    }
    // Halved twice, 6 gives 1, and doubled twice 4.
    expectCourseError(
      .shapeMismatch, "layer 0.1 (Skip), where ReLU returns [1, 6, 6]",
      "[1, 6, 6] from input, got [1, 4, 4] from body", "divisible by 2 for each halving"
    ) {
      try network(
        [1, 6, 6],
        [
          Sequential(
            ReLU(),
            Skip(
              Sequential(
                MaxPool2D(kernelSize: 2), MaxPool2D(kernelSize: 2), Upsample2D(scaleFactor: 2),
                Upsample2D(scaleFactor: 2))))
        ])
    }
    expectCourseError(.shapeMismatch, "layer 0 (Branches)", "[3] from 0, got [2] from 1") {
      try network([3], [Branches([ReLU(), Dense(outputSize: 2)], merge: .add)])
    }
    // Heads of a sequence are rarely meant to follow each other in time.
    for layer in [
      Branches([Dense(outputSize: 2), Dense(outputSize: 5)], merge: .concatenate),
      Skip(Dense(outputSize: 2)),
    ] as [any Layer] {
      expectCourseError(.shapeMismatch, "layer 0", "concatenated", "give axis: -1") {
        try network([3, 4], [layer])
      }
    }
    expectCourseError(.shapeMismatch, "layer 0 (Skip)", "no axis 2") {
      try network([3], [Skip(ReLU(), axis: 2)])
    }
    var deep: any Layer = ReLU()
    for _ in 0..<40 { deep = Sequential([deep]) }
    expectCourseError(.invalidArgument, "layer 0 (Sequential)", "nested too deeply", "40") {
      try network([3], [deep])
    }
  }

  @Test func batchesAndInputsAreCheckedInside() throws {
    var network = try network([4], [Residual(Sequential(BatchNorm(), Dense(outputSize: 4)))])
    let one = try Dataset(features: Tensor(ones: [1, 4]), targets: .values(Tensor(ones: [1, 4])))
    expectCourseError(.invalidData, "layer 0.body.0 (BatchNorm), for a batch of 1") {
      try network.fit(one, options: TrainingOptions(epochs: 1, batchSize: 1))
    }
    expectCourseError(.invalidData, "layer 0.body.0 (BatchNorm)", "never trained") {
      try network.predict(Tensor(ones: [3, 4]))
    }
    let words = try self.network(
      [2],
      [
        Branches(
          [
            Sequential(Embedding(vocabularySize: 3, embeddingSize: 2), Flatten()),
            Dense(outputSize: 4),
          ], merge: .add)
      ])
    expectCourseError(.invalidData, "layer 0.0.0 (Embedding)", "7") {
      try words.predict([[0, 1], [2, 7]])
    }
  }

  @Test func probabilitiesInsideAreSeen() throws {
    var network = try network([3], [Sequential(Dense(outputSize: 2), Softmax())])
    network.loss = SoftmaxCrossEntropyLoss()
    let data = try Dataset(features: Tensor(ones: [2, 3]), targets: .classes([0, 1]))
    expectCourseError(.invalidArgument, "probabilities before a loss", "layer 0.1 (Softmax)") {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 1))
    }
    #expect(try self.network([3], [Residual(Softmax())]).outputKind == .numbers)
    #expect(
      try self.network([3], [Branches([Softmax(), Sigmoid()], merge: .concatenate)]).outputKind
        == .probabilities)
  }

  // MARK: Settings by path

  private func step(_ network: inout NeuralNetwork) -> [String: Tensor] {
    let before = network.parameters
    var loss = MeanSquaredErrorLoss()
    _ = loss.forward(
      network.forward(images([6, 3])), target: .values(Tensor(zeros: [6, 2])))
    network.backward(loss.backward())
    network.addPenaltyGradients()
    network.applyGradients()
    var changes: [String: Tensor] = [:]
    network.visitParameters { changes[$0] = $1.value - (before[$0]?.value ?? $1.value) }
    return changes
  }

  @Test func partsInsideAreFrozen() throws {
    var network = try nested()
    try network.freeze("layers.1.body.0")
    try network.freeze("layers.1.body.2.bias")
    let changes = step(&network)
    for (name, change) in changes {
      let isFrozen = name.hasPrefix("layers.1.body.0") || name == "layers.1.body.2.bias"
      #expect((abs(change).max() == 0) == isFrozen, "\(name)")
    }
    #expect(network.trainableParameterCount == network.parameterCount - 25 - 4)
    #expect(network.summary().contains("partly frozen"))
    // A layer that has no parameters is a part all the same; a name that stands for nothing is not.
    expectCourseError(.invalidArgument, "without parameters", "layers.1.body.1") {
      try network.freeze("layers.1.body.1")
    }
    expectCourseError(.invalidArgument, "no such part", "layers.1.body.7") {
      try network.freeze("layers.1.body.7")
    }
  }

  @Test func theBackwardPassEndsWhereTrainingBegins() throws {
    // All before the last layer of the body is frozen: the first layer computes as in inference.
    var network = try nested()
    try network.freeze(0)
    try network.freeze("layers.1.body.0")
    var other = try nested()
    let (changes, all) = (step(&network), step(&other))
    #expect(changes["layers.1.body.2.weights"] == all["layers.1.body.2.weights"])
    #expect(changes["layers.2.weights"] == all["layers.2.weights"])
    #expect(changes["layers.0.weights"].map { abs($0).max() } == 0)
    try network.unfreeze(0)
    #expect(step(&network)["layers.0.weights"].map { abs($0).max() } != 0)
  }

  @Test func learningRatesAndPenaltiesBelongToPaths() throws {
    var (network, other) = (try nested(), try nested())
    try other.setLearningRate(factor: 0.5, for: "layers.1.body.2")
    let (whole, half) = (step(&network), step(&other))
    for (name, change) in whole {
      let factor: Float = name.hasPrefix("layers.1.body.2") ? 0.5 : 1
      expectClose(try #require(half[name]), change * factor, name, atol: 1e-6)
    }

    network = try nested()
    network.penalty = L2(1)
    try network.setPenalty(L2(3), for: "layers.1.body")
    try network.setPenalty(L2(5), for: "layers.1.body.2")
    let parameters = network.parameters
    func squares(_ name: String) -> Double {
      Double(square(parameters[name]?.value ?? [0]).sum()) / 2
    }
    let expected =
      squares("layers.0.weights") + 3 * squares("layers.1.body.0.weights")
      + 5 * squares("layers.1.body.2.weights") + squares("layers.2.weights")
    #expect(
      abs(network.penaltyValue / Double(L2(1).value(of: [2])) * 2 - expected) < 1e-4 * expected)
    var plain = try nested()
    let (with, without) = (step(&network), step(&plain))
    let name = "layers.1.body.2.weights"
    expectClose(
      try #require(with[name]) - (try #require(without[name])),
      try #require(parameters[name]).value * -0.5, "gradient of the penalty", atol: 1e-5)
    expectCourseError(.invalidArgument, "no such part") {
      try network.setPenalty(L2(1), for: "layers.1.tail")
    }
  }

  @Test func statesAreCarriedInside() throws {
    var network = try network(
      [3, 2], [Residual(Sequential(LSTM(hiddenSize: 2), Dropout(rate: 0.2)))])
    #expect(!network.carriesState)
    network.carriesState = true
    #expect(network.carriesState)
    let x = images([4, 3, 2])
    let (first, second) = (
      network.forward(x, mode: .inference), network.forward(x, mode: .inference)
    )
    #expect(first != second)
    network.resetState()
    #expect(network.forward(x, mode: .inference) == first)
    let data = try Dataset(features: x, targets: .values(x))
    expectCourseError(.invalidArgument, "must see its data in order") {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 2))
    }
  }

  // MARK: Values

  /// A branch that changes what it got, in place, must change it for no other.
  @Test func noBranchSeesWhatAnotherOneWrites() throws {
    struct Spoiling: ParameterFreeLayer {
      func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
      func forward(_ input: Tensor, mode: Mode) -> Tensor {
        var input = input
        input *= 3
        return input
      }
      func backward(_ outputGradient: Tensor) -> Tensor {
        var gradient = outputGradient
        gradient *= 3
        return gradient
      }
    }
    let x = images([2, 5])
    for merge in Branches.Merge.allCases {
      var layer = Branches([Spoiling(), ReLU(), Spoiling(), Sequential()], merge: merge)
      let copy = x + 0
      let output = layer.forward(x, mode: .training)
      let relu = Tensor.maximum(x, 0)
      #expect(x == copy)
      let parts = [3 * x, relu, 3 * x, x]
      expectClose(
        output,
        merge == .add
          ? parts.dropFirst().reduce(parts[0], +) : Tensor(concatenating: parts, axis: 1),
        "\(merge)")
      let gradient = images(output.shape)
      let before = gradient + 0
      let dX = layer.backward(gradient)
      #expect(gradient == before)
      let shares =
        merge == .add
        ? [gradient, gradient, gradient, gradient]
        : (0..<4).map { gradient[0..., (5 * $0)..<(5 * $0 + 5)] }
      expectClose(
        dX, shares[0] * 3 + shares[1] * (x .> 0) + shares[2] * 3 + shares[3], "dX of \(merge)")
    }
  }

  @Test func aSequenceWithoutLayersIsTheIdentity() throws {
    var layer = Sequential()
    let x = images([2, 3])
    #expect(layer.forward(x, mode: .training) == x && layer.backward(x) == x)
    #expect(try layer.outputShape(for: [3]) == [3])
  }

  @Test func wrongUseStopsInWords() async {
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Branches([], merge: .add)
    }
    expectWords(of: none, "Branches: no branches")
    let batch = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Skip(ReLU(), axis: 0)
    }
    expectWords(of: batch, "Skip: axis out of range", "the axis of the batch")
    let early = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Skip(ReLU())
      _ = layer.backward(Tensor(ones: [2, 4]))
    }
    expectWords(of: early, "Skip.backward: no forward pass")
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Residual(ReLU(), shortcut: Dense(inputSize: 3, outputSize: 1))
      _ = layer.forward(Tensor(ones: [2, 3]), mode: .training)
    }
    expectWords(of: shapes, "Residual.forward: expected outputs of one shape, [2, 3] from body")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Skip(ReLU())
      _ = layer.forward(Tensor(ones: [2, 3]), mode: .training)
      _ = layer.backward(Tensor(ones: [2, 4]))
    }
    expectWords(of: gradient, "Skip.backward: expected a gradient of size 6 along axis 1")
  }

  @Test func theSummaryIsIndented() throws {
    let network = try network(
      [2, 8, 8],
      [
        Conv2D(outputChannels: 4, kernelSize: 3, padding: .same),
        Residual(Sequential(Conv2D(outputChannels: 4, kernelSize: 3, padding: .same), BatchNorm())),
        Skip(Branches([ReLU(), Sequential(ReLU(), TanH())], merge: .add)),
      ])
    #expect(
      network.summary().hasPrefix(
        """
        Layer (type)           Output shape    Parameters
        ─────────────────────────────────────────────────
        0  Conv2D              [N, 4, 8, 8]            76
        1  Residual            [N, 4, 8, 8]           156
           body  Sequential    [N, 4, 8, 8]           156
              0  Conv2D        [N, 4, 8, 8]           148
              1  BatchNorm     [N, 4, 8, 8]             8
        2  Skip                [N, 8, 8, 8]             0
           body  Branches      [N, 4, 8, 8]             0
              0  ReLU          [N, 4, 8, 8]             0
              1  Sequential    [N, 4, 8, 8]             0
                 0  ReLU       [N, 4, 8, 8]             0
                 1  TanH       [N, 4, 8, 8]             0
        ─────────────────────────────────────────────────
        Input [N, 2, 8, 8]
        Parameters: 232 (928 B)
        """), "\(network.summary())")
  }
}
