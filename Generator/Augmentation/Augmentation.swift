import Shared

/// A random change of an image that does not change its class: a network that sees every image a little
/// different in each epoch learns the common features, and not the images by heart.
///
///     let generator = try ImageGenerator(
///       source, batchSize: 50,
///       augmentation: [
///         .mirror, .crop(padding: 4), .brightness(0.2),
///         .normalize(mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26]),
///       ])
///
/// A list is applied in its order. Each augmentation has a probability of being applied to an image, which
/// `with(probability:)` changes. Its effect is drawn again for each image and epoch, from the generator's
/// seed.
///
/// A custom augmentation is a closure:
///
///     let negative = Augmentation("negative", stage: .color, probability: 0.1) { sample, _ in
///       sample.image = 1 - sample.image
///     }
public struct Augmentation: Sendable, CustomStringConvertible {
  /// The aspect of an image that an augmentation changes, which decides on its place in a list.
  public enum Stage: Int, Sendable, Comparable {
    /// The places of the pixels: anywhere before `batch`.
    case geometry
    /// The colours, which are numbers from 0 to 1: before `normalization`.
    case color
    /// The range of the numbers that stand for colours.
    case normalization
    /// Whole batches: last.
    case batch

    /// In the order of the cases.
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
  }

  /// The name on the command line and in messages.
  public let name: String
  /// The arguments after the name on the command line; empty where there are none.
  private let arguments: String
  /// The aspect of an image that it changes.
  public let stage: Stage
  /// The probability of being applied to an image, from 0 to 1.
  public let probability: Float
  /// The default probability.
  private let usualProbability: Float
  private let change: @Sendable (inout ImageSample, inout RandomDraws) -> Void
  /// The parameters of `normalize`, which is undone to show images.
  let normalization: PixelView.Normalization?
  /// The mixing of the images of a batch; `nil` for an augmentation of single images.
  let mixing: Mixing?

  /// A custom augmentation.
  /// - Parameters:
  ///   - name: the name in messages
  ///   - stage: the aspect of an image that it changes
  ///   - probability: the probability of being applied to an image
  ///   - change: changes a sample; everything random must come from its second argument
  public init(
    _ name: String, stage: Stage, probability: Float = 1,
    change: @escaping @Sendable (_ sample: inout ImageSample, _ draws: inout RandomDraws) -> Void
  ) {
    self.init(
      name, "", stage: stage, probability: probability, normalization: nil, mixing: nil,
      change: change)
  }

  init(
    _ name: String, _ arguments: String, stage: Stage, probability: Float = 1,
    usualProbability: Float? = nil, normalization: PixelView.Normalization? = nil,
    mixing: Mixing? = nil,
    change: @escaping @Sendable (_ sample: inout ImageSample, _ draws: inout RandomDraws) -> Void
  ) {
    guard probability >= 0, probability <= 1 else {
      stop(
        "Augmentation \"\(name)\"", expected: "a probability from 0 to 1",
        received: "\(probability)")
    }
    self.name = name
    self.arguments = arguments
    self.stage = stage
    self.probability = probability
    self.usualProbability = usualProbability ?? probability
    self.normalization = normalization
    self.mixing = mixing
    self.change = change
  }

  /// The same augmentation, applied with another probability.
  public func with(probability: Float) -> Augmentation {
    Augmentation(
      name, arguments, stage: stage, probability: probability,
      usualProbability: usualProbability, normalization: normalization, mixing: mixing,
      change: change)
  }

  /// The form on the command line: the name, the arguments after a colon, and the probability after an @,
  /// which is left out only where it is 1 by default.
  public var description: String {
    let isCertain = probability == 1 && usualProbability == 1
    return name + (arguments.isEmpty ? "" : ":\(arguments)")
      + (isCertain ? "" : "@\(Augmentation.commandText(probability))")
  }

  /// Changes the sample with the augmentation's probability, as the random numbers of the key say.
  public func callAsFunction(_ sample: inout ImageSample, key: RandomKey) {
    guard probability > 0 else { return }
    var draws = RandomDraws(key: key)
    // The same draws follow whatever the probability is.
    let isApplied = draws.happens(with: probability)
    if isApplied { change(&sample, &draws) }
  }
}

extension [Augmentation] {
  /// Applies the augmentations of single images, in order, each with a key of its own.
  func apply(to sample: inout ImageSample, key: RandomKey) {
    for (place, augmentation) in enumerated() where augmentation.mixing == nil {
      augmentation(&sample, key: key.folded(place))
    }
  }

  /// Throws unless augmentations that need colours from 0 to 1 stand before those that change the range.
  func checkOrder() throws {
    for (augmentation, next) in zip(self, dropFirst()) {
      let isLate = next.stage < augmentation.stage && next.stage != .geometry
      guard isLate || augmentation.stage == .batch else { continue }
      throw CourseError(
        .invalidArgument, "augmentations in the wrong order",
        expected: "\(next.name) before \(augmentation.name)",
        received: map(\.name).joined(separator: ", "),
        remedy: "Geometry and colours come first, then normalize, then mixup.")
    }
  }
}
