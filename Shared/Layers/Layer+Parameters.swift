// Parameters and states without changing them, and by name. The methods that a layer
// implements, `forEachParameter` and `forEachState`, can change all of them.

extension Layer {
  /// Shows every parameter as it is, in the order of `forEachParameter`.
  public func visitParameters(
    _ body: (_ name: String, _ parameter: Parameter) throws -> Void
  ) rethrows {
    var copy = self
    try copy.forEachParameter { try body($0, $1) }
  }

  /// Shows every state as it is, in the order of `forEachState`.
  public func visitStates(_ body: (_ name: String, _ state: Tensor) throws -> Void) rethrows {
    var copy = self
    try copy.forEachState { try body($0, $1) }
  }

  /// The number of weights, with those that are frozen.
  public var parameterCount: Int {
    var count = 0
    visitParameters { count += $1.value.count }
    return count
  }

  /// The parameters, by the names under which `forEachParameter` shows them.
  ///
  ///     let layer = Dense(inputSize: 2, outputSize: 1)
  ///     layer.parameters["weights"]?.value.shape   // [2, 1]
  public var parameters: [String: Parameter] {
    var all: [String: Parameter] = [:]
    visitParameters { all[$0] = $1 }
    return all
  }

  /// Gives a parameter another value; its gradient stays.
  ///
  ///     try layer.setParameter("weights", to: [[1], [-1]])
  ///
  /// - Throws: `CourseError` when there is no parameter of that name, or the value has another shape.
  public mutating func setParameter(_ name: String, to value: Tensor) throws {
    var setter = ParameterSetter(name: name, value: value)
    try forEachParameter { try setter.visit($0, &$1) }
    try setter.finish(Self.typeName)
  }
}

extension NeuralNetwork {
  /// Shows every parameter as it is, with its name in checkpoints: "layers.0.weights".
  public func visitParameters(
    _ body: (_ name: String, _ parameter: Parameter) throws -> Void
  ) rethrows {
    var copy = self.body
    try copy.forEachParameter(prefix: "layers.") { try body($0, $1) }
  }

  /// Shows every state of every layer as it is, with its name in checkpoints.
  public func visitStates(_ body: (_ name: String, _ state: Tensor) throws -> Void) rethrows {
    try self.body.visitStates { try body("layers.\($0)", $1) }
  }

  /// The parameters of all layers, by their names in checkpoints: `"layers.0.weights"`.
  public var parameters: [String: Parameter] {
    var all: [String: Parameter] = [:]
    visitParameters { all[$0] = $1 }
    return all
  }

  /// Gives a parameter another value; its gradient stays.
  ///
  ///     try network.setParameter("layers.0.bias", to: [0, 1])
  ///
  /// - Throws: `CourseError` when there is no parameter of that name, or the value has another shape.
  public mutating func setParameter(_ name: String, to value: Tensor) throws {
    var setter = ParameterSetter(name: name, value: value)
    try forEachParameter { try setter.visit($0, &$1) }
    try setter.finish("network")
  }
}

/// Looks for a parameter while all are shown to it.
private struct ParameterSetter {
  let name: String
  let value: Tensor
  private var names: [String] = []
  private var isFound = false

  init(name: String, value: Tensor) { (self.name, self.value) = (name, value) }

  mutating func visit(_ name: String, _ parameter: inout Parameter) throws {
    names.append(name)
    guard name == self.name else { return }
    guard value.shape == parameter.value.shape else {
      throw CourseError(
        .shapeMismatch, "value of the parameter \(name)",
        expected: "shape \(parameter.value.shape)", received: "\(value.shape)")
    }
    parameter.value = value
    isFound = true
  }

  func finish(_ owner: String) throws {
    guard !isFound else { return }
    throw CourseError(
      .invalidArgument, "\(owner): no such parameter",
      expected: names.isEmpty ? "none at all" : "one of \(names.joined(separator: ", "))",
      received: "\"\(name)\"")
  }
}
