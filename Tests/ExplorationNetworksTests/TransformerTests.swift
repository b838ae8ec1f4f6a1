import CourseTestSupport
import ExplorationNetworks
import Explorations
import Foundation
import Networks
import Testing

@Suite(.watched) struct TransformerTests {
  private let abc = try! CharacterText(String(repeating: "abcd ", count: 60))

  private func network(_ text: CharacterText, dropout: Float = 0) throws -> NeuralNetwork {
    try NeuralNetwork.transformer(
      vocabulary: text.vocabulary, contextLength: 8, width: 16, blocks: 2, heads: 4,
      dropout: dropout, optimizer: Adam(learningRate: 0.01), seed: 1)
  }

  /// nanoGPT counts 12 · blocks · width² weights in the blocks.
  @Test func layersAndSizes() throws {
    var network = try network(abc)
    #expect(network.inputShape == [8] && network.outputShape == [8, 5])
    var weights = 0
    var named: [String: [Int]] = [:]
    network.forEachParameter { name, parameter in
      named[name] = parameter.value.shape
      if name.hasSuffix("weights") { weights += parameter.value.count }
    }
    // The scores come from the table of the embedding.
    #expect(weights == 5 * 16 + 8 * 16 + 12 * 2 * 16 * 16)
    #expect(named["layers.0.embedding.weights"] == [5, 16])
    #expect(named["layers.0.body.1.body.1.weights"] == [16, 48])
    #expect(named["layers.0.body.1.body.3.weights"] == [16, 16])
    #expect(named["layers.0.body.2.body.1.weights"] == [16, 64])
  }

  /// The lines of Protocols/Explorations.md.
  @Test func theBlocksOfTheText() throws {
    var network = NeuralNetwork(inputShape: [8, 128], seed: 1)
    try network.append(
      Residual(
        Sequential(
          LayerNorm(128), Dense(outputSize: 384), Attention(heads: 4), Dense(outputSize: 128))))
    try network.append(
      Residual(
        Sequential(LayerNorm(128), Dense(outputSize: 512), GELU(), Dense(outputSize: 128))))
    #expect(network.outputShape == [8, 128])
  }

  @Test func learnsToContinueAText() throws {
    var network = try network(abc)
    let data = try abc.dataset(batchSize: 4, sequenceLength: 8)
    try network.fit(data, options: TrainingOptions(epochs: 12, batchSize: 4, clipping: .norm(1)))
    #expect(try network.sampleText(prompt: "abcd ab", length: 9, temperature: 0) == "cd abcd a")
    // A prompt longer than the context: the last eight characters count.
    let long = String(repeating: "abcd ", count: 7) + "a"
    #expect(try network.sampleText(prompt: long, length: 4, temperature: 0) == "bcd ")
  }

  @Test func aSavedTransformerIsTheSame() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.safetensors")
      var network = try self.network(abc, dropout: 0.2)
      let data = try abc.dataset(batchSize: 4, sequenceLength: 8)
      let options = TrainingOptions(epochs: 2, batchSize: 4)
      try network.fit(data, options: options)
      try network.save(to: file)
      var loaded = try NeuralNetwork(
        contentsOf: file, adding: NeuralNetwork.explorationTypes)
      #expect(try loaded.predict(data.features) == network.predict(data.features))
      // The masks of dropout go on where they were.
      try network.fit(data, options: options)
      try loaded.fit(data, options: options)
      #expect(try loaded.predict(data.features) == network.predict(data.features))
    }
  }

  @Test func sizesThatDoNotFitAreRefused() {
    func make(
      _ context: Int = 8, width: Int = 16, blocks: Int = 1, heads: Int = 4, dropout: Float = 0
    ) throws {
      _ = try NeuralNetwork.transformer(
        vocabulary: abc.vocabulary, contextLength: context, width: width, blocks: blocks,
        heads: heads, dropout: dropout, optimizer: SGD(learningRate: 1), seed: 1)
    }
    expectCourseError(.invalidArgument, "Dropout", "-0.1") { try make(dropout: -0.1) }
    expectCourseError(.invalidArgument, "transformer: the width", "a multiple of 4", "18") {
      try make(width: 18)
    }
    expectCourseError(.invalidArgument, "contextLength out of range", "at least 1", "0") {
      try make(0)
    }
    expectCourseError(.invalidArgument, "blocks out of range", "at least 1", "0") {
      try make(blocks: 0)
    }
    expectCourseError(.invalidArgument, "heads out of range", "at least 1", "-1") {
      try make(heads: -1)
    }
  }
}
