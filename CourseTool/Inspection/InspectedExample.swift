import CourseCommandLine
import CourseTraining
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
  /// A note for the user.
  var note: String?

  /// - Parameters:
  ///   - source: the input as it was given
  ///   - path: the file of the network
  init(
    _ source: String, for network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws {
    if let vocabulary = network.characters {
      self = try Self(text: source, vocabulary, for: network)
      return
    }
    let recipe = try Recipe(notedIn: network, path: path)
    if let number = Int(source), recipe?.isDetector != true {
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

  private init(features: Tensor, name: String) { (self.features, self.name) = (features, name) }

  /// An example of the test part.
  private init(
    number: Int, of recipe: Recipe?, _ network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws {
    guard let recipe, recipe.test > 0 else {
      throw UsageError("\(path) has no test part of its own: give an image file")
    }
    let data = try recipe.recordedData(
      of: network, skipBroken: skipBroken, progress: progress,
      remedy: "Give an image file instead of an index, or restore the original data.")
    let test = try recipe.split(data).test
    guard (0..<test.count).contains(number) else {
      throw UsageError(
        "example \(number) is out of range: the test part has examples 0 to \(test.count - 1)")
    }
    let example = test.batch(at: [number])
    self.init(
      features: example.features.reshaped(to: network.inputShape), name: "Example \(number)")
    if case .classes(let labels) = example.targets { label = labels[0] }
  }

  /// A text for a network of characters: as many of its last ones as the network takes.
  private init(text: String, _ vocabulary: Vocabulary, for network: NeuralNetwork) throws {
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
      note = "The network reads the last \(read.count) of \(tokens.count) characters."
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
