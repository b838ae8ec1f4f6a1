import CourseTestSupport
import ExplorationNetworks
import Testing

@Suite(.watched) struct MultiHeadTests {
  /// W₁ = ((arange(48) * 5 % 13) / 8 - 0.7).reshape(4, 12), b₁ = (arange(12) * 3 % 7) / 10 - 0.3,
  /// W₂ = ((arange(16) * 3 % 7) / 4 - 0.7).reshape(4, 4), b₂ = (arange(4) * 2 % 5) / 10 - 0.1
  private static func layer(isCausal: Bool) -> MultiHeadAttention {
    var layer = MultiHeadAttention(
      inputSize: 4, heads: 2, isCausal: isCausal, isPadded: !isCausal)
    let values: [String: [Float]] = [
      "projection.weights": (0..<48).map { Float($0 * 5 % 13) / 8 - 0.7 },
      "projection.bias": (0..<12).map { Float($0 * 3 % 7) / 10 - 0.3 },
      "output.weights": (0..<16).map { Float($0 * 3 % 7) / 4 - 0.7 },
      "output.bias": (0..<4).map { Float($0 * 2 % 5) / 10 - 0.1 },
    ]
    layer.forEachParameter { name, parameter in
      parameter.value = Tensor(shape: parameter.value.shape, scalars: values[name] ?? [])
    }
    if !isCausal { layer.take(sideInputs: ["lengths": [[3], [2]]]) }
    return layer
  }

  private static let x = Tensor(
    shape: [2, 3, 4], scalars: (0..<24).map { Float($0 * 7 % 11) / 5 - 1 })
  private static let dY = Tensor(
    shape: [2, 3, 4], scalars: (0..<24).map { Float($0 * 11 % 13) / 6 - 1 })

  // m = nn.MultiheadAttention(4, 2, batch_first=True) in double precision, with in_proj_weight = W₁.T and so on;
  // y, _ = m(x, x, x, attn_mask=triu(ones(3, 3), 1).bool(), need_weights=False), or
  // key_padding_mask=[[False, False, False], [False, False, True]]; y.backward(dY)
  @Test func agreesWithPyTorch() throws {
    try check(
      isCausal: true,
      y: [
        -1.525, 0.31875, 1.375, -0.125, -0.86062407, -0.01977664, 1.15481826, -0.33913164,
        -0.30237764, -0.31480004, 0.73480343, -0.4524003, 0.8245, -0.69425, 0.482, -0.76675,
        0.20991254, -0.41397608, 0.37170775, -0.46472521, -0.388251, -0.14273154, -0.31534967,
        -0.40879374,
      ],
      dX: [
        0.01139093, 1.3931799, -1.04669178, 0.52397551, 0.31535701, -0.01460899, -0.14740159,
        0.00743188, -0.10435717, -0.00879516, -0.00737772, -0.01175977, -1.08854502, -0.16810211,
        0.56333396, 0.2047457, 0.71501543, -0.98688712, 0.09382687, 0.28176705, -0.20250987,
        0.13858353, 0.14509629, -0.2186788,
      ],
      sumOfRows: [
        -0.36854322, 0.03599029, 0.08137235, -0.0671392, -0.09928996, -0.0865812, 0.20227612,
        -0.11175832, 1.1563413, -0.15262973, -1.4642078, -0.25444412,
      ],
      dW2: [
        -1.36874729, 1.36449814, -0.37642311, 1.10764282, 0.17198229, -1.06158798, 0.48900842,
        0.03508847, -0.54509717, -0.07187705, -0.11865693, 0.07935414, 1.02564109, 1.11189037,
        0.19063964, -0.05646289,
      ])
    try check(
      isCausal: false,
      y: [
        -0.01869923, -0.40028553, 0.08019666, -0.62695354, -0.88913891, -0.09212038, 0.58151278,
        -0.40028286, -0.30237764, -0.31480004, 0.73480343, -0.4524003, -0.24078999, -0.32229133,
        -0.17960556, -0.52186163, 0.20991254, -0.41397608, 0.37170775, -0.46472521, -0.37830405,
        -0.31441088, -0.43084275, -0.58846843,
      ],
      dX: [
        0.61730117, -0.18327901, 0.27870259, -0.70714551, 0.1628256, 0.82857975, -0.96593408,
        0.91801109, -0.04617351, 0.55689386, -0.45540996, 0.08588806, -0.61900306, -0.10613221,
        0.54393825, -0.57993807, 0.24080172, -0.912515, 0.19084922, 0.73469939, -0.17579858,
        0.05106473, 0.03819293, -0.04482729,
      ],
      sumOfRows: [
        -0.50866654, -0.08775552, -0.0747671, 0.09676358, -0.18354837, -0.10683296, 0.16348396,
        -0.13432172, 0.1987754, 0.37934533, -1.06257797, -0.06032309,
      ],
      dW2: [
        0.13957774, -0.26191025, -0.74363817, 0.65413608, -0.20868135, 0.36682855, 0.47015605,
        -0.11086532, -0.08039821, -0.12841927, -0.44595095, -0.41752677, 0.00219765, 0.17824258,
        0.94137363, 1.10452778,
      ])
  }

