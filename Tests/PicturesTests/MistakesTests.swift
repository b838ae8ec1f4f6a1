import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import Pictures

@Suite(.watched) struct MistakesTests {
  /// Scores that are the features themselves.
  private func identity(classNames: [String] = ["cat", "dog", "owl"]) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Dense(inputSize: 3, outputSize: 3))
    try network.setParameter("layers.0.weights", to: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    try network.setParameter("layers.0.bias", to: [0, 0, 0])
    network.classNames = classNames
    return network
  }

  private func data() throws -> Dataset {
    try Dataset(
      name: "pets",
      features: [[2, 0, 1], [0, 3, 0], [1, 0, 1.5], [0, 0.5, 4], [0.1, 0, 0]],
      targets: .classes([0, 0, 1, 1, 2]), featureNames: ["a", "b", "<c>"],
      classNames: ["cat", "dog", "owl"])
  }

  // numpy: e = np.exp(x); p = e / e.sum(1, keepdims=True); p[i, label], p.max(1)
  @Test func theLowestProbabilityOfTheTruthComesFirst() throws {
    let mistakes = try Mistakes(of: identity(), on: data())
    #expect(mistakes.count == 4 && mistakes.answerCount == 5)
    #expect(mistakes.worst.map(\.example) == [3, 1, 2, 4])
    #expect(mistakes.worst.map(\.actual) == [1, 0, 1, 2])
    #expect(mistakes.worst.map(\.predicted) == [2, 1, 2, 0])
    #expect(mistakes.worst.allSatisfy { $0.step == nil })
    expectClose(
      Tensor(mistakes.worst.map(\.actualProbability)),
      [0.02880020, 0.04527849, 0.12195166, 0.32204346], "p(truth)")
    expectClose(
      Tensor(mistakes.worst.map(\.predictedProbability)),
      [0.95373160, 0.90944300, 0.54654939, 0.35591307], "p(prediction)")
    #expect(try Mistakes(of: identity(), on: data(), limit: 2).worst == Array(mistakes.worst[..<2]))
  }

  @Test func imagesAreCalledByTheirFiles() throws {
    var data = try data().reshaped(to: [1, 1, 3])
    data.files = (0..<5).map { "pets/a,b/photograph of a sleeping animal \($0).jpg" }
    let mistakes = try Mistakes(
      in: identity().evaluate(self.data()), on: data, classNames: data.classNames)
    let lines = mistakes.csv.split(separator: "\n")
    #expect(lines[0].hasSuffix(",file"))
    #expect(lines[1].hasSuffix(",\"pets/a,b/photograph of a sleeping animal 3.jpg\""))
    let svg = mistakes.picture().svg
    #expect(svg.contains("…nimal 3.jpg<") && !svg.contains("example 3"))
    #expect(!svg.contains("photograph of a sleeping animal 3.jpg"))
  }

  @Test func rowsOfATableAreATable() throws {
    let svg = try Mistakes(of: identity(), on: data(), limit: 3).picture().svg
    for words in [
      "The 3 worst of 4 mistakes in 5 examples", ">owl<", ">dog<", "2.9 %", "95.4 %", "&lt;c&gt;",
      ">0.5<",
    ] { #expect(svg.contains(words), "\(words)") }
  }

  /// Words, gaps, answers and dates as the table has them, and not as numbers of features.
  @Test func rowsShowTheValuesOfTheirTable() throws {
    let text =
      "town,size,open,since,class\n"
      + (0..<24).map { row in
        let (town, size) = (["Ulm", "Bonn", "Jena"][row % 3], row == 3 ? "" : "\(row * row).5")
        return
          "\(town),\(size),\(["yes", "no"][row % 2]),2024-02-\(row + 5 < 10 ? "0" : "")\(row + 5),"
          + ["small", "large"][row % 2]
      }.joined(separator: "\n")
    for limit in [50, 2] {
      var options = PreparationOptions()
      options.wordLimit = limit
      let table = try CSVTable(text: text, name: "towns.csv")
      let (parts, preparation) = try table.split(
        target: "class", options: options, train: 0.8, validation: 0, test: 0.2, seed: 1)
      let cells = (0..<parts.train.count).map {
        preparation.values(ofRow: parts.train.features.rows(at: [$0]).scalars)
      }
      #expect(Set(cells.map { $0[0] }).isSubset(of: ["Ulm", "Bonn", "Jena"]), "\(cells)")
      for row in cells {
        #expect(row[1] == "-" || row[1].hasSuffix(".5"), "\(row)")
        #expect(row[2] == "yes" || row[2] == "no")
        #expect(row[3].hasPrefix("2024-02-"), "\(row)")
      }
      var network = try NeuralNetwork.multilayerPerceptron(
        inputSize: preparation.featureCount, vocabularies: preparation.vocabularies,
        hiddenSizes: [2], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 2)
      network.preparation = preparation
      let mistakes = try Mistakes(of: network, on: parts.train)
      try #require(mistakes.count > 0)
      let picture = try #require(mistakes.picture() as? TextTable)
      #expect(picture.columns.suffix(4).map(\.title) == ["town", "size", "open", "since"])
      #expect(picture.rows[0].suffix(4) == cells[mistakes.worst[0].example][...])
      #expect(mistakes.csv.contains("probability of predicted,town,size,open,since\n"))
    }
  }

  @Test func imagesAreTiles() throws {
    let sheet = try #require(
      try Mistakes(of: identity(), on: data()).picture(imageShape: [1, 1, 3]) as? TileSheet)
    let tiles = sheet.groups[0].tiles
    #expect(tiles.map { [$0.image.width, $0.image.height] } == .init(repeating: [3, 1], count: 4))
    // From 0 to 4, over all that are shown.
    #expect(tiles[0].image.pixels == [0, 32, 255])
    #expect(tiles[0].captions == ["true dog, 2.9 %", "predicted owl, 95.4 %", "example 3"])
  }

  @Test func photographsAreMadeSmaller() throws {
    let photographs = try Dataset(
      features: Tensor(ones: [2, 3, 100, 400]), targets: .classes([0, 1]))
    let sheet = try #require(
      TileSheet.examples(
        of: photographs, at: [1], title: "", captions: [["a"]]))
    let image = sheet.groups[0].tiles[0].image
    let size = [image.width, image.height, image.channels]
    #expect(size == [176, 44, 3])
    let row = TileSheet.examples(of: .iris, at: [0], title: "", captions: [[]])
    #expect(row == nil)
  }

  @Test func noMistakeIsSaid() throws {
    let right = try data().subset([0])
    let picture = try Mistakes(of: identity(), on: right).picture()
    #expect(picture.svg.contains("No mistake in 1 example<"))
  }

  /// Every answer of a text is one, with the text before it.
  @Test func textsAreShownWithTheirContext() throws {
    let text = try CharacterText(
      String(repeating: "abc abd. ", count: 12), name: "text")
    var network = try NeuralNetwork.charLSTM(
      vocabulary: text.vocabulary, sequenceLength: 5, embeddingSize: 4, cell: .lstm,
      hiddenSizes: [6], optimizer: Adam(learningRate: 0.02), seed: 1)
    let data = try text.dataset(batchSize: 2, sequenceLength: 5)
    try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 2, shuffle: false))
    let mistakes = try Mistakes(of: network, on: data, limit: 1000)
    let evaluation = try network.evaluate(data)
    let classes = network.classNames.count
    let answers = evaluation.predictions.reshaped(to: [-1, classes]).argmax(axis: -1)
    let labels = data.targets.classIndices
    #expect(mistakes.count == labels.indices.count { labels[$0] != answers[$0] })
    #expect(mistakes.count == mistakes.worst.count && mistakes.count > 0)
    for mistake in mistakes.worst {
      let place = mistake.example * 5 + (mistake.step ?? -1)
      #expect(mistake.actual == labels[place] && mistake.predicted == answers[place])
    }
    let table = try #require(mistakes.picture() as? TextTable)
    let whole = text.tokens.map { network.classNames[$0] }.joined()
    for (row, mistake) in zip(table.rows, mistakes.worst) {
      // The text so far and the next character stand in the text, one after the other.
      let before = row[0].hasPrefix("…") ? String(row[0].dropFirst()) : row[0]
      #expect(whole.contains(before + network.classNames[mistake.actual]), "\(row)")
      #expect(row[1] == (network.classNames[mistake.actual] == " " ? "␣" : row[1]))
    }
    #expect(table.rows.contains { $0[0].hasPrefix("…") && $0[0].count == 33 })
  }

  @Test func whatHasNoClassesIsRefused() throws {
    var network = NeuralNetwork(
      inputShape: [3], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Dense(inputSize: 3, outputSize: 1))
    let data = try Dataset(features: Tensor(ones: [4, 3]), targets: .values(Tensor(ones: [4, 1])))
    expectCourseError(.invalidArgument, "the network does not classify") {
      _ = try Mistakes(of: network, on: data)
    }
    expectCourseError(.shapeMismatch, "expected examples of shape [3]") {
      _ = try Mistakes(of: identity(), on: .iris)
    }
  }
}
