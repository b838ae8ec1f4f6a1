import Shared
import Synchronization

extension ImageSource {
  /// Reads and decodes every image once, on all threads, and returns the errors of broken images by their
  /// number.
  ///
  /// Afterwards no batch can fail, unless the files change.
  public func brokenImages() -> [Int: CourseError] {
    let broken = Mutex<[Int: CourseError]>([:])
    // Pieces, so that threads seldom meet.
    let size = 64
    parallelFor((count + size - 1) / size) { piece in
      for index in (piece * size)..<min(count, (piece + 1) * size) {
        do {
          _ = try example(at: index)
        } catch {
          let known =
            error as? CourseError
            ?? CourseError(.file, "\(error)", location: location(at: index))
          broken.withLock { $0[index] = known }
        }
      }
    }
    return broken.withLock { $0 }
  }
}

extension ImageSource {
  /// An image with its mask and boxes, checked against each other.
  func example(at index: Int) throws -> (image: PixelImage, mask: PixelImage?, boxes: [ImageBox]) {
    let (image, mask) = (try image(at: index), try mask(at: index))
    if let mask, mask.channels != 1 || mask.width != image.width || mask.height != image.height {
      throw CourseError(
        .shapeMismatch, "the mask does not fit its image",
        expected: "a mask of shape [1, \(image.height), \(image.width)], [C, H, W]",
        received: "\(mask.tensorShape)", location: location(at: index),
        remedy: "Save a mask of the size of the image, or remove it.")
    }
    return (image, mask, try boxes(at: index))
  }
}

/// Some images of a source, in a given order: a validation part, or the rest without broken images.
///
///     let folder = try ImageFolder("flowers")
///     let first100 = ImageSubset(of: folder, indices: 0..<100)
public struct ImageSubset: ImageSource {
  private let source: any ImageSource
  /// The numbers that the images have in the whole source.
  public let indices: [Int]

  /// The images with the given numbers.
  public init(of source: any ImageSource, indices: some Collection<Int>) {
    guard !indices.isEmpty, indices.allSatisfy({ (0..<source.count).contains($0) }) else {
      stop(
        "ImageSubset", expected: "at least one image number below \(source.count)",
        received: "\(indices.prefix(10))")
    }
    self.source = source
    self.indices = Array(indices)
  }

  /// The name of the whole source.
  public var name: String { source.name }
  /// The number of images.
  public var count: Int { indices.count }
  /// The classes of the whole source.
  public var classNames: [String] { source.classNames }
  /// The class of an image.
  public func label(at index: Int) -> Int { source.label(at: place(index)) }
  /// The pixels of an image.
  public func image(at index: Int) throws -> PixelImage { try source.image(at: place(index)) }
  /// The shape of an image.
  public func shape(at index: Int) throws -> [Int] { try source.shape(at: place(index)) }
  /// Where an image lies.
  public func location(at index: Int) -> String { source.location(at: place(index)) }
  /// The file of an image.
  public func file(at index: Int) -> String? { source.file(at: place(index)) }
  /// The mask of an image.
  public func mask(at index: Int) throws -> PixelImage? { try source.mask(at: place(index)) }
  /// The targets of these images.
  public var targets: Target { source.targets.rows(at: indices) }
  /// The objects in an image.
  public func boxes(at index: Int) throws -> [ImageBox] { try source.boxes(at: place(index)) }

  private func place(_ index: Int) -> Int {
    requireIndex(index)
    return indices[index]
  }
}
