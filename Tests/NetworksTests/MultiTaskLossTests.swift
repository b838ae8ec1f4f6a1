import CourseTestSupport
import Foundation
import Networks
import Testing

/// Networks that answer several questions about each example.
@Suite(.watched) struct MultiTaskLossTests {
  private let loss = MultiTaskLoss([
    .init("class", outputs: 0..<3, loss: SoftmaxCrossEntropyLoss(), weight: 2),
    .init("place", outputs: 3..<5, loss: MeanSquaredErrorLoss(), weight: 0.5),
  ])
  private let target = Target.tasks([
    "class": .classes([2, 0]), "place": .values([[0, 0.5], [1, -1]]),
  ])
  private let output: Tensor = [[0.5, -1, 2, 0.3, -0.7], [1.5, 0.2, -0.4, 1.1, 0.9]]

  /// Iris flowers with two questions: the species, and the width of a petal from the other three measures.
  private func iris() throws -> Dataset {
    let iris = Dataset.iris
    let features = iris.features
    return try Dataset(
      name: "iris", features: features[0..., 0..<3],
      targets: .tasks(["species": iris.targets, "width": .values(features[0..., 3..<4])]),
      classNames: iris.classNames)
  }

  private func network(
    heads: [any Layer] = [Dense(outputSize: 3), Dense(outputSize: 1)],
    loss: any Loss = MultiTaskLoss([
      .init("species", outputs: 0..<3, loss: SoftmaxCrossEntropyLoss()),
      .init("width", outputs: 3..<4, loss: MeanSquaredErrorLoss()),
    ])
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: loss, optimizer: Adam(learningRate: 0.02), seed: 1)
    try network.append(Dense(outputSize: 8))
    try network.append(ReLU())
    try network.append(Branches(heads, merge: .concatenate, axis: -1))
    return network
  }

  // MARK: The loss

  // y = torch.tensor([[0.5, -1, 2, 0.3, -0.7], [1.5, 0.2, -0.4, 1.1, 0.9]], dtype=torch.float64, requires_grad=True)
  // loss = 2 * F.cross_entropy(y[:, 0:3], torch.tensor([2, 0])) + 0.5 * F.mse_loss(
  //     y[:, 3:5], torch.tensor([[0.0, 0.5], [1.0, -1.0]], dtype=torch.float64))
  // loss.backward(); print(loss.item(), y.grad)
  @Test func lossAndGradientAreTheWeightedSumsOfTheTasks() {
    var loss = loss
    expectClose(loss.forward(output, target: target), 1.2371962, "loss")
    expectClose(
      loss.backward(),
      [
        [0.1752904, 0.0391126, -0.214403, 0.075, -0.3],
        [-0.2968148, 0.1916403, 0.1051744, 0.025, 0.475],
      ], "gradient")
    let report = checkGradients(of: loss, prediction: output, target: target)
    #expect(report.passed, "\(report)")
  }

  @Test func aPredictionIsThatOfEachTask() {
    let prediction = loss.prediction(from: output)
    expectClose(
      prediction[0..., 0..<3], SoftmaxCrossEntropyLoss().prediction(from: output[0..., 0..<3]),
      "probabilities")
    expectClose(prediction[0..., 3...], output[0..., 3...], "places")
  }

  @Test func weightsOfExamplesCountInEachTask() {
    var (twice, weighted) = (loss, loss)
    #expect(loss.takesWeights)
    let repeated = twice.forward(output.rows(at: [0, 1, 1]), target: target.rows(at: [0, 1, 1]))
    let sum = weighted.forward(output, target: target, weights: Tensor([1, 2]))
    expectClose(sum, repeated, "loss of an example with the weight 2")
    #expect(weighted.totalWeight(of: target, weights: Tensor([1, 2])) == 3)
    #expect(weighted.totalWeight(of: target, weights: nil) == 2)
  }

  // MARK: Targets

  @Test func targetsOfTasksAreTakenTogether() throws {
    #expect(target.count == 2 && target.answerCount == 2)
    #expect(
      target.rows(at: [1])
        == .tasks(["class": .classes([0]), "place": .values([[1, -1]])]))
    #expect(target.classIndices == [2, 0])
    let data = try iris()
    #expect(data.classCount == 3 && data.count == 150)
    let parts = try data.split(seed: 1)
    // The species are divided as in a data set with this task only.
    let alone = try Dataset.iris.split(seed: 1)
    #expect(parts.test.targets.classIndices == alone.test.targets.classIndices)
    // Each example keeps the answers to both questions.
    let batch = data.batch(at: [149, 3])
    #expect(batch.targets == data.targets.rows(at: [149, 3]))
  }

  @Test func impossibleTargetsOfATaskAreNamed() throws {
    let features = Tensor(zeros: [2, 1])
    func make(_ tasks: [String: Target], classNames: [String] = []) throws {
      _ = try Dataset(features: features, targets: .tasks(tasks), classNames: classNames)
    }
    expectCourseError(.shapeMismatch, "task \"b\"", "different numbers of targets", "2", "got 3") {
      try make(["a": .classes([0, 1]), "b": .classes([0, 1, 1])])
    }
    expectCourseError(.invalidData, "task \"b\", example 1", "not finite") {
      try make(["a": .classes([0, 1]), "b": .values(Tensor([1, .nan]).reshaped(to: [2, 1]))])
    }
    expectCourseError(.invalidData, "task \"a\", example 1", "out of range", "0 to 1", "got 2") {
      try make(["a": .classes([0, 2]), "b": .values([[1], [1]])], classNames: ["no", "yes"])
    }
    expectCourseError(.invalidData, "class names for several tasks") {
      try make(["a": .classes([0, 1]), "b": .classes([0, 1])], classNames: ["no", "yes"])
    }
    expectCourseError(.invalidData, "a task that consists of tasks", "task \"a\"") {
      try make(["a": .tasks(["b": .classes([0, 1])])])
    }
  }

  @Test func classesAreFoundByNameInTheTaskThatHasThem() throws {
    var network = try network()
    network.classNames = ["virginica", "setosa", "versicolor"]
    let data = try iris()
    let evaluation = try network.evaluate(data)
    let matrix = try #require(evaluation.confusionMatrix)
    // 50 flowers of each, under the names of the network.
    #expect(matrix.classNames == network.classNames)
    var renamed = try network.predict(data.features)[0..<50, 0..<3].argmax(axis: -1)
    renamed = (0..<3).map { label in renamed.count { $0 == label } }
    #expect((0..<3).map { matrix[actual: 1, predicted: $0] } == renamed)
  }

  // MARK: Training

  @Test func aNetworkLearnsBothTasksAndReportsEach() throws {
    var network = try network()
    let parts = try iris().split(seed: 1)
    network.preprocessing = try .standardizing(parts.train)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "history.csv")
      let history = try network.fit(
        parts.train, validation: parts.validation,
        options: TrainingOptions(epochs: 30, batchSize: 16), callbacks: [CSVLog(url: url)])
      let last = try #require(history.epochs.last)
      #expect(
        Set(last.training.metrics.keys)
          == ["species accuracy", "width RMSE", "width MAE", "width R2"])
      let header = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")[0]
      #expect(header.contains("validation species accuracy") && header.contains("width RMSE"))
    }
    let test = try network.evaluate(parts.test)
    #expect(try #require(test.metrics["species accuracy"]) > 0.85)
    // The spread of the widths is 0.76.
    #expect(try #require(test.metrics["width RMSE"]) < 0.4)
    let matrix = try #require(test.confusionMatrix)
    let right = (0..<3).reduce(0) { $0 + matrix[actual: $1, predicted: $1] }
    expectClose(
      Float(right) / Float(parts.test.count), Float(test.metrics["species accuracy"]!),
      "accuracy of the matrix")
    // The loss does not depend on the batches in which it was taken.
    let inOne = try network.evaluate(parts.test, batchSize: parts.test.count)
    let inMany = try network.evaluate(parts.test, batchSize: 4)
    expectClose(Float(inOne.loss), Float(inMany.loss), "loss in batches of 4")
  }

  @Test func aCheckpointHoldsTheTasksAndTrainingGoesOn() throws {
    let data = try iris()
    let options = TrainingOptions(epochs: 4, batchSize: 32)
    var whole = try network()
    try whole.fit(data, options: options)
    var half = try network()
    try half.fit(data, options: TrainingOptions(epochs: 2, batchSize: 32))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try half.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url)
      let tasks = try #require(loaded.loss as? MultiTaskLoss).tasks
      #expect(tasks.map(\.name) == ["species", "width"])
      #expect(tasks.map(\.outputs) == [0..<3, 3..<4] && tasks.map(\.weight) == [1, 1])
      #expect(tasks[1].loss is MeanSquaredErrorLoss)
      try loaded.fit(data, options: options, resuming: true)
      expectSame(
        try loaded.predict(data.features), try whole.predict(data.features), "resumed training")
    }
  }

  @Test func partsOfAStepAddUpToTheMeanOverIt() throws {
    let data = try iris().subset(0..<48)
    var (whole, parts) = (try network(), try network())
    try whole.fit(data, options: TrainingOptions(epochs: 1, batchSize: 48))
    try parts.fit(
      data, options: TrainingOptions(epochs: 1, batchSize: 20, accumulationSteps: 3))
    expectClose(
      try parts.predict(data.features), try whole.predict(data.features), "outputs", atol: 1e-4)
  }

  // MARK: Refusals

  @Test func targetsThatDoNotFitAreRefusedBeforeTraining() throws {
    let data = try iris()
    let features = data.features
    guard case .tasks(let targets) = data.targets else {
      Issue.record("no tasks")
      return
    }
    func fit(_ targets: Target, _ network: NeuralNetwork) throws {
      var network = network
      try network.fit(
        Dataset(features: features, targets: targets), options: TrainingOptions(epochs: 1))
    }
    let network = try network()
    expectCourseError(.invalidArgument, "targets of a single task", "species", "width") {
      try fit(targets["species"]!, network)
    }
    expectCourseError(.invalidData, "task \"width\"", "a task without targets") {
      try fit(.tasks(["species": targets["species"]!]), network)
    }
    expectCourseError(.invalidData, "targets without a task", "\"color\"") {
      try fit(.tasks(targets.merging(["color": targets["species"]!]) { a, _ in a }), network)
    }
    expectCourseError(.shapeMismatch, "data, task \"width\"", "values [N] + [1]") {
      try fit(.tasks(["species": targets["species"]!, "width": targets["species"]!]), network)
    }
    expectCourseError(.shapeMismatch, "do not fit the output", "[..., 4]", "got [5]") {
      try fit(
        data.targets, try self.network(heads: [Dense(outputSize: 3), Dense(outputSize: 2)]))
    }
    expectCourseError(.invalidArgument, "knows a single task") {
      try fit(data.targets, try self.network(loss: SoftmaxCrossEntropyLoss()))
    }
    expectCourseError(.shapeMismatch, "cannot predict", "\"species\": 150 classes") {
      try fit(data.targets, try self.network(loss: MeanSquaredErrorLoss()))
    }
    var scaled = network
    scaled.targetScaling = try .standardizingTargets(
      Dataset(features: features, targets: targets["width"]!))
    expectCourseError(.invalidArgument, "scaled targets of several tasks") {
      try fit(data.targets, scaled)
    }
  }

  @Test func aSoftmaxInAHeadIsFoundInFrontOfALossThatHasOne() throws {
    let data = try iris()
    var network = try network(
      heads: [Sequential(Dense(outputSize: 3), Softmax()), Dense(outputSize: 1)])
    expectCourseError(.invalidArgument, "layer 2.0.1 (Softmax)", "makes them itself") {
      try network.fit(data, options: TrainingOptions(epochs: 1))
    }
    // In front of a loss of probabilities it is right, and scores are wrong.
    let loss = MultiTaskLoss([
      .init("species", outputs: 0..<3, loss: CrossEntropyLoss()),
      .init("width", outputs: 3..<4, loss: MeanSquaredErrorLoss()),
    ])
    network.loss = loss
    try network.fit(data, options: TrainingOptions(epochs: 1))
    var scores = try self.network(loss: loss)
    expectCourseError(.invalidArgument, "batch 1, task \"species\"", "Softmax") {
      try scores.fit(data, options: TrainingOptions(epochs: 1))
    }
  }

  @Test(arguments: [
    ([("a", 0, 2), ("b", 3, 4)], "from 2 on"), ([("a", 1, 2)], "from 0 on"),
    ([("a", 0, 2), ("a", 2, 4)], "a different name for each"), ([], "no tasks"),
  ])
  func impossibleTasksInAFileAreRefused(tasks: [(String, Int, Int)], words: String) {
    expectCourseError(.invalidArgument, "MultiTaskLoss", words) {
      try MultiTaskLoss(
        configuration: .init(
          tasks: tasks.map { .init($0.0, outputs: $0.1..<$0.2, loss: MeanSquaredErrorLoss()) }))
    }
  }

  @Test func lossesOfDifferentReductionsAreRefused() {
    expectCourseError(.invalidArgument, "reductions of the losses", "\"b\" sum") {
      try MultiTaskLoss(
        configuration: .init(tasks: [
          .init("a", outputs: 0..<1, loss: MeanSquaredErrorLoss()),
          .init("b", outputs: 1..<2, loss: MeanSquaredErrorLoss(reduction: .sum)),
        ]))
    }
  }

  @Test func targetsWithoutATaskStopAForwardPass() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = MultiTaskLoss([.init("a", outputs: 0..<1, loss: MeanSquaredErrorLoss())])
      _ = loss.forward([[1]], target: .tasks(["b": .values([[1]])]))
    }
    expectWords(of: result, "MultiTaskLoss.forward", "\"a\"", "\"b\": values of shape [1, 1]")
  }
}
