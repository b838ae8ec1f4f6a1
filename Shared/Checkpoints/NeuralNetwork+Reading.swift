import Foundation

// A network from the texts and tensors of a checkpoint. Nothing in a file is believed: layers are made one by
// one, and each is compared with the tensors of the file before the next takes memory.

extension NeuralNetwork {
  /// The network of a model, with its parameters and states.
  static func network(
    _ model: SavedModel, tensors: inout CheckpointTensors
  ) throws -> NeuralNetwork {
    try checkShape(model.inputShape, of: "inputShape")
    guard let seed = UInt64(model.seed), String(seed) == model.seed else {
      throw damagedCheckpoint("\"\(model.seed)\"", expected: "a seed from 0 to \(UInt64.max)")
    }
    var network = NeuralNetwork(
      inputShape: model.inputShape, loss: try model.loss?.make() as? any Loss,
      optimizer: try model.optimizer?.make() as? any Optimizer, seed: seed)
    network.penalty = try model.penalty?.make() as? any Penalty
    network.decouplesPenalties = model.decouplesPenalties
    for (index, saved) in model.layers.enumerated() {
      let layer = try locatingLayer { try saved.layer("\(index)") }
      try network.append(layer)
      try network.takeTensors(ofLayer: index, from: &tensors, prefix: "")
    }
    try network.setPenalties(model.layerPenalties)
    try network.setTraining(
      frozen: model.frozen ?? [], learningRateFactors: model.learningRateFactors ?? [:])
    network.preparation = model.preparation
    try network.preparation?.check(inputShape: model.inputShape)
    network.preprocessing = model.preprocessing
    try network.preprocessing?.check(inputShape: model.inputShape)
    network.targetScaling = model.targetScaling
    try network.targetScaling?.check(inputShape: network.outputShape)
    network.classNames = model.classNames
    network.featureNames = model.featureNames
    network.notes = model.notes
    try network.checkNames()
    return network
  }

  /// Gives a layer its parameters and states from the file.
  /// - Parameter prefix: the beginning of their names
  private mutating func takeTensors(
    ofLayer index: Int, from tensors: inout CheckpointTensors, prefix: String
  ) throws {
    try layers[index].forEachParameter { name, parameter in
      parameter.value = try tensors.take(
        "\(prefix)layers.\(index).\(name)", like: parameter.value.shape)
    }
    // One row for each example of the last batch, in all states that are carried.
    var rows: Set<Int> = []
    try layers[index].forEachState { name, state in
      let old = state.shape
      state = try tensors.take("\(prefix)layers.\(index).\(name)", like: old)
      if old.first == 0, let count = state.shape.first { rows.insert(count) }
    }
    let typeName = type(of: layers[index]).typeName
    guard rows.count <= 1 else {
      throw damagedCheckpoint(
        "states of \(rows.sorted()) examples in layer \(index) (\(typeName))",
        expected: "states of one batch")
    }
    do {
      try Self.locatingLayer {
        try located("\(index)", layers[index]) { try layers[index].checkState() }
      }
    } catch var error as CourseError {
      error.location = error.location.map { prefix + $0 }
      throw error
    }
  }

  /// Takes over the penalties of single layers.
  private mutating func setPenalties(_ saved: [String: SavedPart<PenaltyRole>]) throws {
    var names = Set(layerPaths)
    visitParameters { name, _ in names.insert(String(name.dropFirst("layers.".count))) }
    for (path, part) in saved.sorted(by: { $0.key < $1.key }) {
      guard names.contains(path) else {
        throw damagedCheckpoint(
          "a penalty of layer \(path)", expected: "a layer or parameter of the network")
      }
      layerPenalties[path] = try part.make() as? any Penalty
    }
  }

  /// Takes over the state of the training: progress, optimizer states, and the tensors of callbacks.
  mutating func takeTraining(
    _ saved: SavedTraining, from tensors: inout CheckpointTensors
  ) throws {
    try saved.progress.check(outputShape: outputShape)
    progress = saved.progress
    try takeOptimizerStates(step: saved.optimizerStep, from: &tensors)
    for memory in [EarlyStopping.best, EarlyStopping.end] {
      let prefix = "callbacks.\(memory)."
      guard tensors.names.contains(where: { $0.hasPrefix(prefix) }) else { continue }
      // A copy takes them as its own: tensors that do not fit the network are refused.
      var copy = self
      copy.resetState()
      for index in layers.indices {
        try copy.takeTensors(ofLayer: index, from: &tensors, prefix: prefix)
      }
      callbackMemory[memory] = copy.snapshot()
      guard memory == EarlyStopping.best else { continue }
      let epoch = try tensors.take(prefix + EarlyStopping.epochName, like: [1])
      guard let number = Int(exactly: epoch[0]), (0..<progress!.epoch).contains(number) else {
        throw damagedCheckpoint("best epoch \(epoch[0])", expected: "one of \(progress!.epoch)")
      }
      callbackMemory[memory]?[EarlyStopping.epochName] = epoch
    }
  }

  private mutating func takeOptimizerStates(
    step: Int, from tensors: inout CheckpointTensors
  ) throws {
    guard optimizerStates != nil else {
      // The network is loaded without its optimizer.
      for name in tensors.names where name.hasPrefix("optimizer.") { tensors.drop(name) }
      return
    }
    guard (0...(1 << 53)).contains(step) else {
      throw damagedCheckpoint("\(step)", expected: "optimizerStep from 0 to 2⁵³")
    }
    optimizerStates!.step = step
    var parameters: [(name: String, parameter: Parameter)] = []
    visitParameters { parameters.append(($0, $1)) }
    try optimizerStates!.forEachState(of: parameters) { name, state, isNotNegative in
      state = try tensors.take(
        name, like: state.shape, isNotNegative ? .notNegativeOrInfinite : .orInfinite)
    }
  }

  /// A value from the JSON text of a file. A field that it has no place for is an error: it may be a
  /// misspelt one, or one of a later version, that changes the network.
  static func decode<Value: Codable>(
    _ type: Value.Type, from json: String, known: KnownTypes
  ) throws -> Value {
    do {
      return try JSONCoding.decode(type, from: json) { $0.userInfo[KnownTypes.key] = known }
    } catch let error as JSONCoding.Mismatch {
      throw damagedCheckpoint("\(Value.self) \(error.words)")
    }
  }
}
