import Foundation

/// A checkpoint is one safetensors file.
///
/// | tensor | content |
/// |---|---|
/// | `layers.0.weights` | parameters and states, by layer and name |
/// | `optimizer.velocity.layers.0.weights` | the optimizer's state, by parameter |
/// | `callbacks.EarlyStopping.layers.0.weights` | tensors of callbacks, such as the best weights |
///
/// Its metadata holds `format`, `format_version`, `model` (the architecture, preprocessing, names and
/// notes) and, after training, `training` (the progress), as JSON text.
extension NeuralNetwork {
  static let checkpointFormat = "deep-learning-course"
  static let checkpointVersion = "2"
  /// The versions of this library that wrote earlier versions of the format.
  private static let writers = ["1": "before 0.1.0"]

  /// Writes the network to a file: architecture, weights, preprocessing, names, and the state of training.
  ///
  /// The file appears at once and complete; if that fails, an earlier file of that name is as it was.
  ///
  /// - Throws: `CourseError(.file)` when the file cannot be written, `CourseError(.diverged)` when a
  ///   weight is not finite, `CourseError(.invalidArgument)` when there are more or fewer names of classes or
  ///   features than classes or features.
  public func save(to url: URL) throws {
    try checkNames()
    var tensors: [(name: String, tensor: Tensor)] = []
    var parameters: [(name: String, parameter: Parameter)] = []
    visitParameters { name, parameter in
      tensors.append((name, parameter.value))
      parameters.append((name, parameter))
    }
    visitStates { name, state in tensors.append((name, state)) }
    for (callback, memory) in callbackMemory {
      for (name, tensor) in memory { tensors.append(("callbacks.\(callback).\(name)", tensor)) }
    }
    var bad = tensors.first { !$0.tensor.isFinite }?.name
    // Without progress there is nothing to resume, and the reader looks for no state.
    if progress != nil, var states = optimizerStates {
      states.forEachState(of: parameters) { name, state, _ in
        tensors.append((name, state))
        // The square of a large gradient may be infinite while all weights are finite.
        if state.hasNaN { bad = bad ?? name }
      }
    }
    if let bad {
      throw CourseError(
        .diverged, "a network that diverged is not saved", expected: "finite weights",
        received: "NaN or infinity in \(bad)", location: url.path)
    }

    var model = SavedModel(
      inputShape: inputShape, seed: String(seed), layers: layers.map { SavedPart($0) },
      loss: loss.map { SavedPart($0) }, optimizer: optimizer.map { SavedPart($0) },
      penalty: penalty.map { SavedPart($0) },
      layerPenalties: layerPenalties.mapValues { SavedPart($0) },
      decouplesPenalties: decouplesPenalties, preparation: preparation,
      preprocessing: preprocessing, targetScaling: targetScaling,
      classNames: classNames, featureNames: featureNames,
      notes: notes)
    model.note(parameters)
    var metadata = [
      "format": Self.checkpointFormat, "format_version": Self.checkpointVersion,
      "library_version": libraryVersion, "model": try JSONCoding.text(model),
    ]
    if let progress {
      metadata["training"] = try JSONCoding.text(
        SavedTraining(progress: progress, optimizerStep: optimizerStates?.step ?? 0))
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
  ///   - schedules: the learning-rate schedules that its training may name, besides `ConstantSchedule`; `nil` to
  ///     load it without its schedule
  /// - Throws: `CourseError` when the file is missing, damaged, foreign, or names an unknown type.
  public init(
    contentsOf url: URL, layers: [any Layer.Type], losses: [any Loss.Type]? = [],
    optimizers: [any Optimizer.Type]? = [], penalties: [any Penalty.Type]? = [],
    schedules: [any LearningRateSchedule.Type]? = []
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
      let version = metadata["format_version"] ?? "none"
      let writer = metadata["library_version"] ?? Self.writers[version]
      throw CourseError(
        .format, "checkpoint of another format version",
        expected:
          "\(Self.checkpointVersion), as version \(libraryVersion) of this library writes it",
        received: version + (writer.map { ", written by version \($0)" } ?? ""),
        location: url.path,
        remedy: "Read it with the version of this library that wrote it.")
    }
    let known = KnownTypes(
      layers: layers, losses: losses, optimizers: optimizers, penalties: penalties,
      schedules: schedules)
    var tensors = try CheckpointTensors(reader)
    do {
      self = try Loading.$largestTensor.withValue(tensors.largest) {
        try Loading.$elementCount.withValue(tensors.total) {
          var network = try Self.network(
            Self.decode(SavedModel.self, from: json, known: known), tensors: &tensors)
          if let training = metadata["training"] {
            try network.takeTraining(
              Self.decode(SavedTraining.self, from: training, known: known), from: &tensors)
          }
          return network
        }
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
}
