import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

/// The example whose treatment by a network is drawn: an image file, an example of the test part, or a text.
struct InspectedExample {
  /// As the network takes it: `inputShape`, or `[t]` tokens.
  let features: Tensor
  /// What it is called in titles.
  let name: String
  /// Its class, where that is known.
  var label: Int?
  /// Its characters or words, one for each token.
  var parts: [String] = []
  /// The text to classify; empty for others.
  private(set) var text = ""
  /// Notes for the user.
  var notes: [String] = []

  /// - Parameters:
  ///   - source: the input as it was given
  ///   - path: the file of the network
  init(
    _ source: String, for network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws {
    if let classifier = try? TextClassifier(network) {
      self = try Self(
        words: source, classifier, path: path, skipBroken: skipBroken, progress: progress)
      return
    }
    if let vocabulary = network.characters {
      self = try Self(text: source, vocabulary, for: network)
      return
    }
    let recipe = try Recipe(notedIn: network, path: path)
    if let number = Int(source) {
      self = try Self(
        number: number, of: recipe, network, path: path, skipBroken: skipBroken, progress: progress)
      return
    }
    features = try ImageExample.tensor(
      PixelImage(contentsOf: source), path: source, for: network,
      brightest: DataSource.brightest(of: recipe?.data ?? "")
    ).reshaped(to: network.inputShape)
    name = URL(filePath: source).lastPathComponent
  }

  /// A text to classify, or that of an example of the test part.
  private init(
    words source: String, _ classifier: TextClassifier, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws {
    let network = classifier.network
    if let number = Int(source) {
      let recipe = try Recipe(notedIn: network, path: path)
      let data = try Self.data(
        of: recipe, network, path: path, skipBroken: skipBroken, progress: progress)
      let test = try data.recipe.split(data.loaded).test
      try Self.require(number, of: test.count)
      let example = test.subset([number])
      self.init(
        features: example.features.reshaped(to: network.inputShape), name: "Example \(number)")
      text = test.text(at: number) ?? ""
      if case .classes(let labels) = example.targets { label = labels[0] }
    } else {
      try TextOperand.requireText(source)
      self.init(
        features: try classifier.features(of: [source]).reshaped(to: network.inputShape), name: "")
      text = source
    }
    notes = try Recipe(notedIn: network, path: path)?.textNotes([text]) ?? []
    parts = classifier.pieces(of: text).map { String($0.text) }
    guard !parts.isEmpty else {
      throw CourseError(
        .invalidData, "there is no word in the text", expected: "letters or digits",
        received: text.printable)
    }
  }

  private init(features: Tensor, name: String) { (self.features, self.name) = (features, name) }

  /// An example of the test part.
  private init(
    number: Int, of recipe: Recipe?, _ network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws {
    let data = try Self.data(
      of: recipe, network, path: path, skipBroken: skipBroken, progress: progress)
    if let images = try data.recipe.detectionParts(data.loaded)?.test {
      try Self.require(number, of: images.count)
      self.init(
        features: images.images.rows(at: [number]).reshaped(to: network.inputShape),
        name: "Example \(number)")
      return
    }
    let test = try data.recipe.split(data.loaded).test
    try Self.require(number, of: test.count)
    let example = test.batch(at: [number])
    self.init(
      features: example.features.reshaped(to: network.inputShape), name: "Example \(number)")
    if case .classes(let labels) = example.targets { label = labels[0] }
  }

  /// The data that a network was trained on, to take an example of their test part.
  private static func data(
    of recipe: Recipe?, _ network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws -> (recipe: Recipe, loaded: DataSource.Loaded) {
    let what = network.textTokenizer == nil ? "an image file" : "a text"
    guard let recipe, recipe.test > 0 else {
      throw UsageError("\(path) has no test part of its own: give \(what)")
    }
    let loaded = try recipe.recordedData(
      of: network, skipBroken: skipBroken, progress: progress,
      remedy: "Give \(what) instead of an index, or restore the original data.")
    return (recipe, loaded)
  }

  private static func require(_ number: Int, of count: Int) throws {
    guard (0..<count).contains(number) else {
      throw UsageError(
        "example \(number) is out of range: the test part has examples 0 to \(count - 1)")
    }
  }

  /// A text for a network of characters: as many of its last ones as the network takes.
  private init(text: String, _ vocabulary: Vocabulary, for network: NeuralNetwork) throws {
    try TextOperand.requireText(text)
    // Digits to sort may be set apart.
    let text =
      vocabulary.classNames.contains(" ") ? text : text.filter { !$0.isWhitespace && $0 != "," }
    let tokens = try vocabulary.tokens(of: text, name: "the text")
    guard !tokens.isEmpty else {
      throw CourseError(
        .invalidData, "the text is empty", expected: "at least one character", received: "none")
    }
    let read = Array(tokens.suffix(network.inputShape[0]))
    self.init(
      features: Tensor(shape: [read.count], scalars: read.map(Float.init)),
      name: "after \"\(String(text.suffix(24)).printable)\"")
    parts = read.map { vocabulary.classNames[$0] }
    if read.count < tokens.count {
      notes = ["the network reads the last \(read.count) of \(tokens.count) characters"]
    }
  }
}

extension NeuralNetwork {
  /// The characters that a network of texts knows, one of which it predicts after each.
  fileprivate var characters: Vocabulary? {
    guard inputShape.count == 1, outputShape.count == 2, layers.first is any TokenLayer,
      outputShape[1] == classNames.count
    else { return nil }
    return try? Vocabulary(classNames: classNames)
  }
}
