/// An optimizer with its progress in a network: the state of each parameter, in the order in which the network
/// shows them, and the number of steps.
///
/// The type of the optimizer is erased here, once for a network, and not for each parameter and step.
protocol AnyOptimizerStates: Sendable {
  var optimizer: any Optimizer { get }
  /// The number of steps taken.
  var step: Int { get set }
  var learningRate: Float { get set }

  /// The optimizer with other settings and the same states, unless its type differs.
  mutating func adopt(_ other: any Optimizer) -> Bool
  /// Takes a step with every parameter that has a gradient, and clears the gradients.
  mutating func update(_ layers: inout [any Layer])
  /// Starts afresh: no step taken, no state.
  mutating func reset()
  /// Forgets the states of the parameters of these numbers.
  mutating func forget(_ numbers: Set<Int>)
  /// Shows every state tensor of these parameters, with its name in checkpoints.
  /// - Parameters:
  ///   - parameters: all parameters of the network, by name; those that are frozen have no state
  ///   - body: `isNotNegative` says whether the tensor holds no number below 0
  mutating func forEachState(
    of parameters: [(name: String, parameter: Parameter)],
    _ body: (_ name: String, _ tensor: inout Tensor, _ isNotNegative: Bool) throws -> Void
  ) rethrows
}

struct OptimizerStates<O: Optimizer>: AnyOptimizerStates {
  private var rule: O
  /// One for each parameter; `nil` where it is frozen, or was when it had none yet.
  private var states: [O.State?] = []
  var step = 0

  init(_ optimizer: O) { rule = optimizer }

  var optimizer: any Optimizer { rule }
  var learningRate: Float {
    get { rule.learningRate }
    set { rule.learningRate = newValue }
  }

  mutating func adopt(_ other: any Optimizer) -> Bool {
    guard let other = other as? O else { return false }
    rule = other
    return true
  }

  mutating func reset() { (states, step) = ([], 0) }

  mutating func forget(_ numbers: Set<Int>) {
    for number in numbers where number < states.count { states[number] = nil }
  }

  /// Moves a parameter by one step.
  private static func take(
    _ step: Int, with rule: O, _ parameter: inout Parameter, _ gradient: Tensor,
    _ state: inout O.State?
  ) {
    if state == nil { state = O.State(for: parameter.value) }
    var own = rule.rule(for: parameter)
    if parameter.learningRateFactor != 1 { own.learningRate *= parameter.learningRateFactor }
    own.update(&parameter.value, gradient: gradient, state: &state!, step: step)
    parameter.clearGradient()
  }

  mutating func update(_ layers: inout [any Layer]) {
    step += 1
    let (rule, step) = (rule, step)
    var number = 0
    // The states lie still while a step is taken: a generic array costs a call for each access, which small
    // networks feel.
    let count = states.count
    states.withUnsafeMutableBufferPointer { states in
      for index in layers.indices {
        layers[index].forEachParameter { _, parameter in
          if number < count, let gradient = parameter.gradient {
            Self.take(step, with: rule, &parameter, gradient, &states[number])
          }
          number += 1
        }
      }
    }
    guard number > count else { return }
    // The first step, or the first after layers were added.
    number = 0
    for index in layers.indices {
      layers[index].forEachParameter { _, parameter in
        if number >= count {
          states.append(parameter.isTrainable ? O.State(for: parameter.value) : nil)
          if let gradient = parameter.gradient {
            Self.take(step, with: rule, &parameter, gradient, &states[number])
          }
        }
        number += 1
      }
    }
  }

  mutating func forEachState(
    of parameters: [(name: String, parameter: Parameter)],
    _ body: (_ name: String, _ tensor: inout Tensor, _ isNotNegative: Bool) throws -> Void
  ) rethrows {
    for (number, (parameterName, parameter)) in parameters.enumerated() {
      if states.count == number { states.append(nil) }
      guard parameter.isTrainable else { continue }
      if states[number] == nil { states[number] = O.State(for: parameter.value) }
      try states[number]!.forEach { name, tensor in
        try body(
          "optimizer.\(name).\(parameterName)", &tensor, O.State.notNegative.contains(name))
      }
    }
  }
}

extension NeuralNetwork {
  /// How `fit` changes the weights.
  ///
  /// An optimizer that is set starts afresh: no step taken, no velocity. One that is changed in place, as in
  /// `network.optimizer?.learningRate = 0.01`, goes on. So does that of a resumed training; a new `fit` starts
  /// afresh.
  public var optimizer: (any Optimizer)? {
    get { optimizerStates?.optimizer }
    set { optimizerStates = newValue.map { Self.states(of: $0) } }
    _modify {
      var changed = optimizer
      yield &changed
      guard let changed else { return optimizerStates = nil }
      if optimizerStates?.adopt(changed) != true {
        optimizerStates = Self.states(of: changed)
      }
    }
  }

  private static func states(of optimizer: some Optimizer) -> any AnyOptimizerStates {
    OptimizerStates(optimizer)
  }

  /// Lets the optimizer change every parameter that has a gradient, and clears the gradients.
  public mutating func applyGradients() {
    guard optimizerStates != nil else {
      stop(
        "NeuralNetwork.applyGradients", expected: "a network with an optimizer", received: "none")
    }
    optimizerStates!.update(&body.layers)
  }
}
