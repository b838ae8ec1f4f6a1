import Shared

// How large first weights should be, from the variance of a sum: Protocols/Phase1-FeedForward.md, task 1.9.
//
// An output is a sum of n products, y = w₁x₁ + ... + wₙxₙ. With independent weights of mean 0 and variance σ²,
// its mean square is n σ² times the mean square of the inputs. The signal keeps its size where the factor is 1.

/// The standard deviation of first weights after Glorot and Bengio ("Xavier"): `σ = √(2 / (fanIn + fanOut))`.
///
/// It is the compromise between `fanIn σ² = 1`, which keeps the size of the activations, and `fanOut σ² = 1`,
/// which keeps that of the gradients. For activations that are nearly linear around 0, such as tanh.
///
///     xavierStandardDeviation(fanIn: 300, fanOut: 100)   // 0.0707
///
/// - Parameters:
///   - fanIn: the number of inputs that flow into one output
///   - fanOut: the number of outputs that one input flows into
/// - Reference: Glorot, Bengio (2010), *AISTATS*, equation 12. Task: Protocols/Phase1-FeedForward.md, 1.9.
public func xavierStandardDeviation(fanIn: Int, fanOut: Int) -> Float {
  // TODO(1.9): the formula above. Float(fanIn) makes a number of an Int, and x.squareRoot() is √x.
  // BEGIN SOLUTION
  (2 / Float(fanIn + fanOut)).squareRoot()
  // END SOLUTION
}

/// The standard deviation of first weights after He et al. ("Kaiming"): `σ = √(2 / fanIn)`.
///
/// ReLU sets half of the numbers to 0 and with them half of the mean square, so `fanIn σ²` must be 2 and not 1.
///
///     kaimingStandardDeviation(fanIn: 200)   // 0.1
///
/// - Parameter fanIn: the number of inputs that flow into one output
/// - Reference: He, Zhang, Ren, Sun (2015), *ICCV*, equation 10. Task: Protocols/Phase1-FeedForward.md, 1.9.
public func kaimingStandardDeviation(fanIn: Int) -> Float {
  // TODO(1.9): the formula above.
  // BEGIN SOLUTION
  (2 / Float(fanIn)).squareRoot()
  // END SOLUTION
}

/// The bound of a uniform distribution on `-b..<b` with a given standard deviation: `b = √3 σ`.
///
/// Its variance is the integral of x² / 2b from −b to b, which is b² / 3.
///
///     uniformBound(standardDeviation: 0.1)   // 0.1732
///
/// - Reference: Task: Protocols/Phase1-FeedForward.md, 1.9.
public func uniformBound(standardDeviation: Float) -> Float {
  // TODO(1.9): solve b² / 3 = σ² for b.
  // BEGIN SOLUTION
  (3 as Float).squareRoot() * standardDeviation
  // END SOLUTION
}
