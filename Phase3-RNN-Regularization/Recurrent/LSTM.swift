import Shared

/// Long short-term memory: a recurrent layer with a cell state that only its gates change.
///
/// Computes, for t = 0, 1, ..., T − 1, from `h_{−1} = c_{−1} = 0`, four gates
/// - `i_t = σ(x_t · W_i + h_{t−1} · U_i + b_i)`: input, how much of the candidate is let in
/// - `f_t = σ(x_t · W_f + h_{t−1} · U_f + b_f)`: forget, how much of the old cell is kept
/// - `g_t = tanh(x_t · W_g + h_{t−1} · U_g + b_g)`: candidate for storing
/// - `o_t = σ(x_t · W_o + h_{t−1} · U_o + b_o)`: output, how much of the cell is shown
///
/// and with them
/// - `c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t`: the cell state, `[N, H]`
/// - `h_t = o_t ⊙ tanh(c_t)`: the hidden state, `[N, H]`; the output is all of them, `[N, T, H]`, or the last
///
/// The weights of the four lie side by side in the order i, f, g, o: `W` is `[F, 4H]`, `U` is `[H, 4H]` and `b` is
/// `[4H]`, so that one product serves all (N batch size, T steps, F `inputSize`, H `hiddenSize`). The order is
/// PyTorch's; Keras has the same, other texts have others.
///
/// Given `dY`, backwards in time, with `dh` and `dc` from the step after (0 at the last):
/// - `dh ← dh + dY_t`, `do = dh ⊙ tanh(c_t)`, `dc ← dc + dh ⊙ o ⊙ (1 − tanh²(c_t))`
/// - `di = dc ⊙ g`, `df = dc ⊙ c_{t−1}`, `dg = dc ⊙ i`, and `dz` from these four with the slopes `σ' = σ (1 − σ)`
///   and `tanh' = 1 − tanh²`
/// - `dW = Σ_t x_tᵀ · dz_t`, `dU = Σ_t h_{t−1}ᵀ · dz_t`, `db = Σ_t Σₙ dz_t`, `dx_t = dz_t · Wᵀ`
/// - to the step before: `dh = dz_t · Uᵀ` and `dc = dc ⊙ f`
///
/// Along the cell the gradient is multiplied by `f` only: as long as the gate is open it neither vanishes
/// nor explodes. That is why `forgetBias` starts at 1 and not at 0. Training and inference compute the same.
///
///     var layer = LSTM(inputSize: 3, hiddenSize: 5)
///     layer.forward(Tensor(zeros: [2, 7, 3]), mode: .training).shape   // [2, 7, 5]
///     layer.finalState?.cell?.shape                                    // [2, 5]
///
/// Two layers are stacked by appending one after the other. A wrong input shape stops the program;
/// `outputShape(for:)` finds it before any data flows.
///
/// - Complexity: O(N·T·H·(F + H)) for each of the three sums of a training step. The steps follow each other.
/// - Reference: Hochreiter, Schmidhuber (1997), *Neural Computation* 9, with the forget gate of Gers,
///   Schmidhuber, Cummins (2000); its bias of 1: Jozefowicz et al. (2015), *ICML*.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.4.
public struct LSTM: RecurrentBodies {
  /// `.lstm`
  public static let cell = RecurrentCell.lstm
  package static let agreement = agree(on: trials, running: tryBody)

  /// The constructor arguments.
  public package(set) var configuration: RecurrentConfiguration
  /// The input weights W, `[inputSize, 4 · hiddenSize]`, blocks i, f, g, o.
  public var inputWeights: Parameter
  /// The recurrent weights U, `[hiddenSize, 4 · hiddenSize]`, blocks i, f, g, o.
  public var recurrentWeights: Parameter
  /// The bias b, `[4 · hiddenSize]`, blocks i, f, g, o.
  public var bias: Parameter
  /// Which body of code runs: the kernels, or the steps of task 3.4.
  public var implementation = Implementation.fast
  package var memory = RecurrentMemory()

  /// Creates a layer with freshly drawn weights.
  /// - Parameters:
  ///   - inputSize: the number of features of each step; without it, the network that the layer is appended to finds
  ///     it, and draws the weights
  ///   - returnsSequence: whether the output is the hidden state after every step, or after the last one only
  ///   - stateful: whether each batch continues where the one before it ended (truncated backpropagation
  ///     through time: hidden state and cell state are carried, gradients are not)
  ///   - reversed: whether time runs backwards
  ///   - paddingValue: a step whose features all have this value is skipped
  ///   - biasInitializer: how the biases of the other gates are drawn
  ///   - forgetBias: the first bias of the forget gate
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws
  ///     them again from its own seed
  public init(
    inputSize: Int? = nil, hiddenSize: Int, returnsSequence: Bool = true, stateful: Bool = false,
    reversed: Bool = false, paddingValue: Float? = nil,
    initializer: StandardInitializer = .xavierUniform,
    recurrentInitializer: StandardInitializer = .orthogonal,
    biasInitializer: StandardInitializer = .zeros, forgetBias: Float = 1,
    implementation: Implementation = .fast, seed: UInt64? = nil
  ) {
    // A size of 1 in place of one that is not known yet, so that the other arguments are checked at once.
    let configuration = RecurrentConfiguration(
      inputSize: inputSize ?? 1, hiddenSize: hiddenSize, returnsSequence: returnsSequence,
      isStateful: stateful, isReversed: reversed, paddingValue: paddingValue,
      initializer: initializer, recurrentInitializer: recurrentInitializer,
      biasInitializer: biasInitializer, forgetBias: forgetBias)
    self = orStop { try LSTM(configuration: configuration) }.seeded(seed)
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
