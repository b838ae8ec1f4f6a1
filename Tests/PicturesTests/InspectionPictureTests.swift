import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import Pictures

/// Pictures of the inside of networks: filters, feature maps, gradients.
@Suite(.watched) struct InspectionPictureTests {
  private func network(inputShape: [Int] = [1, 8, 8]) throws -> NeuralNetwork {
    var network = try NeuralNetwork.vggNet(
      inputShape: inputShape, blocks: [[4, 20], [3]], hiddenSizes: [5],
      optimizer: SGD(learningRate: 0.1), seed: 1)
    network.classNames = (0..<10).map { "class \($0)" }
    return network
  }

  @Test func aFiltersTileGoesFromBlackToWhite() throws {
    var network = NeuralNetwork(inputShape: [1, 4, 4])
    var layer = Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: [1, 3], seed: 1)
    layer.weights.value = [[[[-1, 1, 0]]]]
    try network.append(layer)
    let sheet = try #require(TileSheet.filters(of: network))
    #expect(sheet.title == "Filters of layer 0, Conv2D")
    #expect(
      sheet.groups[0].title
        == "1 kernel of 1 × 1 × 3, each from its smallest weight (dark) to its largest (bright)")
    #expect(sheet.groups[0].tiles.map(\.image.pixels) == [[0, 255, 128]])
    let none = try NeuralNetwork.multilayerPerceptron(
      inputSize: 3, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(TileSheet.filters(of: none) == nil)
  }

  @Test(arguments: [(1, 4, 1), (2, 8, 1), (3, 4, 3), (4, 16, 1)])
  func kernelsOfAnyDepthAreDrawn(channels: Int, tiles: Int, imageChannels: Int) throws {
    let sheet = try #require(TileSheet.filters(of: network(inputShape: [channels, 8, 8])))
    #expect(sheet.groups[0].tiles.count == tiles)
    #expect(sheet.groups[0].tiles.allSatisfy { $0.image.channels == imageChannels })
    #expect(sheet.svg.hasSuffix("</svg>\n"))
  }

  @Test func featureMapsNameLayersPredictionAndTruth() throws {
    let network = try network()
    let example = Dataset.digits.features.rows(at: [3]).reshaped(to: [1, 8, 8])
    let sheet = try TileSheet.featureMaps(
      of: network, for: example, name: "Example 3", actual: 7)
    let probabilities = try network.predict(example.reshaped(to: [1, 1, 8, 8]))
    let best = probabilities.argmax(axis: -1)[0]
    let percent = Int((100 * probabilities[0, best]).rounded())
    #expect(sheet.title == "Example 3: predicted class \(best), \(percent) %, true class 7")
    // The number that is white: of the few values of the last layer the largest.
    let largest = short(network.featureMaps(of: example)[2].maps.max())
    let titles = zip(
      sheet.groups,
      [
        "Input", "Layer 0, ConvReLU: 4 × 8 × 8, from 0 (black) to ",
        "Layer 1, ConvReLUPool: 20 × 4 × 4, from 0 (black) to ",
        "Layer 2, ConvReLUPool: 3 × 2 × 2, from 0 (black) to \(largest) (white)",
      ])
    for (group, words) in titles { #expect(group.title.hasPrefix(words), "\(group.title)") }
    #expect(sheet.groups.map(\.tiles.count) == [1, 4, 20, 3])
    let input = sheet.groups[0].tiles[0].image
    for (row, column) in [(0, 3), (2, 4), (5, 2)] {
      let brightness = example[0, row, column] / example.max()
      #expect(abs(Float(input[row, column, 0]) - brightness * 255) <= 1)
    }
    for group in sheet.groups { #expect(sheet.svg.contains(group.title)) }
    #expect(
      try TileSheet.featureMaps(of: network, for: example, name: "d.png").title
        == "d.png: predicted class \(best), \(percent) %")
  }

  @Test func anExampleOfAnotherShapeIsRefused() throws {
    expectCourseError(.shapeMismatch, "expected shape [1, 8, 8], got [64]") {
      _ = try TileSheet.featureMaps(of: network(), for: Tensor(ones: [64]), name: "row")
    }
    var wrong = Tensor(ones: [1, 8, 8])
    wrong[0, 0, 0] = .nan
    expectCourseError(.invalidData, "feature is not finite") {
      _ = try TileSheet.featureMaps(of: network(), for: wrong, name: "hole")
    }
  }

  /// Multiplies each example by a number of its own.
  private struct Scaling: ParameterFreeLayer {
    var factors = Tensor(ones: [1, 1, 1, 1])
    var sideInputShapes: [String: [Int]] { ["factor": [1, 1, 1]] }
    mutating func take(sideInputs: [String: Tensor]) { factors = sideInputs["factor"]! }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    func forward(_ input: Tensor, mode: Mode) -> Tensor { input * factors }
    func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * factors }
  }

  @Test func networksThatAskForSideInputsAreDrawn() throws {
    var network = NeuralNetwork(inputShape: [1, 4, 4], loss: SoftmaxCrossEntropyLoss(), seed: 1)
    try network.append(ConvReLU(outputChannels: 3, kernelSize: 3, padding: .same))
    try network.append(Residual(Sequential(Scaling())))
    try network.append(Flatten())
    try network.append(Dense(outputSize: 2))
    let features = Tensor(uniform: [5, 1, 4, 4], key: RandomKey(seed: 2))
    let sides = ["factor": Tensor(ones: [5, 1, 1, 1])]
    let figure = try Figure.activations(of: network, for: features, sideInputs: sides)
    let names = lines(figure).map(\.name)
    #expect(names.contains { $0.contains("1.body.0 Scaling") }, "\(names)")
    expectCourseError(.invalidData, "side input \"factor\" is missing") {
      _ = try Figure.activations(of: network, for: features)
    }
    // The maps before the first layer that asks for some; there is no prediction.
    let sheet = try TileSheet.featureMaps(
      of: network, for: features.slice(axis: 0, at: 0), name: "x", actual: 1)
    #expect(sheet.title == "x: true 1")
    #expect(sheet.groups.count == 2 && sheet.groups[1].title.hasPrefix("Layer 0, ConvReLU: 3"))
  }

  // MARK: Gradients

  private func lines(_ figure: Figure) -> [Figure.Line] {
    figure.marks.compactMap { if case .line(let line) = $0 { line } else { nil } }
  }

  @Test func gradientsAreThoseOfATrainingStep() throws {
    let network = try network()
    let digits = Dataset.digits.reshaped(to: [1, 8, 8])
    let batch = digits.batch(at: Array(0..<40))
    let figure = try Figure.gradients(of: network, for: batch)
    var copy = network
    var loss = try #require(network.loss)
    _ = loss.forward(copy.forward(batch.features), target: batch.targets)
    copy.backward(loss.backward())
    let weights = copy.layers.enumerated().flatMap { index, layer in
      layer.parameters.sorted { $0.key < $1.key }.filter(\.value.isRegularized).map {
        (name: "\(index) \(type(of: layer).typeName) \($0.key)", gradient: $0.value.gradient!)
      }
    }
    let lines = lines(figure)
    #expect(lines.count == weights.count && lines.count == 5)
    for (line, weight) in zip(lines, weights) {
      #expect(line.name.hasPrefix(weight.name), "\(line.name)")
      let scalars = weight.gradient.scalars
      // Of the smallest and the largest ones a thousandth may lie beyond the bins.
      let half = (line.points[1].x - line.points[0].x) / 2
      let bins = (line.points[0].x - half - 1e-6)...(line.points[59].x + half + 1e-6)
      let shown = scalars.count { $0 != 0 && bins.contains(log10(Double(abs($0)))) }
      #expect(shown >= scalars.count { $0 != 0 } * 998 / 1000, "\(line.name)")
      let rest = Double(shown) / Double(scalars.count)
      #expect(abs(line.points.reduce(0) { $0 + $1.y } - rest) < 1e-9, "\(line.name)")
      // The middle of the curve is the middle of the sizes, within a bin or two.
      let sizes = scalars.filter { $0 != 0 }.map { log10(Double(abs($0))) }.sorted()
      var sum = 0.0
      let middle = line.points.first {
        sum += $0.y
        return sum >= rest / 2
      }
      let width = line.points[1].x - line.points[0].x
      #expect(abs((middle?.x ?? 0) - sizes[sizes.count / 2]) < 1.5 * width, "\(line.name)")
    }
  }

  @Test func deadUnitsAreCounted() throws {
    var network = NeuralNetwork(
      inputShape: [2], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Dense(inputSize: 2, outputSize: 4))
    try network.append(ReLU())
    try network.append(Dense(inputSize: 4, outputSize: 2))
    // No unit ever answers: neither layer has a gradient.
    try network.setParameter("layers.0.bias", to: [-100, -100, -100, -100])
    let batch = try Dataset.moons(count: 20, seed: 1).batch(at: Array(0..<20))
    #expect(try Figure.gradients(of: network, for: batch).marks.isEmpty)
    // One of four does.
    try network.setParameter("layers.0.bias", to: [-100, 100, -100, -100])
    let names = lines(try Figure.gradients(of: network, for: batch)).map(\.name)
    #expect(
      names == ["0 Dense weights, 75 % are 0", "2 Dense weights, 75 % are 0"], "\(names)")
  }

  @Test func aBatchThatDoesNotFitIsRefused() throws {
    let network = try network()
    expectCourseError(.shapeMismatch, "expected examples of shape [1, 8, 8], got [4]") {
      _ = try Figure.gradients(of: network, for: Dataset.iris.batch(at: [0, 1]))
    }
    var silent = network
    silent.loss = nil
    let digits = Dataset.digits.reshaped(to: [1, 8, 8])
    expectCourseError(.invalidArgument, "the network has no loss") {
      _ = try Figure.gradients(of: silent, for: digits.batch(at: [0, 1]))
    }
  }
}

