// The members are documented in the protocols.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// `w ← w - η g`, for tests that must not depend on a student's `SGD`.
public struct TinySGD: StatelessOptimizer, SelfConfigured {
  public var learningRate: Float

  public init(learningRate: Float) { self.learningRate = learningRate }

  public func update(_ value: inout Tensor, gradient: Tensor) {
    value.add(gradient, scaledBy: -learningRate)
  }
}

/// `v ← μ v - η g`, `w ← w + v`: an optimizer with a state tensor for each parameter, for tests of
/// checkpoints and resumed runs.
public struct TinyMomentum: Optimizer, SelfConfigured {
  public struct State: ParameterState {
    var velocity: Tensor
    public init(for value: Tensor) { velocity = Tensor(zeros: value.shape) }
    public mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("velocity", &velocity)
    }
  }

  public var learningRate: Float
  public let momentum: Float

  public init(learningRate: Float, momentum: Float = 0.9) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    state.velocity *= momentum
    state.velocity.add(gradient, scaledBy: -learningRate)
    value += state.velocity
  }
}
