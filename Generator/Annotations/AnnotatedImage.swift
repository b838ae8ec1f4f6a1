import Shared

/// An image with the class of each pixel and the objects in it: an example for segmentation and detection.
public struct AnnotatedImage: Sendable, Equatable {
  /// The picture.
  public var image: PixelImage
  /// The class of each pixel, an image of one channel and the same size: 0 for the background, 1 plus its class for an
  /// object, `ignored` for a pixel that does not count.
  public var mask: PixelImage
  /// The objects; `label` is the class of each, from 0.
  public var boxes: [ImageBox]

  /// The value of a pixel that does not count, as in Pascal VOC: a border between objects, or what was not labelled.
  public static let ignored: UInt8 = 255

  /// An image with its annotations.
  public init(image: PixelImage, mask: PixelImage, boxes: [ImageBox] = []) {
    (self.image, self.mask, self.boxes) = (image, mask, boxes)
  }
}

/// A source of images in which each pixel has a class: a folder of images and masks, or drawings.
///
/// Everything may be called from several threads at once, and a number always means the same image.
public protocol AnnotatedImageSource: Sendable {
  /// The name of the images in messages.
  var name: String { get }
  /// The number of images, at least 1.
  var count: Int { get }
  /// The names of the classes of objects; the background is none of them.
  var classNames: [String] { get }
  /// The names of the classes of pixels: the background and those of the objects.
  var pixelClassNames: [String] { get }
  /// Where an image lies, for messages.
  func location(at index: Int) -> String
  /// The path of the file of an image; `nil` where it has none of its own.
  func file(at index: Int) -> String?
  /// An image with its annotations.
  /// - Throws: a `CourseError` that names the file when it cannot be read, or does not fit
  func annotatedImage(at index: Int) throws -> AnnotatedImage
}

extension AnnotatedImageSource {
  /// "background" and the classes of objects.
  public var pixelClassNames: [String] { ["background"] + classNames }
  /// No file.
  public func file(at index: Int) -> String? { nil }
}

extension ImageInput {
  /// The image and its mask in this form: the mask is moved as the image, and takes the nearest pixel where that is
  /// interpolated. Borders beside the image do not count.
  /// - Throws: `CourseError(.shapeMismatch)` for another size or other channels, where `fitting` is `.refuse`
  public func fitted(_ example: AnnotatedImage) throws -> AnnotatedImage {
    let image = try fitted(example.image)
    // Beyond its edges a moved image is 0.
    var sample = ImageSample(
      PixelImage(
        width: example.mask.width, height: example.mask.height, channels: 1, repeating: 255),
      mask: example.mask, boxes: example.boxes)
    sample.fit(height: height, width: width, fitting)
    let values = zip(sample.mask?.scalars ?? [], sample.image.scalars).map { value, inside in
      inside > 0 ? UInt8(value) : AnnotatedImage.ignored
    }
    return AnnotatedImage(
      image: image,
      mask: PixelImage(width: width, height: height, channels: 1, pixels: values),
      boxes: sample.boxes)
  }

  /// The mask of an image as it was before `fitted`: each pixel takes the nearest one of a mask in this form.
  ///
  /// Pixels that were cut off do not count: they are `AnnotatedImage.ignored`.
  public func restored(_ mask: PixelImage, height: Int, width: Int) -> PixelImage {
    guard (height, width) != (mask.height, mask.width) else { return mask }
    let scales = (
      y: Double(self.height) / Double(height), x: Double(self.width) / Double(width)
    )
    /// The place in the form of a place in the image, along one axis.
    func places(_ side: Int, _ inner: Int, scale: Double) -> [Int?] {
      let common =
        switch fitting {
        case .crop: max(scales.x, scales.y)
        case .pad: min(scales.x, scales.y)
        case .stretch, .refuse: scale
        }
      let offset = (Double(inner) - Double(side) * common) / 2
      return (0..<side).map { place in
        let at = Int(((Double(place) + 0.5) * common + offset).rounded(.down))
        // Rounding to whole pixels may have cut half a pixel off an edge.
        let nearest = min(max(at, 0), inner - 1)
        return abs(at - nearest) <= 1 ? nearest : nil
      }
    }
    let rows = places(height, self.height, scale: scales.y)
    let columns = places(width, self.width, scale: scales.x)
    var result = PixelImage(
      width: width, height: height, channels: 1,
      pixels: [UInt8](repeating: AnnotatedImage.ignored, count: width * height))
    for (y, row) in rows.enumerated() {
      guard let row else { continue }
      for (x, column) in columns.enumerated() {
        guard let column else { continue }
        result.pixels[y * width + x] = mask.pixels[row * mask.width + column]
      }
    }
    return result
  }
}

