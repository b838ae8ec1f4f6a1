import Shared
import Testing

// A half-written layer must fail with words. A trap would end the process and hide every other result,
// so these helpers require each step of a pass before they take the next one.

/// A forward pass in training mode and a backward pass.
///
/// Requires that the output has the right shape, that the layer kept something for `backward`, and that
/// the input gradient has the shape of the input.
/// - Parameter outputGradient: drawn at random unless given
public func trainingPass(
  _ layer: inout some Layer, input: Tensor, outputGradient: Tensor? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (output: Tensor, inputGradient: Tensor) {
  let name = type(of: layer).typeName
  let output = try forwardPass(&layer, input: input, sourceLocation: sourceLocation)
  let gradient =
    outputGradient
    ?? Tensor(normal: output.shape, key: RandomKey(seed: varied(7)).folded("gradient"))
  let inputGradient = layer.backward(gradient)
  try require(
    inputGradient.shape == input.shape,
    """
    \(name).backward: the input gradient must have the shape of the input, \
    expected \(input.shape), got \(inputGradient.shape)
    """, sourceLocation: sourceLocation)
  return (output, inputGradient)
}

/// A forward pass in training mode, after which a backward pass cannot trap.
public func forwardPass(
  _ layer: inout some Layer, input: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Tensor {
  let name = type(of: layer).typeName
  let before = layer
  let output = layer.forward(input, mode: .training)
  let expected = try input.shape.prefix(1) + layer.outputShape(for: Array(input.shape.dropFirst()))
  try require(
    output.shape == Array(expected),
    "\(name).forward: expected output shape \(Array(expected)), got \(output.shape)",
    sourceLocation: sourceLocation)
  try require(
    keepsSomething(layer, of: input, before: before),
    """
    \(name).forward keeps nothing in training mode: store the values that backward needs with \
    kept.set(..., in: mode)
    """, sourceLocation: sourceLocation)
  return output
}

/// Whether a layer keeps something of a batch: its properties differ after a batch with one more example. (A comparison
/// with an inference pass would prove nothing: a layer may wrongly keep values there too.)
private func keepsSomething<L: Layer>(_ layer: L, of input: Tensor, before: L) -> Bool {
  var other = before
  other.resetState()
  _ = other.forward(input.rows(at: [0] + Array(0..<input.shape[0])), mode: .training)
  return storedValues(of: layer) != storedValues(of: other)
}

/// Records an issue unless `backward` agrees with finite differences of `forward`, for the input and
/// every parameter.
///
///     try expectGradients(of: layer, inputShape: [3, 5]) { Tensor(normal: $0, key: $1) * 4 }
///
/// - Parameters:
///   - step: the step of the differences: a large one where the layer is linear, since only rounding counts there
///   - draw: a random batch of a shape: a batch is drawn again where too few entries of the first could be compared
public func expectGradients(
  of layer: some Layer, inputShape: [Int], step: Float = 0.02,
  sourceLocation: SourceLocation = #_sourceLocation,
  draw: (_ shape: [Int], _ key: RandomKey) -> Tensor = { Tensor(normal: $0, key: $1) }
) throws {
  let key = RandomKey(seed: varied(11)).folded("gradient check")
  // Where too many entries lie at kinks, nothing is proved, and another batch may do.
  for attempt in 1...8 {
    let batch = draw(inputShape, attempt == 1 ? key : key.folded(attempt))
    var copy = layer
    _ = try trainingPass(&copy, input: batch, sourceLocation: sourceLocation)
    let report = checkGradients(
      of: layer, inputShape: inputShape, input: batch, step: step, seed: varied(1))
    if report.passed { return }
    if report.verdict == .disagree || attempt == 8 {
      return fail("\(report)", sourceLocation: sourceLocation)
    }
  }
}

/// The loss of a batch and its gradient; requires that the gradient has the shape of the prediction.
public func lossPass(
  _ loss: inout some Loss, _ prediction: Tensor, target: Target,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (value: Float, gradient: Tensor) {
  let name = type(of: loss).typeName
  let value = loss.forward(prediction, target: target)
  try require(
    !hasEmptyKept(loss),
    """
    \(name).forward keeps nothing: store the values that backward needs with \
    kept.set(..., in: .training)
    """,
    sourceLocation: sourceLocation)
  let gradient = loss.backward()
  try require(
    gradient.shape == prediction.shape,
    """
    \(name).backward: the gradient must have the shape of the prediction, \
    expected \(prediction.shape), got \(gradient.shape)
    """, sourceLocation: sourceLocation)
  return (value, gradient)
}

/// Records an issue unless `backward` agrees with finite differences of `forward`.
public func expectGradients(
  of loss: some Loss, prediction: Tensor, target: Target,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var copy = loss
  _ = try lossPass(&copy, prediction, target: target, sourceLocation: sourceLocation)
  let report = checkGradients(of: loss, prediction: prediction, target: target, seed: varied(1))
  if !report.passed { fail("\(report)", sourceLocation: sourceLocation) }
}

/// Records an issue when an inference pass keeps anything, or does not release the last training batch.
public func expectInferenceKeepsNothing(
  _ layer: some Layer, input: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) {
  let name = type(of: layer).typeName
  let before = storedValues(of: layer)
  var copy = layer
  _ = copy.forward(input, mode: .inference)
  guard storedValues(of: copy) == before else {
    return fail(
      """
      \(name).forward keeps something in inference mode as well: only a training pass may; pass the \
      mode on, kept.set(..., in: mode)
      """, sourceLocation: sourceLocation)
  }
  _ = copy.forward(input, mode: .training)
  _ = copy.forward(input, mode: .inference)
  if storedValues(of: copy) != before {
    fail(
      """
      \(name).forward still keeps the last training batch after an inference pass: call \
      kept.set(..., in: mode) in both modes, or backward goes on with an old batch
      """, sourceLocation: sourceLocation)
  }
}

/// Records an issue if a layer still holds tensors of a batch after its backward pass: in a deep network they would
/// occupy memory beside those of the layers before it.
public func expectBackwardUsesUp(
  _ layer: some Layer, input: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var copy = layer
  _ = try trainingPass(&copy, input: input, sourceLocation: sourceLocation)
  copy.forEachParameter { $1.clearGradient() }
  if storedTensorElements(of: copy) != storedTensorElements(of: layer) {
    fail(
      """
      \(type(of: layer).typeName).backward still keeps the batch of forward: take the values out with \
      kept.take(for:)
      """, sourceLocation: sourceLocation)
  }
}

/// A value inside another one.
private enum StoredValue: Equatable {
  case tensor(shape: [Int], bits: [UInt32])
  /// Anything else, in words.
  case other(String)
}

/// The values that a value holds, at any depth, to see whether a pass changed them.
private func storedValues(of value: Any) -> [StoredValue] {
  if let tensor = value as? Tensor {
    return [.tensor(shape: tensor.shape, bits: tensor.scalars.map(\.bitPattern))]
  }
  let children = Mirror(reflecting: value).children
  return children.isEmpty
    ? [.other(String(describing: value))] : children.flatMap { storedValues(of: $0.value) }
}

/// Whether a value has a property `Kept` without a value.
private func hasEmptyKept(_ value: Any) -> Bool {
  Mirror(reflecting: value).children.contains { child in
    guard String(describing: type(of: child.value)).hasPrefix("Kept<"),
      let kept = Mirror(reflecting: child.value).children.first
    else { return false }
    let content = Mirror(reflecting: kept.value)
    return content.displayStyle == .optional && content.children.isEmpty
  }
}

/// The number of elements of all tensors that a value holds, at any depth: it reveals layers that keep the
/// activations of past batches.
public func storedTensorElements(of value: Any) -> Int {
  if let tensor = value as? Tensor { return tensor.count }
  return Mirror(reflecting: value).children.reduce(0) { $0 + storedTensorElements(of: $1.value) }
}
