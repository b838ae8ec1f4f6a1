import Shared

/// The gated recurrent unit: the idea of an LSTM, with one state and three gates.
///
/// Computes, for t = 0, 1, ..., T − 1, from `h_{−1} = 0`,
/// - `r_t = σ(x_t · W_r + h_{t−1} · U_r + b_r)`: reset, how much of the past the candidate sees
/// - `z_t = σ(x_t · W_z + h_{t−1} · U_z + b_z)`: update, how much of the past stays
/// - `n_t = tanh(x_t · W_n + b_n + r_t ⊙ (h_{t−1} · U_n + c))`: candidate
/// - `h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}`: hidden state, `[N, H]`; the output is all of them, `[N, T, H]`, or
///   the last
///
/// The weights of the three lie side by side in the order r, z, n: `W` is `[F, 3H]`, `U` is `[H, 3H]`, `b` is
/// `[3H]`; `c`, `[H]`, is `candidateRecurrentBias` (N batch size, T steps, F `inputSize`, H `hiddenSize`). The reset gate
/// is applied after the product with `U_n`, as in PyTorch and Keras; the paper applies it to `h` before.
///
/// Given `dY`, backwards in time, with `dh` from the step after (0 at the last), and `q = h_{t−1} · U_n + c`:
/// - `dh ← dh + dY_t`, `dn = dh ⊙ (1 − z)`, `dz = dh ⊙ (h_{t−1} − n)`
/// - `da_n = dn ⊙ (1 − n²)`, `dr = da_n ⊙ q`, `dq = da_n ⊙ r`; `da_r` and `da_z` with the slope `σ (1 − σ)`
/// - `dW = Σ_t x_tᵀ · [da_r, da_z, da_n]`, `dU = Σ_t h_{t−1}ᵀ · [da_r, da_z, dq]`, `db` and `dc` likewise
/// - `dx_t = [da_r, da_z, da_n] · Wᵀ`, and to the step before `[da_r, da_z, dq] · Uᵀ + dh ⊙ z`
///
/// Training and inference compute the same.
///
///     var layer = GRU(inputSize: 3, hiddenSize: 5)
///     layer.forward(Tensor(zeros: [2, 7, 3]), mode: .training).shape   // [2, 7, 5]
///
/// - Complexity: O(N·T·H·(F + H)) for each of the three sums of a training step. The steps follow each other.
/// - Reference: Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder*, EMNLP.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.8 (for those who want more).
public struct GRU: RecurrentBodies {
  /// `.gru`
  public static let cell = RecurrentCell.gru
  package static let agreement = agree(on: trials, running: tryBody)

  /// The constructor arguments.
  public package(set) var configuration: RecurrentConfiguration
  /// The input weights W, `[inputSize, 3 · hiddenSize]`, blocks r, z, n.
  public var inputWeights: Parameter
  /// The recurrent weights U, `[hiddenSize, 3 · hiddenSize]`, blocks r, z, n.
  public var recurrentWeights: Parameter
  /// The bias b, `[3 · hiddenSize]`, blocks r, z, n.
  public var bias: Parameter
  /// The bias c of the candidate's recurrent share, `[hiddenSize]`.
  public var candidateRecurrentBias: Parameter?
  /// Which body of code runs: the kernels, or the steps of task 3.8.
  public var implementation = Implementation.fast
  package var memory = RecurrentMemory()

  /// Creates a layer with freshly drawn weights; the arguments are those of `ElmanRNN`.
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
    self = orStop { try GRU(configuration: configuration) }.seeded(seed)
    if inputSize == nil { self.configuration.inputSize = 0 }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: RecurrentConfiguration) throws {
    try configuration.check(Self.cell, of: Self.typeName)
    self.configuration = configuration
    (inputWeights, recurrentWeights, bias) = configuration.parameters(Self.cell)
    candidateRecurrentBias = configuration.bias(gates: 1)
  }
}
