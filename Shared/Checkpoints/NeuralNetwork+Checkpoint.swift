import Foundation

/// A checkpoint is one safetensors file.
///
/// | tensor | what |
/// |---|---|
/// | `layers.0.weights` | parameters and states, by layer and name |
/// | `optimizer.velocity.layers.0.weights` | the optimizer's state, by parameter |
/// | `callbacks.EarlyStopping.layers.0.weights` | what callbacks keep, such as the best weights |
///
/// Its metadata holds `format`, `format_version`, `model` (the architecture, preprocessing, names and
/// notes) and, after training, `training` (the progress), as JSON text.
extension NeuralNetwork {
  static let checkpointFormat = "deep-learning-course"
  static let checkpointVersion = "1"

  /// Writes the network to a file: architecture, weights, preprocessing, names, and the state of training.
  ///
  /// The file appears at once and complete; if that fails, an earlier file of that name is as it was.
  ///
  /// - Throws: `CourseError(.file)` when the file cannot be written, `CourseError(.diverged)` when a
  ///   weight is not finite, `CourseError(.invalidArgument)` when there are more or fewer names of classes or
  ///   features than classes or features.
  public func save(to url: URL) throws {
    try checkNames()
    var copy = self
    var tensors: [(name: String, tensor: Tensor)] = []
    var parameterNames: [String] = []
    copy.forEachParameter { name, parameter in
      tensors.append((name, parameter.value))
      parameterNames.append(name)
    }
    copy.forEachState { name, state in tensors.append((name, state)) }
    for (callback, memory) in callbackMemory {
      for (name, tensor) in memory { tensors.append(("callbacks.\(callback).\(name)", tensor)) }
    }
    var bad = tensors.first { !$0.tensor.isFinite }?.name
    // Without progress there is nothing to resume, and the reader looks for no state.
    if progress != nil {
      for (name, slot, state) in optimizerState() {
        tensors.append(("optimizer.\(name).\(parameterNames[slot])", state))
        // The square of a large gradient may be infinite while all weights are finite.
        if state.hasNaN { bad = bad ?? tensors.last?.name }
      }
    }
    if let bad {
      throw CourseError(
        .diverged, "a network that diverged is not saved", expected: "finite weights",
        received: "NaN or infinity in \(bad)", location: url.path)
    }

    let model = SavedModel(
      inputShape: inputShape, seed: String(seed), layers: layers.map { SavedPart($0) },
      loss: loss.map { SavedPart($0) }, optimizer: optimizer.map { SavedPart($0) },
      penalty: penalty.map { SavedPart($0) },
      layerPenalties: layerPenalties.isEmpty
        ? nil
        : Dictionary(
          uniqueKeysWithValues: layerPenalties.map { (String($0.key), SavedPart($0.value)) }),
      decouplesPenalties: decouplesPenalties ? true : nil, preprocessing: preprocessing,
      classNames: classNames, featureNames: featureNames,
      notes: notes)
    var metadata = [
      "format": Self.checkpointFormat, "format_version": Self.checkpointVersion,
      "model": try JSONCoding.text(model),
    ]
    if let progress {
      metadata["training"] = try JSONCoding.text(
        SavedTraining(progress: progress, optimizerCounters: optimizer?.counters ?? [:]))
    }
    try SafetensorsFile(metadata: metadata, tensors: tensors).write(to: url)
  }

  /// Rebuilds a network from a file that `save(to:)` wrote.
  ///
  ///     let network = try NeuralNetwork(
  ///       contentsOf: url, layers: [Dense.self, ReLU.self], losses: [SoftmaxCrossEntropyLoss.self],
  ///       optimizers: [SGD.self])
  ///
  /// With `Networks`, `NeuralNetwork(contentsOf: url, adding: [Mine.self])` knows all types of this package
  /// and yours.
  ///
  /// Every number of the file is checked, and the sizes that it names are compared with its tensors before
  /// memory is taken for them.
  ///
  /// - Parameters:
  ///   - layers: the layer types that the file may name
  ///   - losses: the loss types it may name; `nil` to load a network without its loss
  ///   - optimizers: the optimizer types it may name; `nil` to load a network that is not to be trained on
  ///   - penalties: the penalty types it may name; `nil` to load a network without its penalties
  /// - Throws: `CourseError` when the file is missing, damaged, foreign, or names an unknown type.
  public init(
    contentsOf url: URL, layers: [any Layer.Type], losses: [any Loss.Type]? = [],
    optimizers: [any Optimizer.Type]? = [], penalties: [any Penalty.Type]? = []
  ) throws {
    let reader = try SafetensorsReader(
      data: readFile(at: url.path, content: "a safetensors file"), path: url.path)
    let metadata = try reader.metadata()
    guard metadata["format"] == Self.checkpointFormat, let json = metadata["model"] else {
      throw CourseError(
        .format, "not a checkpoint of this library",
        expected: "metadata with format \"\(Self.checkpointFormat)\" and a model",
        received: metadata["format"].map { "format \"\($0)\"" } ?? "no such metadata",
        location: url.path,
        remedy: "It is a safetensors file from elsewhere: SafetensorsFile reads its tensors.")
    }
    guard metadata["format_version"] == Self.checkpointVersion else {
      throw CourseError(
        .format, "checkpoint of another version", expected: Self.checkpointVersion,
        received: metadata["format_version"] ?? "none", location: url.path,
        remedy: "Read it with the version of this library that wrote it.")
    }
    let known = KnownTypes(
      layers: layers, losses: losses, optimizers: optimizers, penalties: penalties)
    var tensors = try CheckpointTensors(reader)
    do {
      self = try Loading.$largestTensor.withValue(tensors.largest) {
        var network = try Self.network(
          Self.decode(SavedModel.self, from: json, known: known), tensors: &tensors)
        if let training = metadata["training"] {
          try network.takeTraining(
            Self.decode(SavedTraining.self, from: training, known: known), from: &tensors)
        }
        return network
      }
      if let extra = tensors.names.first {
        throw damagedCheckpoint("a tensor that no layer of the model has: \(extra)")
      }
    } catch var error as CourseError {
      if error.location != url.path {
        error.location = [url.path, error.location].compactMap { $0 }.joined(separator: ", ")
      }
      throw error
    }
  }

  /// The optimizer's state of every parameter, also of those that it has not seen yet: an optimizer that
  /// was set after the training has none, and resumes from zeros.
  private func optimizerState() -> [(name: String, slot: Int, state: Tensor)] {
    struct Place: Hashable {
      let name: String
      let slot: Int
    }
    var copy = self
    var known: [Place: Tensor] = [:]
    copy.optimizer?.forEachState { known[Place(name: $0, slot: $1)] = $2 }
    copy.prepareOptimizer()
    var all: [(name: String, slot: Int, state: Tensor)] = []
    copy.optimizer?.forEachState { name, slot, zeros in
      all.append((name, slot, known[Place(name: name, slot: slot)] ?? zeros))
    }
    return all
  }
}
