import Shared

// Synthetic problems with long-range dependencies, in any length and number.

extension Dataset {
  /// The adding problem: a sequence of numbers, two of them marked; the target is the sum of the two.
  ///
  ///     let data = try Dataset.addingProblem(count: 1000, length: 100, seed: 1)
  ///     data.inputShape      // [100, 2]: number and mark of each step
  ///     data.targets         // values [1000, 1]
  ///
  /// The numbers are uniform in 0 to 1, the mark is 1 at one step of each half and 0 elsewhere. A model
  /// that always predicts 1 has a mean squared error of 1/6; to do better, a network has to remember the first
  /// number for half of the sequence on average.
  ///
  /// - Throws: when `count` is below 1 or `length` below 2.
  /// - Reference: Hochreiter, Schmidhuber (1997), *Neural Computation* 9, experiment 4; the marks follow Le,
  ///   Jaitly, Hinton (2015), arXiv:1504.00941.
  public static func addingProblem(count: Int, length: Int, seed: UInt64) throws -> Dataset {
    try requireSizes("adding problem", count: count, length: length, atLeast: 2)
    let key = RandomKey(seed: seed).folded("adding problem")
    let values = Tensor(uniform: [count, length], key: key.folded("values"))
    var draws = key.folded("marks").generator
    var marks = [Float](repeating: 0, count: count * length)
    let half = length / 2
    for row in 0..<count {
      marks[row * length + Int.random(below: half, using: &draws)] = 1
      marks[row * length + half + Int.random(below: length - half, using: &draws)] = 1
    }
    let mask = Tensor(shape: [count, length], scalars: marks)
    return try Dataset(
      name: "adding problem of length \(length)",
      features: Tensor(stacking: [values, mask], axis: 2),
      targets: .values((values * mask).sum(axis: 1, keepDims: true)))
  }

  /// Sequences of zeros and ones; the class is the number of ones.
  ///
  ///     let data = try Dataset.sequenceSum(count: 500, length: 15, seed: 1)
  ///     data.inputShape      // [15, 1]
  ///     data.classCount      // 16
  ///
  /// Every sum is equally frequent (within one), which it would not be with independent bits.
  ///
  /// - Throws: when `count` or `length` is below 1.
  public static func sequenceSum(count: Int, length: Int, seed: UInt64) throws -> Dataset {
    try requireSizes("sequence sum", count: count, length: length, atLeast: 1)
    let key = RandomKey(seed: seed).folded("sequence sum")
    var bits = [Float](repeating: 0, count: count * length)
    let sums = (0..<count).map { $0 % (length + 1) }
    for (row, sum) in sums.enumerated() {
      for place in key.folded(row).permutation(of: length).prefix(sum) {
        bits[row * length + place] = 1
      }
    }
    return try Dataset(
      name: "sequence-sum", features: Tensor(shape: [count, length, 1], scalars: bits),
      targets: .classes(sums), classNames: (0...length).map(String.init))
  }

  /// Digits, and the same digits in order, for a network that predicts the next one of a sequence: the first it cannot
  /// know, and the loss leaves them out (`Target.ignored`).
  ///
  ///     let data = try Dataset.sorting(count: 1000, length: 6, seed: 1)
  ///     data.inputShape      // [11]: six digits, and the first five of them in order
  ///     data.targets         // five steps that do not count, then the six digits in order
  ///
  /// No two sequences are the same, so that none of a training part is in a test part. Half of them are drawn again
  /// until a digit occurs three times, since few would have many equal digits.
  ///
  /// - Throws: when `count` is below 1 or `length` below 2, or there are not four times as many sequences.
  /// - Reference: the demonstration of Karpathy's minGPT, with digits up to 2.
  public static func sorting(count: Int, length: Int = 6, seed: UInt64) throws -> Dataset {
    try requireSizes("sorting", count: count, length: length, atLeast: 2)
    var possible = 1
    for _ in 0..<min(length, 12) { possible *= 10 }
    guard count <= possible / 4 else {
      throw CourseError(
        .invalidArgument, "sorting",
        expected: "at most \(possible / 4) sequences of \(length) digits",
        received: "\(count)")
    }
    var draws = RandomKey(seed: seed).folded("sorting").generator
    var known: Set<[Int]> = []
    var (inputs, targets) = ([Float](), [Int]())
    while known.count < count {
      let wantsEqualDigits = draws.next() & 1 == 1
      var digits: [Int]
      var tries = 0
      repeat {
        digits = (0..<length).map { _ in Int.random(below: 10, using: &draws) }
        tries += 1
      } while wantsEqualDigits && tries < 20 && !digits.hasThreeOfAKind
      guard known.insert(digits).inserted else { continue }
      let sorted = digits.sorted()
      inputs += (digits + sorted.dropLast()).map { Float($0) }
      targets += [Int](repeating: Target.ignored, count: length - 1) + sorted
    }
    return try Dataset(
      name: "sorting", features: Tensor(shape: [count, 2 * length - 1], scalars: inputs),
      targets: .classSequences(targets, length: 2 * length - 1),
      classNames: (0..<10).map(String.init))
  }

  private static func requireSizes(
    _ name: String, count: Int, length: Int, atLeast shortest: Int
  ) throws {
    guard count >= 1, length >= shortest, count <= (1 << 31) / length else {
      throw CourseError(
        .invalidArgument, name, expected: "at least 1 sequence of at least \(shortest) steps",
        received: "\(count) of \(length)")
    }
  }
}

extension [Int] {
  /// Whether a digit occurs three times or more often.
  fileprivate var hasThreeOfAKind: Bool {
    (0..<10).contains { digit in count { $0 == digit } >= 3 }
  }
}

extension Int {
  /// A number below `limit`; written out because the standard library may change how it draws.
  fileprivate static func random(below limit: Int, using draws: inout PhiloxGenerator) -> Int {
    Int(draws.next().multipliedFullWidth(by: UInt64(limit)).high)
  }
}
