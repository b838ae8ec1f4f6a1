import CCourseKernels

/// A place in the space of all random numbers.
///
/// Random numbers here are *counter-based* (Philox-4x32-10; Salmon et al. 2011, "Parallel random
/// numbers: as easy as 1, 2, 3"): the draw number `i` under a key is a function of the key and `i`
/// and of nothing else. There is no hidden state that advances, so the same draw comes out on any number
/// of threads, in any order of the calls, and after an interruption of the training.
///
/// A key is refined by folding in names and numbers, which makes an independent stream:
///
///     let weights = RandomKey(seed: 42).folded("layer").folded(3).folded("weights")
///     Tensor(normal: [4, 4], key: weights)     // always these sixteen numbers
public struct RandomKey: Sendable, Hashable, Codable {
  /// The Philox key: the seed.
  let bits: UInt64
  /// The upper half of the Philox counter: the place.
  let stream: UInt64

  /// The root of all streams of one seed.
  public init(seed: UInt64) {
    bits = seed
    stream = 0
  }

  /// The root of a seed that the operating system draws: another one at each call, never the same twice.
  ///
  /// For weights and masks that need not be reproducible.
  public static func random() -> RandomKey { RandomKey(seed: .random(in: .min ... .max)) }

  private init(bits: UInt64, stream: UInt64) {
    self.bits = bits
    self.stream = stream
  }

  /// The stream for the part number `value` of this place.
  public func folded(_ value: Int) -> RandomKey {
    // Two words of Philox itself mix the old stream with the value; a second seed keeps these draws
    // apart from those that fill tensors.
    var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { raw in
      kernels_philox(
        ~bits, stream, UInt64(bitPattern: Int64(value)),
        raw.bindMemory(to: UInt32.self).baseAddress)
    }
    return RandomKey(bits: bits, stream: UInt64(words.1) << 32 | UInt64(words.0))
  }

  /// The stream for the part called `name` of this place.
  public func folded(_ name: String) -> RandomKey {
    // FNV-1a: stable across runs, unlike `hashValue`.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return folded(Int(Int64(bitPattern: hash)))
  }

  /// The numbers `0..<count` in random order (Fisher and Yates).
  ///
  /// Written out because the standard library may change how `shuffled(using:)` draws, and an
  /// interrupted training run must find the same order again.
  public func permutation(of count: Int) -> [Int] {
    guard count >= 0 else {
      stop("RandomKey.permutation(of:)", expected: "at least 0", received: "\(count)")
    }
    var order = Array(0..<count)
    var draws = generator
    for last in stride(from: count - 1, to: 0, by: -1) {
      // The upper half of a 64 x 64 bit product scales the draw to 0...last.
      let chosen = Int(draws.next().multipliedFullWidth(by: UInt64(last + 1)).high)
      order.swapAt(last, chosen)
    }
    return order
  }

  /// A generator for the standard library's `shuffled(using:)`, `randomElement(using:)` and the like.
  public var generator: PhiloxGenerator { PhiloxGenerator(key: self) }
}

/// The draws under one key, one after the other.
public struct PhiloxGenerator: RandomNumberGenerator, Sendable {
  private let key: RandomKey
  private var position: UInt64 = 0

  /// Starts at the first draw of `key`.
  public init(key: RandomKey) { self.key = key }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { raw in
      kernels_philox(
        key.bits, key.stream, position / 2, raw.bindMemory(to: UInt32.self).baseAddress)
    }
    defer { position += 1 }
    return position.isMultiple(of: 2)
      ? UInt64(words.1) << 32 | UInt64(words.0) : UInt64(words.3) << 32 | UInt64(words.2)
  }
}
