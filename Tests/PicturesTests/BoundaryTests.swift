import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import Pictures

/// Class 1 to the right of a line.
private struct RightOf: DecisionFunction {
  let x: Float
  func classProbabilities(_ features: Tensor) -> Tensor {
    let p = 1 / (1 + exp(-4 * (features.slice(axis: 1, at: 0) - x)))
    return Tensor(stacking: [1 - p, p], axis: 1)
  }
}

/// Class 0 below 1, class 2 above 3, class 1 between them.
private struct Bands: DecisionFunction {
  func classProbabilities(_ features: Tensor) -> Tensor {
    let x = features.slice(axis: 1, at: 0)
    let scores = [exp(-4 * (x - 1)), exp(0 * x), exp(4 * (x - 3))]
    let sum = scores[0] + scores[1] + scores[2]
    return Tensor(stacking: scores.map { $0 / sum }, axis: 1)
  }
}

@Suite(.watched) struct BoundaryTests {
  private func data() throws -> Dataset {
    try Dataset(
      name: "four", features: [[0, 0], [1, 1], [3, 0], [4, 2]], targets: .classes([0, 0, 1, 1]),
      classNames: ["left", "right"])
  }

  private func lines(_ figure: Figure) -> [[(x: Double, y: Double)]] {
    figure.marks.compactMap { if case .line(let line) = $0 { line.points } else { nil } }
  }

  @Test func theLineIsWhereTheOddsAreEqual() throws {
    let figure = try DecisionBoundary(of: data(), resolution: 40)
      .figure(of: RightOf(x: 1.7), title: "t")
    #expect(lines(figure).count == 1)
    let line = try #require(lines(figure).first)
    #expect(line.count == 40)
    #expect(line.allSatisfy { abs($0.x - 1.7) < 1e-2 }, "\(line)")
    #expect(figure.x.range == -0.4...4.4 && figure.y.range == -0.2...2.2)
  }

  /// The line between two classes is that of both.
  @Test func ofThreeClassesEachHasItsLines() throws {
    let bands = try Dataset(
      name: "bands", features: [[0, 0], [2, 1], [4, 2]], targets: .classes([0, 1, 2]))
    let figure = try DecisionBoundary(of: bands, resolution: 60).figure(of: Bands(), title: "t")
    #expect(lines(figure).count == 4)
    for (line, x) in zip(lines(figure), [1.0, 1, 3, 3]) {
      #expect(line.count == 60 && line.allSatisfy { abs($0.x - x) < 1e-2 }, "\(x): \(line)")
    }
  }

  @Test func eachPlaceHasTheColourOfItsClass() throws {
    let figure = try DecisionBoundary(of: data(), resolution: 20)
      .figure(of: RightOf(x: 2), title: "t")
    guard case .image(let image) = figure.marks[0] else {
      Issue.record("the first mark is no image")
      return
    }
    #expect(image.columns == 20 && image.rows == 20)
    func distance(_ column: Int, _ ink: Ink) -> Int {
      let color = Theme.light.rgb(ink)
      let differences = zip(image.pixels[(3 * column)...], [color.red, color.green, color.blue])
        .map { (pixel: UInt8, wanted: UInt8) -> Int in abs(Int(pixel) - Int(wanted)) }
      return differences.reduce(0, +)
    }
    #expect(distance(0, .series(0)) < distance(0, .series(1)))
    #expect(distance(19, .series(1)) < distance(19, .series(0)))
    // Paler near the line.
    #expect(distance(0, .series(0)) < distance(9, .series(0)))
  }

  @Test func contoursFollowACircle() {
    let size = 41
    let values = (0..<(size * size)).map { place -> Double in
      let (x, y) = (Double(place % size) - 20, Double(place / size) - 20)
      return x * x + y * y - 15 * 15
    }
    let lines = zeroContours(of: values, columns: size)
    #expect(lines.count == 1)
    for point in lines.flatMap({ $0 }) {
      let radius = ((point.x - 20) * (point.x - 20) + (point.y - 20) * (point.y - 20)).squareRoot()
      #expect(abs(radius - 15) < 0.02)
    }
    // It closes.
    #expect(lines[0].first! == lines[0].last!)
    #expect(zeroContours(of: [1, 1, 1, 1], columns: 2).isEmpty)
    // A saddle has two lines.
    #expect(zeroContours(of: [1, -1, -1, 1], columns: 2).count == 2)
  }

