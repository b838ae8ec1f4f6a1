// The checks of `fit`, `evaluate` and `predict` before they start, and their reports of divergence.

extension NeuralNetwork {
  /// Throws unless the network can be trained with such options on so many examples.
  func check(_ options: TrainingOptions, exampleCount: Int) throws {
    func require(
      _ condition: Bool, _ what: String, _ expected: String, _ received: String, _ remedy: String
    ) throws {
      guard condition else {
        throw CourseError(
          .invalidArgument, what, expected: expected, received: received, remedy: remedy)
      }
    }
    try require(
      !layers.isEmpty, "the network has no layers", "at least one", "0", "Append layers first.")
    try require(
      loss != nil, "the network has no loss", "a loss", "none",
      "Set network.loss, for instance to SoftmaxCrossEntropyLoss().")
    try checkOutputKind()
    try require(
      trainableParameterCount > 0 || parameterCount == 0, "the network has nothing to train",
      "a parameter that is not frozen", "none", "Let training change one with network.unfreeze(_:)."
    )
    try require(
      optimizer != nil, "the network has no optimizer", "an optimizer", "none",
      "Set network.optimizer, for instance to SGD(learningRate: 0.1).")
    try require(
      options.epochs >= 1, "number of epochs", "at least 1", "\(options.epochs)",
      "Train for at least one epoch.")
    try require(
      options.batchSize >= 1 && options.accumulationSteps >= 1, "batch size",
      "at least 1", "\(options.batchSize) times \(options.accumulationSteps) accumulation steps",
      "Choose a batch size and a number of accumulation steps of at least 1.")
    try require(
      exampleCount >= 1, "training data is empty", "at least one example", "0",
      "Look at where the batches come from.")
    if let clipping = options.clipping {
      try require(
        clipping.isValid, "gradient clipping", "a limit that is finite and above 0",
        "\(clipping.limit)", "Leave clipping out to train without it.")
    }
  }

  /// Sets up a new training, or throws unless the old one can go on with the settings of the new one.
  mutating func begin(_ new: TrainingProgress, resuming: Bool) throws {
    guard resuming else {
      callbackMemory = [:]
      progress = new
      optimizerStates!.reset()
      return
    }
    guard let old = progress else {
      throw CourseError(
        .invalidArgument, "nothing to resume", expected: "a network with training progress",
        received: "one that was never trained", remedy: "Train it without resuming.")
    }
    try old.requireSameSettings(as: new)
    progress!.options = new.options
    // A training that a callback ended stays ended, unless it is asked for more epochs than it had planned.
    if new.options.epochs > old.options.epochs {
      (progress!.isStopped, progress!.stoppingPatience) = (false, nil)
    }
  }

  /// The data with the preprocessing applied, or an error when it does not fit the network.
  func prepared(_ data: Dataset, role: String) throws -> Dataset {
    guard data.count > 0 else {
      throw CourseError(
        .invalidData, "\(role) is empty", expected: "at least one example", received: "0",
        location: data.name)
    }
    let aligned =
      data.inputShape == inputShape
      ? try data.aligned(featureNames: featureNames, classNames: classNames, role: role) : data
    try check(
      sideInputShapes: aligned.sideInputs.mapValues { Array($0.shape.dropFirst()) }, role: role,
      name: data.name)
    try check(
      inputShape: aligned.inputShape, targets: aligned.targets, role: role, name: data.name)
    try checkNames(
      classes: aligned.classNames, features: aligned.featureNames, of: data.name, role: role)
    if aligned.weights != nil { try checkTakesWeights(name: data.name) }
    try check(aligned.sideInputs, count: aligned.count, role: role, name: data.name)
    try preprocessing?.check(inputShape: inputShape)
    var data = preprocessing?.applied(to: aligned) ?? aligned
    data.targets = scaled(data.targets, of: aligned.features)
    try checkInputs(name: data.name) { check in
      var firstExample = 0
      try data.forEachPiece { piece in
        try check(piece, firstExample)
        firstExample += piece.shape[0]
      }
    }
    return data
  }

  /// The numbers from which those to predict are counted: of a series, the last ones of its history. A network learns
  /// their change, and so follows a trend beyond the numbers of training. `nil` for other data.
  /// - Parameter features: raw features
  private func reference(_ features: Tensor) -> Tensor? {
    guard let numbers = preparation?.persistence(features),
      numbers.shape.dropFirst() == outputShape[...]
    else { return nil }
    return numbers
  }

  /// Targets as the loss sees them.
  /// - Parameter features: raw features
  func scaled(_ target: Target, of features: @autoclosure () -> Tensor) -> Target {
    let isSeries = preparation?.window != nil
    guard targetScaling != nil || isSeries, case .values(var values) = target else { return target }
    if isSeries, let reference = reference(features()) { values -= reference }
    return .values(targetScaling?(values) ?? values)
  }

  /// Outputs, or targets as the loss sees them, in the unit of the data.
  /// - Parameter features: raw features
  func unscaled(_ values: Tensor, of features: @autoclosure () -> Tensor) -> Tensor {
    let numbers = targetScaling?.inverse(values) ?? values
    guard preparation?.window != nil, let reference = reference(features()) else { return numbers }
    return numbers + reference
  }

  /// Targets in the unit of the data, from those that the loss sees.
  /// - Parameter features: raw features
  func unscaled(_ target: Target, of features: @autoclosure () -> Tensor) -> Target {
    guard case .values(let values) = target else { return target }
    return .values(unscaled(values, of: features()))
  }

