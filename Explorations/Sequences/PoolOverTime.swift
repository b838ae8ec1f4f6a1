import Shared

/// One vector for a sequence: the mean or the largest of each number over its steps, without padding.
///
/// Computes, for the steps t < lₙ of example n,
///
///     mean:     Y[n, i] = Σₜ X[n, t, i] / lₙ           dX[n, t, i] = dY[n, i] / lₙ
///     maximum:  Y[n, i] = maxₜ X[n, t, i]              dX[n, t, i] = dY[n, i] at the first step with that value, else 0
///
/// - `X`: input, `[N, T, D]`; `Y`: output, `[N, D]`
/// - `l`: lengths, the side input `"lengths"`, one number an example; `PaddedSequence` tells them to its layers. The gradient
///   of the padding is 0
///
/// After a convolution, the maximum says whether a pattern is anywhere in the text; the mean of all steps is the usual
/// summary of a transformer that classifies.
///
///     var layer = PoolOverTime(.mean)
///     layer.take(sideInputs: ["lengths": [[2]]])
///     layer.forward([[[1, 4], [3, 0], [9, 9]]], mode: .inference)         // [[2, 2]]
///
/// - Complexity: O(N·T·D).
/// - Reference: Collobert et al. (2011), "Natural language processing (almost) from scratch", *JMLR* 12, section 3.3.
public struct PoolOverTime: Layer {
  /// Mean or maximum.
  public enum Reduction: String, Codable, Sendable, CaseIterable {
    /// The mean of each number over the steps, or the largest.
    case mean, maximum
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Mean or maximum.
    public var reduction: Reduction

    /// Creates a configuration.
    public init(reduction: Reduction) { self.reduction = reduction }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  private var lengths = PaddedLengths()
  /// The share of each step in the output, `[N, T, 1]` for the mean and `[N, T, D]` for the maximum.
  private var kept = Kept<(shares: Tensor, shape: [Int])>()

  /// Creates the layer.
  public init(_ reduction: Reduction) { self.init(configuration: .init(reduction: reduction)) }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// `["lengths": [1]]`
  public var sideInputShapes: [String: [Int]] { PaddedLengths.sideInputShapes }

  /// Takes the lengths of the examples.
  public mutating func take(sideInputs: [String: Tensor]) { lengths.take(sideInputs) }

  /// Throws for a length below 1 or above T.
  public func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
    try PaddedLengths.check(sideInputs, steps: inputShape[0], firstExample: firstExample)
  }

  /// `[T, D]` becomes `[D]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 2, inputShape.allSatisfy({ $0 >= 1 }) else {
      throw CourseError(
        .shapeMismatch, "PoolOverTime: input shape", expected: "[T, D], steps of numbers",
        received: "\(inputShape)")
    }
    return [inputShape[1]]
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// `Y`, `[N, D]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 3 else {
      stop("PoolOverTime.forward", expected: "[N, T, D]", received: "\(input.shape)")
    }
    let (count, steps) = (input.shape[0], input.shape[1])
    let lengths = lengths.values(for: "PoolOverTime.forward", count: count, steps: steps)
    func rows(_ value: (_ step: Int, _ length: Int) -> Float) -> Tensor {
      Tensor(
        shape: [count, steps, 1],
        scalars: lengths.flatMap { length in (0..<steps).map { value($0, length) } })
    }
    switch configuration.reduction {
    case .mean:
      let shares = rows { $0 < $1 ? 1 / Float($1) : 0 }
      kept.set((shares, input.shape), in: mode)
      return (input * shares).sum(axis: 1)
    case .maximum:
      let seen = input + rows { $0 < $1 ? 0 : -.infinity }
      if mode == .training {
        kept.set((Self.firstLargest(seen), input.shape), in: mode)
      } else {
        kept.clear()
      }
      return seen.max(axis: 1)
    }
  }

  /// 1 at the first step with the largest number, else 0, `[N, T, D]`.
  private static func firstLargest(_ x: Tensor) -> Tensor {
    let (steps, size) = (x.shape[1], x.shape[2])
    let places = x.argmax(axis: 1)
    var shares = Tensor(zeros: x.shape)
    shares.write { out in
      for (row, place) in places.enumerated() {
        out[(row / size * steps + place) * size + row % size] = 1
      }
    }
    return shares
  }

  /// `dX`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (shares, shape) = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: [shape[0], shape[2]], of: Self.typeName)
    return shares * outputGradient.reshaped(to: [shape[0], 1, shape[2]])
  }
}
