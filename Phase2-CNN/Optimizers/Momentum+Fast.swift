import Shared

// The kernel of momentum: one pass over memory.

extension Momentum: TwoBodied {
  /// Moves `value` by one step.
  public func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    guard runsKernel else { return applyFormula(to: &value, gradient: gradient, state: &state) }
    value.momentumStep(
      gradient: gradient, velocity: &state.velocity, learningRate: learningRate,
      momentum: momentum, nesterov: nesterov)
  }

  package static let agreement = agree(on: [
    Momentum(learningRate: 0.5, momentum: 0.75),
    Momentum(learningRate: 0.5, momentum: 0.75, nesterov: true),
  ])
}
