import CCourseKernels
import Shared
import Synchronization

extension Dataset {
  /// All images of a source, decoded into memory as bytes, `[N, C, H, W]`.
  ///
  ///     let flowers = try Dataset(ImageFolder("flowers"))
  ///     flowers.inputShape                             // [3, 32, 32]
  ///
  /// For sources that fit into memory: the 50 000 training images of CIFAR-10 take 154 MB. All images
  /// must have the same size.
  ///
  /// - Parameters:
  ///   - source: the source of the images
  ///   - channels: 1 for grey, 3 for colours: images with other channels are converted; `nil` for colours
  ///     where any image has them (`commonChannels()`)
  ///   - prepare: is applied to each image after it was decoded, for example to bring all to one size;
  ///     on several threads at once
  /// - Throws: the first error in the order of the images; a size that differs is one that names the file
  public init(
    _ source: some ImageSource, name: String? = nil, channels: Int? = nil,
    prepare: @Sendable (PixelImage) throws -> PixelImage = { $0 }
  ) throws {
    let channels = try channels ?? source.commonChannels()
    func prepared(_ index: Int) throws -> PixelImage {
      try prepare(source.image(at: index)).converted(toChannels: channels)
    }
    let first = try prepared(0)
    let (width, height) = (first.width, first.height)
    let size = width * height * channels
    let (all, overflows) = size.multipliedReportingOverflow(by: source.count)
    guard !overflows, all <= 1 << 36 else {
      throw CourseError(
        .invalidData, "too many pixels to hold in memory", expected: "at most \(1 << 36) bytes",
        received: "\(source.count) images of \(width) x \(height)", location: source.name,
        remedy: "Train from an ImageGenerator, which decodes batch by batch.")
    }
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    let bytes = [UInt8](unsafeUninitializedCapacity: all) { out, count in
      let start = UInt(bitPattern: out.baseAddress!)
      let pieceSize = 32
      parallelFor((source.count + pieceSize - 1) / pieceSize) { piece in
        for index in (piece * pieceSize)..<Swift.min(source.count, (piece + 1) * pieceSize) {
          let place = UnsafeMutablePointer<UInt8>(bitPattern: start + UInt(index * size))!
          do {
            let image = try prepared(index)
            guard image.width == width, image.height == height else {
              throw Dataset.unequal(image, first, source, index)
            }
            image.pixels.withUnsafeBufferPointer {
              kernels_deinterleave_bytes($0.baseAddress!, width * height, channels, place)
            }
          } catch {
            place.update(repeating: 0, count: size)
            failure.withLock { known in
              if known.map({ index < $0.index }) ?? true { known = (index, error) }
            }
          }
        }
      }
      count = all
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
    try self.init(
      name: name ?? source.name,
      bytes: ByteFeatures(shape: [source.count, channels, height, width], bytes: bytes),
      targets: .classes(source.labels), classNames: source.classNames)
  }

  private static func unequal(
    _ image: PixelImage, _ first: PixelImage, _ source: some ImageSource, _ index: Int
  ) -> CourseError {
    return CourseError(
      .shapeMismatch, "the size of this image differs from that of the first",
      expected: "\(first.width) x \(first.height), as \(source.location(at: 0))",
      received: "\(image.width) x \(image.height)", location: source.location(at: index),
      remedy: "Resize all images to one size.")
  }
}
