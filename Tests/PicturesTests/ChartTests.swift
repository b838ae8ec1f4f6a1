import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import Pictures

@Suite(.watched) struct ChartTests {
  private func points(_ mark: Figure.Mark?) -> [(x: Double, y: Double)] {
    switch mark {
    case .line(let line): line.points
    case .points(let points): points.points
    default: []
    }
  }

  private func trained(epochs: Int = 3) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.5), seed: 1)
    try network.append(Dense(inputSize: 2, outputSize: 8, activation: .tanh))
    try network.append(Dense(inputSize: 8, outputSize: 2))
    let parts = try Dataset.moons(count: 60, seed: 1).split(seed: 1)
    try network.fit(
      parts.train, validation: parts.validation,
      options: TrainingOptions(epochs: epochs, batchSize: 10))
    return network
  }

  @Test func curvesShowTheHistoryAndItsBestEpoch() throws {
    let history = try #require(try trained(epochs: 5).progress?.history)
    let loss = Figure.loss(of: history)
    #expect(points(loss.marks[0]).map(\.y) == history.epochs.map(\.training.loss))
    #expect(points(loss.marks[1]).map(\.y) == history.epochs.map { $0.validation!.loss })
    #expect(points(loss.marks[0]).map(\.x) == [1, 2, 3, 4, 5])
    let best = try #require(history.epochs.min { $0.validation!.loss < $1.validation!.loss })
    #expect(points(loss.marks[2]).map(\.x) == [Double(best.epoch + 1)])
    #expect(loss.svg.contains("best: epoch \(best.epoch + 1)"))
    let accuracy = try #require(Figure.accuracy(of: history))
    #expect(points(accuracy.marks[0]).map(\.y) == history.epochs.map { $0.training.accuracy! })
    #expect(Figure.accuracy(of: TrainingHistory()) == nil)
    #expect(
      points(Figure.learningRate(of: history).marks[0]).map(\.y) == [0.5, 0.5, 0.5, 0.5, 0.5])
    _ = Figure.loss(of: TrainingHistory()).svg
  }

  @Test func everyMetricHasACurveAndItsOwnBestEpoch() throws {
    let metrics = ["mean IoU without background", "height RMSE", "R2", "embedding deviation"]
    let epochs = [0.5, 0.7, 0.6].enumerated().map { epoch, value in
      let values = metrics.map { "\"\($0)\": \(value)" }.joined(separator: ", ")
      let scores = "{\"loss\": \(value), \"penalty\": 0.1, \"metrics\": {\(values)}}"
      return "{\"epoch\": \(epoch), \"epochs\": 3, \"step\": \(epoch), \"learningRate\": 0.1, "
        + "\"training\": \(scores), \"validation\": \(scores)}"
    }
    let history = try JSONDecoder().decode(
      TrainingHistory.self, from: Data("{\"epochs\": [\(epochs.joined(separator: ", "))]}".utf8))
    let figures = Figure.curves(of: history)
    #expect(
      figures.map(\.title) == [
        "Loss", "R2", "Embedding deviation", "Height RMSE", "Mean IoU without background",
      ])
    #expect(figures.map(\.y.label).last == "mean IoU without background")
    for (figure, best) in zip(figures, [1.0, 2, nil, 1, 2]) {
      #expect(points(figure.marks[0]).map(\.y) == [0.5, 0.7, 0.6], "\(figure.title)")
      #expect(points(figure.marks[1]).map(\.y) == [0.5, 0.7, 0.6], "\(figure.title)")
      #expect(figure.marks.count == (best == nil ? 2 : 3), "\(figure.title)")
      if let best { #expect(points(figure.marks[2]).map(\.x) == [best], "\(figure.title)") }
    }
    let text = Figure.curves(of: history, perplexity: { exp($0.loss) })
    #expect(text.count == 6 && text[1].title == "Perplexity")
    #expect(points(text[1].marks[0]).map(\.y) == [0.5, 0.7, 0.6].map { exp($0) })
    #expect(Panels.curves(of: history, perplexity: { $0.loss }).figures.count == 6)
    #expect(Figure.metric("accuracy", of: history) == nil)
  }

  @Test func aConfusionMatrixHasItsCounts() throws {
    var matrix = ConfusionMatrix(classNames: ["cat", "dog"])
    matrix.update(predicted: [0, 0, 1, 1, 1], actual: [0, 1, 1, 1, 1])
    let figure = try Figure.confusionMatrix(matrix)
    let texts = figure.marks.compactMap { mark in
      if case .text(let text) = mark { "\(text.text) at \(text.x), \(text.y)" } else { nil }
    }
    #expect(texts == ["1 at 0.0, 0.0", "1 at 0.0, 1.0", "3 at 1.0, 1.0"])
    #expect(figure.y.isReversed)
    expectCourseError(.invalidArgument, "at most 40, got 41") {
      _ = try Figure.confusionMatrix(ConfusionMatrix(classCount: 41))
    }
  }

  // sklearn.metrics.roc_auc_score and average_precision_score of the same lists
  @Test func areasAgreeWithReferences() throws {
    let curves = try TwoClassCurves(
      probabilities: [0.9, 0.8, 0.8, 0.7, 0.5, 0.4, 0.3, 0.2], labels: [1, 1, 0, 1, 0, 0, 1, 0])
    expectClose(Float(curves.areaUnderROC), 0.71875, "area under the ROC curve")
    expectClose(Float(curves.averagePrecision), 0.74702381, "average precision", atol: 1e-5)
    #expect(curves.roc.svg.contains("area 0.719"))
    #expect(curves.precisionRecall.svg.contains("average precision 0.747"))
    let perfect = try TwoClassCurves(probabilities: [0.1, 0.9], labels: [0, 1])
    #expect(perfect.areaUnderROC == 1 && perfect.averagePrecision == 1)
    let wrong: [([Float], [Int])] = [
      ([0.1], [0, 1]), ([0.1, 0.2], [1, 1]), ([0.1, .nan], [0, 1]), ([0.1, 0.2], [0, 2]), ([], []),
    ]
    for (probabilities, labels) in wrong {
      expectCourseError(.invalidData, "curves of two classes") {
        _ = try TwoClassCurves(probabilities: probabilities, labels: labels)
      }
    }
  }

  @Test func distributionsSumToOne() throws {
    let network = try trained()
    let weights = Figure.weights(of: network)
    #expect(weights.marks.count == 2)
    let activations = try Figure.activations(
      of: network, for: Dataset.moons(count: 40, seed: 2).features)
    #expect(activations.marks.count == 2)
    for mark in weights.marks + activations.marks {
      #expect(abs(points(mark).reduce(0) { $0 + $1.y } - 1) < 1e-9)
    }
    #expect(Figure.distributions(title: "", quantity: "", [("none", [.nan])]).marks.isEmpty)
    // Those inside of containers have a line each, as in the summary.
    var nested = NeuralNetwork(inputShape: [2], loss: SoftmaxCrossEntropyLoss(), seed: 1)
    try nested.append(Dense(inputSize: 2, outputSize: 3))
    try nested.append(Residual(Sequential([Dense(inputSize: 3, outputSize: 3), ReLU()])))
    try nested.append(Sequential([Dense(inputSize: 3, outputSize: 2)]))
    let names = try Figure.activations(
      of: nested, for: Dataset.moons(count: 4, seed: 2).features
    ).marks.map { mark in
      if case .line(let line) = mark { line.name } else { "" }
    }
    #expect(
      names == ["0 Dense", "1.body.0 Dense", "1.body.1 ReLU", "1 Residual", "2.0 Dense"], "\(names)"
    )
  }

  /// More sets than lines can be told apart are rows of an image.
  @Test func manyDistributionsAreRows() throws {
    let sets = (0..<13).map { (name: "layer \($0)", values: [Float($0), Float($0), 6]) }
    let few = Figure.distributions(title: "", quantity: "x", Array(sets.dropLast()))
    #expect(few.marks.count == 12)
    let figure = Figure.distributions(title: "T", quantity: "x", sets)
    guard case .image(let image) = figure.marks.first else {
      Issue.record("no image: \(figure.marks.count) marks")
      return
    }
    #expect(figure.marks.count == 1 && image.columns == 60 && image.pixels.count == 3 * 60 * 13)
    #expect(figure.y.categories == sets.map(\.name) && figure.x.range == 0...12)
    // Row 3 is darkest at 3, lighter at 6, and white elsewhere.
    func shade(_ value: Double) -> Int {
      let place = 3 * (3 * 60 + min(Int(value / 12 * 60), 59))
      return image.pixels[place..<(place + 3)].reduce(0) { $0 + Int($1) }
    }
    #expect(shade(3) < shade(6) && shade(6) < shade(9) && shade(9) == 3 * 255)
    #expect(figure.svg.contains(">layer 12<"))
  }

  /// What is beyond the bins is in none of them, and a small layer is seen whole beside large ones.
  @Test func distributionsHaveNoFalsePeaks() throws {
    func bell(_ count: Int, width: Float) -> [Float] {
      // The middles of equal shares of a logistic distribution.
      (0..<count).map { number in
        let share = (Float(number) + 0.5) / Float(count)
        return width * log(share / (1 - share))
      }
    }
    let figure = Figure.distributions(
      title: "", quantity: "weight",
      [("large", bell(50_000, width: 0.01)), ("small", bell(900, width: 0.1))])
    for mark in figure.marks {
      let line = points(mark)
      // It falls to both sides.
      let top = try #require(line.indices.max { line[$0].y < line[$1].y })
      for place in line.indices.dropFirst() {
        let isRising = line[place].y >= line[place - 1].y - 0.002
        let isFalling = line[place].y <= line[place - 1].y + 0.002
        #expect(place <= top ? isRising : isFalling, "bin \(place)")
      }
      #expect(abs(line.reduce(0) { $0 + $1.y } - 1) < 1e-9)
    }
    #expect(figure.x.label == "weight")
    // A value far from a thousand others is left out, and the picture says so.
    let far = Figure.distributions(
      title: "", quantity: "weight", [("", bell(1999, width: 1) + [1000])])
    let line = points(far.marks[0])
    #expect(far.x.label == "weight; 0.20 % of the values are beyond")
    #expect(abs(line.reduce(0) { $0 + $1.y } - 0.998) < 1e-9 && line[59].y < 0.002)
    #expect(line.allSatisfy { abs($0.x) < 10 })
    // Equal values have a place in the middle.
    for value in [Float(0), 3, -2e-20, 1e30] {
      let equal = points(
        Figure.distributions(title: "", quantity: "", [("", [value, value])]).marks[0])
      #expect(equal.filter { $0.y > 0 }.map(\.y) == [1], "\(value)")
      #expect(equal[29].y + equal[30].y == 1 && equal[0].x < Double(value), "\(value)")
    }
  }

  // numpy: u, s, vt = np.linalg.svd(rows - rows.mean(0)); s ** 2 / (s ** 2).sum(); (rows - mean) @ vt[:2].T
  @Test func theProjectionIsThatOfThePrincipalComponents() throws {
    let rows: Tensor = [[2, 0, 1], [0, 1, 0], [-1, 3, 2], [4, 1, -2], [1, 1, 1]]
    let figure = try Figure.projection(
      of: rows, labels: [0, 1, 0, 1, 0], classNames: ["a", "b"])
    #expect(
      figure.x.label.contains("82 %") && figure.y.label.contains("13 %"),
      "\(figure.x.label), \(figure.y.label)")
    let all = points(figure.marks[0]) + points(figure.marks[1])
    // The signs of the directions are free.
    let expected = [
      (-0.63476, 1.41092), (3.12779, -0.76936), (0.43266, 0.48806), (0.64733, -0.22399),
      (-3.57302, -0.90562),
    ]
    for (point, reference) in zip(all, expected) {
      expectClose(Float(abs(point.x)), Float(abs(reference.0)), "first component", atol: 1e-3)
      expectClose(Float(abs(point.y)), Float(abs(reference.1)), "second component", atol: 1e-3)
    }
    expectCourseError(.invalidData, "rows to project") {
      _ = try Figure.projection(of: rows, labels: [0], classNames: ["a"])
    }
  }

  @Test func aDiagramNamesEveryLayer() throws {
    let svg = NetworkDiagram(try trained()).svg
    for words in ["Input", ">Dense<", ">8<", "24 weights", "18 weights"] {
      #expect(svg.contains(words), "\(words)")
    }
  }

  private func convolution(_ channels: Int) -> Conv2D {
    Conv2D(outputChannels: channels, kernelSize: 3, padding: .same)
  }

  /// The paths of a container stand beside each other, and equal blocks are drawn once.
  @Test func aDiagramShowsContainers() throws {
    var network = NeuralNetwork(inputShape: [3, 16, 16], seed: 1)
    func block(_ channels: Int, stride: Int) -> Residual {
      Residual(
        Sequential(
          Conv2D(
            outputChannels: channels, kernelSize: 3, stride: AxisSizes(stride), padding: .same),
          ReLU(), convolution(channels)),
        shortcut: stride == 1
          ? Sequential()
          : Sequential(
            Conv2D(outputChannels: channels, kernelSize: 1, stride: AxisSizes(stride))))
    }
    let layers: [any Layer] = [
      convolution(4), block(4, stride: 1), ReLU(), block(4, stride: 1), ReLU(),
      block(4, stride: 1), ReLU(), block(8, stride: 2), ReLU(),
      Skip(Sequential(MaxPool2D(kernelSize: 2), convolution(8), Upsample2D(scaleFactor: 2))),
      Branches([convolution(2), Sequential(), convolution(2)], merge: .concatenate),
    ]
    for layer in layers { try network.append(layer) }
    let svg = NetworkDiagram(network).svg
    func count(_ text: String) -> Int { svg.components(separatedBy: text).count - 1 }
    // Three equal blocks are one; that with a projection stands for itself.
    #expect(count(">Residual<") == 2 && count(">× 3<") == 1)
    #expect(count(">+<") == 2 && count(">concat<") == 2)
    #expect(count(">Skip<") == 1 && count(">Branches<") == 1 && count(">Sequential<") == 0)
    #expect(count(">Upsample2D<") == 1 && count(">8 × 8 × 8<") >= 1)
    let label = "Residual, Conv2D, ReLU, Conv2D, ReLU, times 3"
    #expect(svg.contains(label))
  }
}
