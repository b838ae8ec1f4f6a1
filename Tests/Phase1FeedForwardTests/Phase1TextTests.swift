import CourseTestSupport
import Foundation
import Phase1FeedForward
import Shared
import Testing

/// The examples of Protocols/Phase1-FeedForward.md, with the numbers that stand there.
///
/// The lines between "Text" and the checks are those of the text. What stands before them makes sure that
/// an unfinished task fails rather than traps.
@Suite(.watched) struct Phase1TextTests {
  @Test func tensorOperations() {
    // Text
    let x: Tensor = [[1, 2, 3], [4, 5, 6]]
    let w: Tensor = [[1], [0], [-1]]

    #expect(x.matmul(w) == [[-2], [-2]])
    #expect(x.matmul(x, transposingOther: true) == [[14, 32], [32, 77]])
    #expect(x.matmul(x, transposingSelf: true).shape == [3, 3])
    #expect(x.matmul(w, bias: [10]) == [[8], [8]])
    #expect(x.sum(axis: 0) == [5, 7, 9])
    #expect(x.sum(axis: -1, keepDims: true) == [[6], [15]])
    #expect(x - x.max(axis: -1, keepDims: true) == [[-2, -1, 0], [-2, -1, 0]])
    #expect(x.rows(at: [1]) == [[4, 5, 6]])
  }

  @Test func task1SGD() {
    // Text, 1.1
    let optimizer = SGD(learningRate: 0.25)
    var weights: Tensor = [1, -2]
    optimizer.update(&weights, gradient: [0.5, -4])

    expectClose(weights, [0.875, -1], "task 1.1, by hand")
  }