extension Dataset {
  /// All images of a source as bytes, and the class of each pixel as the target, in the form that a network takes.
  ///
  ///     let scenes = SyntheticScenes(count: 600, seed: 1)
  ///     let data = try Dataset(scenes, as: ImageInput(channels: 3, height: 64, width: 64))
  ///     data.targets                              // .classSequences([0, 0, 2, ...], length: 4096)
  ///     data.classNames                           // ["background", "circle", "cross", ...]
  ///
  /// The target of a pixel that does not count is `Target.ignored`. Images are read on all threads.
  ///
  /// - Parameter progress: called for each image; on several threads at once
  /// - Throws: the first error in the order of the images
  public init(
    _ source: some AnnotatedImageSource, as input: ImageInput, name: String? = nil,
    progress: @Sendable () -> Void = {}
  ) throws {
    let (size, area) = (input.shape.reduce(1, *), input.height * input.width)
    let (all, overflows) = size.multipliedReportingOverflow(by: source.count)
    // A target takes eight bytes.
    guard !overflows, Double(all) + 8 * Double(area * source.count) <= SystemMemory.bytes / 2 else {
      throw CourseError(
        .invalidData, "too many pixels to hold",
        expected: "images and masks that fit into half of the memory",
        received: "\(counted(source.count, "image")) of \(input.height) x \(input.width)",
        location: source.name, remedy: "Choose a smaller size.")
    }
    var failures = [(any Error)?](repeating: nil, count: source.count)
    var classes = [Int](repeating: 0, count: area * source.count)
    let bytes = [UInt8](unsafeUninitializedCapacity: all) { out, count in
      let pixels = UInt(bitPattern: out.baseAddress!)
      classes.withUnsafeMutableBufferPointer { targets in
        failures.withUnsafeMutableBufferPointer { failures in
          let labels = UInt(bitPattern: targets.baseAddress!)
          let errors = UInt(bitPattern: failures.baseAddress!)
          parallelFor(source.count) { index in
            let image = UnsafeMutablePointer<UInt8>(bitPattern: pixels)! + index * size
            do {
              let example = try Dataset.fitted(source, index, input)
              example.image.planes.withUnsafeBufferPointer {
                image.update(from: $0.baseAddress!, count: size)
              }
              let target = UnsafeMutablePointer<Int>(bitPattern: labels)! + index * area
              for (place, value) in example.mask.pixels.enumerated() {
                target[place] = value == AnnotatedImage.ignored ? Target.ignored : Int(value)
              }
            } catch {
              image.update(repeating: 0, count: size)
              UnsafeMutablePointer<(any Error)?>(bitPattern: errors)![index] = error
            }
            progress()
          }
        }
      }
      count = all
    }
    if let error = failures.lazy.compactMap({ $0 }).first { throw error }
    try self.init(
      name: name ?? source.name,
      bytes: ByteFeatures(shape: [source.count] + input.shape, bytes: bytes),
      targets: .classSequences(classes, length: area), classNames: source.pixelClassNames)
    files = allFiles(of: source.count, source.file)
  }

  private static func fitted(
    _ source: some AnnotatedImageSource, _ index: Int, _ input: ImageInput
  ) throws -> AnnotatedImage {
    let example = try source.annotatedImage(at: index)
    do {
      let (image, mask, count) = (example.image, example.mask, source.pixelClassNames.count)
      if let value = mask.pixels.first(where: { $0 >= count && $0 != AnnotatedImage.ignored }) {
        throw CourseError(
          .invalidData, "a pixel of an unknown class",
          expected: "0 to \(count - 1), or \(AnnotatedImage.ignored) for one that does not count",
          received: "\(value)")
      }
      guard mask.channels == 1, (mask.width, mask.height) == (image.width, image.height) else {
        throw CourseError(
          .shapeMismatch, "the mask does not fit its image",
          expected: "\(image.width) x \(image.height) (width x height), 1 channel",
          received: "\(mask.width) x \(mask.height), \(counted(mask.channels, "channel"))")
      }
      return try input.fitted(example)
    } catch var error as CourseError {
      error.location = source.location(at: index)
      throw error
    }
  }
}
