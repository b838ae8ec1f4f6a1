import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

/// The study of labels on texts: a transformer of characters that learns to predict the next one.
struct StudyTexts: LabelsSubject {
  static let unit = "texts"
  static let labels = [5, 20, 100]
  static let concludedLabels = 20
  static let methods = [
    "pretrained, fine-tuned", "pretrained, probe", "random weights, probe", "trained from scratch",
    "words, probe", "bag of words",
  ]
  static let trainings = (shared: 1, each: 3)
  private static let batchSize = 16

  let name: String
  let train: Dataset
  let test: Dataset
  private let epochs: Int
  /// The settings of the bag of words.
  private let recipe: Recipe
  /// The training texts, one after the other.
  private let text: CharacterText
  private let words: WordFrequencies
  /// What has learned to predict the next character.
  private var pretrained: Encoder?
  /// The same network with random weights.
  private var random: Encoder?

  /// A transformer of characters, and what it says of the test texts.
  private struct Encoder {
    let languageModel: NeuralNetwork
    let network: NeuralNetwork
    let tested: Tensor

    init(_ languageModel: NeuralNetwork, tested: Dataset) throws {
      self.languageModel = languageModel
      network = try languageModel.textEncoder(inputLength: tested.inputShape[0])
      self.tested = try network.predict(tested.features)
    }
  }

  /// Whether the data are texts with classes.
  static func areThere(in source: String) -> Bool {
    source == DataSource.definitions
      || DataSource.isTable(source) && !DataSource.isKnown(source)
  }

  /// The texts that the settings name.
  init(_ settings: StudySettings, in source: String) throws {
    let definitions = source == DataSource.definitions
    var recipe = Recipes.named(definitions ? "definitions" : "csv-text")!.settings
    (recipe.data, recipe.text, recipe.label) = (source, settings.text, settings.label)
    (recipe.validation, recipe.test) = (0, 0.2)
    try recipe.checkTexts()
    let parts = try Self.parts(of: recipe.loadTexts(source, classNames: nil), recipe)
    train = parts.train.subset(
      Self.some(settings.examples ?? parts.train.count, of: parts.train))
    guard train.classNames.count >= 2 else {
      throw CourseError(
        .invalidData, "there is nothing to tell apart", expected: "texts of at least two classes",
        received: "only the class \"\(train.classNames.joined().printable)\"", location: train.name,
        remedy: "Use texts of several classes, or another --label.")
    }
    // In the order of their lengths: texts of one length side by side need no padding.
    let tested = parts.test.subset(Self.some(2000, of: parts.test))
    let lengths = tested.texts.map(\.utf8.count)
    test = tested.subset(lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) })
    name = train.name
    epochs = settings.epochs ?? 6
    self.recipe = recipe
    text = try CharacterText(lines: train.texts, name: name)
    words = WordFrequencies(of: train.texts)
  }

  /// So many examples from everywhere: data may be sorted.
  private static func some(_ count: Int, of data: Dataset) -> [Int] {
    RandomKey(seed: 0).folded("study").permutation(of: data.count).prefix(count).sorted()
  }

  private func transformer(seed: UInt64) throws -> NeuralNetwork {
    try NeuralNetwork.transformer(
      vocabulary: text.vocabulary, contextLength: min(128, text.tokens.count - 1), blocks: 2,
      optimizer: optimizer(0.002), seed: seed)
  }

  private func optimizer(_ rate: Float) -> AdamW {
    AdamW(learningRate: rate, beta2: 0.99, weightDecay: 0.1, exemptsBiases: true)
  }

  mutating func pretrain(seed: UInt64, session: inout StudySession) throws {
    var network = try transformer(seed: seed)
    let length = network.inputShape[0]
    let steps = max(1, text.tokens.count / (Self.batchSize * length))
    let windows = try TextWindows(
      of: text.dataset(batchSize: 1, sequenceLength: length), batchSize: Self.batchSize,
      stepsPerEpoch: steps, seed: seed)
    let options = options(epochs: epochs, stepsPerEpoch: steps)
    _ = try session.train("next character", &network) { network, callbacks in
      try network.fit(windows, options: options, callbacks: callbacks)
    }
    pretrained = try Encoder(network, tested: test)
  }

  mutating func begin(seed: UInt64) throws {
    random = try Encoder(transformer(seed: seed), tested: test)
  }

  private func options(epochs: Int, stepsPerEpoch: Int) -> TrainingOptions {
    let steps = epochs * stepsPerEpoch
    let warmUp = max(1, min(100, steps / 10))
    return TrainingOptions(
      epochs: epochs, batchSize: Self.batchSize, clipping: .norm(1),
      schedule: WarmUp(
        over: warmUp, from: 1 / Float(warmUp),
        then: CosineDecay(over: max(1, steps - warmUp), unit: .step)))
  }

  func accuracies(
    _ labelled: LabelledExamples, seed: UInt64, session: inout StudySession
  ) throws -> [Double] {
    guard let pretrained, let random else { return [] }
    let few = train.subset(labelled.chosen)
    func probe(_ encoder: Encoder) throws -> Double {
      try self.probe(labelled, encoder.network.predict(few.features), on: encoder.tested)
    }
    func classifier(_ encoder: Encoder, rate: Float) throws -> NeuralNetwork {
      try NeuralNetwork.textClassifier(
        pretrained: encoder.languageModel, inputLength: few.inputShape[0],
        classNames: few.classNames, optimizer: optimizer(rate), seed: seed)
    }
    // As many steps as change the accuracy by less than its error.
    func trained(_ network: NeuralNetwork, _ title: String, steps: Int) throws -> Double {
      var network = network
      let perEpoch = (few.count + Self.batchSize - 1) / Self.batchSize
      let options = options(
        epochs: max(1, self.epochs, (steps + perEpoch - 1) / perEpoch), stepsPerEpoch: perEpoch)
      _ = try session.train("seed \(seed), \(labelled.perClass) labels, \(title)", &network) {
        network, callbacks in
        try network.fit(few, options: options, callbacks: callbacks)
      }
      return try network.evaluate(test, keepingPredictions: false).accuracy ?? 0
    }
    let frequencies = words.features(of: few.texts, and: test.texts)
    return [
      try trained(classifier(pretrained, rate: 0.0003), "fine-tuned", steps: 30 * epochs),
      try probe(pretrained), try probe(random),
      try trained(classifier(random, rate: 0.001), "from scratch", steps: 60 * epochs),
      try self.probe(labelled, frequencies.0, on: frequencies.1),
      try trained(
        recipe.adapted(toTexts: few).textNetwork(.bag, for: few), "bag of words", steps: 60 * epochs
      ),
    ]
  }

  func conclusion(_ accuracies: [String], labels: Int) -> String {
    "With \(labels) labels of each class, the transformer that learned to predict the next character of "
      + "\(train.count.grouped) texts is right on \(accuracies[0]) of the test texts after fine-tuning, and "
      + "a linear probe on its features on \(accuracies[1]). The probe on random weights reaches "
      + "\(accuracies[2]), the transformer trained from scratch on these labels \(accuracies[3]); without "
      + "any transformer, the probe on the frequencies of words reaches \(accuracies[4]), a bag of words and pieces of words "
      + "\(accuracies[5])."
  }
}

