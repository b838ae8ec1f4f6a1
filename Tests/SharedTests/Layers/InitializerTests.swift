import CourseTestSupport
import Foundation
import Shared
import Testing

/// The variance that an initializer promises for given fans, and the mistakes that are usually made on
/// the way to it.
private struct Rule: Sendable, CustomTestStringConvertible {
  var initializer: StandardInitializer
  var isUniform: Bool
  var variance: @Sendable (_ fanIn: Float, _ fanOut: Float) -> Float
  var testDescription: String { "\(initializer)" }

  /// What is wrong with the weights drawn for `fans`, `nil` when nothing is.
  func mistake(in weights: Tensor, fans: Fans) -> String? {
    let (fanIn, fanOut) = (Float(fans.fanIn), Float(fans.fanOut))
    let variance = weights.variance()
    // The variance of n numbers scatters by √(2/n) of itself (normal) or √(0.8/n) (uniform): five such
    // deviations are exceeded once in two million draws.
    let tolerance = 5 * ((isUniform ? 0.8 : 2) / Float(weights.count)).squareRoot()
    func isClose(_ wanted: Float) -> Bool { abs(variance / wanted - 1) < tolerance }

    let right = self.variance(fanIn, fanOut)
    guard !isClose(right) else {
      guard abs(weights.mean()) < 5 * (right / Float(weights.count)).squareRoot() else {
        return "\(initializer): the mean is \(weights.mean()), not 0"
      }
      let bound = (3 * right).squareRoot() * 1.000001
      if isUniform && (weights.max() > bound || weights.min() < -bound) {
        return "\(initializer): a weight lies beyond ±\(bound)"
      }
      if !isUniform && weights.max() < bound * 1.2 {
        return "\(initializer): the tails of the normal distribution are missing"
      }
      return nil
    }
    let candidates: [(Float, String)] = [
      (self.variance(fanOut, fanIn), "fanIn and fanOut are exchanged"),
      (2 / (fanIn + fanOut), "this is Xavier's variance 2 / (fanIn + fanOut)"),
      (2 / fanIn, "this is He's variance 2 / fanIn"),
      (1 / fanIn, "the factor 2 of He's variance is missing: 1 / fanIn"),
      (right / 2, "the variance is half of what it should be"),
      (right * 3, "the bound of the uniform distribution is √3 times too large"),
      (right / 3, "the bound of the uniform distribution lacks the factor √3"),
      (right * right, "the variance was taken for the standard deviation"),
      (2 / Float(weights.shape[0] + weights.shape[1]), "the kernel area is missing in the fans"),
      (2 / Float(weights.shape[1]), "the kernel area is missing in fanIn"),
    ]
    let reason = candidates.first { isClose($0.0) }?.1 ?? "the variance is wrong"
    return "\(initializer): \(reason); expected \(right), got \(variance)"
  }
}

private let rules = [
  Rule(initializer: .xavierUniform, isUniform: true) { 2 / ($0 + $1) },
  Rule(initializer: .xavierNormal, isUniform: false) { 2 / ($0 + $1) },
  Rule(initializer: .heUniform, isUniform: true) { fanIn, _ in 2 / fanIn },
  Rule(initializer: .heNormal, isUniform: false) { fanIn, _ in 2 / fanIn },
]

@Suite(.watched) struct InitializerTests {
  // MARK: Orthogonal

