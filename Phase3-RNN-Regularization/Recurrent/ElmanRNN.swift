import Shared

/// The simplest recurrent layer: input and hidden state, through one tanh.
///
/// Computes `h_t = tanh(x_t · W + h_{t−1} · U + b)` for t = 0, 1, ..., T − 1, from `h_{−1} = 0`.
/// - `x_t`: input of step t, `[N, F]`, of sequences `[N, T, F]` (N batch size, T steps, F `inputSize`)
/// - `h_t`: hidden state, `[N, H]` (H `hiddenSize`); the output is all of them, `[N, T, H]`, or the last
/// - `W`: input weights, `[F, H]`; `U`: recurrent weights, `[H, H]`; `b`: bias, `[H]`
///
/// Every step uses the same weights. So their gradients are sums over all steps, and the gradient of a state
/// is a sum of two: from its own output, and from the step after it. Backwards in time, with `dh = 0` at the
/// last step:
/// - `da_t = (dY_t + dh_t) ⊙ (1 − h_t²)`, where `dh_t` comes from step t + 1
/// - `dW = Σ_t x_tᵀ · da_t`, `dU = Σ_t h_{t−1}ᵀ · da_t`, `db = Σ_t Σₙ da_t`
/// - `dx_t = da_t · Wᵀ`, and to the step before: `dh_{t−1} = da_t · Uᵀ`
///
/// Training and inference compute the same.
///
///     var layer = ElmanRNN(inputSize: 3, hiddenSize: 5)
///     layer.forward(Tensor(zeros: [2, 7, 3]), mode: .training).shape   // [2, 7, 5]
///
/// The gradient is multiplied by `Uᵀ` and a slope below 1 at every step back, so it vanishes (or grows
/// without bound) over long sequences; `LSTM` and `GRU` are the remedy, and gradient clipping helps.
///
/// Two layers are stacked by appending one after the other. A wrong input shape stops the program;
/// `outputShape(for:)` finds it before any data flows.
///
/// - Complexity: O(N·T·H·(F + H)) for each of the three sums of a training step. The steps follow each other.
/// - Reference: Elman (1990), *Finding structure in time*, Cognitive Science 14; Werbos (1990),
///   *Backpropagation through time: what it does and how to do it*.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.3.
public struct ElmanRNN: RecurrentBodies {
  /// `.elman`
  public static let cell = RecurrentCell.elman
  package static let agreement = agree(on: trials, running: tryBody)

  /// The constructor arguments.
  public package(set) var configuration: RecurrentConfiguration
  /// The input weights W, `[inputSize, hiddenSize]`.
  public var inputWeights: Parameter
  /// The recurrent weights U, `[hiddenSize, hiddenSize]`.
  public var recurrentWeights: Parameter
  /// The bias b, `[hiddenSize]`.
  public var bias: Parameter
  /// Which body of code runs: the kernels, or the steps of task 3.3.
  public var implementation = Implementation.fast
  package var memory = RecurrentMemory()

  /// Creates a layer with freshly drawn weights.
  /// - Parameters:
  ///   - inputSize: the number of features of each step; without it, the network that the layer is appended to finds
  ///     it, and draws the weights
  ///   - returnsSequence: whether the output is the hidden state after every step, or after the last one only
  ///   - stateful: whether each batch continues where the one before it ended (truncated backpropagation
  ///     through time: the state is carried, gradients are not)
  ///   - reversed: whether time runs backwards
  ///   - paddingValue: a step whose features all have this value is skipped
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws
  ///     them again from its own seed
  public init(
    inputSize: Int? = nil, hiddenSize: Int, returnsSequence: Bool = true, stateful: Bool = false,
    reversed: Bool = false, paddingValue: Float? = nil,
    initializer: StandardInitializer = .xavierUniform,
    recurrentInitializer: StandardInitializer = .orthogonal,
    biasInitializer: StandardInitializer = .zeros,
    implementation: Implementation = .fast, seed: UInt64? = nil
  ) {
    // A size of 1 in place of one that is not known yet, so that the other arguments are checked at once.
    let configuration = RecurrentConfiguration(
      inputSize: inputSize ?? 1, hiddenSize: hiddenSize, returnsSequence: returnsSequence,
      isStateful: stateful, isReversed: reversed, paddingValue: paddingValue,
      initializer: initializer, recurrentInitializer: recurrentInitializer,
      biasInitializer: biasInitializer)
    self = orStop { try ElmanRNN(configuration: configuration) }.seeded(seed)
    if inputSize == nil { self.configuration.inputSize = 0 }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: RecurrentConfiguration) throws {
    try configuration.check(Self.cell, of: Self.typeName)
    self.configuration = configuration
    (inputWeights, recurrentWeights, bias) = configuration.parameters(Self.cell)
  }
}