/// How often texts have each word, the more weight the fewer texts have it (TF-IDF).
///
/// `x[w] = (1 + ln n[w]) · (1 + ln ((N + 1) / (N[w] + 1)))`, divided by the length of x: n[w] is the number of times that the text has
/// the word, N[w] the number of texts that do, of N.
struct WordFrequencies {
  private let count: Int
  private var textsWith: [String: Int] = [:]

  /// The numbers of some texts, which need no labels.
  init(of texts: [String]) {
    count = texts.count
    for text in texts {
      for word in Set(Self.words(of: text)) { textsWith[word, default: 0] += 1 }
    }
  }

  private static func words(of text: String) -> [String] {
    Tokenizer.words(of: text).map { $0.lowercased() }
  }

  /// Vectors of the words that the labelled texts have: nothing can be learned of others.
  func features(of labelled: [String], and others: [String]) -> (Tensor, Tensor) {
    let places = Dictionary(
      uniqueKeysWithValues: Tokenizer.vocabulary(of: labelled).enumerated().map { ($1, $0) })
    func features(_ texts: [String]) -> Tensor {
      var values = [Float](repeating: 0, count: texts.count * places.count)
      for (row, text) in texts.enumerated() {
        var numbers: [Int: (count: Int, word: String)] = [:]
        for word in Self.words(of: text) {
          if let place = places[word] { numbers[place, default: (0, word)].count += 1 }
        }
        let weights = numbers.mapValues { number in
          (1 + log(Float(number.count)))
            * (1 + log(Float(count + 1) / Float(textsWith[number.word, default: 0] + 1)))
        }
        // In one order, or sums differ from run to run.
        let length = weights.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
          .squareRoot()
        for (place, weight) in weights { values[row * places.count + place] = weight / length }
      }
      return Tensor(shape: [texts.count, places.count], scalars: values)
    }
    return (features(labelled), features(others))
  }
}
