import CourseTestSupport
import Foundation
import Networks
import Testing

/// One set of weights for several views of an example.
@Suite(.watched) struct SiameseTests {
  private let input = Tensor(normal: [3, 4, 6, 5], key: RandomKey(seed: varied(1)))

  private func layer(views: Int = 2) throws -> Siamese {
    try Siamese(
      Sequential(
        Conv2D(outputChannels: 3, kernelSize: 3, seed: 2), ReLU(), Flatten(),
        Dense(outputSize: 2, seed: 3)), views: views
    ).sized(for: [4, 6, 5])
  }

  @Test func eachViewGoesThroughTheBody() throws {
    var siamese = try layer()
    #expect(try siamese.outputShape(for: [4, 6, 5]) == [2, 2])
    let output = siamese.forward(input, mode: .inference)
    #expect(output.shape == [3, 2, 2])
    var body = siamese.body
    for view in 0..<2 {
      let alone = body.forward(input[0..., (2 * view)..<(2 * view + 2)], mode: .inference)
      expectClose(output.slice(axis: 1, at: view), alone, "view \(view)")
    }
    // Images in, images out; one view is the body with an axis more.
    var images = try Siamese(Conv2D(outputChannels: 3, kernelSize: 1, seed: 1), views: 4)
      .sized(for: [4, 6, 5])
    #expect(images.forward(input, mode: .inference).shape == [3, 4, 3, 6, 5])
  }

  @Test(arguments: [1, 2]) func gradientsAgree(views: Int) throws {
    try expectGradients(of: try layer(views: views), inputShape: [3, 4, 6, 5])
    // Of a network that needs no gradient of its input.
    var a = try layer()
    var b = a
    let gradient = Tensor(normal: [3, 2, 2], key: RandomKey(seed: 4))
    _ = (a.forward(input, mode: .training), b.forward(input, mode: .training))
    #expect(a.backward(gradient).shape == input.shape)
    b.backwardWithoutInputGradient(gradient)
    var gradients: [Tensor?] = []
    a.forEachParameter { gradients.append($1.gradient) }
    b.forEachParameter { name, parameter in
      #expect(parameter.gradient == gradients.removeFirst(), "\(name)")
    }
  }

  @Test func batchNormMeasuresAllViewsTogether() throws {
    var network = NeuralNetwork(
      inputShape: [4], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Siamese(BatchNorm(channels: 2)))
    let output = network.forward([[1, 2, 3, 6], [5, 2, 7, 6]])
    expectClose(
      output.mean(axis: 0).mean(axis: 0), [0, 0], "mean over examples and views", atol: 1e-6)
    // A single example has two views, and so a variance.
    #expect(throws: Never.self) {
      try network.layers[0].check(batchShape: [1, 4], mode: .training)
    }
  }

  /// Multiplies each example by a number of its own.
  private struct Scaling: ParameterFreeLayer {
    var factors = Tensor(ones: [1, 1])
    var sideInputShapes: [String: [Int]] { ["factor": [1]] }
    mutating func take(sideInputs: [String: Tensor]) { factors = sideInputs["factor"]! }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    func forward(_ input: Tensor, mode: Mode) -> Tensor { input * factors }
    func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * factors }
  }

  @Test func eachViewGetsTheSideInputsOfItsExample() throws {
    var network = NeuralNetwork(
      inputShape: [6], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Siamese(Sequential(Dense(outputSize: 4), Scaling()), views: 3))
    try network.append(Flatten())
    #expect(network.sideInputShapes == ["factor": [1]])
    let factors: Tensor = [[2], [-1], [0]]
    let x = Tensor(normal: [3, 6], key: RandomKey(seed: varied(4)))
    let plain = try network.predict(x, sideInputs: ["factor": Tensor(ones: [3, 1])])
    expectClose(try network.predict(x, sideInputs: ["factor": factors]), plain * factors, "Y")
    #expect(
      network.activations(of: x, sideInputs: ["factor": factors]).first {
        $0.path == "0.body.1"
      }?.output.shape == [9, 4])
    let data = try Dataset(features: x, targets: .values(Tensor(zeros: [3, 12])))
      .with(sideInputs: ["factor": factors])
    #expect(throws: Never.self) {
      try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 2))
    }
  }

  @Test func wrongTokensInViewsAreRefused() throws {
    var network = NeuralNetwork(
      inputShape: [6], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(
      Sequential(Siamese(Sequential(Embedding(vocabularySize: 4, embeddingSize: 2), Flatten()))))
    try network.append(Flatten())
    let data = try Dataset(
      features: [[0, 1, 2, 3, 3, 3], [0, 1, 2, 4, 3, 3]], targets: .values(Tensor(zeros: [2, 12])))
    expectCourseError(
      .invalidData, "a token is out of range", "example 1, step 3", "layer 0.0.body.0 (Embedding)"
    ) {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 2))
    }
  }

  @Test func namesFilesAndErrors() throws {
    var network = NeuralNetwork(
      inputShape: [4, 6, 5], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1),
      seed: 7)
    try network.append(try layer())
    var names: [String] = []
    network.visitParameters { name, _ in names.append(name) }
    #expect(
      names == [
        "layers.0.body.0.weights", "layers.0.body.0.bias", "layers.0.body.3.weights",
        "layers.0.body.3.bias",
      ])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "n.safetensors")
      try network.save(to: url)
      expectSame(
        try NeuralNetwork(contentsOf: url).predict(input), try network.predict(input),
        "predictions of a saved network")
    }
    var other = NeuralNetwork(inputShape: [3, 6, 5], seed: 1)
    expectCourseError(.shapeMismatch, "layer 0 (Siamese)", "no stack of 2 views", "[3, 6, 5]") {
      try other.append(Siamese(Flatten()))
    }
    expectCourseError(.shapeMismatch, "layer 0.body.1 (MaxPool2D)") {
      var small = NeuralNetwork(inputShape: [2, 3, 3], seed: 1)
      try small.append(Siamese(Sequential(ReLU(), MaxPool2D(kernelSize: 4))))
    }
  }

  @Test func wrongUse() async {
    let views = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Siamese(ReLU(), views: 0)
    }
    expectWords(of: views, "Siamese: views", "1 to 65536")
    let input = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Siamese(ReLU())
      _ = layer.forward(Tensor(ones: [2, 3]), mode: .training)
    }
    expectWords(of: input, "Siamese.forward", "V = 2 views", "[2, 3]")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Siamese(ReLU())
      _ = layer.forward(Tensor(ones: [2, 4]), mode: .training)
      _ = layer.backward(Tensor(ones: [2, 4]))
    }
    expectWords(of: gradient, "Siamese.backward", "[N, 2, ...]", "[2, 4]")
  }
}
