import CCourseKernels
import Shared

/// The images of a `Dataset` in memory: MNIST, CIFAR-10, or images that a program has made.
///
///     let cifar = try DatasetSource(.cifar10(.train))
///     cifar.count                                                      // 50000
///     let digits = try DatasetSource(Dataset.digits.reshaped(to: [1, 8, 8]), range: 0...16)
///     digits.image(at: 0)                                              // 8 x 8, grey
///
/// The targets are a class for each image, or one for each of its pixels: then each image has a mask, whose bytes are
/// those classes, and `AnnotatedImage.ignored` for a pixel that does not count.
///
/// Inputs that the dataset keeps as bytes come out unchanged, without its scaling. Numbers become bytes as
/// `range` says.
public struct DatasetSource: ImageSource {
  private let dataset: Dataset
  /// The class of each image; 0 where each pixel has its own.
  private let classLabels: [Int]
  /// The class of each pixel, image by image; empty where an image has one class.
  private let pixelClasses: [Int]
  private let shape: (channels: Int, height: Int, width: Int)
  private let range: ClosedRange<Float>

  /// The name of the images in messages.
  public var name: String { dataset.name }
  /// The number of images.
  public var count: Int { classLabels.count }
  /// The names of the classes; their numbers when the dataset has no names.
  public let classNames: [String]

  /// The images of a dataset.
  /// - Parameters:
  ///   - dataset: inputs `[C, H, W]` with 1, 3 or 4 channels, or `[H, W]`; a class for each, or for each of its pixels
  ///   - range: the numbers that become 0 and 255; not used for inputs that are bytes
  /// - Throws: when the inputs are no images, the targets no classes, or a number lies outside `range`
  public init(_ dataset: Dataset, range: ClosedRange<Float> = 0...1) throws {
    let sizes = dataset.inputShape.count == 2 ? [1] + dataset.inputShape : dataset.inputShape
    guard sizes.count == 3, [1, 3, 4].contains(sizes[0]) else {
      throw CourseError(
        .shapeMismatch, "these examples are not images",
        expected: "the shape [C, H, W] with 1, 3 or 4 channels", received: "\(dataset.inputShape)",
        location: dataset.name, remedy: "Rows of pixels become images by reshaped(to: [C, H, W]).")
    }
    switch dataset.targets {
    case .classes(let labels): (classLabels, pixelClasses) = (labels, [])
    // Bytes hold them, of which the last one marks a pixel that does not count.
    case .classSequences(let classes, length: sizes[1] * sizes[2])
    where (classes.max() ?? 0) < Int(AnnotatedImage.ignored):
      classLabels = [Int](repeating: 0, count: dataset.count)
      pixelClasses = classes
    default:
      throw CourseError(
        .invalidData, "these images have no classes",
        expected: "a class index for each, or one below 255 for each pixel",
        received: "other targets", location: dataset.name)
    }
    self.dataset = dataset
    self.range = range
    shape = (sizes[0], sizes[1], sizes[2])
    classNames =
      dataset.classNames.isEmpty
      ? (0..<(dataset.classCount ?? 0)).map(String.init) : dataset.classNames
    if dataset.bytes == nil { try requireRange() }
  }

  private func requireRange() throws {
    let features = dataset.features
    let (low, high) = (features.min(), features.max())
    guard low >= range.lowerBound, high <= range.upperBound else {
      throw CourseError(
        .invalidData, "numbers that are not in the range of pixels",
        expected: "\(range.lowerBound) to \(range.upperBound)", received: "\(low) to \(high)",
        location: dataset.name, remedy: "Say which numbers are black and white by range:.")
    }
  }

  /// The class of an image.
  public func label(at index: Int) -> Int {
    requireIndex(index)
    return classLabels[index]
  }

  /// Those of the dataset.
  public var targets: Target { dataset.targets }

  /// The class of each pixel; `nil` where an image has one class.
  public func mask(at index: Int) -> PixelImage? {
    requireIndex(index)
    guard !pixelClasses.isEmpty else { return nil }
    let area = shape.height * shape.width
    return PixelImage(
      width: shape.width, height: shape.height, channels: 1,
      pixels: pixelClasses[index * area..<(index + 1) * area].map {
        $0 == Target.ignored ? AnnotatedImage.ignored : UInt8($0)
      })
  }

  /// The name of the data and the number of the example.
  public func location(at index: Int) -> String { "\(dataset.name), example \(index)" }

  /// The file of an image; `nil` where it has none of its own.
  public func file(at index: Int) -> String? {
    dataset.files.isEmpty ? nil : dataset.files[index]
  }

  /// The shape that all of the images have.
  public func shape(at index: Int) -> [Int] { [shape.channels, shape.height, shape.width] }

  /// The pixels of an image.
  public func image(at index: Int) -> PixelImage {
    requireIndex(index)
    guard let bytes = dataset.bytes else {
      let features = dataset.batch(at: [index]).features
      return PixelImage(
        features.reshaped(to: [shape.channels, shape.height, shape.width]), range: range)
    }
    return PixelImage(
      planes: bytes.bytes(at: index), width: shape.width, height: shape.height,
      channels: shape.channels)
  }
}

extension PixelImage {
  /// An image from one plane for each channel, as CIFAR-10's files and networks have them.
  init(planes: ArraySlice<UInt8>, width: Int, height: Int, channels: Int) {
    let area = width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: area * channels) { out, count in
      planes.withUnsafeBufferPointer {
        kernels_interleave_bytes($0.baseAddress!, area, channels, out.baseAddress!)
      }
      count = area * channels
    }
    self.init(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// The bytes of one channel after the other.
  var planes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
      pixels.withUnsafeBufferPointer {
        kernels_deinterleave_bytes($0.baseAddress!, width * height, channels, out.baseAddress!)
      }
      count = pixels.count
    }
  }
}
