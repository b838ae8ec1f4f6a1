import Shared

/// A random change of an image that leaves its class what it is: a network that sees every image a little
/// different in each epoch learns what matters, and not the images by heart.
///
///     let generator = try ImageGenerator(
///       source, batchSize: 50,
///       augmentation: [
///         .mirror, .crop(padding: 4), .brightness(0.2),
///         .normalize(mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26]),
///       ])
///
/// A list is applied in its order. Each augmentation has a probability of being applied to an image, which
/// `with(probability:)` changes. What it does is drawn anew for each image and epoch, from the generator's
/// seed.
///
/// One of your own is a closure:
///
///     let negative = Augmentation("negative", stage: .color, probability: 0.1) { sample, _ in
///       sample.image = 1 - sample.image
///     }
public struct Augmentation: Sendable, CustomStringConvertible {
  /// What an augmentation changes, and so where in a list it may stand.
  public enum Stage: Int, Sendable, Comparable {
    /// Where the pixels are, at any place before `batch`.
    case geometry
    /// Their colours, which are numbers from 0 to 1: before `normalization`.
    case color
    /// What numbers stand for the colours.
    case normalization
    /// Whole batches: last.
    case batch

    /// In the order of the cases.
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
  }

  /// What it is called on the command line and in messages.
  public let name: String
  /// How it was made, behind the name on the command line; empty where there is nothing to say.
  private let arguments: String
  /// What it changes.
  public let stage: Stage
  /// How likely it is applied to an image, from 0 to 1.
  public let probability: Float
  /// How likely it is where nothing else is said.
  private let usualProbability: Float
  private let change: @Sendable (inout ImageSample, inout RandomDraws) -> Void
  /// How `normalize` can be undone, to show images.
  let normalization: PixelView.Normalization?
  /// What mixes the images of a batch; `nil` for what changes single images.
  let mixing: Mixing?

  /// An augmentation of one's own.
  /// - Parameters:
  ///   - name: what messages call it
  ///   - stage: what it changes
  ///   - probability: how likely it is applied to an image
  ///   - change: what it does; everything random must come from its second argument
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

  /// The same, applied as likely as given.
  public func with(probability: Float) -> Augmentation {
    Augmentation(
      name, arguments, stage: stage, probability: probability,
      usualProbability: usualProbability, normalization: normalization, mixing: mixing,
      change: change)
  }

  /// As on the command line: the name, behind a colon how it was made, behind an @ the probability, which
  /// goes without saying only where it is 1 anyway.
  public var description: String {
    let isCertain = probability == 1 && usualProbability == 1
    return name + (arguments.isEmpty ? "" : ":\(arguments)")
      + (isCertain ? "" : "@\(Augmentation.commandText(probability))")
  }

  /// Draws whether to change the sample, and how, and does it.
  public func callAsFunction(_ sample: inout ImageSample, key: RandomKey) {
    guard probability > 0 else { return }
    var draws = RandomDraws(key: key)
    // The same draws follow whatever the probability is.
    let isApplied = draws.happens(with: probability)
    if isApplied { change(&sample, &draws) }
  }
}

extension [Augmentation] {
  /// Applies those that change single images, in order, each with a key of its own.
  func apply(to sample: inout ImageSample, key: RandomKey) {
    for (place, augmentation) in enumerated() where augmentation.mixing == nil {
      augmentation(&sample, key: key.folded(place))
    }
  }

  /// Throws unless what needs colours from 0 to 1 stands before what changes that.
  func checkOrder() throws {
    for (augmentation, next) in zip(self, dropFirst()) {
      let isLate = next.stage < augmentation.stage && next.stage != .geometry
      guard isLate || augmentation.stage == .batch else { continue }
      throw CourseError(
        .invalidArgument, "augmentations in the wrong order",
        expected: "\(next.name) before \(augmentation.name)",
        received: map(\.name).joined(separator: ", "),
        remedy: "Geometry and colours come first, then normalize, then what mixes images.")
    }
  }
}
