// The methods that only some layers need. Every layer has them, with defaults that do nothing, so that a
// network can call them in place: a layer that was cast to a protocol would be copied, and each copy of a
// tensor that then changes costs its memory.

/// A layer that has weights.
public protocol Parameterized {
  /// Shows every parameter to `body`, always in the same order.
  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows

  /// Accumulates the gradients of the parameters only: the backward pass of a network's first layer, which
  /// has no layer before it that needs the input gradient.
  mutating func backwardWithoutInputGradient(_ outputGradient: Tensor)
}

/// A layer that remembers numbers from batch to batch which no gradient changes: running statistics, the
/// state of a recurrent layer, a count of passes.
public protocol StateKeeping {
  /// Shows every tensor that a checkpoint must hold besides the parameters.
  ///
  /// A new layer shows tensors of the shape that it keeps. A state with a row for each example of a batch
  /// starts with a first size of 0.
  mutating func forEachState(_ body: (_ name: String, _ state: inout Tensor) throws -> Void)
    rethrows

  /// Throws when the states are impossible, such as a negative variance: called after they were read from a
  /// file, with the right shapes and finite.
  func checkState() throws

  /// Whether each batch continues the one before it. Then the order of the batches matters, and all must
  /// have the same size.
  var carriesState: Bool { get }

  /// Forgets the state carried from batch to batch: the next batch starts afresh.
  mutating func resetState()
}

/// A layer that can be made without the size of its input, such as `Dense(outputSize: 10)`: a network that it is
/// appended to knows that size.
public protocol InputSizing {
  /// The layer for inputs of this shape, without the batch axis: itself where its input size is given, else one that
  /// takes the size from the shape and draws its weights: those of its seed, where it was given one.
  ///
  ///     let layer = try Dense(outputSize: 10).sized(for: [64])    // Dense(inputSize: 64, outputSize: 10)
  ///
  /// - Throws: `CourseError` when the shape has no such size, or the layer cannot have it.
  func sized(for inputShape: [Int]) throws -> Self
}

/// A layer that computes otherwise in training than in inference, such as dropout.
public protocol Freezing {
  /// Sets whether the layer lies among frozen layers. There it computes in training as in inference, and yet keeps what
  /// `backward` needs: layers before it may be trained. A network calls it when layers are frozen.
  mutating func setFrozen(_ isFrozen: Bool)
}

/// A layer that draws random numbers, such as dropout masks.
public protocol RandomDrawing {
  /// Sets the key of the random draws. A network calls it when the layer is appended, with a key made of the
  /// network's seed and the layer's place, so that no two layers draw the same numbers.
  mutating func setRandomKey(_ key: RandomKey)
}

/// A layer that can say more about its batches than their shape.
public protocol BatchChecking {
  /// Throws when the layer cannot process batches of such a shape, batch axis included, in this mode.
  /// Called before training, evaluation and prediction start.
  func check(batchShape: [Int], mode: Mode) throws

  /// The kind of the outputs for inputs of a kind: probabilities after a softmax, for example.
  func outputKind(for inputKind: OutputKind) -> OutputKind
}

extension Layer {
  /// Shows nothing: the layer has no parameters.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {}
  /// Computes the input gradient and drops it.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    _ = backward(outputGradient)
  }
  /// Shows nothing: the layer has no state.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {}
  /// Accepts every state.
  public func checkState() throws {}
  /// False: each batch stands for itself.
  public var carriesState: Bool { false }
  /// Does nothing: the layer carries nothing.
  public mutating func resetState() {}
  /// Does nothing: the layer draws nothing but its first weights.
  public mutating func setRandomKey(_ key: RandomKey) {}
  /// Does nothing: the layer computes alike in training and inference.
  public mutating func setFrozen(_ isFrozen: Bool) {}
  /// The layer itself: its sizes are given, or do not depend on the input.
  public func sized(for inputShape: [Int]) throws -> Self { self }
  /// None: the input is all that the layer needs.
  public var sideInputShapes: [String: [Int]] { [:] }
  /// Does nothing: the layer asks for no side input.
  public mutating func take(sideInputs: [String: Tensor]) {}
  /// Accepts all side inputs.
  public func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {}
  /// Accepts every batch.
  public func check(batchShape: [Int], mode: Mode) throws {}
  /// Any numbers.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { .numbers }
}

/// A layer that can carry its state from batch to batch, such as an LSTM.
public protocol StateCarryingLayer: Layer {
  /// Whether each batch continues the one before it. The carried state is that after the last pass, even if
  /// nothing was carried during that pass; `resetState()` forgets it.
  var isStateful: Bool { get set }
}

/// A layer that accepts only some numbers, such as an `Embedding`, whose inputs are tokens.
///
/// As the first layer of a network it sees the data themselves: `fit`, `evaluate` and `predict` show it all
/// inputs before anything is computed from them.
public protocol InputCheckingLayer: Layer {
  /// Throws when the layer cannot process one of the inputs.
  /// - Parameters:
  ///   - inputs: `[n] + inputShape`, preprocessed
  ///   - firstExample: the number of the first of them in its data set, for the message
  func check(inputs: Tensor, firstExample: Int) throws
}

/// A layer whose inputs are tokens, such as an `Embedding`.
public protocol TokenLayer: InputCheckingLayer {
  /// The number of tokens that it knows; they are the numbers from 0 on.
  var vocabularySize: Int { get }
}

/// A layer that needs to know more of each example than its input: the regions of an image, the length of a sequence.
///
/// Such side inputs come with the data, by name, and a network hands them to the layers that ask for them, also inside of
/// containers, before each pass. There is no gradient with respect to them.
///
///     /// Multiplies each example by a number of its own.
///     struct Scaling: ParameterFreeLayer {
///       var factors = Tensor(ones: [1, 1])
///       var sideInputShapes: [String: [Int]] { ["factor": [1]] }
///       mutating func take(sideInputs: [String: Tensor]) { factors = sideInputs["factor"]! }
///       func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
///       func forward(_ input: Tensor, mode: Mode) -> Tensor { input * factors }
///       func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * factors }
///     }
///
///     let data = try data.with(sideInputs: ["factor": factors])     // [N, 1]
public protocol SideInputTaking {
  /// The side inputs that the layer asks for: the shape that one example has of each, by its name.
  var sideInputShapes: [String: [Int]] { get }

  /// Takes the side inputs for the passes that follow, `[N]` + shape each. There may be others among them.
  mutating func take(sideInputs: [String: Tensor])

  /// Throws when the layer cannot process side inputs of the right shapes, such as a region without an area: called
  /// before anything is computed from them.
  /// - Parameters:
  ///   - inputShape: the shape of the input of one example
  ///   - firstExample: the number of the first example in its data set, for the message
  func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws
}

/// The error for a layer without an input size, where none can be inferred.
/// - Parameter argument: the argument that would give it
package func missingInputSize(
  of layer: String, argument: String, received: String = "neither"
) -> CourseError {
  CourseError(
    .invalidArgument, "\(layer): no input size",
    expected: "a network to take it from, or the argument \(argument)", received: received,
    remedy: "Append the layer to a network, which knows the size, or give \(argument).")
}
