import CourseTestSupport
import Foundation
import Shared
import Testing

// The bounds lie where a right generator fails for about one key in a million (4.9 standard
// deviations; 2.69 for Kolmogorov and Smirnov's statistic). The keys are fixed: no test fails by chance.

@Suite(.watched) struct TensorRandomTests {
  private let count = 20_000

  /// The largest distance between the numbers' distribution and the right one, times √n
  /// (Kolmogorov and Smirnov): above 2.69 with probability 2 exp(-2 · 2.69²) = 1e-6.
  private func distance(_ x: Tensor, cumulative: (Double) -> Double) -> Double {
    let sorted = x.scalars.sorted()
    let n = Double(sorted.count)
    var largest = 0.0
    for (place, value) in sorted.enumerated() {
      let wanted = cumulative(Double(value))
      largest = max(largest, wanted - Double(place) / n, Double(place + 1) / n - wanted)
    }
    return largest * n.squareRoot()
  }

  /// The correlation of neighbours `lag` apart, in standard deviations.
  private func correlation(_ x: Tensor, lag: Int) -> Float {
    let deviation = x - x.mean()
    let products = deviation[..<(x.count - lag)] * deviation[lag...]
    return products.mean() / x.variance() * Float(x.count).squareRoot()
  }

  @Test func uniformNumbersFillTheirRangeEvenly() {
    let x = Tensor(uniform: [count], in: -3..<5, key: RandomKey(seed: 1))
    #expect(x.min() >= -3)
    #expect(x.max() < 5)
    #expect(distance(x) { ($0 + 3) / 8 } < 2.69)
  }

  @Test func uniformNumbersNeverReachTheUpperBound() {
    // Between 1 and the next number there is nothing but 1, yet half of the draws would round up.
    let narrow = Tensor(uniform: [1000], in: 1..<Float(1).nextUp, key: RandomKey(seed: 2))
    #expect(narrow.max() == 1)
    #expect(Tensor(uniform: [5], in: 2..<2, key: RandomKey(seed: 2)).scalars == [2, 2, 2, 2, 2])
  }

  @Test func normalNumbersFollowTheNormalDistribution() {
    let x = Tensor(normal: [count], mean: 2, standardDeviation: 3, key: RandomKey(seed: 3))
    #expect(distance(x) { 0.5 * erfc(-($0 - 2) / 3 / 2.0.squareRoot()) } < 2.69)
    #expect(x.isFinite)
    // The variance of n squares is 2/n of its own square.
    #expect(abs(x.variance() / 9 - 1) < 4.9 * (2 / Float(count)).squareRoot())
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8])
  func neighboursAreIndependent(lag: Int) {
    let key = RandomKey(seed: 4)
    #expect(abs(correlation(Tensor(uniform: [count], key: key), lag: lag)) < 4.9, "uniform")
    #expect(abs(correlation(Tensor(normal: [count], key: key), lag: lag)) < 4.9, "normal")
    // Both numbers of a pair come from one radius: their squares must be independent too.
    let squares = square(Tensor(normal: [count], key: key))
    #expect(abs(correlation(squares, lag: lag)) < 4.9, "squares of normal numbers")
  }

  @Test func aKeyAlwaysGivesTheSameNumbers() {
    let key = RandomKey(seed: 5).folded("weights")
    let (uniform, normal) = (Tensor(uniform: [7, 9], key: key), Tensor(normal: [7, 9], key: key))
    #expect(uniform == Tensor(uniform: [7, 9], key: key))
    #expect(normal == Tensor(normal: [7, 9], key: key))
    // Draw number i depends on the key and on i only, whatever the shape.
    #expect(Tensor(uniform: [70_000], key: key)[..<63].reshaped(to: [7, 9]) == uniform)
    #expect(Tensor(normal: [70_000], key: key)[..<63].reshaped(to: [7, 9]) == normal)
  }

  @Test func otherKeysGiveOtherNumbers() {
    let key = RandomKey(seed: 6)
    for other in [RandomKey(seed: 7), key.folded(0), key.folded(1), key.folded("weights")] {
      #expect((Tensor(uniform: [100], key: key) .== Tensor(uniform: [100], key: other)).sum() < 5)
    }
  }

  @Test func theFirstNumbersOfSeedZeroAreThoseOfThePaper() {
    // Philox-4x32-10 of counter 0 under key 0, from the authors' known-answer file (Random123):
    // 6627e8d5 e169c58d bc57ac4c 9b00dbd8; the upper 24 bits of each word become a number.
    let words: [Float] = [0x6627e8, 0xe169c5, 0xbc57ac, 0x9b00db]
    let x = Tensor(uniform: [4], key: RandomKey(seed: 0))
    #expect(x == Tensor(words) / 16_777_216)
    // Box and Muller: radius √(-2 ln((w₀ + 1) / 2³²)), angle 2π w₁ / 2³².
    expectClose(
      Tensor(normal: [4], key: RandomKey(seed: 0)),
      [0.99113768, -0.92466259, -0.61760896, -0.48206859], "normal", atol: 0, rtol: 3e-7)
  }
}
