import Shared

/// Adam with decoupled weight decay.
///
/// Each step first shrinks the weights, `w ← (1 − η λ) w`, and then moves them as `Adam` does:
/// `w ← w − η m̂ / (√v̂ + ε)`.
/// - `λ`: `weightDecay`; all else as in `Adam`
///
///     let optimizer = AdamW(learningRate: 0.5, weightDecay: 0.1)
///     var weights: Tensor = [10]
///     var state = AdamW.State(for: weights)
///     optimizer.update(&weights, gradient: [3], state: &state, step: 1)
///     // weights is [9]: 10 · 0.95 − 0.5
///
/// A penalty on the squared weights would add λ w to the gradient; Adam then divides it by √v̂, so that
/// weights with large gradients would hardly shrink. Decoupled, all weights shrink alike. As in PyTorch
/// that means every parameter, biases too, unless `exemptsBiases`.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; two numbers a weight are kept.
/// - Reference: Loshchilov, Hutter (2019), *Decoupled weight decay regularization*, algorithm 2, where the
///   shrinkage is scaled by the schedule only; with η too, as here, in PyTorch.
public struct AdamW: Optimizer, SelfConfigured {
  /// The step size η.
  public var learningRate: Float
  /// The shares of the moments kept from step to step, β₁ and β₂, and the number added to the root, ε.
  public package(set) var beta1, beta2, epsilon: Float
  /// The share of each weight, times the step size, that a step takes away, λ.
  public package(set) var weightDecay: Float
  /// Whether only weights shrink, and neither biases nor the scales of a normalisation: the parameters without
  /// `isRegularized`. Usual for transformers.
  public var exemptsBiases: Bool { exemption ?? false }
  // Optional, since files of earlier versions do not have it.
  private var exemption: Bool?

  /// Creates the optimizer, with η and λ at least 0, β₁ and β₂ at least 0 and below 1, and ε above 0.
  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0.01, exemptsBiases: Bool = false
  ) {
    (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
    (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
    exemption = exemptsBiases ? true : nil
    orStop { try checkArguments() }
  }

  /// Throws when an argument is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("learning rate", learningRate, .notNegative),
      ("beta1", beta1, .belowOne), ("beta2", beta2, .belowOne), ("epsilon", epsilon, .positive),
      ("weight decay", weightDecay, .notNegative))
  }

  /// Without decay for a bias, where biases are exempt.
  public func rule(for parameter: Parameter) -> AdamW {
    guard exemptsBiases, !parameter.isRegularized else { return self }
    var rule = self
    rule.weightDecay = 0
    return rule
  }

  /// Moves `value` by one step.
  public func update(_ value: inout Tensor, gradient: Tensor, state: inout Adam.State, step: Int) {
    value.adamStep(
      gradient: gradient, firstMoment: &state.firstMoment, secondMoment: &state.secondMoment,
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay, step: step)
  }
}