  private func check(
    isCausal: Bool, y: [Float], dX: [Float], sumOfRows: [Float], dW2: [Float]
  ) throws {
    var layer = Self.layer(isCausal: isCausal)
    let output = layer.forward(Self.x, mode: .training)
    let gradient = layer.backward(Self.dY)
    let name = "MultiHeadAttention, \(isCausal ? "causal" : "padded")"
    expectClose(output, Tensor(shape: [2, 3, 4], scalars: y), "\(name), forward")
    expectClose(gradient, Tensor(shape: [2, 3, 4], scalars: dX), "\(name), dX")
    var gradients: [String: Tensor] = [:]
    layer.forEachParameter { gradients[$0] = $1.gradient }
    expectClose(
      try #require(gradients["projection.weights"]).sum(axis: 0),
      Tensor(shape: [12], scalars: sumOfRows), "\(name), dW₁, summed over its rows", atol: 1e-6)
    expectClose(
      try #require(gradients["output.weights"]), Tensor(shape: [4, 4], scalars: dW2),
      "\(name), dW₂")
    expectClose(
      try #require(gradients["output.bias"]), [0, 0.16666667, 0.33333333, 0.5], "\(name), db₂",
      atol: 1e-6)
    var first = Self.layer(isCausal: isCausal)
    _ = first.forward(Self.x, mode: .training)
    first.backwardWithoutInputGradient(Self.dY)
    first.forEachParameter { #expect($1.gradient == gradients[$0], "\(name), \($0)") }
  }

  @Test func passesKeepWhatIsNeeded() throws {
    expectInferenceKeepsNothing(Self.layer(isCausal: true), input: Self.x)
    try expectBackwardUsesUp(Self.layer(isCausal: true), input: Self.x)
  }

  /// A network finds its size, shows what is inside, trains and saves it.
  @Test func itIsAPartOfANetwork() throws {
    func network() throws -> NeuralNetwork {
      var network = NeuralNetwork(
        inputShape: [3, 4], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.5),
        seed: 1)
      try network.append(
        Residual(Sequential(LayerNorm(), MultiHeadAttention(heads: 2, isCausal: false))))
      try network.append(Flatten())
      try network.append(Dense(outputSize: 2))
      return network
    }
    var network = try network()
    var names: [String] = []
    network.visitParameters { name, _ in names.append(name) }
    #expect(
      names.filter { $0.contains("body.1") } == [
        "layers.0.body.1.projection.weights", "layers.0.body.1.projection.bias",
        "layers.0.body.1.output.weights", "layers.0.body.1.output.bias",
      ])
    let summary = network.summary()
    #expect(summary.contains("MultiHeadAttention") && summary.contains("projection  Dense"))
    #expect(
      try network.attentionMaps(of: Self.x.slice(axis: 0, at: 0)).map(\.path) == [
        "0.body.1.attention"
      ])
    // X · W₁, two products of each head, · W₂, and the last layer.
    #expect(network.multiplyAdds == 3 * 4 * 12 + 2 * 3 * 3 * 4 + 3 * 4 * 4 + 12 * 2)
    let data = try Dataset(features: Self.x, targets: .classes([1, 0]))
    let history = try network.fit(data, options: TrainingOptions(epochs: 30, batchSize: 2))
    let (first, last) = (
      try #require(history.epochs.first?.training.loss),
      try #require(history.epochs.last?.training.loss)
    )
    #expect(last < 0.5 * first)
    try expectReloaded(network, predictsTheSameFor: Self.x)
  }

  /// A seed draws the same weights whether the size is given or found.
  @Test func theSizeIsFound() throws {
    let found = try MultiHeadAttention(heads: 2, seed: 3).sized(for: [5, 4])
    let given = MultiHeadAttention(inputSize: 4, heads: 2, seed: 3)
    #expect(found.configuration == given.configuration)
    var weights: [[String: Tensor]] = [[:], [:]]
    found.visitParameters { weights[0][$0] = $1.value }
    given.visitParameters { weights[1][$0] = $1.value }
    #expect(weights[0].count == 4 && weights[0] == weights[1])
    #expect(weights[0]["projection.weights"]?.shape == [4, 12])
  }

  @Test func wrongUse() async throws {
    expectCourseError(.invalidArgument, "heads cannot share", "a multiple of 3", "4") {
      _ = try MultiHeadAttention(heads: 3).sized(for: [5, 4])
    }
    expectCourseError(.invalidArgument, "1 to 65536 heads", "0") {
      _ = try MultiHeadAttention(
        configuration: .init(inputSize: 4, attention: .init(heads: 0)))
    }
    var network = NeuralNetwork(inputShape: [4], seed: 1)
    expectCourseError(.shapeMismatch, "MultiHeadAttention: input shape", "[T, 4]", "[4]") {
      try network.append(MultiHeadAttention(heads: 2))
    }
    let size = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = MultiHeadAttention(heads: 2)
      _ = layer.forward(Tensor(zeros: [1, 2, 4]), mode: .training)
    }
    expectWords(of: size, "MultiHeadAttention.forward: no input size", "inputSize:")
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = MultiHeadAttention(inputSize: 4, heads: 2)
      _ = layer.forward(Tensor(zeros: [2, 4]), mode: .training)
    }
    expectWords(of: shape, "MultiHeadAttention.forward", "[N, T, 4]", "[2, 4]")
  }
}
