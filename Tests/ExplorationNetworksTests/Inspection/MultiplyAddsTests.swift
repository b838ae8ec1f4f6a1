import CourseTestSupport
import ExplorationNetworks
import Testing

/// The products of a forward pass, counted by hand.
@Suite(.watched) struct MultiplyAddsTests {
  private let sgd = SGD(learningRate: 0.1)

  @Test func denseAndConvolutionalNetworks() throws {
    let mlp = try NeuralNetwork.multilayerPerceptron(
      inputSize: 64, hiddenSizes: [32], classCount: 10, optimizer: sgd, seed: 1)
    #expect(mlp.multiplyAdds == 64 * 32 + 32 * 10)
    // 20 kernels of 5 x 5 at 28 x 28 places, 50 of 20 x 5 x 5 at 14 x 14, then 2450-500-10.
    let leNet = try NeuralNetwork.leNet(optimizer: sgd, seed: 1)
    #expect(
      leNet.multiplyAdds == 20 * 25 * 784 + 50 * 20 * 25 * 196 + 2450 * 500 + 500 * 10)
    #expect(leNet.multiplyAdds == 6_522_000)
  }

  /// He et al. (2016) state 40.8 million for this depth, without the projections of two shortcuts.
  @Test func aResidualNetwork() throws {
    let network = try NeuralNetwork.resNet(
      depth: 20, optimizer: sgd, seed: 1)
    #expect(abs(Double(network.multiplyAdds) / 40.8e6 - 1) < 0.01, "\(network.multiplyAdds)")
    #expect(network.multiplyAddsOfLayers.allSatisfy { $0.count > 0 && !$0.path.hasSuffix("body") })
  }

  /// Two convolutions on each side of a level and in the lowest one, three transposed ones, and the scores; the figure
  /// of Protocols/Explorations.md.
  @Test func aUNet() throws {
    let network = try NeuralNetwork.unet(
      inputShape: [3, 64, 64], classCount: 6, optimizer: sgd, seed: 1)
    let area = 64 * 64
    var products = 9 * 3 * 16 * area + 6 * 16 * area
    for level in 0..<3 {
      let (channels, places) = (16 << level, area >> (2 * level))
      // The second convolution of the way down, the first of the level below; two on the way up; up itself.
      products += 9 * channels * channels * places + 9 * channels * 2 * channels * places / 4
      products += 9 * 3 * channels * channels * places + 4 * 2 * channels * channels * places / 4
    }
    products += 9 * 128 * 128 * area / 64
    #expect(network.multiplyAdds == products)
    #expect((Double(products) / 1e6).rounded() == 145)
  }

  @Test func sequences() throws {
    let (t, w, v) = (8, 16, 5)
    let text = try CharacterText(String(repeating: "abcd ", count: 60))
    let transformer = try NeuralNetwork.transformer(
      vocabulary: text.vocabulary, contextLength: t, width: w, blocks: 2, heads: 4, optimizer: sgd,
      seed: 1)
    // 12 w² weights a block at each step, weights and means of attention, and the scores.
    #expect(transformer.multiplyAdds == 2 * t * (12 * w * w + 2 * t * w) + t * w * v)
    let lstm = try NeuralNetwork.charLSTM(
      vocabulary: text.vocabulary, sequenceLength: 7, embeddingSize: 4, cell: .lstm,
      hiddenSizes: [6], optimizer: sgd, seed: 1)
    #expect(lstm.multiplyAdds == 7 * (4 * 6 * (4 + 6) + 6 * v))
  }

  /// Each of two views goes through the same layers.
  @Test func severalViews() throws {
    let network = try NeuralNetwork.pretraining(
      .vicReg, inputShape: [1, 8, 8], blocks: [[4]], head: [6, 5], optimizer: sgd, seed: 1)
    #expect(network.multiplyAdds == 2 * (4 * 9 * 64 + 64 * 6 + 6 * 5))
    #expect(try network.encoder().multiplyAdds == 4 * 9 * 64)
  }

  @Test func transposedConvolutionsAndOwnLayers() throws {
    var network = NeuralNetwork(inputShape: [3, 4, 5], seed: 1)
    try network.append(ConvTranspose2D(outputChannels: 2, kernelSize: 2, stride: 2))
    #expect(network.multiplyAdds == 3 * 2 * 4 * 20)
    try network.append(ConvReLUPool(outputChannels: 4, kernelSize: 3, padding: .same))
    #expect(network.multiplyAdds == 3 * 2 * 4 * 20 + 4 * 2 * 9 * 80)
    try network.append(Skip(Conv2D(outputChannels: 1, kernelSize: 1)))
    #expect(network.multiplyAddsOfLayers.map(\.path) == ["0", "1", "2.body"])
    var own = NeuralNetwork(inputShape: [4], seed: 1)
    try own.append(TinyDense(inputSize: 4, outputSize: 3))
    #expect(own.multiplyAdds == 12)
  }
}
