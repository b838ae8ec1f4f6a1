// Penalties on the weights: `fit` minimises the loss plus the penalties.

extension NeuralNetwork {
  /// The penalty on the weights of a layer: its own, or else the network's; `nil` when there is neither.
  public func penalty(ofLayer index: Int) -> (any Penalty)? {
    layerPenalties["\(index)"] ?? penalty
  }

  /// Gives weights a penalty of their own, in place of the network's `penalty`.
  ///
  ///     try network.setPenalty(L2(0.001), for: 3)
  ///     try network.setPenalty(L1(0.001), for: "layers.3.shortcut")
  ///
  /// The penalty of a part counts more than that of a larger one around it. Checkpoints store it.
  ///
  /// - Parameters:
  ///   - penalty: the penalty; `nil` for that of the part around it
  ///   - part: as for `freeze(_:)`
  /// - Throws: `CourseError` when there is no such part, or it has no parameters.
  public mutating func setPenalty(_ penalty: (any Penalty)?, for part: some NetworkPart) throws {
    try requireParameters(in: part)
    for path in part.parameterPaths {
      if path == "layers" { self.penalty = penalty }
      layerPenalties[String(path.dropFirst("layers.".count))] = penalty
    }
  }

  /// `Σ R(W)` over the weights that are not frozen, which `fit` adds to the loss; 0 without penalties.
  public var penaltyValue: Double {
    guard let penalties else { return 0 }
    var sum = 0.0
    visitParameters { name, parameter in
      guard parameter.isRegularized, parameter.isTrainable, let penalty = penalties.of(name) else {
        return
      }
      sum += Double(penalty.value(of: parameter.value))
    }
    return sum
  }

  /// Adds the gradient of the penalties to the gradients of the weights, as `fit` does once in each step,
  /// after `backward` and before gradients are clipped.
  ///
  ///     network.backward(loss.backward())
  ///     network.addPenaltyGradients()
  ///     network.applyGradients()
  ///
  /// With `decouplesPenalties` it shrinks the weights at once, by the optimizer's learning rate times that
  /// gradient, before the step changes them.
  public mutating func addPenaltyGradients() {
    let learningRate = decouplesPenalties ? optimizer?.learningRate : nil
    if decouplesPenalties && learningRate == nil {
      stop(
        "NeuralNetwork.addPenaltyGradients", expected: "an optimizer, whose learning rate counts",
        received: "none")
    }
    guard let penalties else { return }
    forEachParameter { name, parameter in
      guard parameter.isRegularized, parameter.isTrainable, let penalty = penalties.of(name) else {
        return
      }
      let gradient = penalty.gradient(of: parameter.value)
      guard let learningRate else { return parameter.accumulate(gradient) }
      parameter.value.add(gradient, scaledBy: -learningRate * parameter.learningRateFactor)
    }
  }

  private var penalties: PenaltiesByPath? {
    penalty == nil && layerPenalties.isEmpty
      ? nil : PenaltiesByPath(general: penalty, own: layerPenalties)
  }
}

/// The penalties of a network, for each of its parameters.
private struct PenaltiesByPath {
  let general: (any Penalty)?
  let own: [String: any Penalty]

  /// The penalty on the parameter of this name: that of the smallest part around it which has one.
  func of(_ name: String) -> (any Penalty)? {
    guard !own.isEmpty else { return general }
    var path = name.dropFirst("layers.".count)
    while true {
      if let penalty = own[String(path)] { return penalty }
      guard let dot = path.lastIndex(of: ".") else { return general }
      path = path[..<dot]
    }
  }
}
