import Shared

/// Lets each step of a sequence look at the others, and take from each as much as its query matches that step's key
/// (scaled dot-product attention with several heads).
///
/// The input holds queries, keys and values side by side, `X = [Q | K | V]`, and each of them H heads side by side. For each
/// example and head, with `Q`, `K`, `V` of `[T, d]`:
///
///     S = Q · Kᵀ / √d          A = softmax(S), row by row          O = A · V
///
/// - `X`: input, `[N, T, 3 · H · d]`
/// - `T`: number of steps; `d`: numbers a head
/// - `A`: weights, `[T, T]`: row t says how much step t takes of each step. They are positive and sum to 1
/// - `O`: output, the heads side by side again, `[N, T, H · d]`
///
/// With `isCausal`, a step sees itself and the steps before it: `S[t, u] = −∞` for u > t, so that the weight is 0. With
/// `isPadded`, examples have different lengths, and no step sees the padding after the end of its example: `S[t, u] = −∞` for
/// u ≥ length. The lengths are a side input, `"lengths"`, one number an example; `PaddedSequence` tells them to its layers.
///
/// Given `dO`:
///
///     dV = Aᵀ · dO          dA = dO · Vᵀ          dS = A ⊙ (dA − rowsum(A ⊙ dA))
///     dQ = dS · K / √d      dK = dSᵀ · Q / √d
///
/// It has no weights: a dense layer before it makes `X` of the steps, and one after it mixes the heads.
///
///     var layer = Attention(heads: 1)
///     // Two steps, d = 1:      q  k  v     q  k  v
///     layer.forward(Tensor([[[0, 5, 2], [0, 7, 4]]]), mode: .inference)         // [[[2], [3]]]
///
/// (That one is causal: the first step sees itself only. The second has the query 0, so both keys match alike.)
///
/// - Complexity: O(N · H · T² · d). The formulas keep `A`, N · H · T² numbers; the kernels, which run where they agree
///   with them, keep only its input, its output and N · H · T numbers.
/// - Reference: Vaswani et al. (2017), "Attention is all you need", *NeurIPS*, section 3.2. Task:
///   Protocols/Explorations.md, 5.6.
public struct Attention: Layer {
  /// The number of heads.
  public var heads: Int { configuration.heads }
  /// Whether each step sees only itself and the steps before it.
  public var isCausal: Bool { configuration.isCausal }
  private var kept = Kept<(q: Tensor, k: Tensor, v: Tensor, weights: Tensor)>()

  /// `A` of all heads, `[N, H, T, T]`, from queries and keys of `[N, H, T, d]`.
  func weights(q: Tensor, k: Tensor) -> Tensor {
    // −∞ for the steps that a step does not see, and 0 for the others, [T, T] or [N, 1, T, T].
    let mask = mask(examples: q.shape[0], steps: q.shape[2])
    // TODO(5.6): S = Q · Kᵀ / √d + mask, then the softmax of each row. q.matmul(k, transposingOther: true) multiplies the
    // matrices in the last two axes. Subtract the maximum of a row before exp(...), as in every softmax.
    // BEGIN SOLUTION
    let scores =
      q.matmul(k, transposingOther: true) / Float(q.shape[3]).squareRoot() + mask
    let powers = exp(scores - scores.max(axis: -1, keepDims: true))
    return powers / powers.sum(axis: -1, keepDims: true)
    // END SOLUTION
  }

  /// `O`, `[N, T, H · d]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if runsKernel { return fastForward(input, mode: mode) }
    let (q, k, v) = split(input)
    let weights = weights(q: q, k: k)
    kept.set((q, k, v, weights), in: mode)
    // TODO(5.6): O = A · V. merged(...) puts the heads side by side.
    // BEGIN SOLUTION
    return merged(weights.matmul(v))
    // END SOLUTION
  }

  /// `dX = [dQ | dK | dV]`, `[N, T, 3 · H · d]`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    if runsKernel { return fastBackward(outputGradient) }
    let (q, k, v, weights) = kept.take(for: "Attention")
    let dO = separated(outputGradient, like: q)
    // TODO(5.6): dV, dA, dS, dQ and dK, each [N, H, T, d] or [N, H, T, T]; joined(dQ, dK, dV) makes dX of them.
    // BEGIN SOLUTION
    let dV = weights.matmul(dO, transposingSelf: true)
    let dA = dO.matmul(v, transposingOther: true)
    let dS = weights * (dA - (weights * dA).sum(axis: -1, keepDims: true))
    let scale = 1 / Float(q.shape[3]).squareRoot()
    let dQ = dS.matmul(k) * scale
    let dK = dS.matmul(q, transposingSelf: true) * scale
    return joined(dQ, dK, dV)
    // END SOLUTION
  }

  // MARK: Given

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of heads.
    public var heads: Int
    /// Whether each step sees only itself and the steps before it.
    public var isCausal: Bool
    /// Whether examples have different lengths, after which there is padding that no step sees.
    public var isPadded: Bool {
      get { padded ?? false }
      set { padded = newValue ? true : nil }
    }
    /// `nil` for no: files of networks without it have no such field.
    private var padded: Bool?

    /// Creates a configuration.
    public init(heads: Int, isCausal: Bool = true, isPadded: Bool = false) {
      (self.heads, self.isCausal, padded) = (heads, isCausal, isPadded ? true : nil)
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// Whether the formulas above run as they are written or as kernels.
  package var implementation = Implementation.fast
  /// What the kernels keep.
  var fastKept = Kept<AttentionPass>()
  /// The lengths of the examples of the next pass, if they differ.
  var lengths = PaddedLengths()

  /// Creates the layer.
  /// - Parameters:
  ///   - heads: the number of heads, at least 1
  ///   - isCausal: whether each step sees only itself and the steps before it, as for the prediction of the next one
  ///   - isPadded: whether examples have different lengths, after which there is padding
  ///   - implementation: whether the formulas run as they are written or as kernels
  public init(
    heads: Int, isCausal: Bool = true, isPadded: Bool = false,
    implementation: Implementation = .fast
  ) {
    self = orStop {
      try Attention(
        configuration: .init(heads: heads, isCausal: isCausal, isPadded: isPadded))
    }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, which will run the kernels; throws unless there is a head.
  public init(configuration: Configuration) throws {
    guard (1...65_536).contains(configuration.heads) else {
      throw CourseError(
        .invalidArgument, "Attention: argument out of range", expected: "1 to 65536 heads",
        received: "\(configuration.heads)")
    }
    self.configuration = configuration
  }

  /// `[T, H · d]` for `[T, 3 · H · d]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 2, inputShape[0] > 0, inputShape[1] > 0,
      inputShape[1] % (3 * heads) == 0
    else {
      throw CourseError(
        .shapeMismatch, "Attention: input shape",
        expected: "[T, 3 · H · d]: queries, keys and values of \(counted(heads, "head"))",
        received: "\(inputShape)")
    }
    return [inputShape[0], inputShape[1] / 3]
  }

  /// `["lengths": [1]]` if examples have different lengths.
  public var sideInputShapes: [String: [Int]] {
    configuration.isPadded ? PaddedLengths.sideInputShapes : [:]
  }

  /// Takes the lengths of the examples.
  public mutating func take(sideInputs: [String: Tensor]) { lengths.take(sideInputs) }

  /// Throws for a length below 1 or above T.
  public func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
    try PaddedLengths.check(sideInputs, steps: inputShape[0], firstExample: firstExample)
  }
}
