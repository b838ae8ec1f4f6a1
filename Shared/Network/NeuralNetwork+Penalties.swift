// Penalties on the weights: `fit` minimises the loss plus the penalties.

extension NeuralNetwork {
  /// The penalty on the weights of a layer: its own, or else the network's; `nil` when there is neither.
  public func penalty(ofLayer index: Int) -> (any Penalty)? { layerPenalties[index] ?? penalty }

  /// The layers that a penalty applies to.
  private var penalizedLayers: [(index: Int, penalty: any Penalty)] {
    if penalty == nil && layerPenalties.isEmpty { return [] }
    return layers.indices.compactMap { index in penalty(ofLayer: index).map { (index, $0) } }
  }

  /// `Σ R(W)` over the weights that are not frozen, which `fit` adds to the loss; 0 without penalties.
  public var penaltyValue: Double {
    var sum = 0.0
    for (index, penalty) in penalizedLayers {
      layers[index].visitParameters { _, parameter in
        if parameter.isRegularized && parameter.isTrainable {
          sum += Double(penalty.value(of: parameter.value))
        }
      }
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
    for (index, penalty) in penalizedLayers {
      layers[index].forEachParameter { _, parameter in
        guard parameter.isRegularized, parameter.isTrainable else { return }
        let gradient = penalty.gradient(of: parameter.value)
        guard let learningRate else { return parameter.accumulate(gradient) }
        parameter.value.add(gradient, scaledBy: -learningRate * parameter.learningRateFactor)
      }
    }
  }
}
