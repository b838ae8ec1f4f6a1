import Phase1FeedForward
import Phase2CNN
import Phase3RNNRegularization
import Shared

extension NeuralNetwork {
  /// The same network for inference, without batch norm: where a convolution or a dense layer stands before
  /// it, its weights and bias take over the scaling and shifting by the running averages.
  ///
  /// With `a = γ / √(σ̃² + ε)`: `γ (W x + b − μ̃) / √(σ̃² + ε) + β = (a W) x + (a (b − μ̃) + β)`.
  ///
  ///     let small = try network.fused()
  ///     try small.predict(images)        // equals network.predict(images) to about 1e-5
  ///
  /// `ConvBatchNormReLU` becomes `ConvReLU` or `ConvReLUPool`; `Conv2D`, `Conv1D`, `ConvTranspose2D` or `Dense`
  /// without an activation absorb the `BatchNorm` after them, also within containers. Other layers stay, and so does batch
  /// norm after them, or after a dense layer on the steps of a sequence, which it counts as channels. The copy has neither
  /// optimizer nor penalties, which belong to the original's weights: its `evaluate` reports the loss without them. To
  /// continue training, train the original.
  ///
  /// - Throws: `CourseError` when a batch norm was never trained.
  public func fused() throws -> NeuralNetwork {
    var result = NeuralNetwork(inputShape: inputShape, loss: loss, seed: seed)
    result.preparation = preparation
    result.preprocessing = preprocessing
    result.targetScaling = targetScaling
    result.classNames = classNames
    result.featureNames = featureNames
    result.notes = notes
    // A batch norm that was never trained has no averages.
    for place in layerPlaces where place.layer is BatchNorm || place.layer is ConvBatchNormReLU {
      do {
        try place.layer.check(batchShape: [1] + place.inputShape, mode: .inference)
      } catch var error as CourseError {
        error.location = error.location ?? "layer \(place.path)"
        throw error
      }
    }
    for layer in fusedChain(layers, for: inputShape) { try result.append(layer) }
    return result
  }
}

/// Layers one after the other, without the batch norms that can be folded into the layers before them.
private func fusedChain(_ layers: [any Layer], for inputShape: [Int]) -> [any Layer] {
  var (result, shape): ([any Layer], [Int]) = ([], inputShape)
  for layer in layers {
    if let batchNorm = layer as? BatchNorm, let last = result.last,
      let folded = folded(last, batchNorm.folding, of: shape)
    {
      result[result.count - 1] = folded
    } else {
      result.append(fused(layer, for: shape))
    }
    // It was checked when the layer was appended.
    shape = orStop { try layer.outputShape(for: shape) }
  }
  return result
}

/// A layer without the batch norms inside it that can be folded.
private func fused(_ layer: any Layer, for inputShape: [Int]) -> any Layer {
  func replaced(_ container: some LayerContainer) -> any Layer {
    var shapes = orStop { try container.inputShapes(for: inputShape) }
    var result = container
    result.forEachLayer { $1 = fused($1, for: shapes.removeFirst()) }
    return result
  }
  return switch layer {
  case let block as ConvBatchNormReLU: block.fused()
  case let sequence as Sequential: Sequential(fusedChain(sequence.layers, for: inputShape))
  case let container as any LayerContainer: replaced(container)
  default: layer
  }
}

/// The layer with the batch norm after it folded in; `nil` where that is not possible.
/// - Parameter shape: that of the batch norm's input
private func folded(
  _ layer: any Layer, _ folding: (factor: Tensor, offset: Tensor), of shape: [Int]
) -> (any Layer)? {
  let (factor, offset) = folding
  switch layer {
  // Of steps [T, O], the channels are the steps.
  case var dense as Dense where dense.configuration.activation == .identity && shape.count == 1:
    dense.weights.value = dense.weights.value * factor
    dense.bias.value = dense.bias.value * factor + offset
    return dense
  case let layer as Conv2D where layer.configuration.activation == .identity:
    var configuration = layer.configuration
    configuration.hasBias = true
    var result = orStop { try Conv2D(configuration: configuration) }
    result.weights.value = layer.weights.value * factor.reshaped(to: [-1, 1, 1, 1])
    result.bias?.value = (layer.bias?.value ?? Tensor(zeros: factor.shape)) * factor + offset
    return result
  case let layer as ConvTranspose2D where layer.configuration.activation == .identity:
    var configuration = layer.configuration
    configuration.hasBias = true
    var result = orStop { try ConvTranspose2D(configuration: configuration) }
    // The weights are [C, O / groups, kH, kW]: an input channel reaches the output channels of its group only.
    let (groups, inputs) = (configuration.groups, configuration.inputChannels)
    let factors = factor.reshaped(to: [groups, 1, -1])
      .broadcast(to: [groups, inputs / groups, configuration.outputChannels / groups])
    result.weights.value = layer.weights.value * factors.reshaped(to: [inputs, -1, 1, 1])
    result.bias?.value = (layer.bias?.value ?? Tensor(zeros: factor.shape)) * factor + offset
    return result
  case let layer as Conv1D where layer.configuration.activation == .identity:
    var configuration = layer.configuration
    configuration.hasBias = true
    var result = orStop { try Conv1D(configuration: configuration) }
    result.weights.value = layer.weights.value * factor.reshaped(to: [-1, 1, 1])
    result.bias?.value = (layer.bias?.value ?? Tensor(zeros: factor.shape)) * factor + offset
    return result
  default: return nil
  }
}

extension BatchNorm {
  /// In inference batch norm computes `y = factor · x + offset`.
  var folding: (factor: Tensor, offset: Tensor) {
    let factor = scale.value / sqrt(runningVariance + configuration.epsilon)
    return (factor, shift.value - runningMean * factor)
  }
}
