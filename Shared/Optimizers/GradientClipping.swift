import CCourseKernels

/// A limit on gradients, applied after `backward` and before the weights change: one bad batch then cannot
/// throw the weights far away.
///
///     try network.fit(data, options: TrainingOptions(epochs: 10, clipping: .norm(1)))
///
/// - Reference: Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*,
///   algorithm 1 (by norm).
public enum GradientClipping: Codable, Sendable, Equatable, CustomStringConvertible {
  /// All gradients are scaled by `min(1, limit / n)`, where `n = √(Σ g²)` runs over all elements of all
  /// parameters: the step becomes shorter and keeps its direction. (PyTorch's `clip_grad_norm_` divides
  /// by `n + 10⁻⁶`.)
  case norm(Float)
  /// Every element of every gradient is limited to `−limit ... limit`: the direction changes.
  case value(Float)

  /// The largest norm, or the largest absolute value.
  public var limit: Float {
    switch self {
    case .norm(let limit), .value(let limit): limit
    }
  }

  /// "to norm 1.0" or "to value 0.5"
  public var description: String {
    switch self {
    case .norm(let limit): "to norm \(limit)"
    case .value(let limit): "to value \(limit)"
    }
  }

  var isValid: Bool { limit > 0 && limit.isFinite }
}

extension NeuralNetwork {
  /// Limits the gradients that `backward` left, as `fit(clipping:)` does before each step.
  ///
  ///     network.backward(loss.backward())
  ///     let norm = network.clipGradients(.norm(1))   // how large they were
  ///     network.applyGradients()
  ///
  /// A NaN stays one, and by norm an infinite gradient becomes one: training then stops as diverged.
  ///
  /// - Returns: the norm of all gradients together before they were limited.
  @discardableResult
  public mutating func clipGradients(_ clipping: GradientClipping) -> Float {
    guard clipping.isValid else {
      stop(
        "NeuralNetwork.clipGradients", expected: "a limit that is finite and above 0",
        received: "\(clipping.limit)")
    }
    let norm = gradientNorm()
    switch clipping {
    case .norm(let limit) where norm > Double(limit):
      forEachParameter { $1.scaleGradient(by: Float(Double(limit) / norm)) }
    case .norm: break
    case .value(let limit): forEachParameter { $1.clipGradient(to: -limit...limit) }
    }
    return Float(norm)
  }

  /// `√(Σ g²)` over all gradients, in a fixed order.
  private mutating func gradientNorm() -> Double {
    var squares = 0.0
    forEachParameter { _, parameter in
      if let gradient = parameter.gradient { squares += gradient.sumOfSquares() }
    }
    return squares.squareRoot()
  }
}

extension Tensor {
  /// `Σ x²`. Pieces of a fixed size are added in single precision, the pieces in double.
  fileprivate func sumOfSquares() -> Double {
    let size = 1 << 15
    let pieces = Tensor(shape: [(count + size - 1) / size]) { out in
      read { x in
        parallelFor((count + size - 1) / size) { piece in
          let start = piece * size
          out[piece] = kernels.reductions.sumSquaredDeviations(
            x + start, 0, Swift.min(size, count - start))
        }
      }
    }
    let sum = pieces.scalars.reduce(0) { $0 + Double($1) }
    // Squares above 10³⁸ do not fit a Float, and those below 10⁻³⁸ vanish. Clipping exists
    // for exploding gradients, and must return the norm of vanishing ones as well.
    guard sum == .infinity || sum < 1e-20, count > 0, isFinite else { return sum }
    let largest = abs(self).max()
    guard largest > 0 else { return 0 }
    return (self / largest).sumOfSquares() * Double(largest) * Double(largest)
  }
}
