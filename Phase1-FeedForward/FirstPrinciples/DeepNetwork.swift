import Shared

/// A network of any depth with one output neuron, from four functions: initialise, forward, backward, update.
///
/// Layer l (of 1 to L) takes `A[l − 1]`, `[N, n[l − 1]]`, and computes
/// `Z[l] = A[l − 1] · W[l] + b[l]`, `A[l] = f(Z[l])`, `[N, n[l]]`; f is `activation` in the hidden layers and the
/// sigmoid in the last one. `A[0]` is the input.
///
/// Backward, for labels `t` and the mean cross-entropy: `dZ[L] = (A[L] − t) / N`, and from layer to layer
/// - `dW[l] = A[l − 1]ᵀ · dZ[l]`, `db[l] = Σₙ dZ[l]`
/// - `dA[l − 1] = dZ[l] · W[l]ᵀ`, `dZ[l − 1] = dA[l − 1] ⊙ f'`, with f' computed from `A[l − 1]`
///
///     var network = DeepNetwork([2, 8, 8, 1], activation: .relu, seed: 1)
///     network.step(features, labels: labels, learningRate: 0.5)
///
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323; first weights: Glorot, Bengio (2010), He et al.
///   (2015). Task: Protocols/First-Principles.md, 0.10.
public struct DeepNetwork: Sendable {
  /// The function that hidden layers apply to each weighted sum.
  public enum Activation: String, Sendable, CaseIterable {
    /// `1 / (1 + e⁻ᶻ)`; the slope is `a (1 − a)`.
    case sigmoid
    /// `tanh z`; the slope is `1 − a²`.
    case tanh
    /// `max(0, z)`; the slope is `[a > 0]`.
    case relu
  }

  /// One layer: W[l], `[n[l − 1], n[l]]`, and b[l], `[n[l]]`.
  public struct Layer: Sendable, Equatable {
    /// W[l], or its gradient.
    public var weights: Tensor
    /// b[l], or its gradient.
    public var bias: Tensor

    /// A layer, or the gradients of one.
    public init(weights: Tensor, bias: Tensor) {
      self.weights = weights
      self.bias = bias
    }
  }

  /// The layers 1 to L.
  public var layers: [Layer]
  /// f
  public let activation: Activation

  /// Initialises: a network with `sizes` n[0], n[1], ..., n[L], of which the last is 1.
  ///
  /// Weights are drawn from a normal distribution with variance 2 / n[l − 1] for ReLU and 1 / n[l − 1]
  /// otherwise; biases are 0.
  public init(_ sizes: [Int], activation: Activation = .tanh, seed: UInt64) {
    guard sizes.count >= 2, sizes.allSatisfy({ $0 >= 1 }), sizes.last == 1 else {
      stop("DeepNetwork", expected: "at least two sizes, the last one 1", received: "\(sizes)")
    }
    self.activation = activation
    let key = RandomKey(seed: seed).folded("DeepNetwork")
    // TODO(0.10): layers, a Layer for each pair of neighbours in sizes. Tensor(normal: shape, standardDeviation:
    // deviation, key: key.folded(l)) draws the weights of layer l = 1, 2, ...
    // BEGIN SOLUTION
    layers = (1..<sizes.count).map { l in
      let variance = (activation == .relu ? 2 : 1) / Float(sizes[l - 1])
      return Layer(
        weights: Tensor(
          normal: [sizes[l - 1], sizes[l]], standardDeviation: variance.squareRoot(),
          key: key.folded(l)), bias: Tensor(zeros: [sizes[l]]))
    }
    // END SOLUTION
  }

