/// Brings features to a common scale: `y = (x - offset) / scale`, feature by feature, or channel by
/// channel for images.
///
/// Fitted on the training part only, so that nothing of the other parts leaks into training:
///
///     let parts = try Dataset.iris.split(seed: 1)
///     let scaler = try FeatureScaler.standardizing(parts.train)
///     scaler.applied(to: parts.test)
///
/// A network that holds one in `preprocessing` applies it to raw input by itself and saves it.
public struct FeatureScaler: Equatable, Sendable, CustomStringConvertible {
  /// The subtrahends: one for each feature or channel, or a single one for all.
  public let offset: [Float]
  /// The divisors: as many as `offset`, none of them 0.
  public let scale: [Float]
  /// Whether there is a number for each channel of images `[N, C, ...]` rather than for each feature.
  public let isPerChannel: Bool
  /// Subtracted as well, where the rounding of `offset` to single precision would show in the scaled
  /// numbers; else empty.
  private let offsetRemainder: [Float]

  /// Creates a scaler from its numbers; throws when they cannot be one.
  ///
  ///     // The usual values for CIFAR-10, whose pixels are from 0 to 1:
  ///     try FeatureScaler(
  ///       offset: [0.4914, 0.4822, 0.4465], scale: [0.2470, 0.2435, 0.2616], isPerChannel: true)
  public init(offset: [Float], scale: [Float], isPerChannel: Bool = false) throws {
    try self.init(
      exactOffset: offset.map { Double($0) }, scale: scale, isPerChannel: isPerChannel)
  }

  /// Creates a scaler whose offset has more digits than single precision.
  init(exactOffset: [Double], scale: [Float], isPerChannel: Bool) throws {
    let offset = exactOffset.map { Float($0) }
    guard !offset.isEmpty, offset.count == scale.count, offset.allSatisfy(\.isFinite),
      scale.allSatisfy({ $0.isFinite && $0 != 0 })
    else {
      throw CourseError(
        .invalidData, "invalid feature scaler",
        expected: "as many finite offsets as finite scales other than 0",
        received: "\(offset.count) and \(scale.count)")
    }
    self.offset = offset
    self.scale = scale
    self.isPerChannel = isPerChannel
    let remainder = zip(exactOffset, offset).map { Float($0 - Double($1)) }
    // Usually far below the rounding of the scaled numbers.
    offsetRemainder =
      zip(remainder, scale).contains { abs($0) > abs($1) / 1024 } ? remainder : []
  }

  /// Divides every feature by the same number, such as the largest value that a pixel can have.
  public static func dividing(by divisor: Float) -> FeatureScaler {
    guard let scaler = try? FeatureScaler(offset: [0], scale: [divisor]) else {
      stop("FeatureScaler.dividing", expected: "a number other than 0", received: "\(divisor)")
    }
    return scaler
  }

  /// The number of features that the scaler was fitted on; `nil` when it fits any, or any of so many
  /// channels.
  public var featureCount: Int? { offset.count == 1 || isPerChannel ? nil : offset.count }

  /// Throws when inputs of this shape (without the batch axis) have another number of features.
  public func check(inputShape: [Int]) throws {
    guard !fits(inputShape) else { return }
    throw CourseError(
      .shapeMismatch, "the feature scaler does not fit the input", expected: sizeText,
      received: "shape \(inputShape)", remedy: "Fit the scaler on the data that the network sees.")
  }

  private func fits(_ inputShape: [Int]) -> Bool {
    if isPerChannel { return inputShape.count >= 2 && inputShape[0] == offset.count }
    return offset.count == 1 || inputShape.reduce(1, *) == offset.count
  }

  private var sizeText: String { "\(offset.count) \(isPerChannel ? "channels" : "features")" }

