import CourseTestSupport
import ExplorationNetworks
import Explorations
import Foundation
import Networks
import Testing

/// Maps of what an answer rests on.
@Suite(.watched) struct ReasonMapTests {
  private let abc = try! CharacterText(String(repeating: "abcd ", count: 60))

  private func transformer(dropout: Float = 0) throws -> NeuralNetwork {
    var network = try NeuralNetwork.transformer(
      vocabulary: abc.vocabulary, contextLength: 8, width: 16, blocks: 2, heads: 4,
      dropout: dropout, optimizer: SGD(learningRate: 0.1), seed: 3)
    // Weights that are large enough for the answers to differ.
    network.forEachParameter { $1.value = $1.value * 6 }
    return network
  }

  /// Batch norm, dropout, a container and a pool, for three classes.
  private func imageNetwork(outputs: Int = 3, loss: any Loss) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 6, 6], loss: loss, optimizer: SGD(learningRate: 0.1), seed: 2)
    try network.append(ConvBatchNormReLU(outputChannels: 4, kernelSize: 3, padding: .same))
    try network.append(
      Residual(
        Sequential(
          Conv2D(outputChannels: 4, kernelSize: 3, padding: .same), BatchNorm(), Dropout(rate: 0.5))
      ))
    try network.append(GlobalAveragePool2D())
    try network.append(Dense(outputSize: outputs))
    let data = Tensor(normal: [16, 2, 6, 6], key: RandomKey(seed: 5)) * 2 + 1
    // Running averages that differ from those of an example.
    for _ in 0..<20 { _ = network.forward(data, mode: .training) }
    return network
  }

  private let image = Tensor(normal: [2, 6, 6], key: RandomKey(seed: 8))

  /// The change of the score along each pixel, by differences.
  private func slopes(of network: NeuralNetwork, for image: Tensor, label: Int) -> Tensor {
    var copy = network
    let step: Float = 1.0 / 64
    let changes = image.scalars.indices.map { place -> Float in
      let scores = [step, -step].map { step -> Float in
        var scalars = image.scalars
        scalars[place] += step
        let input = Tensor(shape: [1] + image.shape, scalars: scalars)
        return copy.forward(input, mode: .inference)[0, label]
      }
      return (scores[0] - scores[1]) / (2 * step)
    }
    return Tensor(shape: image.shape, scalars: changes)
  }

  @Test func theSaliencyOfAnImageIsTheSlopeOfTheScoreInInference() throws {
    let network = try imageNetwork(loss: SoftmaxCrossEntropyLoss())
    for label in 0..<3 {
      let answer = try network.answer(to: image, label: label)
      let map = try network.saliencyMap(of: image, for: answer)
      let slopes = slopes(of: network, for: image, label: label)
      expectClose(map, abs(slopes).max(axis: 0), "class \(label)", atol: 2e-3)
    }
    // Without a class it is the most probable one.
    let probabilities = try network.predict(image.reshaped(to: [1, 2, 6, 6]))
    let answer = try network.answer(to: image)
    #expect(answer.label == probabilities.argmax(axis: -1)[0])
    #expect(abs(answer.probability - probabilities.max()) < 1e-5)
  }

  @Test func occlusionIsTheFallOfTheProbability() throws {
    let network = try imageNetwork(loss: SoftmaxCrossEntropyLoss())
    let answer = try network.answer(to: image, label: 1)
    let map = try network.occlusionMap(of: image, for: answer, size: 2, stride: 2)
    let whole = try network.predict(image.reshaped(to: [1, 2, 6, 6]))[0, 1]
    let fill = image.mean()
    for (y, x) in [(0, 0), (2, 4), (5, 5)] {
      var covered = image
      for c in 0..<2 {
        for i in 0..<2 {
          for j in 0..<2 { covered[c, y / 2 * 2 + i, x / 2 * 2 + j] = fill }
        }
      }
      let fall = try whole - network.predict(covered.reshaped(to: [1, 2, 6, 6]))[0, 1]
      #expect(abs(map[y, x] - fall) < 1e-5, "\(y), \(x)")
    }
    // Squares that overlap: the mean of those over a pixel. Pixel (0, 0) lies in one, (1, 0) in two.
    let overlapping = try network.occlusionMap(of: image, for: answer, size: 2, stride: 1)
    let first = try network.occlusionMap(of: image, for: answer, size: 2, stride: 2)[0, 0]
    #expect(abs(overlapping[0, 0] - first) < 1e-5)
    #expect(overlapping.shape == [6, 6] && overlapping.isFinite)
  }

  /// A score that is a sum of pixels: what is covered is missing.
  @Test(arguments: [(1, 1), (2, 1), (3, 2), (4, 3), (6, 6), (5, 4)])
  func aSquareCountsForItsPixels(size: Int, stride: Int) throws {
    var network = NeuralNetwork(inputShape: [36], loss: MeanSquaredErrorLoss(), seed: 1)
    try network.append(Dense(inputSize: 36, outputSize: 2))
    var weights = Tensor(zeros: [36, 2])
    for place in 0..<36 { weights[place, 1] = 1 }
    try network.setParameter("layers.0.weights", to: weights)
    // Zero mean: a square is filled with 0.
    let example = Tensor(normal: [36], key: RandomKey(seed: 4))
    let centred = example - example.mean()
    let answer = try network.answer(to: centred, label: 1)
    let map = try network.occlusionMap(
      of: centred, for: answer, imageShape: [1, 6, 6], size: size, stride: stride)
    let count = (6 - size) / stride + 1
    for y in 0..<6 {
      for x in 0..<6 {
        var sums: [Float] = []
        for i in 0..<count where (i * stride..<i * stride + size).contains(y) {
          for j in 0..<count where (j * stride..<j * stride + size).contains(x) {
            var sum: Float = 0
            for a in 0..<size {
              for b in 0..<size { sum += centred[(i * stride + a) * 6 + j * stride + b] }
            }
            sums.append(sum)
          }
        }
        guard !sums.isEmpty else { continue }
        #expect(abs(map[y, x] - sums.reduce(0, +) / Float(sums.count)) < 1e-4, "\(y), \(x)")
      }
    }
  }

  /// Against the same network with a table at each end, whose gradients are those of a dense layer.
  @Test func theSaliencyOfATokenIsTheLengthOfItsGradient() throws {
    let network = try transformer(dropout: 0.3)
    let tokens = try Tensor(
      shape: [6], scalars: abc.vocabulary.tokens(of: "bcd ab").map(Float.init))
    let tied = try #require(network.layers[0] as? TiedEmbedding)
    let answer = try network.answer(to: tokens)
    var embedding = tied.embedding
    let vectors = embedding.forward(tokens.reshaped(to: [1, 6]), mode: .inference)
    let table = tied.embedding.weights.value
    func score(_ vectors: Tensor) -> Double {
      var body = tied.body
      let output = body.forward(vectors, mode: .inference)
      return (0..<16).reduce(0) { $0 + Double(output[0, 5, $1]) * Double(table[answer.label, $1]) }
    }
    let map = try network.saliencyMap(of: tokens, for: answer)
    #expect(map.shape == [6])
    for step in 0..<6 {
      var squares = 0.0
      for place in 0..<16 {
        let slopes = [Float(1) / 128, -1 / 128].map { change -> Double in
          var changed = vectors
          changed[0, step, place] += change
          return score(changed)
        }
        let slope = (slopes[0] - slopes[1]) * 64
        squares += slope * slope
      }
      let length = squares.squareRoot()
      #expect(abs(Double(map[step]) - length) < 0.02 * max(1, length), "step \(step)")
    }
  }

  @Test func aTokenCountsForTheProbabilityThatItBrings() throws {
    let network = try transformer()
    let tokens: [Float] = [1, 2, 4, 0]
    let example = Tensor(shape: [4], scalars: tokens)
    let answer = try network.answer(to: example)
    let map = try network.occlusionMap(of: example, for: answer)
    func probability(_ tokens: [Float]) -> Float {
      var copy = network.layers[0]
      let scores = copy.forward(Tensor(shape: [1, 4], scalars: tokens), mode: .inference)
      return SequenceCrossEntropyLoss().prediction(from: scores)[0, 3, answer.label]
    }
    #expect(abs(answer.probability - probability(tokens)) < 1e-5)
    for place in 0..<4 {
      var sum: Float = 0
      for other in 0..<5 where Float(other) != tokens[place] {
        var changed = tokens
        changed[place] = Float(other)
        sum += probability(changed)
      }
      #expect(abs(map[place] - (probability(tokens) - sum / 4)) < 1e-5, "\(place)")
    }
  }

  @Test func attentionMapsAreTheWeightsOfEachHead() throws {
    let network = try transformer()
    let tokens: [Float] = [0, 3, 1, 2, 4]
    let maps = try network.attentionMaps(of: Tensor(shape: [5], scalars: tokens))
    #expect(maps.map(\.path) == ["0.body.1.body.2", "0.body.3.body.2"])
    for map in maps {
      #expect(map.weights.shape == [4, 5, 5])
      for head in 0..<4 {
        for step in 0..<5 {
          let row: [Float] = (0..<5).map { map.weights[head, step, $0] }
          #expect(abs(row.reduce(0, +) - 1) < 1e-5)
          let future = row[(step + 1)...]
          #expect(future.allSatisfy { $0 == 0 } && row[0] > 0)
        }
      }
    }
    // The weights make the output of the layer out of its values.
    let layers = network.activations(of: Tensor(shape: [1, 5], scalars: tokens))
    let place = try #require(layers.first { $0.path == maps[1].path })
    for head in 0..<4 {
      for step in 0..<5 {
        for number in 0..<4 {
          let sum = (0..<5).reduce(Float(0)) {
            $0 + maps[1].weights[head, step, $1] * place.input[0, $1, 32 + head * 4 + number]
          }
          #expect(abs(place.output[0, step, head * 4 + number] - sum) < 1e-4)
        }
      }
    }
  }

  /// No step reads the padding at the end of an example.
  @Test func attentionReadsNoPadding() throws {
    var network = NeuralNetwork(inputShape: [5], loss: SoftmaxCrossEntropyLoss(), seed: 1)
    try network.append(
      PaddedSequence(
        Embedding(vocabularySize: 6, embeddingSize: 4, paddingIndex: 0),
        body: Sequential(
          Dense(outputSize: 12), Attention(heads: 2, isCausal: false, isPadded: true),
          PoolOverTime(.mean))))
    try network.append(Dense(outputSize: 2))
    let maps = try network.attentionMaps(of: [3, 1, 5, 0, 0])
    #expect(maps.map(\.path) == ["0.body.1"])
    let weights = maps[0].weights
    #expect(weights.shape == [2, 5, 5])
    #expect(weights[0..., 0..., 3...] == Tensor(zeros: [2, 5, 2]))
    expectClose(weights.sum(axis: -1), Tensor(ones: [2, 5]), "the weights of each step")
    #expect(weights[0..., 0..., 0..<3].min() > 0)
  }

  /// Where the data tell the lengths, maps are told them as well.
  @Test func lengthsFromOutsideReachTheMaps() throws {
    var network = NeuralNetwork(inputShape: [5, 4], loss: SoftmaxCrossEntropyLoss(), seed: 1)
    try network.append(Dense(outputSize: 12))
    try network.append(Attention(heads: 2, isCausal: false, isPadded: true))
    try network.append(PoolOverTime(.mean))
    try network.append(Dense(outputSize: 2))
    let example = Tensor(normal: [5, 4], key: RandomKey(seed: varied(6)))
    let lengths = ["lengths": Tensor([[3]])]
    let weights = try network.attentionMaps(of: example, sideInputs: lengths)[0].weights
    #expect(weights[0..., 0..., 3...] == Tensor(zeros: [2, 5, 2]))
    #expect(weights[0..., 0..., 0..<3].min() > 0)
    let answer = try network.answer(to: example, sideInputs: lengths)
    let map = try network.saliencyMap(of: example, for: answer)
    #expect(map[3...] == Tensor(zeros: [2, 4]) && map[0..<3].max() > 0)
    for wrong in [Tensor([[6]]), [[0]], [[2.5]]] {
      expectCourseError(.invalidData, "the length of a sequence is out of range", "1 to 5") {
        _ = try network.answer(to: example, sideInputs: ["lengths": wrong])
      }
    }
    for wrong in [Tensor([[3], [3]]), [3]] {
      expectCourseError(.shapeMismatch, "side input \"lengths\"", "[1, 1]") {
        _ = try network.attentionMaps(of: example, sideInputs: ["lengths": wrong])
      }
    }
    expectCourseError(.invalidArgument, "expected lengths, got none") {
      _ = try network.attentionMaps(of: example)
    }
  }

  /// Tokens are tokens wherever the layers that read them stand.
  @Test func tokensThatContainersReadHaveMaps() throws {
    let table = Embedding(vocabularySize: 5, embeddingSize: 3)
    func network(_ layers: [any Layer]) throws -> NeuralNetwork {
      var network = NeuralNetwork(inputShape: [4], loss: SoftmaxCrossEntropyLoss(), seed: 1)
      try network.append(Sequential(layers))
      try network.append(Dense(outputSize: 2))
      network.forEachParameter { $1.value = $1.value * 3 }
      return network
    }
    let tokens: Tensor = [1, 4, 0, 1]
    let plain = try network([table, Flatten()])
    let double = try network([
      Branches(
        [table, Embedding(vocabularySize: 7, embeddingSize: 2)], merge: .concatenate, axis: -1),
      Flatten(),
    ])
    let views = try network([Siamese(Sequential(table, Flatten()), views: 2), Flatten()])
    for network in [plain, double, views] {
      let answer = try network.answer(to: tokens)
      let map = try network.saliencyMap(of: tokens, for: answer)
      // The length of the slopes of the score along the vectors of each token.
      var squares = Tensor(zeros: [4])
      for layer in network.activations(
        of: Tensor(stacking: [tokens]), gradient: { _ in answer.selection })
      where layer.layer is Embedding {
        squares += square(layer.outputGradient!).sum(axis: -1).reshaped(to: [4])
      }
      expectClose(map, sqrt(squares), "saliency")
      #expect(map.min() > 0)
      let fall = try network.occlusionMap(of: tokens, for: answer)
      #expect(fall.shape == [4])
      for place in 0..<4 {
        var rest: Float = 0
        for token in 0..<5 where Float(token) != tokens[place] {
          var other = tokens
          other[place] = Float(token)
          rest += try network.predict(Tensor(stacking: [other]))[0, answer.label] / 4
        }
        #expect(abs(fall[place] - (answer.probability - rest)) < 1e-5)
      }
      expectCourseError(.invalidData, "a token is out of range", "Embedding") {
        _ = try network.answer(to: [1, 9, 0, 1])
      }
    }
  }

  @Test func aProbabilityAloneHasTwoAnswers() throws {
    let network = try imageNetwork(outputs: 1, loss: BinaryCrossEntropyLoss())
    let p = try network.predict(image.reshaped(to: [1, 2, 6, 6]))[0, 0]
    let (no, yes) = try (network.answer(to: image, label: 0), network.answer(to: image, label: 1))
    #expect(abs(yes.probability - p) < 1e-5 && abs(no.probability - (1 - p)) < 1e-5)
    let maps = try [no, yes].map { try network.occlusionMap(of: image, for: $0) }
    expectClose(maps[0], -maps[1], "for one is against the other")
    #expect(try network.answer(to: image).label == (p >= 0.5 ? 1 : 0))
  }

  @Test func pixelsOfAClassAnswerTogether() throws {
    var network = NeuralNetwork(
      inputShape: [2, 6, 6], loss: PixelCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1),
      seed: 2)
    try network.append(Conv2D(outputChannels: 3, kernelSize: 1))
    let answer = try network.answer(to: image, label: 2)
    let prediction = try network.predict(image.reshaped(to: [1, 2, 6, 6]))
    let labels = prediction.argmax(axis: 1)
    let places = labels.indices.filter { labels[$0] == 2 }
    try #require(!places.isEmpty)
    let mean =
      places.reduce(Float(0)) { $0 + prediction[0, 2, $1 / 6, $1 % 6] } / Float(places.count)
    #expect(abs(answer.probability - mean) < 1e-5)
    // A convolution of one pixel sees only the pixels themselves.
    let map = try network.saliencyMap(of: image, for: answer)
    for place in labels.indices {
      #expect((map[place / 6, place % 6] > 0) == (labels[place] == 2), "\(place)")
    }
  }

  /// The background is what is explained only where there is nothing else.
  @Test func theLargestClassThatIsFoundIsExplained() throws {
    for (bias, label) in [([9, 0, 0], 0), ([0, 9, 0], 1), ([9, 0, 9.1], 2)] as [([Float], Int)] {
      var network = NeuralNetwork(
        inputShape: [2, 6, 6], loss: PixelCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1),
        seed: 2)
      try network.append(Conv2D(outputChannels: 3, kernelSize: 1))
      network.forEachParameter { name, parameter in
        parameter.value = name.hasSuffix("bias") ? Tensor(bias) : parameter.value * 0.01
      }
      #expect(try network.answer(to: image).label == label)
      expectCourseError(
        .invalidArgument, "no pixel of this class", "a class that is found: \(label)"
      ) {
        _ = try network.answer(to: image, label: (label + 1) % 3)
      }
    }
  }

  /// A detector explains a class in one of its proposals.
  @Test func aDetectorExplainsItsMostCertainBox() throws {
    var network = try NeuralNetwork.fastRCNN(
      imageSize: [16, 16], classNames: ["ring", "cross"], channels: [3, 4], hidden: 6, regions: 4,
      optimizer: SGD(learningRate: 0.1), seed: 4)
    let image = Tensor(uniform: [3, 16, 16], key: RandomKey(seed: 3))
    let proposals = [
      Box(x1: 0, y1: 0, x2: 8, y2: 8), Box(x1: 4, y1: 2, x2: 14, y2: 16),
      Box(x1: 8, y1: 8, x2: 16, y2: 16),
    ]
    let windows = Box.slidingWindows(width: 16, height: 16, sizes: [8]).prefix(4)
    let regions = Tensor(
      shape: [1, 4, 4], scalars: windows.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] })
    expectCourseError(.invalidData, "BatchNorm was never trained") {
      _ = try Detector(network).answer(to: image, proposals: proposals)
    }
    for _ in 0..<3 {
      _ = network.forward(
        Tensor(stacking: [image]), sideInputs: [RegionPooling.sideInput: regions], mode: .training)
    }
    /// The probability of a class in a box, of a pass of its own.
    func probability(_ image: Tensor, _ box: Box, _ label: Int) -> Float {
      var copy = network
      let boxes = Tensor(shape: [1, 1, 4], scalars: [box.x1, box.y1, box.x2, box.y2])
      let output = copy.forward(
        Tensor(stacking: [image]), sideInputs: [RegionPooling.sideInput: boxes], mode: .inference)
      return network.loss!.prediction(from: output)[0, 0, label]
    }
    let detector = try Detector(network)
    for (label, proposals) in [nil, 0, 1].flatMap({ label in
      [proposals, proposals.reversed()].map { (label, $0) }
    }) {
      let (answer, proposal) = try detector.answer(to: image, proposals: proposals, label: label)
      let all = proposals.flatMap { box in
        (label.map { [$0] } ?? [0, 1]).map { (box, $0, probability(image, box, $0)) }
      }
      let best = all.max { $0.2 < $1.2 }!
      #expect(proposal == best.0 && answer.label == best.1)
      #expect(abs(answer.probability - best.2) < 1e-5)
      let map = try network.occlusionMap(of: image, for: answer, size: 4, stride: 4)
      let covered = image.covering(0..<4, 4..<8, with: image.mean())
      #expect(abs(map[1, 5] - (best.2 - probability(covered, proposal, answer.label))) < 1e-5)
      let saliency = try network.saliencyMap(of: image, for: answer)
      #expect(saliency.shape == [16, 16] && saliency.max() > 0)
    }
    expectCourseError(.invalidArgument, "at least one proposal", "0 proposals") {
      _ = try detector.answer(to: image, proposals: [])
    }
    expectCourseError(.invalidArgument, "side inputs of the example", "expected regions, got none")
    {
      _ = try network.answer(to: image)
    }
  }

  @Test func wrongQuestionsAreRefused() throws {
    let network = try imageNetwork(loss: SoftmaxCrossEntropyLoss())
    expectCourseError(.invalidArgument, "no such class: expected 0 to 2, got 3") {
      _ = try network.answer(to: image, label: 3)
    }
    expectCourseError(
      .shapeMismatch, "the example does not fit the network: expected shape [2, 6, 6]"
    ) {
      _ = try network.answer(to: Tensor(zeros: [2, 6]))
    }
    let answer = try network.answer(to: image)
    expectCourseError(.invalidArgument, "a side of 1 to 6 pixels, and steps of at most that side") {
      _ = try network.occlusionMap(of: image, for: answer, size: 7)
    }
    expectCourseError(.invalidArgument, "a side of 2, steps of 3") {
      _ = try network.occlusionMap(of: image, for: answer, size: 2, stride: 3)
    }
    #expect(try network.attentionMaps(of: image).isEmpty)

    let texts = try NeuralNetwork.textClassifier(
      .cnn, inputLength: 8, vocabulary: ["a"], classNames: ["x", "y"],
      sizes: .init(width: 4, hidden: 3), optimizer: SGD(learningRate: 0.1), seed: 1)
    let classifier = try TextClassifier(texts)
    let bytes = try classifier.features(of: ["a b"]).slice(axis: 0, at: 0)
    let word = try classifier.answer(to: "a b")
    expectCourseError(.invalidArgument, "the network reads texts", "TextClassifier") {
      _ = try texts.saliencyMap(of: bytes, for: word)
    }
    expectCourseError(.invalidArgument, "the network reads texts", "TextClassifier") {
      _ = try texts.occlusionMap(of: bytes, for: word)
    }

    let text = try transformer()
    expectCourseError(.shapeMismatch, "expected 1 to 8 tokens, got shape [9]") {
      _ = try text.answer(to: Tensor(zeros: [9]))
    }
    #expect(throws: CourseError.self) { try text.answer(to: [7]) }

    var row = NeuralNetwork(inputShape: [5], loss: SoftmaxCrossEntropyLoss(), seed: 1)
    try row.append(Dense(outputSize: 2))
    let number = try row.answer(to: Tensor(ones: [5]))
    expectCourseError(.shapeMismatch, "the example is not an image: expected a shape [C, H, W]") {
      _ = try row.saliencyMap(of: Tensor(ones: [5]), for: number)
    }
  }
}

extension Tensor {
  /// The image with one value in some rows and columns.
  fileprivate func covering(_ rows: Range<Int>, _ columns: Range<Int>, with fill: Float) -> Tensor {
    var result = self
    for c in 0..<shape[0] {
      for y in rows { for x in columns { result[c, y, x] = fill } }
    }
    return result
  }
}