  /// Forward: A[0], A[1], ..., A[L]; the last is `[N, 1]`.
  public func forward(_ x: Tensor) -> [Tensor] {
    guard x.rank == 2, x.shape[1] == layers.first?.weights.shape[0] else {
      stop(
        "DeepNetwork.forward", expected: "inputs [N, \(layers.first?.weights.shape[0] ?? 0)]",
        received: "\(x.shape)")
    }
    // TODO(0.10): begin with [x] and append A[l] of each layer. The last layer has the sigmoid.
    // BEGIN SOLUTION
    var activations = [x]
    for (index, layer) in layers.enumerated() {
      let z = activations[index].matmul(layer.weights) + layer.bias
      activations.append(apply(index == layers.count - 1 ? .sigmoid : activation, to: z))
    }
    return activations
    // END SOLUTION
  }

  /// Backward: the gradients of the mean cross-entropy, layer by layer, from the activations that `forward` returned.
  public func backward(_ activations: [Tensor], labels: [Int]) -> [Layer] {
    guard activations.count == layers.count + 1, activations.last?.shape == [labels.count, 1] else {
      stop(
        "DeepNetwork.backward", expected: "the activations of forward and a label for each row",
        received: "\(activations.count) tensors and \(labels.count) labels")
    }
    let t = Tensor(labels.map(Float.init)).reshaped(to: [-1, 1])
    // TODO(0.10): from the last layer to the first. dZ begins as (A[L] − t) / N.
    // BEGIN SOLUTION
    var gradients: [Layer] = []
    var dZ = (activations[layers.count] - t) / Float(labels.count)
    for index in layers.indices.reversed() {
      let input = activations[index]
      gradients.append(Layer(weights: input.transposed().matmul(dZ), bias: dZ.sum(axis: 0)))
      if index > 0 {
        dZ = dZ.matmul(layers[index].weights.transposed()) * slope(of: activation, at: input)
      }
    }
    return gradients.reversed()
    // END SOLUTION
  }

  /// Update: every parameter moves against its gradient.
  public mutating func update(_ gradients: [Layer], learningRate: Float) {
    guard gradients.count == layers.count else {
      stop(
        "DeepNetwork.update", expected: "gradients of \(layers.count) layers",
        received: "\(gradients.count)")
    }
    // TODO(0.10): w ← w − η dw, for layers[index].weights and layers[index].bias of each index.
    // BEGIN SOLUTION
    for (index, gradient) in gradients.enumerated() {
      layers[index].weights -= gradient.weights * learningRate
      layers[index].bias -= gradient.bias * learningRate
    }
    // END SOLUTION
  }

  /// f(z), element by element.
  package func apply(_ activation: Activation, to z: Tensor) -> Tensor {
    // TODO(0.10): f(z) of the three activations. Tensor.maximum(z, 0) is max(0, z).
    // BEGIN SOLUTION
    switch activation {
    case .sigmoid: 1 / (1 + exp(-z))
    case .tanh: tanh(z)
    case .relu: Tensor.maximum(z, 0)
    }
    // END SOLUTION
  }

  /// f'(z), from a = f(z).
  package func slope(of activation: Activation, at a: Tensor) -> Tensor {
    // TODO(0.10): f' of the three activations, from a = f(z). a .> 0 is 1 where a is positive, else 0.
    // BEGIN SOLUTION
    switch activation {
    case .sigmoid: a * (1 - a)
    case .tanh: 1 - a * a
    case .relu: a .> 0
    }
    // END SOLUTION
  }

  // MARK: Given

  /// The probability of class 1 for each row, `[N]`.
  public func probabilities(_ x: Tensor) -> Tensor {
    forward(x)[layers.count].reshaped(to: [x.shape[0]])
  }

  /// The mean cross-entropy, with probabilities clipped to 1e-7...1 − 1e-7.
  public func cost(_ x: Tensor, labels: [Int]) -> Float {
    let p = probabilities(x).clipped(to: 1e-7...(1 - 1e-7))
    let t = Tensor(labels.map(Float.init))
    return -(t * log(p) + (1 - t) * log(1 - p)).mean()
  }

  /// One step of gradient descent on all examples.
  public mutating func step(_ x: Tensor, labels: [Int], learningRate: Float) {
    update(backward(forward(x), labels: labels), learningRate: learningRate)
  }
}