/// Pictures of what an answer rests on.
@Suite(.watched) struct ReasonPictureTests {
  @Test func aMapIsOrangeForAndBlueAgainst() throws {
    let image = Tensor(shape: [1, 1, 4], scalars: [0, 1, 2, 3])
    let map = Tensor(shape: [1, 4], scalars: [2, -2, 0, 1])
    let sheet = try TileSheet.reasons(map, over: image, name: "occlusion", title: "Why 7")
    let tiles = sheet.groups[0].tiles
    #expect(sheet.title == "Why 7")
    #expect(
      tiles.map(\.captions) == [
        ["the input"], ["occlusion", "the darkest: 2"], ["over the input"],
      ])
    #expect(tiles[0].image.pixels == [0, 85, 170, 255])
    // The colours of the palette, white for nothing, and the half of the way to orange.
    #expect(
      tiles[1].image.pixels == [
        0xd5, 0x5e, 0, 0, 0x72, 0xb2, 255, 255, 255, 234, 175, 128,
      ])
    // The key has the colours of the map, and is in the picture.
    #expect(sheet.key.map(\.name) == ["speaks for the answer", "against it"])
    #expect(sheet.key.map(\.color) == [.rgb(0xd5, 0x5e, 0), .rgb(0, 0x72, 0xb2)])
    #expect(sheet.svg.contains(">against it<"))
    // Where the map says nothing, the image is grey.
    let over = tiles[2].image.pixels
    #expect(over[6] == over[7] && over[7] == over[8])
    #expect(over[0] > over[2] && over[3] < over[5])
    expectCourseError(.shapeMismatch, "a map and its image: expected [H, W] and [C, H, W]") {
      _ = try TileSheet.reasons(image, over: image, name: "", title: "")
    }
  }

  /// Maps without a number of any size, and images of one colour, have pictures too.
  @Test(arguments: [Float(0), .nan, .infinity])
  func anEmptyMapIsWhite(value: Float) throws {
    let map = Tensor(shape: [2, 2], scalars: [value, 0, 0, 0])
    let sheet = try TileSheet.reasons(
      map, over: Tensor(ones: [3, 2, 2]), name: "saliency", title: "")
    #expect(sheet.groups[0].tiles[1].image.pixels.allSatisfy { $0 == 255 })
    #expect(sheet.key.isEmpty, "nothing speaks against it")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func anImageWithAHoleIsDrawn(hole: Float) throws {
    let image = Tensor(shape: [1, 1, 3], scalars: [0, 2, hole])
    let map = Tensor(shape: [1, 3], scalars: [1, 0, 0])
    let sheet = try TileSheet.reasons(map, over: image, name: "saliency", title: "")
    #expect(sheet.groups[0].tiles[0].image.pixels.prefix(2) == [0, 255])
    let none = try TileSheet.reasons(
      map, over: Tensor(repeating: hole, shape: [1, 1, 3]), name: "saliency", title: "")
    #expect(none.groups[0].tiles.count == 3)
    expectCourseError(.shapeMismatch, "a map and its image") {
      _ = try TileSheet.reasons(
        Tensor(zeros: [0, 3]), over: Tensor(zeros: [1, 0, 3]), name: "", title: "")
    }
  }

  @Test func wordsAreShadedByTheirWeight() {
    let words = HighlightedText(
      title: "food, 93 %", parts: [("a", 0), ("sweet", 0.5), ("<drink>", 1), ("not", -1)],
      note: "Orange speaks for it.")
    let svg = words.svg
    #expect(svg.contains(">sweet</text>") && svg.contains(">&lt;drink&gt;</text>"))
    #expect(svg.contains("#d55e00") && svg.contains("#0072b2") && svg.contains("#eaaf80"))
    #expect(svg.contains("Orange speaks for it. The darkest: 1.") && svg.contains("food, 93 %"))
    // White on dark colours.
    #expect(svg.contains("#ffffff"))
  }

  @Test func longTextsTakeSeveralLines() {
    func height(_ parts: [(String, Float)]) -> Double {
      HighlightedText(title: "t", parts: parts).drawing.height
    }
    let line = height([("a", 1)])
    #expect(height(Array(repeating: ("a", 1), count: 40)) == line)
    #expect(height(Array(repeating: ("a", 1), count: 60)) == line + 30)
    #expect(height([("a", 1), ("\n", 0), ("b", 1)]) == line + 30)
    #expect(height(Array(repeating: ("letters", 1), count: 30)) > line + 50)
    // A word longer than a line stands alone, and does not end the program.
    #expect(height([(String(repeating: "w", count: 200), 1), ("a", .nan)]) == line + 30)
    #expect(height([]) > 0)
  }

  @Test func attentionNamesTheStepsWhereThereIsRoom() throws {
    let weights = Tensor(shape: [2, 2], scalars: [1, 0, 0.5, 0.5])
    let figure = Figure.attention(weights, tokens: ["a", " "], title: "block 1, head 2")
    #expect(figure.x.categories == ["a", "␣"] && figure.y.isReversed)
    guard case .image(let image) = try #require(figure.marks.first) else {
      Issue.record("no image")
      return
    }
    #expect(Array(image.pixels.prefix(6)) == [0, 0x72, 0xb2, 255, 255, 255])
    // The scale goes from the shade of 0 to that of 1, below the figures.
    let scale = ShadeScale.attention(of: [weights])
    #expect(scale.range == 0...1 && !scale.isOpen)
    #expect(scale.pixel(0) == [255, 255, 255])
    #expect(scale.pixel(1) == Array(image.pixels.prefix(3)))
    var panels = Panels([figure, figure], columns: 2)
    let height = panels.drawing.height
    panels.scale = scale
    #expect(panels.drawing.height == height + 40)
    #expect(panels.svg.contains(">0<") && panels.svg.contains(">1  weight; a row adds up to 1<"))
    let long = Figure.attention(Tensor(zeros: [64, 64]), tokens: [], title: "")
    #expect(long.x.categories.isEmpty && long.x.label == "step that is read")
  }

  @Test(arguments: [[2, 3, 3], [2, 3], [3], [0, 0]])
  func attentionIsThatOfOneHead(shape: [Int]) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [shape] in
      _ = Figure.attention(Tensor(zeros: shape), tokens: [], title: "")
    }
    expectWords(of: result, "Figure.attention", "the weights of one head, [T, T]", "\(shape)")
  }

  /// The weights of a long text are all small, and yet the largest has the darkest shade.
  @Test(arguments: [(8, false), (64, false), (100, false), (7, true), (64, true), (256, true)])
  func attentionIsShadedUpToItsLargestWeight(steps: Int, isCausal: Bool) throws {
    func map(_ head: Int) -> Tensor {
      let rows = (0..<steps).flatMap { row -> [Float] in
        let read = isCausal ? row + 1 : steps
        let sum = Float(read - 1 + head)
        return (0..<steps).map { (column: Int) -> Float in
          column >= read ? 0 : (column == row / 2 ? Float(head) : 1) / sum
        }
      }
      return Tensor(shape: [1, steps, steps], scalars: rows)
    }
    let maps = [map(1), map(2)]
    let scale = ShadeScale.attention(of: maps)
    // Of causal weights those of the first rows are large for every network.
    let least = isCausal ? steps / 8 + 1 : steps
    let largest = 2 / Float(least + 1)
    #expect(scale.range.upperBound >= largest * 0.999, "\(scale.range)")
    #expect(scale.range.upperBound <= min(largest * 1.1, 1), "\(scale.range)")
    #expect(scale.isOpen == (isCausal && steps >= 8))
    let figures = maps.map {
      Figure.attention($0.slice(axis: 0, at: 0), tokens: [], title: "", scale: scale)
    }
    var panels = Panels(figures, columns: 2)
    panels.scale = scale
    let end = short(scale.range.upperBound) + (scale.isOpen ? " and above" : "")
    #expect(panels.svg.contains(">\(end)  weight; a row adds up to 1<"), "\(end)")
    guard case .image(let image) = figures[1].marks[0] else { fatalError("no image") }
    func red(_ row: Int, _ column: Int) -> UInt8 { image.pixels[3 * (row * steps + column)] }
    // The last row, of the smallest weights, can be seen, and its largest one apart from the others.
    #expect(red(steps - 1, 0) < 240 && red(steps - 1, (steps - 1) / 2) < red(steps - 1, 0) - 8)
    if isCausal { #expect(red(0, steps - 1) == 255 && red(0, 0) == 0) }
  }

  /// Weights that are all 0, or none, have a scale too.
  @Test func nothingHasAScale() {
    for map in [Tensor(zeros: [3, 3]), Tensor(shape: [1, 1], scalars: [.nan])] {
      #expect(ShadeScale.attention(of: [map]).range == 0...1)
    }
    #expect(ShadeScale.attention(of: []).range == 0...1)
    for (weight, end) in [(Float(0.0123), Float(0.013)), (0.12, 0.12), (0.101, 0.11), (0.996, 1)] {
      #expect(
        ShadeScale.attention(of: [Tensor(shape: [1, 1], scalars: [weight])]).range == 0...end)
    }
  }
}
