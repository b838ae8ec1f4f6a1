/// Some layers or parameters of a network: layers by number, anything by the beginning of its name in checkpoints.
///
///     try network.freeze(0..<4)                    // layers 0 to 3
///     try network.freeze(2)                        // layer 2
///     try network.freeze("layers.2.bias")          // one parameter
///     try network.freeze("layers.3.body")          // the body of a residual block
public protocol NetworkPart {
  /// The beginnings of the names of its parameters: whole words between dots, such as "layers.2".
  var parameterPaths: [String] { get }
}

extension Int: NetworkPart {
  /// The layer of this number.
  public var parameterPaths: [String] { ["layers.\(self)"] }
}

extension Range<Int>: NetworkPart {
  /// The layers of these numbers.
  public var parameterPaths: [String] { map { "layers.\($0)" } }
}

extension ClosedRange<Int>: NetworkPart {
  /// The layers of these numbers.
  public var parameterPaths: [String] { map { "layers.\($0)" } }
}

extension String: NetworkPart {
  /// The text itself.
  public var parameterPaths: [String] { [self] }
}

extension NeuralNetwork {
  /// Keeps parameters as they are: training changes them no more, until `unfreeze(_:)`.
  ///
  /// A frozen parameter gets no update, has no penalty and no state of the optimizer; a state that it had is
  /// forgotten. `backward` ends at the first layer with a parameter to train.
  ///
  /// Frozen layers compute in training as in inference, wherever they are, and the gradient goes through them to the
  /// layers before them:
  /// - A batch norm whose scale and shift are frozen takes its running averages and leaves them as they are.
  /// - Dropout drops nothing in a container of which nothing is trained, and between two frozen layers of a sequence.
  /// - So do all layers up to the last frozen one before the first that is trained. They keep nothing for `backward`,
  ///   which costs less memory.
  ///
  /// Dropout after the last frozen layer drops as ever: it belongs to the layers that are trained. This is Keras'
  /// `trainable = False` for batch norm, and PyTorch's `requires_grad_(False)` together with `eval()` of the same module.
  ///
  ///     var network = try NeuralNetwork(contentsOf: url)
  ///     try network.freeze(0..<4)
  ///     try network.fit(data, options: TrainingOptions(epochs: 5))    // trains the layers from 4 on
  ///
  /// Checkpoints store it, and `summary()` shows it.
  ///
  /// - Parameter part: layers, `0..<4` or `2`, or the beginning of names of parameters, `"layers.2.bias"`
  /// - Throws: `CourseError` when there is no such layer or name, or none of them has parameters.
  public mutating func freeze(_ part: some NetworkPart) throws {
    let numbers = try numbers(of: part)
    setParameters(numbers) { $0.freeze() }
    optimizerStates?.forget(numbers)
  }

  /// Lets training change parameters again. A momentum or the like starts afresh.
  /// - Throws: as `freeze(_:)`
  public mutating func unfreeze(_ part: some NetworkPart) throws {
    setParameters(try numbers(of: part)) { $0.isTrainable = true }
  }

  /// Gives parameters a learning rate of their own: the factor times that of the optimizer, whatever a schedule or a
  /// callback makes of it. Pretrained layers are often trained with a tenth of the rate of new ones.
  ///
  ///     try network.setLearningRate(factor: 0.1, for: 0..<4)
  ///
  /// A factor of 1 takes it back. Checkpoints store it, and `summary()` shows it.
  ///
  /// - Parameters:
  ///   - factor: a finite number above 0
  ///   - part: as for `freeze(_:)`
  /// - Throws: `CourseError` when the factor is out of range, there is no such layer or name, or none of them has
  ///   parameters.
  public mutating func setLearningRate(factor: Float, for part: some NetworkPart) throws {
    guard factor > 0, factor.isFinite else {
      throw CourseError(
        .invalidArgument, "factor of the learning rate", expected: "a finite number above 0",
        received: "\(factor)", remedy: "To keep parameters as they are, use network.freeze(_:).")
    }
    setParameters(try numbers(of: part)) { $0.learningRateFactor = factor }
  }

  /// The number of weights that training changes.
  public var trainableParameterCount: Int { body.trainableParameterCount }

  /// The places of the parameters of a part, among all of the network.
  private func numbers(of part: some NetworkPart) throws -> Set<Int> {
    var names: [String] = []
    visitParameters { name, _ in names.append(name) }
    var numbers: Set<Int> = []
    for path in part.parameterPaths {
      let found = names.indices.filter { names[$0] == path || names[$0].hasPrefix(path + ".") }
      // A layer may have nothing to train; a name that stands for nothing is a mistake.
      guard !found.isEmpty || layerPaths.contains(where: { "layers.\($0)" == path }) else {
        throw CourseError(
          .invalidArgument, "the network has no such part",
          expected: "layers below \(layers.count), or the beginning of a name: "
            + names.joined(separator: ", "),
          received: "\"\(path)\"")
      }
      numbers.formUnion(found)
    }
    guard !numbers.isEmpty else {
      throw CourseError(
        .invalidArgument, "a part of the network without parameters",
        expected: "a layer with weights, such as Dense",
        received: part.parameterPaths.isEmpty
          ? "no layer" : part.parameterPaths.joined(separator: ", "))
    }
    return numbers
  }

  /// Throws when there is no such part, or it has no parameters.
  func requireParameters(in part: some NetworkPart) throws { _ = try numbers(of: part) }

  /// Changes the settings of some parameters.
  private mutating func setParameters(_ numbers: Set<Int>, _ body: (inout Parameter) -> Void) {
    var number = 0
    forEachParameter { _, parameter in
      if numbers.contains(number) { body(&parameter) }
      number += 1
    }
    self.body.setFrozen(false)
  }

  /// Takes over the settings of a checkpoint.
  mutating func setTraining(frozen: [String], learningRateFactors: [String: Float]) throws {
    var names: Set<String> = []
    visitParameters { name, _ in names.insert(name) }
    for name in frozen + learningRateFactors.keys.sorted() where !names.contains(name) {
      throw damagedCheckpoint("\"\(name)\"", expected: "the name of a parameter")
    }
    for (name, factor) in learningRateFactors where !(factor > 0 && factor.isFinite) {
      throw damagedCheckpoint(
        "\(factor) for \(name)",
        expected: "a factor of the learning rate that is finite and above 0")
    }
    let frozen = Set(frozen)
    forEachParameter { name, parameter in
      if frozen.contains(name) { parameter.freeze() }
      parameter.learningRateFactor = learningRateFactors[name] ?? 1
    }
    body.setFrozen(false)
  }
}

/// The part of training in a layer.
enum LayerTraining {
  case noParameters
  /// It has parameters, and training changes none of them.
  case frozen
  case trained
}

extension Layer {
  /// Whether training changes the layer.
  var training: LayerTraining {
    var training = LayerTraining.noParameters
    visitParameters { _, parameter in
      if parameter.isTrainable {
        training = .trained
      } else if training == .noParameters {
        training = .frozen
      }
    }
    return training
  }

  /// The number of weights that training changes.
  public var trainableParameterCount: Int {
    var count = 0
    visitParameters { if $1.isTrainable { count += $1.value.count } }
    return count
  }
}

extension Parameter {
  /// Ends the training of the value.
  fileprivate mutating func freeze() {
    isTrainable = false
    clearGradient()
  }
}
