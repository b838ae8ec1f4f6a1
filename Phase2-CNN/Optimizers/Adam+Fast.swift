import Shared

// The kernel of Adam: one pass over memory.

extension Adam: TwoBodied {
  /// Moves `value` by one step.
  public func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    guard runsKernel else {
      return applyFormula(to: &value, gradient: gradient, state: &state, t: Float(step))
    }
    value.adamStep(
      gradient: gradient, firstMoment: &state.firstMoment, secondMoment: &state.secondMoment,
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: 0,
      step: step)
  }

  package static let agreement = agree(on: [
    Adam(learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.25)
  ])
}
