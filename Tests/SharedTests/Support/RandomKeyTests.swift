import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct RandomKeyTests {
  @Test func theFirstDrawsAreThoseOfThePaper() {
    // Known answers of Philox-4x32-10 from the authors' kat_vectors (Random123): counter 0, key 0.
    var draws = RandomKey(seed: 0).generator
    #expect(draws.next() == 0xe169_c58d_6627_e8d5)
    #expect(draws.next() == 0x9b00_dbd8_bc57_ac4c)
  }

  /// A change of these numbers changes every seeded experiment and breaks resuming of saved runs.
  /// They were computed a second time in Python, from the text of the paper and of `RandomKey`.
  @Test func streamsAreWhatTheyHaveAlwaysBeen() {
    func first(_ key: RandomKey) -> UInt64 {
      var draws = key.generator
      return draws.next()
    }
    let key = RandomKey(seed: 42)
    #expect(first(key) == 8_643_895_580_192_075_859)
    #expect(first(key.folded(0)) == 17_645_761_026_478_713_690)
    #expect(first(key.folded(1)) == 13_319_489_923_809_396_156)
    #expect(first(key.folded(-1)) == 6_226_866_657_364_016_528)
    #expect(first(key.folded("weights")) == 17_451_795_064_209_986_758)
    let path = key.folded("layer").folded(3).folded("weights")
    #expect(first(path) == 14_640_915_997_826_976_241)
    #expect(key.permutation(of: 10) == [0, 9, 1, 7, 5, 6, 8, 2, 3, 4])
  }

  @Test func everyPathHasAStreamOfItsOwn() {
    let root = RandomKey(seed: 1)
    var keys: Set<RandomKey> = [root, RandomKey(seed: 2)]
    for number in -50..<50 { keys.insert(root.folded(number)) }
    for name in ["", "a", "b", "ab", "ba", "weights", "bias", "layer"] {
      keys.insert(root.folded(name))
    }
    for (first, second) in [(0, 1), (1, 0), (0, 0)] {
      keys.insert(root.folded(first).folded(second))
    }
    keys.insert(root.folded("a").folded("b"))
    keys.insert(root.folded("b").folded("a"))
    #expect(keys.count == 2 + 100 + 8 + 3 + 2)
    #expect(Set(keys.map { Tensor(uniform: [2], key: $0).scalars }).count == keys.count)
  }

  @Test func foldingIsAFunction() {
    let key = RandomKey(seed: 3).folded("layer").folded(7)
    #expect(key == RandomKey(seed: 3).folded("layer").folded(7))
    #expect(key != RandomKey(seed: 4).folded("layer").folded(7))
  }

  @Test func keysTravelThroughFiles() throws {
    let key = RandomKey(seed: .max).folded("layer").folded(-3)
    let data = try JSONEncoder().encode(key)
    #expect(try JSONDecoder().decode(RandomKey.self, from: data) == key)
  }

  /// Correlations of 2000 numbers lie beyond 4.9 / √2000 once in a million pairs; here are 30 pairs.
  @Test func neighbouringStreamsAreIndependent() {
    let root = RandomKey(seed: 5)
    let streams =
      (0..<8).map { root.folded($0) } + (5..<9).map { RandomKey(seed: $0) }
      + [root.folded("a"), root.folded("b"), root.folded(0).folded(0)]
    let numbers = streams.map { Tensor(normal: [2000], key: $0) }
    for (i, j) in zip(0..<numbers.count, 1..<numbers.count) {
      for other in [j, (j + 3) % numbers.count] {
        let correlation = (numbers[i] * numbers[other]).mean() * Float(2000).squareRoot()
        #expect(abs(correlation) < 4.9, "streams \(i) and \(other)")
      }
    }
  }

  @Test func aGeneratorServesTheStandardLibrary() {
    let key = RandomKey(seed: 6)
    var (first, second) = (key.generator, PhiloxGenerator(key: key))
    #expect((0..<20).shuffled(using: &first) == (0..<20).shuffled(using: &second))
    var copy = first
    #expect(copy.next() == first.next(), "a copy goes on from where it was made")
  }

  @Test(arguments: [0, 1, 2, 3, 10, 257, 5000])
  func permutationsHoldEveryNumberOnce(count: Int) {
    let order = RandomKey(seed: 7).permutation(of: count)
    #expect(order.sorted() == Array(0..<count))
    #expect(order == RandomKey(seed: 7).permutation(of: count))
    if count > 9 { #expect(order != RandomKey(seed: 8).permutation(of: count)) }
  }

  @Test func allPermutationsAreEquallyFrequent() {
    // Chi-square with 23 degrees of freedom lies above 72 for one key in a million.
    let trials = 4800
    var counts: [[Int]: Int] = [:]
    let key = RandomKey(seed: 9)
    for trial in 0..<trials { counts[key.folded(trial).permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24)
    let expected = Double(trials) / 24
    let chiSquare = counts.values.reduce(0.0) { sum, count in
      sum + (Double(count) - expected) * (Double(count) - expected) / expected
    }
    #expect(chiSquare < 72)
    #expect(chiSquare > 3, "too even to be random: one key in a million")
  }

  @Test func aNegativeCountStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = RandomKey(seed: 1).permutation(of: -1)
    }
    expectWords(of: result, "RandomKey.permutation(of:)", "at least 0", "got -1")
  }
}
