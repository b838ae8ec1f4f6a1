// The checks of `fit`, `evaluate` and `predict` on their batches, before the first of them is computed.

extension NeuralNetwork {
  /// Whether a batch goes on where the one before it ended, in any layer. Set it to switch that on or off in
  /// all layers that can carry a state; at least one must be able to.
  ///
  ///     network.carriesState = true    // `memorize` of the exercises
  public var carriesState: Bool {
    get { layers.contains { $0.carriesState } }
    set {
      var canCarry = false
      body.forEachLayer { _, layer in canCarry = layer.setStateful(newValue) || canCarry }
      if newValue && !canCarry {
        stop(
          "NeuralNetwork.carriesState", expected: "a recurrent layer to carry a state",
          received: "none")
      }
    }
  }

  /// Lets every layer forget the state carried from batch to batch. `fit` calls it at the start of each
  /// epoch, and `evaluate` and `predict` start that way on a copy.
  public mutating func resetState() { body.resetState() }

  /// Throws when a layer cannot process batches of one of these sizes.
  func check(batchSizes: [Int], mode: Mode) throws {
    for size in Set(batchSizes).sorted(by: >) where size > 0 {
      var shape = inputShape
      for index in layers.indices {
        try Self.locatingLayer {
          try located("\(index)", layers[index], ", for a batch of \(size)") {
            try layers[index].check(
              batchShape: [size] + shape,
              mode: index < body.trained.inferenceCount ? .inference : mode)
          }
        }
        shape = layerOutputShapes[index]
      }
    }
  }

  /// Throws unless the batches of a training are such that the layers can process them.
  func checkBatches(
    of options: TrainingOptions, exampleCount count: Int, resuming: Bool
  ) throws {
    let size = options.batchSize
    if carriesState {
      let name = layers.first { $0.carriesState }.map { type(of: $0).typeName } ?? ""
      guard !options.shuffle else {
        throw CourseError(
          .invalidArgument, "a network that carries state must see its data in order",
          expected: "shuffle: false, since \(name) goes on from batch to batch",
          received: "shuffle: true",
          remedy: "Pass shuffle: false, or make the layer without stateful: true.")
      }
      guard count.isMultiple(of: size) else {
        throw CourseError(
          .invalidArgument, "a network that carries state needs batches of one size",
          expected: "a number of examples that batches of \(size) divide, for \(name)",
          received: "\(count) training examples",
          remedy: "Leave \(count % size) out, or choose another batch size.")
      }
    }
    // In the middle of an epoch the carried state stays; at its start there is none.
    var fresh = self
    if !resuming || progress?.batch == 0 { fresh.resetState() }
    try fresh.check(batchSizes: [Swift.min(size, count), count % size], mode: .training)
  }

  /// The size of the batches in which so many examples are evaluated.
  /// - Parameters:
  ///   - given: the size that the caller wants, `nil` for a good one
  ///   - trainingSize: the size of the batches of training, where it is known
  func evaluationBatchSize(_ given: Int?, count: Int, trainingSize: Int? = nil) throws -> Int {
    if let given, given < 1 {
      throw CourseError(
        .invalidArgument, "batch size", expected: "at least 1", received: "\(given)")
    }
    guard carriesState else {
      // Outputs that fit the cache are faster, and larger batches would take memory for nothing.
      let shapes = [inputShape] + layerPlaces.map(\.outputShape)
      let largest = shapes.map { $0.reduce(1, *) }.max() ?? 1
      let size = given ?? Swift.max(1, Swift.min(256, (2 << 20) / Swift.max(1, largest)))
      return Swift.min(size, Swift.max(count, 1))
    }
    let size =
      Swift.max(1, Swift.min(given ?? trainingSize ?? progress?.options.batchSize ?? count, count))
    guard count.isMultiple(of: size) else {
      throw CourseError(
        .invalidArgument, "a network that carries state needs batches of one size",
        expected: "a number of examples that batches of \(size) divide", received: "\(count)",
        remedy: "Choose another batch size, or leave \(count % size) out.")
    }
    return size
  }

  /// A copy without carried state, for a pass over so many examples; throws when a layer cannot process
  /// such batches.
  func inferenceCopy(batchSize: Int, count: Int) throws -> NeuralNetwork {
    var copy = self
    copy.resetState()
    try copy.check(
      batchSizes: [Swift.min(batchSize, count), count % batchSize], mode: .inference)
    return copy
  }
}

extension Layer {
  /// Lets the layer, or all layers inside it, carry a state or not; returns whether one can.
  fileprivate mutating func setStateful(_ isStateful: Bool) -> Bool {
    func forEach(_ container: inout some LayerContainer) -> Bool {
      var canCarry = false
      container.forEachLayer { canCarry = $1.setStateful(isStateful) || canCarry }
      return canCarry
    }
    if var layer = self as? any StateCarryingLayer {
      layer.isStateful = isStateful
      self = layer as! Self
      return true
    }
    guard var container = self as? any LayerContainer else { return false }
    let canCarry = forEach(&container)
    self = container as! Self
    return canCarry
  }
}
