/// Batches of windows of a text at random places, for a network that reads each window by itself, as a transformer does.
///
///     let parts = try text.split(batchSize: 1, sequenceLength: 64)
///     let windows = try TextWindows(of: parts.train, batchSize: 12, stepsPerEpoch: 250, seed: 1)
///     try network.fit(windows, validation: parts.validation, options: TrainingOptions(epochs: 8))
///
/// A text cut into windows once is always cut at the same places; these may begin at any character. An epoch is a
/// number of steps, and a batch a function of its number and the seed.
public struct TextWindows: TrainingBatches {
  private let data: Dataset
  /// The characters of the text, and the one after each.
  private let inputs: [Float]
  private let nextTokens: [Int]
  private let length: Int
  private let key: RandomKey
  private var number = 0

  /// The number of windows in a batch.
  public let batchSize: Int
  /// The number of windows in an epoch.
  public let examplesPerEpoch: Int

  /// Windows of a text.
  /// - Parameter data: the text as windows one after the other, as `CharacterText.dataset(batchSize: 1, sequenceLength:)`
  ///   makes it; it states their length, too
  /// - Throws: `CourseError` when a number is below 1, or the data are no windows of a text.
  public init(of data: Dataset, batchSize: Int, stepsPerEpoch: Int, seed: UInt64) throws {
    guard batchSize >= 1, stepsPerEpoch >= 1 else {
      throw CourseError(
        .invalidArgument, "windows of a text", expected: "at least 1 window and 1 step",
        received: "\(batchSize) windows and \(stepsPerEpoch) steps", location: data.name)
    }
    guard case .classSequences(let targets, let length) = data.targets, data.count > 0,
      data.inputShape == [length]
    else {
      throw CourseError(
        .invalidArgument, "windows of a text", expected: "a text in windows, [T] with T targets",
        received: "examples of shape \(data.inputShape)", location: data.name)
    }
    self.data = data
    (inputs, nextTokens) = (data.features.scalars, targets)
    self.length = length
    key = RandomKey(seed: seed).folded("windows")
    self.batchSize = batchSize
    examplesPerEpoch = batchSize * stepsPerEpoch
  }

  /// The name of the text.
  public var name: String { data.name }
  /// `[T]`
  public var inputShape: [Int] { data.inputShape }
  /// Those of the text, in order.
  public var targets: Target { data.targets }
  /// The characters.
  public var classNames: [String] { data.classNames }
  /// True: no two epochs have the same windows.
  public var shuffle: Bool { true }
  /// "windows at random places"
  public var settings: String? { "windows at random places" }

  /// Goes to a batch.
  public mutating func seek(batch number: Int) { self.number = number }

  /// The windows of the next batch.
  public mutating func nextBatch() -> TrainingBatch {
    var draws = key.folded(number).generator
    number += 1
    let places = UInt64(inputs.count - length + 1)
    var windows: (inputs: [Float], targets: [Int]) = ([], [])
    windows.inputs.reserveCapacity(batchSize * length)
    windows.targets.reserveCapacity(batchSize * length)
    for _ in 0..<batchSize {
      let start = Int(draws.next().multipliedFullWidth(by: places).high)
      windows.inputs += inputs[start..<(start + length)]
      windows.targets += nextTokens[start..<(start + length)]
    }
    return TrainingBatch(
      features: Tensor(shape: [batchSize, length], scalars: windows.inputs),
      targets: .classSequences(windows.targets, length: length))
  }
}
