import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct RecurrentNetworkTests {
  @Test(arguments: RecurrentCell.allCases)
  func layersFollowTheSizes(cell: RecurrentCell) throws {
    let network = try NeuralNetwork.recurrent(
      inputShape: [7, 3], cell: cell, hiddenSizes: [5, 4], denseSizes: [6], outputSize: 2,
      optimizer: Adam(), seed: 1)
    #expect(network.layerOutputShapes == [[7, 5], [4], [6], [2]])
    #expect(!network.carriesState)
  }

  @Test func aNetworkOfCharactersCarriesItsState() throws {
    let vocabulary = try Vocabulary(of: "hello")
    let network = try NeuralNetwork.charLSTM(
      vocabulary: vocabulary, sequenceLength: 9, embeddingSize: 3, hiddenSizes: [5, 6],
      optimizer: Adam(), seed: 1)
    #expect(network.layerOutputShapes == [[9, 3], [9, 5], [9, 6], [9, 4]])
    #expect(network.carriesState)
    #expect(network.classNames == ["e", "h", "l", "o"])
  }

  @Test func wrongSizesAreRefused() throws {
    let vocabulary = try Vocabulary(of: "ab")
    for sizes in [[], [0], [-1]] as [[Int]] {
      expectCourseError(.invalidArgument) {
        try NeuralNetwork.recurrent(
          inputShape: [7, 3], hiddenSizes: sizes, outputSize: 2, optimizer: Adam(), seed: 1)
      }
      expectCourseError(.invalidArgument) {
        try NeuralNetwork.charLSTM(
          vocabulary: vocabulary, sequenceLength: 4, hiddenSizes: sizes, optimizer: Adam(), seed: 1)
      }
    }
    expectCourseError(.shapeMismatch, "need sequences", "[T, F]", "got [64]") {
      try NeuralNetwork.recurrent(
        inputShape: [64], hiddenSizes: [3], outputSize: 2, optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument, "sequences of length 0") {
      try NeuralNetwork.charLSTM(
        vocabulary: vocabulary, sequenceLength: 0, optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument) {
      try NeuralNetwork.charLSTM(
        vocabulary: vocabulary, sequenceLength: 4, embeddingSize: 0, optimizer: Adam(), seed: 1)
    }
  }

  @Test func aSmallOneLearnsToAdd() throws {
    let data = try Dataset.addingProblem(count: 60, length: 6, seed: 1)
    var network = try NeuralNetwork.recurrent(
      inputShape: [6, 2], cell: .gru, hiddenSizes: [12], outputSize: 1,
      loss: MeanSquaredErrorLoss(), optimizer: Adam(learningRate: 0.02), seed: 1)
    let history = try network.fit(
      data, options: TrainingOptions(epochs: 12, batchSize: 20, clipping: .norm(1)))
    let last = try #require(history.epochs.last)
    #expect(last.training.loss < 0.1 && last.training.loss < history.epochs[0].training.loss / 3)
  }
}