  @Test(arguments: [[5, 5], [3, 7], [7, 3], [1, 4], [6, 2, 2], [64, 64]])
  func orthogonalMatricesNeitherStretchNorShrink(shape: [Int]) {
    let fans = Fans.dense(inputs: shape[0], outputs: shape[1])
    let tensor = StandardInitializer.orthogonal.tensor(
      shape: shape, fans: fans, key: RandomKey(seed: 93))
    #expect(tensor.shape == shape)
    let matrix = tensor.reshaped(to: [shape[0], -1])
    let isWide = matrix.shape[0] <= matrix.shape[1]
    let product =
      isWide
      ? matrix.matmul(matrix, transposingOther: true)
      : matrix.matmul(matrix, transposingSelf: true)
    expectClose(product, Tensor(eye: product.shape[0]), "W · Wᵀ of an orthogonal W, \(shape)")
    #expect(
      tensor
        == StandardInitializer.orthogonal.tensor(
          shape: shape, fans: fans, key: RandomKey(seed: 93)))
    #expect(
      tensor
        != StandardInitializer.orthogonal.tensor(
          shape: shape, fans: fans, key: RandomKey(seed: 94)))
  }

  /// Every orthogonal matrix is as likely as any other: with a 1 x 1 matrix that is 1 or -1, half the time
  /// each. 400 draws: farther than 5 standard deviations from 200 once in two million seeds, and the
  /// seeds are fixed.
  @Test func orthogonalMatricesMirrorHalfTheTime() {
    let positive = (0..<400).count { seed in
      StandardInitializer.orthogonal.tensor(
        shape: [1, 1], fans: .dense(inputs: 1, outputs: 1), key: RandomKey(seed: UInt64(seed))
      ).scalar > 0
    }
    #expect(abs(positive - 200) < 50)
  }

  @Test(arguments: rules)
  fileprivate func varianceFollowsTheFansOfADenseLayer(rule: Rule) {
    for (inputs, outputs) in [(400, 50), (50, 400), (120, 121)] {
      let fans = Fans.dense(inputs: inputs, outputs: outputs)
      let weights = rule.initializer.tensor(
        shape: [inputs, outputs], fans: fans, key: RandomKey(seed: 91))
      #expect(weights.shape == [inputs, outputs])
      if let mistake = rule.mistake(in: weights, fans: fans) { Issue.record("\(mistake)") }
    }
  }

  @Test(arguments: rules)
  fileprivate func varianceFollowsTheFansOfAConvolution(rule: Rule) {
    let fans = Fans.convolution(inputChannels: 8, outputChannels: 64, kernelSize: [5, 3])
    let weights = rule.initializer.tensor(
      shape: [64, 8, 5, 3], fans: fans, key: RandomKey(seed: 92))
    #expect(weights.shape == [64, 8, 5, 3])
    if let mistake = rule.mistake(in: weights, fans: fans) { Issue.record("\(mistake)") }
  }

  @Test func exchangedFansAreNoticedAndNamed() throws {
    let (fans, exchanged) = (Fans(fanIn: 400, fanOut: 50), Fans(fanIn: 50, fanOut: 400))
    for rule in rules where "\(rule.initializer)".hasPrefix("he") {
      let weights = rule.initializer.tensor(
        shape: [400, 50], fans: exchanged, key: RandomKey(seed: 93))
      let mistake = try #require(rule.mistake(in: weights, fans: fans))
      #expect(mistake.contains("fanIn and fanOut are exchanged"))
    }
  }

  @Test func otherUsualMistakesAreNoticedAndNamed() {
    let fans = Fans(fanIn: 400, fanOut: 50)
    let normal = Tensor(normal: [400, 50], key: RandomKey(seed: 94))
    let cases: [(Rule, Float, String)] = [
      (rules[3], (1.0 / 400).squareRoot(), "factor 2"), (rules[3], 2.0 / 400, "standard deviation"),
      (rules[3], (2.0 / 450).squareRoot(), "Xavier"), (rules[1], (2.0 / 400).squareRoot(), "He"),
    ]
    for (rule, deviation, word) in cases {
      let mistake = rule.mistake(in: normal * deviation, fans: fans)
      #expect(mistake?.contains(word) == true, "\(mistake ?? "not noticed")")
    }
  }

  @Test func fansCountWhatFlowsThroughAWeight() {
    #expect(Fans.dense(inputs: 3, outputs: 7) == Fans(fanIn: 3, fanOut: 7))
    let fans = Fans.convolution(inputChannels: 3, outputChannels: 16, kernelSize: [5, 2])
    #expect(fans == Fans(fanIn: 30, fanOut: 160))
    #expect(
      Fans.convolution(inputChannels: 2, outputChannels: 4, kernelSize: [3])
        == Fans(fanIn: 6, fanOut: 12))
  }

  @Test func plainInitializersIgnoreTheFans() {
    let (key, fans) = (RandomKey(seed: 95), Fans(fanIn: 1, fanOut: 1))
    func draw(_ initializer: StandardInitializer, _ shape: [Int] = [100, 100]) -> Tensor {
      initializer.tensor(shape: shape, fans: fans, key: key)
    }
    #expect(draw(.constant(0.5), [2, 2]) == [[0.5, 0.5], [0.5, 0.5]])
    #expect(draw(.zeros, [3]) == [0, 0, 0])
    let uniform = draw(.uniform(low: -1, high: 3))
    #expect(uniform.min() >= -1 && uniform.max() < 3)
    // Five deviations of the mean of 10 000 numbers.
    expectClose(uniform.mean(), 1, "mean of uniform", atol: 5 * 1.155 / 100)
    let normal = draw(.normal(mean: 2, standardDeviation: 0.5))
    expectClose(normal.mean(), 2, "mean of normal", atol: 5 * 0.5 / 100)
    expectClose(normal.variance(), 0.25, "variance of normal", atol: 0.25 * 5 * 0.0141)
  }

  @Test func theKeyDecidesTheNumbers() {
    let fans = Fans.dense(inputs: 4, outputs: 5)
    for rule in rules {
      func draw(_ seed: UInt64) -> Tensor {
        rule.initializer.tensor(shape: [4, 5], fans: fans, key: RandomKey(seed: seed))
      }
      #expect(draw(1) == draw(1))
      #expect(draw(1) != draw(2))
    }
  }

  @Test func initializersTravelThroughFiles() throws {
    let all: [StandardInitializer] = [
      .constant(0.25), .uniform(low: -1, high: 1), .normal(mean: 0, standardDeviation: 0.1),
      .xavierUniform, .xavierNormal, .heUniform, .heNormal,
    ]
    let data = try JSONEncoder().encode(all)
    #expect(try JSONDecoder().decode([StandardInitializer].self, from: data) == all)
  }

  @Test func exchangedBoundsStopTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = StandardInitializer.uniform(low: 1, high: -1).tensor(
        shape: [2], fans: .dense(inputs: 1, outputs: 2), key: RandomKey(seed: 1))
    }
    expectWords(of: result, "StandardInitializer.uniform", "low <= high", "got 1.0, -1.0")
  }
}

extension InitializerTests {
  @Test func filesNameTheValueOfAConstant() throws {
    let json = try JSONEncoder().encode(StandardInitializer.constant(0.5))
    #expect(String(decoding: json, as: UTF8.self) == #"{"constant":{"value":0.5}}"#)
    let all: [StandardInitializer] = [
      .constant(2), .uniform(low: -1, high: 2), .normal(mean: 1, standardDeviation: 2), .heNormal,
      .heUniform, .xavierNormal, .xavierUniform,
    ]
    let copies = try JSONDecoder().decode(
      [StandardInitializer].self, from: JSONEncoder().encode(all))
    #expect(copies == all)
  }
}
