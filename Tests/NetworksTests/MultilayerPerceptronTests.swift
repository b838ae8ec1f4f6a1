import CourseTestSupport
import Foundation
import Networks
import Testing

@Suite(.watched) struct MultilayerPerceptronTests {
  private func perceptron(_ data: Dataset, hidden: [Int], seed: UInt64) throws -> NeuralNetwork {
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: data.inputShape.reduce(1, *), hiddenSizes: hidden,
      classCount: try #require(data.classCount), optimizer: SGD(learningRate: 0.2), seed: seed)
    network.classNames = data.classNames
    return network
  }

  @Test func hiddenSizesMakeTheLayers() throws {
    let network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 5, hiddenSizes: [7, 3], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(
      network.layers.map { type(of: $0).typeName } == ["Dense", "ReLU", "Dense", "ReLU", "Dense"])
    #expect(network.layerOutputShapes == [[7], [7], [3], [3], [2]])
    #expect(network.parameterCount == 5 * 7 + 7 + 7 * 3 + 3 + 3 * 2 + 2)
    let regression = try NeuralNetwork.multilayerPerceptron(
      inputSize: 5, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(regression.layers.count == 1)
    expectCourseError(.invalidArgument, "Dense: size out of range", "[5, 0]") {
      try NeuralNetwork.multilayerPerceptron(
        inputSize: 5, hiddenSizes: [0], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    }
  }

  @Test func aTrainedNetworkKnowsTheNamesOfItsData() throws {
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [], classCount: 3, optimizer: SGD(learningRate: 0.2), seed: 1)
    try network.fit(.iris, options: TrainingOptions(epochs: 1, batchSize: 16))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "iris.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url)
      #expect(copy.classNames == Dataset.iris.classNames)
      #expect(copy.featureNames == Dataset.iris.featureNames)
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func learnsIris(seed: UInt64) throws {
    let parts = try Dataset.iris.split(seed: seed)
    var network = try perceptron(parts.train, hidden: [16], seed: seed)
    network.preprocessing = try .standardizing(parts.train)
    try network.fit(
      parts.train, validation: parts.validation,
      options: TrainingOptions(epochs: 60, batchSize: 16))
    let test = try network.evaluate(parts.test)
    let confusion = test.confusionMatrix?.description ?? ""
    #expect(
      try #require(test.accuracy) >= 0.93, "seed \(seed):\n\(confusion)")
  }

  @Test func learnsDigits() throws {
    let parts = try Dataset.digits.split(seed: 1)
    var network = try perceptron(parts.train, hidden: [64], seed: 1)
    network.preprocessing = .dividing(by: 16)
    let history = try network.fit(
      parts.train, validation: parts.validation,
      options: TrainingOptions(epochs: 25, batchSize: 25))
    #expect(try #require(history.epochs.last?.validation?.accuracy) >= 0.96)
    let test = try network.evaluate(parts.test)
    #expect(try #require(test.accuracy) >= 0.96)
    #expect(test.confusionMatrix?.total == parts.test.count)
  }

  @Test func memorisesAHandfulOfExamplesCompletely() throws {
    let few = Dataset.digits.subset(0..<50)
    var network = try perceptron(few, hidden: [32], seed: 1)
    network.preprocessing = .dividing(by: 16)
    try network.fit(few, options: TrainingOptions(epochs: 60, batchSize: 10))
    #expect(try network.evaluate(few).accuracy == 1, "50 examples must be learned by heart")
  }

  @Test func aSavedNetworkPredictsOnRawInputElsewhere() throws {
    try withTemporaryFolder { folder in
      let parts = try Dataset.iris.split(seed: 1)
      var network = try perceptron(parts.train, hidden: [8], seed: 1)
      network.preprocessing = try .standardizing(parts.train)
      try network.fit(parts.train, options: TrainingOptions(epochs: 5, batchSize: 16))
      let url = folder.appending(path: "iris.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url)
      #expect(copy.classNames == ["setosa", "versicolor", "virginica"])
      let probabilities = try copy.predict(parts.test.features)
      #expect(probabilities == (try network.predict(parts.test.features)))
      expectClose(
        probabilities.sum(axis: 1), Tensor(ones: [parts.test.count]), "sums of probabilities")
      let accuracies = try [copy, network].map { try $0.evaluate(parts.test).accuracy }
      #expect(accuracies[0] == accuracies[1])
    }
  }

  @Test func labelsOutsideTheNetworksClassesAreRefusedBeforeTraining() throws {
    var network = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    expectCourseError(.invalidData, "label out of range", "iris", "example", "0 to 1") {
      try network.fit(.iris, options: TrainingOptions(epochs: 1))
    }
    let oneHot = try Dataset(
      features: Tensor(zeros: [3, 4]), targets: .values(Tensor(oneHot: [0, 1, 2], classCount: 3)))
    expectCourseError(.shapeMismatch, "class count", "[2]", "[3]") {
      try network.fit(oneHot, options: TrainingOptions(epochs: 1, batchSize: 3))
    }
    let unfinished = try Dataset(
      features: Tensor(zeros: [2, 4]), targets: .values([[1, 0], [0.5, 0.2]]))
    expectCourseError(.invalidData, "distribution", "example 1", "0.7") {
      try network.fit(unfinished, options: TrainingOptions(epochs: 1, batchSize: 2))
    }
  }

  @Test func oneHotTargetsTrainLikeClassIndices() throws {
    let data = Dataset.iris
    let oneHot = try Dataset(
      features: data.features,
      targets: .values(
        data.targets.truth(
          for: Tensor(zeros: [data.count, 3]), place: "test")))
    var first = try perceptron(data, hidden: [5], seed: 3)
    var second = first
    try first.fit(data, options: TrainingOptions(epochs: 2, batchSize: 10))
    try second.fit(oneHot, options: TrainingOptions(epochs: 2, batchSize: 10))
    let predictions = try [first, second].map { try $0.predict(data.features) }
    #expect(predictions[0] == predictions[1])
    let accuracies = try [second.evaluate(oneHot).accuracy, first.evaluate(data).accuracy]
    #expect(accuracies[0] == accuracies[1])
  }

  @Test func softmaxWithCrossEntropyTrainsLikeTheCombinedLoss() throws {
    let data = Dataset.iris
    var combined = try perceptron(data, hidden: [], seed: 3)
    combined.preprocessing = try .standardizing(data)
    var separate = NeuralNetwork(
      inputShape: [4], loss: CrossEntropyLoss(), optimizer: SGD(learningRate: 0.2), seed: 3)
    try separate.append(Dense(inputSize: 4, outputSize: 3))
    try separate.append(Softmax())
    separate.preprocessing = combined.preprocessing
    try combined.fit(data, options: TrainingOptions(epochs: 5, batchSize: 10))
    try separate.fit(data, options: TrainingOptions(epochs: 5, batchSize: 10))
    let predictions = try [separate, combined].map { try $0.predict(data.features) }
    expectClose(predictions[0], predictions[1], "probabilities after 5 epochs", atol: 1e-4)
  }

  @Test func aDivergingRunNamesTheLearningRate() throws {
    var network = try perceptron(.iris, hidden: [8], seed: 1)
    network.optimizer = SGD(learningRate: 1e20)
    expectCourseError(.diverged, "step", "(Dense)", "learning rate 1e+20", "Lower") {
      try network.fit(.iris, options: TrainingOptions(epochs: 3))
    }
  }

  @Test func everyTypeOfThePackageIsListedOnce() {
    let names =
      NeuralNetwork.allLayers.map { $0.typeName } + NeuralNetwork.allLosses.map { $0.typeName }
      + NeuralNetwork.allOptimizers.map { $0.typeName }
    #expect(Set(names).count == names.count)
  }
}
