import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct InspectionTests {
  private func network(inputShape: [Int] = [1, 8, 8]) throws -> NeuralNetwork {
    try .vggNet(
      inputShape: inputShape, blocks: [[4, 20], [3]], hiddenSizes: [5],
      optimizer: SGD(learningRate: 0.1), seed: 1)
  }

  @Test func theFirstFiltersAreTheWeightsOfTheFirstConvolution() throws {
    let network = try network()
    let first = try #require(network.layers[0] as? ConvReLU)
    #expect(network.firstFilters == first.convolution.weights.value)
    let none = try NeuralNetwork.multilayerPerceptron(
      inputSize: 3, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1)
    #expect(none.firstFilters == nil)
    #expect(none.filterImage() == nil)
  }

  @Test func aFiltersTileGoesFromBlackToWhite() throws {
    var network = NeuralNetwork(inputShape: [1, 4, 4])
    var layer = Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: [1, 3], seed: 1)
    layer.weights.value = [[[[-1, 1, 0]]]]
    try network.append(layer)
    let image = try #require(network.filterImage())
    // 24 times as wide as the 3 weights, with margins of 12.
    #expect([image.width, image.height, image.channels] == [96, 48, 1])
    #expect([12, 36, 60].map { image[24, $0, 0] } == [0, 255, 128])
    #expect([image[11, 24, 0], image[12, 11, 0]] == [128, 128])
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 3), (4, 1)])
  func kernelsOfAnyDepthAreDrawn(channels: Int, imageChannels: Int) throws {
    let image = try #require(network(inputShape: [channels, 8, 8]).filterImage())
    #expect(image.channels == imageChannels)
  }

  @Test func featureMapsAreTheOutputsOfTheLayers() throws {
    var network = try network()
    network.preprocessing = .dividing(by: 16)
    let example = Dataset.digits.features.rows(at: [3]).reshaped([1, 8, 8])
    let maps = network.featureMaps(of: example)
    #expect(maps.map(\.layer) == [0, 1, 2])
    #expect(maps.map(\.maps.shape) == [[4, 8, 8], [20, 4, 4], [3, 2, 2]])
    var first = network.layers[0]
    expectClose(
      maps[0].maps,
      first.forward(example.reshaped([1, 1, 8, 8]) / 16, mode: .inference).reshaped([4, 8, 8]),
      "maps of layer 0")
  }

  @Test func eachLayerHasABlockOfTiles() throws {
    let example = Dataset.digits.features.rows(at: [3]).reshaped([1, 8, 8])
    let image = try network().featureMapImage(of: example)
    // 16 tiles of 48 pixels in a row; the image, 4 maps, 20 maps, 3 maps: 1 + 1 + 2 + 1 rows.
    #expect(image.width == 16 * 51 + 3)
    #expect(image.height == 5 * 51 + 3 + 3 * 6)
    let side = 6
    for (row, column) in [(0, 3), (2, 4), (5, 2)] {
      let brightness = example[0, row, column] / example.max()
      #expect(
        abs(Float(image[3 + row * side, 3 + column * side, 0]) - brightness * 255) <= 1,
        "the image itself comes first")
    }
    #expect(image[3, 3 + 51, 0] == 255, "nothing stands beside it")
  }
}
