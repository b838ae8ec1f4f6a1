import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks

// Classifiers of images that begin as another trained network.

extension Recipe {
  /// The settings that the encoder decides.
  static let settingsOfEncoder: Set = [
    "scaling", "shape", "size", "fit", "channels", "maps", "kernel-size", "depth", "batch-norm",
    "recurrent",
  ]

  /// Throws when settings do not fit a network that begins as another one.
  func checkEncoder(_ given: Set<String>) throws(UsageError) {
    guard let encoder else {
      guard given.contains("encoder-rate") || firstChanged(["encoder-rate"]) != nil else { return }
      throw UsageError(
        "'--encoder-rate' is for a network that starts from the encoder of another one: use --encoder"
      )
    }
    guard data.isEmpty || DataSource.hasImages(data) else {
      throw UsageError(
        "'--encoder \(encoder)' begins a classifier of images, and --data is \(data): use the recipe images"
      )
    }
    if let option = firstChanged(Self.settingsOfEncoder.sorted(), given: given)?.option {
      throw UsageError("'\(option)' does not apply with --encoder, which decides it: omit it")
    }
  }

  /// The form in which the encoder takes images; `nil` for a network without one.
  func formOfEncoder() throws -> ImageForm? {
    try encoder.map { try ImageForm(of: savedEncoder($0).encoder) }
  }

  /// The bytes of its file; none for a network without one.
  func contentOfEncoder() throws -> Data {
    guard let encoder else { return Data() }
    _ = try savedEncoder(encoder)
    return try Data(contentsOf: URL(filePath: encoder))
  }

  /// The network before training: the encoder in a file, and dense layers.
  func imageClassifier(
    from path: String, for training: Dataset, classCount: Int, optimizer: any Optimizer
  ) throws -> NeuralNetwork {
    let (saved, encoder) = try savedEncoder(path)
    guard training.inputShape == encoder.inputShape else {
      throw CourseError(
        .shapeMismatch, "the images do not fit the encoder \(path)",
        expected: "images of shape \(encoder.inputShape)", received: "\(training.inputShape)",
        location: training.name,
        remedy: "Train an encoder on images of that shape.")
    }
    var network = try NeuralNetwork.imageClassifier(
      pretrained: saved, classCount: classCount, hiddenSizes: hidden,
      activation: activation, dropout: dropout, optimizer: optimizer, seed: seed)
    if let scaler = try DataSource.brightening(
      of: data, forTrainingOn: Recipe(notedIn: saved, path: path)?.data)
    {
      // Its own scaling, for pixels of another range.
      let factor = 1 / scaler.scale[0]
      let own = network.preprocessing ?? .dividing(by: 1)
      network.preprocessing = try FeatureScaler(
        offset: own.offset.map { $0 / factor }, scale: own.scale.map { $0 / factor },
        isPerChannel: own.isPerChannel)
    }
    if encoderRate == 0 {
      try network.freeze(encoder.layers.indices)
    } else {
      try network.setLearningRate(factor: encoderRate, for: encoder.layers.indices)
    }
    return network
  }

  /// The network in a file, and its encoder.
  private func savedEncoder(
    _ path: String
  ) throws -> (network: NeuralNetwork, encoder: NeuralNetwork) {
    let network = try savedNetwork(path)
    do {
      return (network, try network.imageEncoder())
    } catch var error as CourseError where error.kind == .invalidArgument {
      error.location = path
      error.remedy = "Train one with 'course train figures-vicreg --data FOLDER'."
      throw error
    }
  }
}