  /// Raw features, from those that the layers see.
  func raw(_ features: Tensor) -> Tensor { preprocessing?.inverse(features) ?? features }

  /// Shows the first layer its inputs, if not every number is one for it.
  /// - Parameters:
  ///   - name: the name of the data in messages
  ///   - body: calls its argument with all inputs, preprocessed, piece by piece; not called where no
  ///     layer wants to see them
  package func checkInputs(
    name: String? = nil,
    _ body: (_ check: (_ inputs: Tensor, _ firstExample: Int) throws -> Void) throws -> Void
  ) throws {
    for (path, layer) in self.body.layersAtInput {
      guard let layer = layer as? any InputCheckingLayer else { continue }
      do {
        try body { try layer.check(inputs: $0, firstExample: $1) }
      } catch var error as CourseError {
        let place = "layer \(path) (\(type(of: layer).typeName))"
        error.location = [name, error.location, place].compactMap { $0 }.joined(separator: ", ")
        throw error
      }
    }
  }

  /// Throws when the network and its loss cannot take such examples.
  func check(inputShape shape: [Int], targets: Target, role: String, name: String) throws {
    guard shape == inputShape else {
      throw CourseError(
        .shapeMismatch, "\(role) does not fit the network",
        expected: "examples of shape \(inputShape)", received: "\(shape)", location: name,
        remedy: "Choose the data that the network was made for, or reshape it.")
    }
    if case .tasks = targets, targetScaling != nil {
      throw CourseError(
        .invalidArgument, "scaled targets of several tasks",
        expected: "no target scaling, which knows numbers of one task only", received: "one",
        location: name, remedy: "Scale the numbers of the data, and leave targetScaling out.")
    }
    do {
      try loss?.check(outputShape: outputShape, target: targets)
    } catch var error as CourseError {
      error.location = [name, error.location].compactMap { $0 }.joined(separator: ", ")
      throw error
    }
  }

  /// Throws when nothing would be learned, since the loss counts no answer of any batch.
  func requireAnswers(of data: Dataset, batchSize: Int, role: String) throws {
    guard let loss, data.count > 0, batchSize >= 1 else { return }
    let isAsked = data.targets.answerCount > 0
    for start in stride(from: 0, to: isAsked ? data.count : 0, by: batchSize) {
      let rows = start..<Swift.min(start + batchSize, data.count)
      let weights = data.weights.map { $0.rows(at: rows) }
      guard loss.totalWeight(of: data.targets.rows(at: rows), weights: weights) == 0 else { return }
    }
    throw CourseError(
      .invalidData, "\(role): no answer that counts",
      expected: "classes that are not ignored, weights above 0, and batches that "
        + "\(type(of: loss).typeName) can measure",
      received: isAsked
        ? "a weight of 0 in all batches of \(Swift.min(batchSize, data.count))"
        : "ignored ones only",
      location: data.name, remedy: "Look at the targets, the weights and the batch size.")
  }

  /// Throws when examples have weights, and the loss does not know them.
  func checkTakesWeights(name: String) throws {
    guard let loss, !loss.takesWeights else { return }
    throw CourseError(
      .invalidArgument, "examples with weights for a loss that does not know them",
      expected: "a loss with takesWeights", received: type(of: loss).typeName, location: name,
      remedy: "Leave the weights out with weighted(by: nil), or implement "
        + "forward(_:target:weights:) and takesWeights in the loss.")
  }

  // MARK: Divergence

  /// Throws when a weight, or a state such as a running variance, is no longer finite.
  func requireFiniteParameters(step: Int, learningRate: Float) throws {
    guard let place = firstNonFiniteParameter() else { return }
    throw CourseError(
      .diverged, "training diverged", expected: "finite weights", received: place,
      location: "step \(step), learning rate \(learningRate)", remedy: Self.divergenceRemedy)
  }

  /// The error for a loss that is not finite: it looks for the first place that is not either.
  func divergence(
    on batch: TrainingBatch, step: Int, learningRate: Float, loss: Float,
    penalty: Double
  ) -> CourseError {
    CourseError(
      .diverged, "training diverged", expected: "a finite loss",
      received: "\(loss.isFinite ? Double(loss) + penalty : Double(loss)), which began in "
        + (firstNonFiniteParameter() ?? firstNonFiniteOutput(of: batch.features)
          ?? (loss.isFinite ? "the penalty on the weights" : "the loss")),
      location: "step \(step + 1), learning rate \(learningRate)", remedy: Self.divergenceRemedy)
  }

  private static let divergenceRemedy =
    "Lower the learning rate (a tenth is a good next try), or scale the features."

  private func firstNonFiniteParameter() -> String? {
    var place: String?
    visitLayers { path, layer in
      guard place == nil, !(layer is any LayerContainer) else { return }
      func note(_ name: String, _ tensor: Tensor) {
        guard place == nil, !tensor.isFinite else { return }
        place = "the \(name) of layer \(path) (\(type(of: layer).typeName))"
      }
      layer.visitParameters { name, parameter in note(name, parameter.value) }
      layer.visitStates { name, state in note(name, state) }
    }
    return place
  }

  private func firstNonFiniteOutput(of input: Tensor) -> String? {
    var copy = self
    var activations = input
    if !activations.isFinite { return "the features" }
    for index in layers.indices {
      activations = copy.layers[index].forward(activations, mode: .inference)
      if !activations.isFinite {
        return "the output of layer \(index) (\(type(of: layers[index]).typeName))"
      }
    }
    return nil
  }
}
