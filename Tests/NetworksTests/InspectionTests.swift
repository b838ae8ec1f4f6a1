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
  }

  @Test func featureMapsAreTheOutputsOfTheLayers() throws {
    var network = try network()
    network.preprocessing = .dividing(by: 16)
    let example = Dataset.digits.features.rows(at: [3]).reshaped(to: [1, 8, 8])
    let maps = network.featureMaps(of: example)
    #expect(maps.map(\.layer) == [0, 1, 2])
    #expect(maps.map(\.maps.shape) == [[4, 8, 8], [20, 4, 4], [3, 2, 2]])
    var first = network.layers[0]
    expectClose(
      maps[0].maps,
      first.forward(example.reshaped(to: [1, 1, 8, 8]) / 16, mode: .inference).reshaped(to: [
        4, 8, 8,
      ]),
      "maps of layer 0")
  }
}
