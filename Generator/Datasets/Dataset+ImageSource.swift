import CCourseKernels
import Shared
import Synchronization

extension Dataset {
  /// All images of a source as bytes, `[N, C, H, W]`, in the form that a network takes.
  ///
  ///     let flowers = try ImageFolder("flowers")                // photographs of many sizes
  ///     let input = try ImageInput(suiting: flowers)            // 3 x 64 x 64, pad
  ///     let parts = try Dataset(flowers, as: input).split(seed: 1)
  ///
  /// Each image is decoded once, on all threads, and kept as bytes: 50 000 images of 3 x 64 x 64 take 614 MB. What is
  /// larger than a quarter of the memory lies in a file on disk, which vanishes with the process; batches are the
  /// same, bit for bit.
  ///
  /// - Throws: the first error in the order of the images, among them a size that `.refuse` does not take
  public init(
    _ source: some ImageSource, as input: ImageInput, name: String? = nil
  ) throws {
    try self.init(source, name: name, shape: input.shape) { index in
      let image = try source.image(at: index)
      do {
        return try input.fitted(image)
      } catch var error as CourseError {
        error.location = source.location(at: index)
        throw error
      }
    }
  }

  /// All images of a source as bytes, `[N, C, H, W]`, which must have the same size.
  ///
  ///     let flowers = try Dataset(ImageFolder("flowers"))
  ///     flowers.inputShape                             // [3, 32, 32]
  ///
  /// - Parameters:
  ///   - source: the source of the images
  ///   - channels: 1 for grey, 3 for colours: images with other channels are converted; `nil` for colours
  ///     where any image has them (`commonChannels()`)
  ///   - prepare: is applied to each image after it was decoded; on several threads at once
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
    try self.init(source, name: name, shape: first.tensorShape) { index in
      let image = try prepared(index)
      guard image.width == first.width, image.height == first.height else {
        throw Dataset.unequal(image, first, source, index)
      }
      return image
    }
  }

  /// - Parameter image: the image with a number, in that shape; called on several threads
  private init(
    _ source: some ImageSource, name: String?, shape: [Int], image: (Int) throws -> PixelImage
  ) throws {
    let size = shape.reduce(1, *)
    let (all, overflows) = size.multipliedReportingOverflow(by: source.count)
    guard !overflows, all <= 1 << 36 else {
      throw CourseError(
        .invalidData, "too many pixels to hold", expected: "at most \(1 << 36) bytes",
        received: "\(counted(source.count, "image")) of \(shape[2]) x \(shape[1])",
        location: source.name,
        remedy:
          "Choose a smaller size, or train from an ImageGenerator, which decodes batch by batch."
      )
    }
    let features: ByteFeatures
    if Double(all) > SystemMemory.bytes / 4 {
      let file = try ScratchFile(count: all)
      try Dataset.decode(source.count, size: size, image) { place, bytes in
        try file.write(UnsafeRawBufferPointer(bytes), at: place)
      }
      features = ByteFeatures(shape: [source.count] + shape, mapped: try file.mapped())
    } else {
      var failure: (any Error)?
      let bytes = [UInt8](unsafeUninitializedCapacity: all) { out, count in
        let start = UInt(bitPattern: out.baseAddress!)
        do {
          try Dataset.decode(source.count, size: size, image) { place, bytes in
            UnsafeMutablePointer<UInt8>(bitPattern: start + UInt(place))!
              .update(from: bytes.baseAddress!, count: bytes.count)
          }
          count = all
        } catch { failure = error }
      }
      if let failure { throw failure }
      features = ByteFeatures(shape: [source.count] + shape, bytes: bytes)
    }
    try self.init(
      name: name ?? source.name, bytes: features, targets: .classes(source.labels),
      classNames: source.classNames)
    files = allFiles(of: source.count, source.file)
  }

  /// Decodes images on all threads.
  /// - Parameters:
  ///   - image: the image with a number
  ///   - take: receives the planes of an image, and the place of its bytes among those of all
  /// - Throws: the first error in the order of the images
  private static func decode(
    _ count: Int, size: Int, _ image: (Int) throws -> PixelImage,
    _ take: (_ place: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    let pieceSize = 32
    parallelFor((count + pieceSize - 1) / pieceSize) { piece in
      for index in (piece * pieceSize)..<Swift.min(count, (piece + 1) * pieceSize) {
        // Nothing after an error is wanted.
        if failure.withLock({ $0.map { $0.index < index } ?? false }) { return }
        do {
          try image(index).planes.withUnsafeBufferPointer { try take(index * size, $0) }
        } catch {
          failure.withLock { known in
            if known.map({ index < $0.index }) ?? true { known = (index, error) }
          }
          return
        }
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
  }

  private static func unequal(
    _ image: PixelImage, _ first: PixelImage, _ source: some ImageSource, _ index: Int
  ) -> CourseError {
    return CourseError(
      .shapeMismatch, "the size of this image differs from that of the first",
      expected: "\(first.width) x \(first.height), as \(source.location(at: 0))",
      received: "\(image.width) x \(image.height)", location: source.location(at: index),
      remedy: "Bring all images to one size: Dataset(source, as: ImageInput(suiting: source)).")
  }
}
