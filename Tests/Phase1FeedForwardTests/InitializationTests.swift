import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.9.
@Suite(.watched) struct InitializationTests {
  // Numbers that tell each mistake from the others: fans of 1 do not.
  static let fans = [(300, 100), (20, 20), (7, 250), (784, 10)]

  @Test(arguments: fans) func xavier(fanIn: Int, fanOut: Int) {
    Self.expectXavier(xavierStandardDeviation(fanIn: fanIn, fanOut: fanOut), fanIn, fanOut)
  }

  /// Names what is wrong with Xavier's standard deviation.
  static func expectXavier(
    _ deviation: Float, _ fanIn: Int, _ fanOut: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (n, m) = (Float(fanIn), Float(fanOut))
    let mistakes: KeyValuePairs<String, Float> = [
      "that is the variance: the standard deviation is its root": 2 / (n + m),
      "that is for fanIn alone: the sum of both fans": (2 / n).squareRoot(),
      "the 2 is missing: σ² = 2 / (fanIn + fanOut)": (1 / (n + m)).squareRoot(),
      "that is the bound of a uniform distribution: σ = √(2 / (fanIn + fanOut))":
        (6 / (n + m)).squareRoot(),
      "that keeps the size of activations only: σ² = 2 / (fanIn + fanOut)": (1 / n).squareRoot(),
      "that keeps the size of gradients only: σ² = 2 / (fanIn + fanOut)": (1 / m).squareRoot(),
      "the fans are multiplied: their sum": (2 / (n * m)).squareRoot(),
    ]
    expectClose(
      deviation, (2 / (n + m)).squareRoot(),
      "xavierStandardDeviation(fanIn: \(fanIn), fanOut: \(fanOut))", mistakes: mistakes,
      sourceLocation: sourceLocation)
  }

  @Test(arguments: [200, 5, 3, 784]) func kaiming(fanIn: Int) {
    let n = Float(fanIn)
    expectClose(
      kaimingStandardDeviation(fanIn: fanIn), (2 / n).squareRoot(),
      "kaimingStandardDeviation(fanIn: \(fanIn))",
      mistakes: [
        "that is the variance: the standard deviation is its root": 2 / n,
        "the 2 is missing: ReLU takes half of the mean square away": (1 / n).squareRoot(),
        "that is the bound of a uniform distribution: σ = √(2 / fanIn)": (6 / n).squareRoot(),
        "the root goes over the fraction, 2 / fanIn": 2 / n.squareRoot(),
      ])
  }

  @Test(arguments: [Float(0.1), 1, 2.5]) func bound(standardDeviation: Float) {
    let expected = Float(3).squareRoot() * standardDeviation
    expectClose(
      uniformBound(standardDeviation: standardDeviation), expected,
      "uniformBound(standardDeviation: \(standardDeviation))",
      mistakes: [
        "b² / 3 = σ²: b = √3 σ": 3 * standardDeviation,
        "the 3 stands on the other side: b = √3 σ": standardDeviation / Float(3).squareRoot(),
        "the interval is -b..<b, 2b long: its variance is (2b)² / 12 = b² / 3":
          Float(12).squareRoot() * standardDeviation,
        "nothing is done: b = √3 σ": standardDeviation,
      ])
  }

  // Independent weights, n x n in L layers, n = 256, L = 20. Behind ReLU, the logarithm of the mean square has a deviation
  // of √(5 L / n) = 0.63, since all inputs become alike: a factor of 100 is seven times that. Without it, the 64 inputs
  // stay apart. A deviation that is wrong by a factor of √2 would show as a factor of 2²⁰.
  @Test func theSignalKeepsItsSize() {
    let n = 256
    func size(after depth: Int, deviation: Float, _ activation: Activation) -> Float {
      var x = Tensor(normal: [64, n], key: RandomKey(seed: varied(1)))
      let start = square(x).mean()
      for layer in 0..<depth {
        let weights = Tensor(
          normal: [n, n], standardDeviation: deviation,
          key: RandomKey(seed: varied(2)).folded(layer))
        x = activation(x.matmul(weights))
      }
      return square(x).mean() / start
    }
    let linear = size(
      after: 20, deviation: xavierStandardDeviation(fanIn: n, fanOut: n), .identity)
    #expect(
      (0.5...2).contains(linear),
      "xavierStandardDeviation: after 20 linear layers the mean square is \(linear) times as large, not 1"
    )
    let rectified = size(after: 20, deviation: kaimingStandardDeviation(fanIn: n), .relu)
    #expect(
      (0.01...100).contains(rectified),
      "kaimingStandardDeviation: after 20 layers with ReLU the mean square is \(rectified) times as large"
    )
  }

  @Test func theStandardInitializersAreThese() {
    let (key, shape) = (RandomKey(seed: varied(3)), [30, 50])
    let fans = Fans.dense(inputs: 30, outputs: 50)
    let xavier = xavierStandardDeviation(fanIn: 30, fanOut: 50)
    let kaiming = kaimingStandardDeviation(fanIn: 30)
    for (initializer, own) in [
      (StandardInitializer.xavierNormal, .normal(mean: 0, standardDeviation: xavier)),
      (.heNormal, .normal(mean: 0, standardDeviation: kaiming)),
      (.xavierUniform, uniform(xavier)), (.heUniform, uniform(kaiming)),
    ] {
      expectClose(
        own.tensor(shape: shape, fans: fans, key: key),
        initializer.tensor(shape: shape, fans: fans, key: key),
        "weights drawn with your standard deviation, beside \(initializer)")
    }
  }

  private func uniform(_ standardDeviation: Float) -> StandardInitializer {
    let bound = uniformBound(standardDeviation: standardDeviation)
    // A body that is not written yet: no interval at all.
    return bound > 0 ? .uniform(low: -bound, high: bound) : .zeros
  }
}
