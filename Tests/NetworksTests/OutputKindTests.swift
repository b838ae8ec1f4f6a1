import CourseTestSupport
import Networks
import Testing

/// What a network returns must be what its loss takes: scores in front of a logarithm, or a softmax in front
/// of another one, would train to nonsense without a word.
@Suite(.watched) struct OutputKindTests {
  private let data: Dataset

  init() throws {
    data = try Dataset(
      name: "numbers", features: Tensor(normal: [8, 3], key: RandomKey(seed: 1)),
      targets: .classes([0, 1, 1, 0, 1, 0, 0, 1]))
  }

  private func network(_ layers: [any Layer], loss: any Loss) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: loss, optimizer: SGD(learningRate: 0.1), seed: 1)
    for layer in layers { try network.append(layer) }
    return network
  }

  private func expectRefusal(
    _ layers: [any Layer], _ loss: any Loss, _ words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var network = try network(layers, loss: loss)
    let before = network.layers.count > 0 ? weights(of: network) : []
    let error = #expect(throws: CourseError.self, sourceLocation: sourceLocation) {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 4))
    }
    for word in words where error?.description.contains(word) != true {
      Issue.record(
        "\"\(word)\" is not in: \(String(describing: error))", sourceLocation: sourceLocation)
    }
    #expect(weights(of: network) == before, sourceLocation: sourceLocation)
  }

  private func weights(of network: NeuralNetwork) -> [Tensor] {
    var (copy, all) = (network, [Tensor]())
    copy.forEachParameter { all.append($1.value) }
    return all
  }

  private func dense(_ size: Int, _ activation: Activation = .identity) -> Dense {
    Dense(inputSize: 3, outputSize: size, activation: activation)
  }

  @Test func scoresBeforeALogarithmAreRefused() throws {
    try expectRefusal(
      [dense(1)], BinaryCrossEntropyLoss(),
      ["predictions that are no probabilities", "BinaryCrossEntropyLoss", "batch 1", "Sigmoid"])
    try expectRefusal(
      [dense(2)], CrossEntropyLoss(),
      ["predictions that are no", "CrossEntropyLoss", "Softmax", "SoftmaxCrossEntropyLoss"])
  }

  /// Each of these lies between 0 and 1, but the loss falls to 0 when all of them grow.
  @Test func sigmoidsAreNoDistribution() throws {
    try expectRefusal(
      [dense(2, .sigmoid)], CrossEntropyLoss(),
      ["no distribution over the classes", "a sum of", "Softmax", "BinaryCrossEntropyLoss"])
    try expectRefusal([dense(2), Sigmoid()], CrossEntropyLoss(), ["no distribution"])
  }

  @Test func probabilitiesBeforeALossOfScoresAreNamedWithTheirLayer() throws {
    let layers: [(any Layer, behind: [any Layer], String)] = [
      (Softmax(), [], "layer 1 (Softmax)"), (Sigmoid(), [], "layer 1 (Sigmoid)"),
      (Softmax(), [Flatten()], "layer 1 (Softmax)"),
      (Softmax(), [Dropout(rate: 0.5)], "layer 1 (Softmax)"),
      (Softmax(), [Reshape([2])], "layer 1 (Softmax)"),
    ]
    for (layer, behind, place) in layers {
      try expectRefusal(
        [dense(2), layer] + behind, SoftmaxCrossEntropyLoss(),
        ["probabilities before a loss", "SoftmaxCrossEntropyLoss", place, "Leave out"])
    }
    try expectRefusal(
      [dense(2, .sigmoid)], SoftmaxCrossEntropyLoss(), ["layer 0 (Dense)", "sigmoid"])
    try expectRefusal(
      [dense(1), Sigmoid()], BinaryCrossEntropyLoss(on: .logits), ["layer 1 (Sigmoid)"])
    var images = NeuralNetwork(
      inputShape: [1, 4, 4], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 1))
    try images.append(
      Conv2D(inputChannels: 1, outputChannels: 2, kernelSize: 3, activation: .sigmoid))
    try images.append(MaxPool2D(kernelSize: 2))
    try images.append(Flatten())
    #expect(images.outputKind == .probabilities)
  }

  /// A softmax of one number is 1, whatever the number: nothing would be learnt.
  @Test func aSoftmaxOverOneClassIsNamed() throws {
    try expectRefusal(
      [dense(1), Softmax()], BinaryCrossEntropyLoss(), ["a softmax over a single class", "Sigmoid"])
  }

  @Test func whatBelongsTogetherTrains() throws {
    let pairs: [([any Layer], any Loss)] = [
      ([dense(2), Softmax()], CrossEntropyLoss()), ([dense(2)], SoftmaxCrossEntropyLoss()),
      ([dense(1), Sigmoid()], BinaryCrossEntropyLoss()),
      ([dense(1, .sigmoid)], BinaryCrossEntropyLoss()),
      ([dense(1)], BinaryCrossEntropyLoss(on: .logits)),
      // A softmax inside a network is a layer like any other.
      ([dense(3), Softmax(), dense(2)], SoftmaxCrossEntropyLoss()),
    ]
    for (layers, loss) in pairs {
      var network = try network(layers, loss: loss)
      let history = try network.fit(
        data, validation: data, options: TrainingOptions(epochs: 2, batchSize: 4))
      #expect(history.epochs.allSatisfy { $0.training.loss > 0 })
    }
  }

  /// A sigmoid after all heads would change the outputs of the others.
  @Test func theHeadOfATaskIsNamed() throws {
    var network = try network(
      [Branches([Dense(outputSize: 2), Dense(outputSize: 1)], merge: .concatenate)],
      loss: MultiTaskLoss([
        .init("species", outputs: 0..<2, loss: SoftmaxCrossEntropyLoss()),
        .init("tall", outputs: 2..<3, loss: BinaryCrossEntropyLoss()),
      ]))
    let both = try Dataset(
      features: data.features,
      targets: .tasks([
        "species": data.targets, "tall": .classes(data.targets.classIndices),
      ]))
    expectCourseError(
      .invalidArgument, "no probabilities", "task \"tall\"", "End the head of the task with Sigmoid"
    ) { try network.fit(both, options: TrainingOptions(epochs: 1)) }
  }

  @Test func evaluationRefusesThemAsWell() throws {
    let network = try network([dense(1)], loss: BinaryCrossEntropyLoss())
    expectCourseError(.invalidArgument, "no probabilities") { _ = try network.evaluate(data) }
  }
}
