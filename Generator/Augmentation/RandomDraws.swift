import Shared

/// The random numbers of one augmentation of one image.
///
/// They are a function of the generator's seed, the epoch, the number of the image and the place of the
/// augmentation in its list, and depend neither on the number of threads nor on earlier draws.
public struct RandomDraws: Sendable {
  /// The place of these numbers among all, for tensors of them: `Tensor(normal:key:)`.
  public let key: RandomKey
  private var generator: PhiloxGenerator

  /// The numbers under a key.
  public init(key: RandomKey) {
    self.key = key
    generator = key.generator
  }

  /// A number from the range, both ends included, uniformly distributed.
  public mutating func number(in range: ClosedRange<Float>) -> Float {
    // 24 bits: as many as a Float holds exactly.
    let unit = Float(generator.next() >> 40) / Float(1 << 24)
    return min(range.lowerBound + unit * (range.upperBound - range.lowerBound), range.upperBound)
  }

  /// A whole number from the range, both ends included, uniformly distributed.
  public mutating func integer(in range: ClosedRange<Int>) -> Int {
    let count = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int(generator.next().multipliedFullWidth(by: count).high)
  }

  /// True with the given probability.
  public mutating func happens(with probability: Float) -> Bool {
    Float(generator.next() >> 40) / Float(1 << 24) < probability
  }
}
