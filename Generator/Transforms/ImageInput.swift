import Shared

/// The form in which a network takes images: channels, height, width, and the treatment of images of another size.
///
///     let flowers = try ImageFolder("flowers")                // photographs of many sizes
///     let input = try ImageInput(suiting: flowers)            // 3 x 64 x 64, pad
///     let parts = try Dataset(flowers, as: input).split(seed: 1)
///     var network = try NeuralNetwork.convolutional(
///       inputShape: input.shape, blocks: [[16], [32], [64]], kernelSize: 3, hiddenSizes: [],
///       classCount: flowers.classNames.count, optimizer: Adam(), seed: 1)
///     network.imageInput = input                              // travels in the checkpoint
///     try network.fit(parts.train, options: TrainingOptions(epochs: 20))
///     try network.predict(images: [PixelImage(contentsOf: "photo.jpg")])
///
/// Training, evaluation and prediction see the same pixels: images are resized with antialiasing and rounded to
/// bytes.
public struct ImageInput: Sendable, Equatable, CustomStringConvertible {
  /// 1 for grey, 3 for colours, 4 for colours and opacity.
  public let channels: Int
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The treatment of images of another size. Other channels are converted, unless it is `.refuse`.
  public let fitting: ImageFitting

  /// `[C, H, W]`
  public var shape: [Int] { [channels, height, width] }

  /// A form of images.
  /// - Throws: `CourseError(.invalidArgument)` for sizes that are out of range
  public init(channels: Int, height: Int, width: Int, fitting: ImageFitting = .pad) throws {
    guard [1, 3, 4].contains(channels), ImageInput.sides.contains(height),
      ImageInput.sides.contains(width)
    else {
      throw CourseError(
        .invalidArgument, "the form of the images",
        expected: "1, 3 or 4 channels, height and width from 1 to \(ImageInput.sides.upperBound)",
        received: "\(channels) x \(height) x \(width)")
    }
    (self.channels, self.height, self.width, self.fitting) = (channels, height, width, fitting)
  }

  /// The heights and widths that images may have.
  public static let sides = 1...16_384

  /// A form that suits the images of a source: grey where all are grey, and a size that a network trains on in
  /// reasonable time.
  ///
  /// Images of one size up to 128 pixels keep it; larger ones of one size keep their proportions at about 64 x 64
  /// pixels. Images of several sizes become squares, as wide as the median of their shorter sides, in steps of 16,
  /// from 32 to 64.
  ///
  /// - Parameters:
  ///   - size: height and width, in place of those
  ///   - channels: in place of those of the images
  /// - Throws: when the first image cannot be read
  public init(
    suiting source: some ImageSource, size: (height: Int, width: Int)? = nil,
    channels: Int? = nil, fitting: ImageFitting = .pad
  ) throws {
    try self.init(
      suiting: ImageShapes(of: source), size: size, channels: channels, fitting: fitting)
  }

  /// A form that suits images of such shapes.
  public init(
    suiting shapes: ImageShapes, size: (height: Int, width: Int)? = nil, channels: Int? = nil,
    fitting: ImageFitting = .pad
  ) throws {
    let size = size ?? ImageInput.size(suiting: shapes)
    try self.init(
      channels: channels ?? shapes.channels, height: size.height, width: size.width,
      fitting: fitting)
  }

  private static func size(suiting shapes: ImageShapes) -> (height: Int, width: Int) {
    let sizes = shapes.sizes
    guard sizes.count == 1 else {
      let side = min(max(shapes.medianShorterSide / 16 * 16, 32), 64)
      return (side, side)
    }
    let (height, width) = (sizes[0].height, sizes[0].width)
    guard max(height, width) > 128 else { return (height, width) }
    // In steps of 8, which three poolings halve.
    let scale = 64 / (Double(height) * Double(width)).squareRoot()
    func side(_ side: Int) -> Int {
      min(max(Int((Double(side) * scale / 8).rounded()) * 8, 8), 256)
    }
    return (side(height), side(width))
  }

