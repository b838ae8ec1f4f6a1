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
  ///   weight is not finite.
  public func save(to url: URL) throws {
    var copy = self
    var tensors: [(name: String, tensor: Tensor)] = []
    var parameterNames: [String] = []
    copy.forEachParameter { name, parameter in
      tensors.append((name, parameter.value))
      parameterNames.append(name)
    }
    copy.forEachState { name, state in tensors.append((name, state)) }
    if let bad = tensors.first(where: { !$0.tensor.isFinite }) {
      throw CourseError(
        .diverged, "a network that diverged is not saved", expected: "finite weights",
        received: "NaN or infinity in \(bad.name)", location: url.path)
    }
    // Without progress there is nothing to resume, and the reader looks for no state.
    if progress != nil {
      for (name, slot, state) in optimizerState() {
        tensors.append(("optimizer.\(name).\(parameterNames[slot])", state))
      }
    }
    for (callback, memory) in callbackMemory {
      for (name, tensor) in memory { tensors.append(("callbacks.\(callback).\(name)", tensor)) }
    }

    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    let model = SavedModel(
      inputShape: inputShape, seed: String(seed), layers: layers.map { SavedPart($0) },
      loss: loss.map { SavedPart($0) }, optimizer: optimizer.map { SavedPart($0) },
      penalty: penalty.map { SavedPart($0) },
      layerPenalties: layerPenalties.isEmpty
        ? nil
        : Dictionary(
          uniqueKeysWithValues: layerPenalties.map { (String($0.key), SavedPart($0.value)) }),
      preprocessing: preprocessing, classNames: classNames, featureNames: featureNames,
      notes: notes)
    var metadata = [
      "format": Self.checkpointFormat, "format_version": Self.checkpointVersion,
      "model": try json(model),
    ]
    if let progress {
      metadata["training"] = try json(
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
  /// - Parameters:
  ///   - layers: the layer types that the file may name
  ///   - losses: the loss types it may name; leave out to load a network without its loss
  ///   - optimizers: the optimizer types it may name; leave out to load a network that is not to be
  ///     trained on
  ///   - penalties: the penalty types it may name; leave out to load a network without its penalties
  /// - Throws: `CourseError` when the file is missing, damaged, foreign, or names an unknown type.
  public init(
    contentsOf url: URL, layers: [any Layer.Type], losses: [any Loss.Type] = [],
    optimizers: [any Optimizer.Type] = [], penalties: [any Penalty.Type] = []
  ) throws {
    let file = try SafetensorsFile(contentsOf: url)
    guard file.metadata["format"] == Self.checkpointFormat, let json = file.metadata["model"] else {
      throw CourseError(
        .format, "not a checkpoint of this library",
        expected: "metadata with format \"\(Self.checkpointFormat)\" and a model",
        received: file.metadata["format"].map { "format \"\($0)\"" } ?? "no such metadata",
        location: url.path,
        remedy: "It is a safetensors file from elsewhere: SafetensorsFile reads its tensors.")
    }
    guard file.metadata["format_version"] == Self.checkpointVersion else {
      throw CourseError(
        .format, "checkpoint of another version", expected: Self.checkpointVersion,
        received: file.metadata["format_version"] ?? "none", location: url.path,
        remedy: "Read it with the version of this library that wrote it.")
    }
    do {
      let known = KnownTypes(
        layers: layers, losses: losses, optimizers: optimizers, penalties: penalties)
      let model = try Self.decode(SavedModel.self, from: json, known: known)
      self.init(
        inputShape: try Self.checked(model.inputShape), loss: model.loss?.part as? any Loss,
        optimizer: model.optimizer?.part as? any Optimizer, seed: UInt64(model.seed) ?? 0)
      penalty = model.penalty?.part as? any Penalty
      try Parameter.$isLoading.withValue(true) {
        for (index, saved) in model.layers.enumerated() {
          guard let layer = saved.part as? any Layer else { continue }
          try append(
            layer, penalty: model.layerPenalties?[String(index)]?.part as? any Penalty)
        }
      }
      preprocessing = model.preprocessing
      classNames = model.classNames
      featureNames = model.featureNames
      notes = model.notes
      var tensors = try Dictionary(
        file.tensors.map { ($0.name, $0.tensor) },
        uniquingKeysWith: { _, _ in throw Self.damaged("two tensors of one name") })
      try takeParameters(from: &tensors)
      if let training = file.metadata["training"] {
        try takeTraining(training, known: known, from: &tensors)
      }
      if let extra = tensors.keys.min() {
        throw Self.damaged("a tensor that no layer of the model has: \(extra)")
      }
    } catch var error as CourseError {
      error.location = [url.path, error.location].compactMap { $0 }.joined(separator: ", ")
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

  // MARK: Reading

  private mutating func takeParameters(from tensors: inout [String: Tensor]) throws {
    try forEachParameter { name, parameter in
      parameter.value = try Self.take(name, shape: parameter.value.shape, from: &tensors)
    }
    // A state may have a shape that depends on the batch (a carried state), so only its presence counts.
    try forEachState { name, state in
      state = try Self.take(name, shape: nil, from: &tensors)
    }
  }

  private mutating func takeTraining(
    _ json: String, known: KnownTypes, from tensors: inout [String: Tensor]
  ) throws {
    let saved = try Self.decode(SavedTraining.self, from: json, known: known)
    progress = saved.progress
    var names: [String] = []
    var shapes: [[Int]] = []
    forEachParameter { name, parameter in
      names.append(name)
      shapes.append(parameter.value.shape)
    }
    prepareOptimizer()
    try optimizer?.forEachState { name, slot, state in
      state = try Self.take(
        "optimizer.\(name).\(names[slot])", shape: shapes[slot], from: &tensors)
    }
    optimizer?.counters = saved.optimizerCounters
    for name in tensors.keys.sorted() {
      if optimizer == nil, name.hasPrefix("optimizer.") { tensors[name] = nil }
      let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
      if parts.count == 3, parts[0] == "callbacks", let tensor = tensors.removeValue(forKey: name) {
        callbackMemory[parts[1], default: [:]][parts[2]] = tensor
      }
    }
  }

  private static func take(
    _ name: String, shape: [Int]?, from tensors: inout [String: Tensor]
  ) throws -> Tensor {
    guard let tensor = tensors.removeValue(forKey: name) else {
      throw damaged("no tensor \(name), which the model needs")
    }
    guard shape == nil || tensor.shape == shape else {
      throw damaged("tensor \(name) of shape \(tensor.shape) where the model has \(shape ?? [])")
    }
    guard tensor.isFinite else { throw damaged("NaN or infinity in tensor \(name)") }
    return tensor
  }

  private static func checked(_ inputShape: [Int]) throws -> [Int] {
    guard inputShape.allSatisfy({ $0 >= 1 }) else { throw damaged("input shape \(inputShape)") }
    return inputShape
  }

  private static func damaged(_ received: String) -> CourseError {
    CourseError(
      .format, "damaged checkpoint", received: received,
      remedy: "Use another copy of the file, or train again.")
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, from json: String, known: KnownTypes
  ) throws -> Value {
    let decoder = JSONDecoder()
    decoder.userInfo[KnownTypes.key] = known
    do {
      return try Parameter.$isLoading.withValue(true) {
        try decoder.decode(type, from: Data(json.utf8))
      }
    } catch let error as DecodingError {
      throw damaged("\(Value.self) that cannot be read: \(error)")
    }
  }
}