  @Test func wrongDataAreRefused() throws {
    expectCourseError(.invalidData, "expected examples of shape [2], got [4]", "iris") {
      _ = try DecisionBoundary(of: .iris)
    }
    let one = try Dataset(name: "one", features: [[0, 0], [1, 1]], targets: .classes([0, 0]))
    expectCourseError(.invalidData, "expected examples of at least two, got examples of 1") {
      _ = try DecisionBoundary(of: one)
    }
    let many = try Dataset(
      name: "many", features: Tensor(ones: [41, 2]), targets: .classes(Array(0..<41)))
    expectCourseError(.invalidData, "expected at most 40, got 41") {
      _ = try DecisionBoundary(of: many)
    }
    let three = try Dataset(
      name: "three", features: [[0, 0], [1, 1], [2, 2]], targets: .classes([0, 1, 2]))
    expectCourseError(.shapeMismatch, "expected 3 probabilities for each example") {
      _ = try DecisionBoundary(of: three, resolution: 4).figure(of: RightOf(x: 1), title: "")
    }
  }

  @Test func everySimpleModelHasABoundary() throws {
    let data = try Dataset.blobs(count: 40, seed: 1)
    let boundary = try DecisionBoundary(of: data, resolution: 10)
    var perceptron = Perceptron(inputCount: 2)
    perceptron.fit(data.features, labels: data.targets.classIndices)
    let models: [any DecisionFunction] = [
      perceptron, BinaryClassifier(inputCount: 2), TwoLayerNetwork(hiddenCount: 3, seed: 1),
      DeepNetwork([2, 3, 1], seed: 1),
    ]
    for model in models {
      func draw(_ model: some DecisionFunction) throws -> Figure {
        try boundary.figure(of: model, title: "t")
      }
      _ = try draw(model).svg
      let p = try model.classProbabilities(data.features)
      #expect(p.shape == [40, 2])
      expectClose(p.sum(axis: 1), Tensor(ones: [40]), "\(type(of: model)), probabilities")
    }
  }

  @Test func framesAreSpacedByProgress() throws {
    #expect(BoundaryRecorder.epochs(of: 5, frameLimit: 60) == [0, 1, 2, 3, 4])
    let epochs = BoundaryRecorder.epochs(of: 200, frameLimit: 20).sorted()
    #expect(epochs.first == 0 && epochs.last == 199 && epochs.count <= 20 && epochs.count >= 18)
    #expect(epochs[2] - epochs[1] < epochs[epochs.count - 1] - epochs[epochs.count - 2])
  }

  @Test func aRecorderDrawsWhileANetworkLearns() throws {
    let data = try Dataset.moons(count: 60, seed: 1)
    var network = NeuralNetwork(
      inputShape: [2], loss: BinaryCrossEntropyLoss(), optimizer: SGD(learningRate: 0.5), seed: 1)
    try network.append(Dense(inputSize: 2, outputSize: 8, activation: .tanh))
    try network.append(Dense(inputSize: 8, outputSize: 1))
    try network.append(Sigmoid())
    let recorder = try BoundaryRecorder(data: data, frameLimit: 4)
    try network.fit(
      data, options: TrainingOptions(epochs: 10, batchSize: 20), callbacks: [recorder])
    #expect(recorder.frames.count == 4)
    #expect(recorder.frames.first?.title.hasPrefix("Epoch 1, loss") == true)
    #expect(recorder.frames.last?.title.hasPrefix("Epoch 10, loss") == true)
    #expect(recorder.frames.first?.svg != recorder.frames.last?.svg)
  }
}