  /// The image in this form.
  /// - Throws: `CourseError(.shapeMismatch)` for another size or other channels, where `fitting` is `.refuse`
  public func fitted(_ image: PixelImage) throws -> PixelImage {
    let isSize = (image.height, image.width) == (height, width)
    guard fitting != .refuse || isSize && image.channels == channels else {
      throw CourseError(
        .shapeMismatch, "an image of another size",
        expected: "\(width) x \(height) pixels, channels: \(channels)",
        received: "\(image.width) x \(image.height), channels: \(image.channels)",
        remedy: "Resize it, or choose another ImageFitting.")
    }
    let image = image.converted(toChannels: channels)
    if isSize { return image }
    var sample = ImageSample(image)
    sample.fit(height: height, width: width, fitting)
    return PixelImage(sample.image)
  }

  /// Channels, height, width and fitting: `3 x 64 x 64, pad`.
  public var description: String { "\(channels) x \(height) x \(width), \(fitting.rawValue)" }

  /// The form from its description; `nil` for another text.
  init?(_ description: String) {
    let parts = description.split(separator: ", ", omittingEmptySubsequences: false)
    let sizes = parts[0].split(separator: " x ", omittingEmptySubsequences: false)
      .compactMap { Int($0) }
    guard parts.count == 2, sizes.count == 3,
      let fitting = ImageFitting(rawValue: String(parts[1])),
      let input = try? ImageInput(
        channels: sizes[0], height: sizes[1], width: sizes[2], fitting: fitting),
      input.description == description
    else { return nil }
    self = input
  }
}

extension NeuralNetwork {
  private static let imageInputNote = "image input"

  /// The form in which the network takes images, if it was set: a note, which travels in the checkpoint.
  ///
  /// The network's input has as many numbers, in the shape `[C, H, W]` or as a row of pixels; that of a `Siamese` network as
  /// many for each view.
  public var imageInput: ImageInput? {
    get {
      // A file may say anything.
      notes[Self.imageInputNote].flatMap { ImageInput($0) }
        .flatMap { $0.shape.reduce(1, *) == numbersOfAnImage ? $0 : nil }
    }
    set {
      if let newValue, newValue.shape.reduce(1, *) != numbersOfAnImage {
        stop(
          "NeuralNetwork.imageInput", expected: "as many numbers as an input \(inputShape) has",
          received: "\(newValue)")
      }
      notes[Self.imageInputNote] = newValue?.description
    }
  }

  private var numbersOfAnImage: Int {
    inputShape.reduce(1, *) / ((layers.first as? Siamese)?.views ?? 1)
  }

  /// The predictions for images of any size, brought to the form of `imageInput`.
  ///
  /// - Throws: `CourseError` where a network without `imageInput` gets images that are not of its input's shape
  public func predict(images: [PixelImage]) throws -> Tensor {
    guard let form = try imageInput ?? ImageInput(inputShape: inputShape),
      form.shape.reduce(1, *) == inputShape.reduce(1, *)
    else {
      throw CourseError(
        .invalidArgument, "the network does not take images",
        expected: "an input of shape [C, H, W]", received: "\(inputShape)")
    }
    let count = images.count
    guard count > 0 else { return Tensor(zeros: [0] + outputShape) }
    let features = try images.map { try form.fitted($0).tensor.reshaped(to: [1] + inputShape) }
    return try predict(Tensor(concatenating: features))
  }
}

extension ImageInput {
  /// The form of a network that takes images of one size only; `nil` for an input that is no image.
  package init?(inputShape shape: [Int]) throws {
    guard shape.count == 3, [1, 3, 4].contains(shape[0]) else { return nil }
    try self.init(channels: shape[0], height: shape[1], width: shape[2], fitting: .refuse)
  }
}