  /// Scales features, `[N, ...]`.
  public func callAsFunction(_ features: Tensor) -> Tensor {
    if offset.count == 1 && !isPerChannel {
      let rest = features - offset[0]
      return (offsetRemainder.isEmpty ? rest : rest - offsetRemainder[0]) / scale[0]
    }
    guard features.rank >= 1, fits(Array(features.shape.dropFirst())) else {
      stop(
        "FeatureScaler",
        expected: "features [N, ...] with "
          + (isPerChannel ? sizeText : "\(offset.count) numbers an example"),
        received: "shape \(features.shape)")
    }
    let size = isPerChannel ? features.shape.dropFirst(2).reduce(1, *) : 1
    func broadcasting(_ numbers: [Float]) -> Tensor {
      Tensor(shape: isPerChannel ? [numbers.count, 1] : [numbers.count], scalars: numbers)
    }
    var rows = features.reshaped(
      to: [features.shape[0], offset.count] + (isPerChannel ? [size] : []))
    rows -= broadcasting(offset)
    if !offsetRemainder.isEmpty { rows -= broadcasting(offsetRemainder) }
    rows /= broadcasting(scale)
    return rows.reshaped(to: features.shape)
  }

  /// The numbers before they were scaled: `x = y · scale + offset`.
  public func inverse(_ scaled: Tensor) -> Tensor {
    guard scaled.rank >= 1, fits(Array(scaled.shape.dropFirst())) else {
      stop("FeatureScaler.inverse", expected: sizeText, received: "shape \(scaled.shape)")
    }
    func tensor(_ numbers: [Float]) -> Tensor {
      Tensor(shape: isPerChannel ? [numbers.count, 1] : [numbers.count], scalars: numbers)
    }
    let shape =
      isPerChannel
      ? [scaled.shape[0], offset.count, -1]
      : offset.count == 1 ? [-1, 1] : [scaled.shape[0], offset.count]
    var rows = scaled.reshaped(to: shape) * tensor(scale)
    if !offsetRemainder.isEmpty { rows += tensor(offsetRemainder) }
    rows += tensor(offset)
    return rows.reshaped(to: scaled.shape)
  }

  /// The scaler for so many rows of these features, one after the other.
  func repeated(_ count: Int) throws -> FeatureScaler {
    let exact = offset.indices.map {
      Double(offset[$0]) + (offsetRemainder.isEmpty ? 0 : Double(offsetRemainder[$0]))
    }
    func tiled<Number>(_ numbers: [Number]) -> [Number] { (0..<count).flatMap { _ in numbers } }
    return try FeatureScaler(exactOffset: tiled(exact), scale: tiled(scale), isPerChannel: false)
  }

  /// The dataset with scaled features; those that are kept as bytes are scaled batch by batch.
  public func applied(to dataset: Dataset) -> Dataset {
    dataset.scaled(by: self)
  }

  /// The formula, with its numbers when they are the same for all features.
  public var description: String {
    offset.count > 1
      ? "(x - offset) / scale for \(sizeText)"
      : offset[0] == 0 ? "x / \(scale[0])" : "(x - \(offset[0])) / \(scale[0])"
  }
}

extension FeatureScaler: Codable {
  private enum CodingKeys: String, CodingKey { case offset, offsetRemainder, scale, isPerChannel }

  /// Decodes and checks a scaler.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let offset = try values.decode([Float].self, forKey: .offset)
    let remainder = try values.decodeIfPresent([Float].self, forKey: .offsetRemainder)
    guard remainder.map({ $0.count == offset.count }) ?? true else {
      throw DecodingError.dataCorruptedError(
        forKey: .offsetRemainder, in: values, debugDescription: "as many as offsets are wanted")
    }
    try self.init(
      exactOffset: offset.indices.map { Double(offset[$0]) + Double(remainder?[$0] ?? 0) },
      scale: values.decode([Float].self, forKey: .scale),
      isPerChannel: values.decodeIfPresent(Bool.self, forKey: .isPerChannel) ?? false)
  }

  /// Encodes the numbers; defaults are left out.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(offset, forKey: .offset)
    if !offsetRemainder.isEmpty { try values.encode(offsetRemainder, forKey: .offsetRemainder) }
    try values.encode(scale, forKey: .scale)
    if isPerChannel { try values.encode(true, forKey: .isPerChannel) }
  }
}