  @Test func task2Dense() async throws {
    _ = try await DenseTests().layer(2, 3)

    // Text, 1.2
    var layer = Dense(inputSize: 2, outputSize: 3, seed: 1)
    layer.weights.value = [[1, 0, 2], [3, -1, 1]]
    layer.bias.value = [10, 20, 30]

    let y = layer.forward([[1, 2], [0, -1]], mode: .training)
    let dX = layer.backward([[1, 0, -1], [2, 1, 0]])

    expectClose(y, [[17, 18, 34], [7, 21, 29]], "task 1.2, by hand, Y")
    expectClose(dX, [[-1, 2], [2, 5]], "task 1.2, by hand, dX")
    expectClose(
      try #require(layer.weights.gradient), [[1, 0, -1], [0, -1, -2]], "task 1.2, by hand, dW")
    expectClose(try #require(layer.bias.gradient), [3, 1, -1], "task 1.2, by hand, db")
  }

  @Test func task3ReLU() throws {
    var unused = ReLU()
    _ = try trainingPass(&unused, input: [[1, -1]])

    // Text, 1.3
    var relu = ReLU()
    let y = relu.forward([[-1, 0, 2], [3, -4, 0.5]], mode: .training)
    let dX = relu.backward([[1, 2, 3], [4, 5, 6]])

    expectClose(y, [[0, 0, 2], [3, 0, 0.5]], "task 1.3, by hand, Y")
    expectClose(dX, [[0, 0, 3], [4, 0, 6]], "task 1.3, by hand, dX")
  }

  @Test func task4Softmax() throws {
    var unused = Softmax()
    _ = try trainingPass(&unused, input: [[1, -1]])

    // Text, 1.4
    var softmax = Softmax()
    let y = softmax.forward([[0, 1.0986123], [1000, 1000]], mode: .training)
    let dX = softmax.backward([[1, 0], [2, 4]])

    expectClose(y, [[0.25, 0.75], [0.5, 0.5]], "task 1.4, by hand, Y")
    expectClose(dX, [[0.1875, -0.1875], [-0.5, 0.5]], "task 1.4, by hand, dX")
  }

  @Test func task5CrossEntropyLoss() throws {
    // Text, 1.5
    var loss = CrossEntropyLoss()
    let value = loss.forward([[0.5, 0.5], [0.25, 0.75]], target: .classes([0, 0]))
    let dP = loss.backward()

    expectClose(value, 1.0397, "task 1.5, by hand, L", atol: 5e-5)
    expectClose(dP, [[-1, 0], [-2, 0]], "task 1.5, by hand, dP")
    expectClose(
      loss.forward([[0, 1]], target: .classes([0])), 16.63, "task 1.5, the largest loss",
      atol: 5e-3)
  }

  @Test func task6SoftmaxCrossEntropyLoss() throws {
    var unused = SoftmaxCrossEntropyLoss()
    _ = try lossPass(&unused, [[0, 1]], target: .classes([0]))

    // Text, 1.6
    var loss = SoftmaxCrossEntropyLoss()
    let value = loss.forward([[0, 1.0986123], [0, 0]], target: .classes([0, 1]))
    let dX = loss.backward()

    expectClose(value, 1.0397, "task 1.6, by hand, L", atol: 5e-5)
    expectClose(dX, [[-0.375, 0.375], [0.25, -0.25]], "task 1.6, by hand, dX")
  }

  @Test func task6TheLongWayRound() throws {
    var softmax = Softmax()
    var loss = CrossEntropyLoss()
    func passes(_ scores: Tensor, _ classes: [Int]) throws -> (value: Float, gradient: Tensor) {
      let p = try forwardPass(&softmax, input: scores)
      let (value, dP) = try lossPass(&loss, p, target: .classes(classes))
      return (value, softmax.backward(dP))
    }
    let near = try passes([[0, 1.0986123], [0, 0]], [0, 1])
    expectClose(near.gradient, [[-0.375, 0.375], [0.25, -0.25]], "task 1.6, the long way round")
    let far = try passes([[0, 100]], [0])
    expectClose(far.value, 16.63, "task 1.6, the long way round, scores 0 and 100", atol: 5e-3)
    #expect(abs(far.gradient).max() < 1e-30)

    var exact = SoftmaxCrossEntropyLoss()
    let (value, gradient) = try lossPass(&exact, [[0, 100]], target: .classes([0]))
    expectClose(value, 100, "task 1.6, scores 0 and 100")
    expectClose(gradient, [[-1, 1]], "task 1.6, scores 0 and 100, dX")
  }

  @Test func task7TrainingLoop() throws {
    var unused = NeuralNetwork(inputShape: [1], seed: 1)
    try unused.append(Dense(inputSize: 1, outputSize: 2))
    try requirePass(unused, [[1]], .classes([0]))

    // Text, 1.7
    var dense = Dense(inputSize: 1, outputSize: 2, seed: 1)
    dense.weights.value = [[0, 0]]
    var network = NeuralNetwork(inputShape: [1], seed: 1)
    try network.append(dense)
    var loss = SoftmaxCrossEntropyLoss()
    let optimizer = SGD(learningRate: 1)
    let losses = trainingLoop(
      &network, features: [[1]], targets: .classes([0]), loss: &loss, optimizer: optimizer,
      epochs: 2, batchSize: 1, seed: 1)

    try #require(losses.count == 2)
    expectClose(
      Tensor(losses.map { Float($0) }), [0.6931, 0.1269], "task 1.7, by hand", atol: 5e-5)
    let trained = try #require(network.layers[0] as? Dense)
    // The second epoch takes another step, from p = [0.8808, 0.1192]: 0.5 + 0.1192.
    expectClose(trained.weights.value, [[0.6192, -0.6192]], "task 1.7, the weights", atol: 5e-5)
  }

  @Test func task8FeedForwardNetwork() async throws {
    try await FeedForwardNetworkTests.steps.require()
    _ = try await DenseTests().layer(2, 2)

    // Text, 1.8
    var first = Dense(inputSize: 2, outputSize: 2, seed: 1)
    first.weights.value = [[1, -1], [0, 1]]
    var second = Dense(inputSize: 2, outputSize: 2, seed: 2)
    second.weights.value = [[0, 1.0986123], [0, 0]]
    var network = FeedForwardNetwork([first, ReLU(), second], loss: SoftmaxCrossEntropyLoss())

    let value = network.forward([[1, 2]], target: .classes([0]))
    let dX = network.backward()

    expectClose(value, 1.386294, "task 1.8, by hand, the loss")
    expectClose(dX, [[0.8239592, 0]], "task 1.8, by hand, dX")

    network.forEachParameter { parameter in
      parameter.value -= 0.1 * parameter.gradient!
      parameter.clearGradient()
    }

    let dense = try #require(network.layers[2] as? Dense)
    expectClose(
      dense.bias.value, [0.075, -0.075], "task 1.8, by hand, the last bias after one step")
  }

  @Test func task9Initialization() {
    // Text, 1.9
    let xavier = xavierStandardDeviation(fanIn: 300, fanOut: 100)
    let kaiming = kaimingStandardDeviation(fanIn: 200)
    let bound = uniformBound(standardDeviation: kaiming)
    let layer = Dense(
      inputSize: 200, outputSize: 50, initializer: .normal(mean: 0, standardDeviation: kaiming),
      seed: 1)

    expectClose(xavier, 0.0707107, "task 1.9, by hand, Xavier")
    expectClose(kaiming, 0.1, "task 1.9, by hand, Kaiming")
    expectClose(bound, 0.1732051, "task 1.9, by hand, the bound")
    #expect(layer.weights.value.shape == [200, 50])
    // The table: (n σ²)²⁰ for n = 256.
    for (deviation, factor) in [(0.01, 1.5e-32), (0.1, 1.5e8), (0.0625, 1)] {
      var product = 1.0
      for _ in 0..<20 { product *= 256 * deviation * deviation }
      #expect(abs(product / factor - 1) < 0.05, "task 1.9, the table for σ = \(deviation)")
    }
  }

  @Test func whatYouCanDoNow() throws {
    // Text, but for the two calls that require something
    let parts = try Dataset.iris.split(train: 0.6, validation: 0, test: 0.4, seed: 1)
    let scaler = try FeatureScaler.standardizing(parts.train)

    var network = NeuralNetwork(inputShape: [4], seed: 1)
    try network.append(Dense(inputSize: 4, outputSize: 16))
    try network.append(ReLU())
    try network.append(Dense(inputSize: 16, outputSize: 3))
    try requirePass(network, scaler(parts.train.features), parts.train.targets)

    var loss = SoftmaxCrossEntropyLoss()
    let optimizer = SGD(learningRate: 0.1)
    let losses = trainingLoop(
      &network, features: scaler(parts.train.features), targets: parts.train.targets, loss: &loss,
      optimizer: optimizer, epochs: 40, batchSize: 16, seed: 1)
    try #require(losses.count == 40)

    network.loss = loss
    network.preprocessing = scaler
    let test = try network.evaluate(parts.test)
    #expect(test.accuracy! >= 0.93)
    #expect(test.confusionMatrix!.description.contains("setosa"))
  }

  @Test func aLayerIsCheckedByFiniteDifferences() async throws {
    _ = try await DenseTests().layer(3, 2)
    // Text
    let report = checkGradients(
      of: Dense(inputSize: 3, outputSize: 2, activation: .tanh, seed: 1), inputShape: [5, 3])
    #expect("\(report)".hasPrefix("Dense: gradients agree ("))
  }

  /// The text names each number above; a change of one side fails until the other follows.
  @Test func theTextHoldsTheseNumbers() throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Protocols/Phase1-FeedForward.md"), encoding: .utf8)
    for line in [
      "optimizer.update(&weights, gradient: [0.5, -4])", "// [0.875, -1]:",
      "// [[17, 18, 34], [7, 21, 29]]", "// [[-1, 2], [2, 5]]", "// [[1, 0, -1], [0, -1, -2]]",
      "// [3, 1, -1]", "// [[0, 0, 2], [3, 0, 0.5]]", "// [[0, 0, 3], [4, 0, 6]]",
      "// [[0.25, 0.75], [0.5, 0.5]]", "// [[0.1875, -0.1875], [-0.5, 0.5]]",
      "// 1.0397 = (ln 2 + ln 4) / 2", "// [[-1, 0], [-2, 0]]", "// 1.0397 = (ln 4 + ln 2) / 2",
      "// [[-0.375, 0.375], [0.25, -0.25]]", "// [0.6931, 0.1269]", "16.63",
    ] where !text.contains(line) {
      Issue.record("Protocols/Phase1-FeedForward.md does not hold \"\(line)\" any more")
    }
  }
}
