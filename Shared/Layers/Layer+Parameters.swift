// Parameters by name, for reading and setting one: `forEachParameter` is for what concerns all of them.

extension Layer {
  /// The parameters, by the names under which `forEachParameter` shows them.
  ///
  ///     let layer = Dense(inputSize: 2, outputSize: 1)
  ///     layer.parameters["weights"]?.value.shape   // [2, 1]
  public var parameters: [String: Parameter] {
    var (copy, all) = (self, [String: Parameter]())
    copy.forEachParameter { all[$0] = $1 }
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
  /// The parameters of all layers, by their names in checkpoints: `"layers.0.weights"`.
  public var parameters: [String: Parameter] {
    var (copy, all) = (self, [String: Parameter]())
    copy.forEachParameter { all[$0] = $1 }
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
