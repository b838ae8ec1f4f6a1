import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

/// Classifiers of images that begin as another network.
@Suite(.watched) struct PretrainedImagesTests {
  private let images: Dataset

  init() throws { images = try Dataset(SyntheticImages(count: 24, seed: 1, size: 16)) }

  private func pretrained() throws -> NeuralNetwork {
    var network = try NeuralNetwork.pretraining(
      .vicReg, inputShape: [3, 16, 16], blocks: [[4], [6]], head: [8, 8],
      optimizer: AdamW(learningRate: 0.01), seed: varied(1))
    network.preprocessing = try .standardizingAll(images)
    let views = try ViewBatches(
      of: images, for: .vicReg, augmentation: [.crop(padding: 2)], batchSize: 8, seed: varied(2))
    try network.fit(views, options: TrainingOptions(epochs: 1, batchSize: 8))
    return network
  }

  private func classifier() throws -> NeuralNetwork {
    var network = try NeuralNetwork.convolutional(
      inputShape: [3, 16, 16], blocks: [[4], [6]], kernelSize: 3, hiddenSizes: [7],
      classCount: 10, batchNorm: true, optimizer: Adam(learningRate: 0.01), seed: varied(3))
    try network.fit(images, options: TrainingOptions(epochs: 1, batchSize: 8))
    return network
  }

  private func parameters(_ network: NeuralNetwork, below count: Int) -> [Tensor] {
    var (values, copy) = ([Tensor](), network)
    for number in 0..<count {
      copy.forEachParameter { name, parameter in
        if name.hasPrefix("layers.\(number).") { values.append(parameter.value) }
      }
      copy.forEachState { name, state in
        if name.hasPrefix("layers.\(number).") { values.append(state) }
      }
    }
    return values
  }

  @Test func theEncoderHasAllButTheHead() throws {
    let network = try pretrained()
    let encoder = try network.imageEncoder()
    #expect(try encoder.predict(images.features) == network.encoder().predict(images.features))

    // The last layer by hand.
    let whole = try classifier()
    let features = try whole.imageEncoder().predict(images.features)
    #expect(features.shape == [24, 7])
    let head = try #require(whole.layers.last as? Dense)
    expectClose(
      try #require(whole.loss).prediction(
        from: features.matmul(head.weights.value, bias: head.bias.value, activation: .identity)),
      try whole.predict(images.features), "the answers", atol: 1e-6, rtol: 1e-5)
  }

  @Test func aClassifierBeginsAsAnotherNetwork() throws {
    for network in [try pretrained(), try classifier()] {
      let encoder = try network.imageEncoder()
      let count = encoder.layers.count
      let plain = try NeuralNetwork.imageClassifier(
        pretrained: network, classCount: 10, optimizer: SGD(learningRate: 0.01), seed: varied(4))
      #expect(plain.layers.count == count + 1 && plain.outputShape == [10])
      let head = try #require(plain.layers.last as? Dense)
      expectClose(
        try #require(plain.loss).prediction(
          from: encoder.predict(images.features).matmul(
            head.weights.value, bias: head.bias.value, activation: .identity)),
        try plain.predict(images.features), "features, then a linear layer", atol: 1e-5, rtol: 1e-4)

      var frozen = try NeuralNetwork.imageClassifier(
        pretrained: network, classCount: 10, hiddenSizes: [5], activation: .tanh, dropout: 0.1,
        optimizer: Adam(learningRate: 0.01), seed: varied(4))
      var (tuned, slow) = (frozen, frozen)
      let before = parameters(frozen, below: count)
      #expect(before == parameters(encoder, below: count) && !before.isEmpty)
      try frozen.freeze(0..<count)
      try slow.setLearningRate(factor: 0.1, for: 0..<count)
      let options = TrainingOptions(epochs: 3, batchSize: 8)
      let first = try frozen.evaluate(images).loss
      try frozen.fit(images, options: options)
      try tuned.fit(images, options: options)
      try slow.fit(images, options: options)
      #expect(parameters(frozen, below: count) == before, "frozen, averages included")
      #expect(parameters(tuned, below: count) != before)
      #expect(parameters(slow, below: count) != parameters(tuned, below: count))
      #expect(try frozen.evaluate(images).loss < first, "the dense layers learn")
      try expectReloaded(frozen, predictsTheSameFor: images.features)
      // It may itself be the beginning of another one.
      let next = try NeuralNetwork.imageClassifier(
        pretrained: tuned, classCount: 3, optimizer: Adam(), seed: varied(5))
      #expect(next.outputShape == [3] && next.layers.count == tuned.layers.count)
    }
  }

  @Test func otherNetworksAndSizesAreRefused() throws {
    let texts = try NeuralNetwork.transformer(
      vocabulary: CharacterText(lines: ["ab"]).vocabulary, contextLength: 8, width: 8, blocks: 1,
      heads: 2, optimizer: Adam(), seed: 1)
    let masks = try NeuralNetwork.unet(
      inputShape: [3, 16, 16], classCount: 2, width: 2, levels: 1, optimizer: Adam(), seed: 1)
    let rows = try NeuralNetwork.multilayerPerceptron(
      inputSize: 4, hiddenSizes: [3], classCount: 2, optimizer: Adam(), seed: 1)
    for network in [texts, masks, rows] {
      let error = #expect(throws: CourseError.self) {
        try NeuralNetwork.imageClassifier(
          pretrained: network, classCount: 2, optimizer: Adam(), seed: 1)
      }
      #expect(error?.what == "the network has no encoder of images")
    }
    let network = try pretrained()
    for (classes, hidden) in [(1, [Int]()), (2, [0]), (2, [1 << 21])] {
      let error = #expect(throws: CourseError.self) {
        try NeuralNetwork.imageClassifier(
          pretrained: network, classCount: classes, hiddenSizes: hidden, optimizer: Adam(), seed: 1)
      }
      #expect(error?.what == "imageClassifier: layer sizes")
    }
  }
}
