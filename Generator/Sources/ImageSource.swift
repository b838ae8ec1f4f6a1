import Shared

/// A source of images: a folder, a file with many of them, or memory.
///
/// A source knows the number of its images, the class of each, and the way to its pixels. Order, size and
/// augmentation are the business of `ImageGenerator`.
///
///     let source: any ImageSource = try ImageFolder("flowers")
///     source.count                           // 4317
///     source.classNames                      // ["daisy", "dandelion", "rose", ...]
///     let image = try source.image(at: 17)   // decoded now, at each call
///     source.classNames[source.label(at: 17)]
///     source.location(at: 17)                // "flowers/daisy/0017.jpg"
///
/// Images are numbered from 0, and a number always means the same image with the same label: the order
/// of a folder does not depend on the file system. An index that is out of range is a programmer's
/// mistake and stops the program.
///
/// Everything may be called from several threads at once. Labels are known from the start and cost
/// nothing; `image(at:)` reads and decodes, and remembers nothing, so memory stays bounded whatever the
/// number of images.
public protocol ImageSource: Sendable {
  /// The name of the images in messages.
  var name: String { get }
  /// The number of images, at least 1.
  var count: Int { get }
  /// The names of the classes; a label is an index into them.
  var classNames: [String] { get }
  /// The class of an image, from 0 to `classNames.count - 1`.
  func label(at index: Int) -> Int
  /// The targets of all images, in order: their labels, or the class of each pixel. Batches take the latter from the
  /// masks, which follow the augmentations.
  var targets: Target { get }
  /// The pixels of an image, in the size and with the channels that it is stored with; images of one
  /// source may differ.
  /// - Throws: a `CourseError` that names the file when it cannot be read or is no image
  func image(at index: Int) throws -> PixelImage
  /// The shape `[C, H, W]` that `image(at:)` would have; sources that can find it out without decoding do so.
  func shape(at index: Int) throws -> [Int]
  /// Where an image lies, for messages: a path, or a file and a number.
  func location(at index: Int) -> String
  /// The path of the file of an image; `nil` where it has none of its own.
  func file(at index: Int) -> String?
  /// The object of each pixel: an image with one channel and the size of `image(at:)`, whose bytes are
  /// numbers of objects (0 for the background, 1 plus its label for an object) and must never be mixed by
  /// interpolation.
  /// - Returns: `nil` where there are no masks
  func mask(at index: Int) throws -> PixelImage?
  /// The objects in an image and their places; empty where they are unknown.
  func boxes(at index: Int) throws -> [ImageBox]
}

extension Target {
  /// Whether there is a class for each pixel of an image.
  var areOfPixels: Bool {
    if case .classSequences = self { true } else { false }
  }
}

/// The file of each of `count` images; empty unless all have one of their own.
func allFiles(of count: Int, _ file: (Int) -> String?) -> [String] {
  let files = (0..<count).compactMap(file)
  return files.count == count ? files : []
}

extension ImageSource {
  /// The label of each image.
  public var targets: Target { .classes(labels) }

  /// No file.
  public func file(at index: Int) -> String? { nil }

  /// No masks.
  public func mask(at index: Int) throws -> PixelImage? { nil }
  /// No boxes.
  public func boxes(at index: Int) throws -> [ImageBox] { [] }

  /// The shape of the decoded image.
  public func shape(at index: Int) throws -> [Int] { try image(at: index).tensorShape }

  /// The number of channels that `image(at:)` would have.
  public func channels(at index: Int) throws -> Int { try shape(at: index)[0] }

  /// The common number of channels of the images: the number that all have, or 3 where they differ. A single
  /// grey image does not turn a source in colours into a grey one, wherever it stands.
  ///
  /// Needs few images where the first one is in colours, and the headers of all where it is grey.
  /// - Throws: when the first image cannot be read
  public func commonChannels() throws -> Int {
    let first = try channels(at: 0)
    guard first != 3 else { return 3 }
    for index in 0..<count {
      // An image that cannot be read does not count here, and is an error where its pixels are needed.
      if let channels = try? channels(at: index), channels != first { return 3 }
    }
    return first
  }

  /// The labels of all images, in order.
  public var labels: [Int] { (0..<count).map { label(at: $0) } }

  /// Stops the program when there is no such image.
  func requireIndex(_ index: Int, file: StaticString = #fileID, line: UInt = #line) {
    guard index >= 0, index < count else {
      stop(
        "\(name)", expected: "an image number from 0 to \(count - 1)", received: "\(index)",
        file: file, line: line)
    }
  }
}

/// A rectangle around an object in an image.
///
/// Its edges are lines *between* pixels, not pixels: the box of pixel (row 2, column 5) alone is
/// `left 5, top 2, right 6, bottom 3`, and that of a whole image `0, 0, width, height`. So a mirrored box is
/// exact: `left' = width - right`.
public struct ImageBox: Sendable, Equatable, Codable {
  /// The left edge, from the left edge of the image, in pixels.
  public var left: Float
  /// The upper edge, from the upper edge of the image, in pixels.
  public var top: Float
  /// The right edge; never less than `left`.
  public var right: Float
  /// The lower edge; never less than `top`.
  public var bottom: Float
  /// The class of the object.
  public var label: Int

  /// A box from its edges.
  public init(left: Float, top: Float, right: Float, bottom: Float, label: Int) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    self.label = label
  }

  /// From the left to the right edge.
  public var width: Float { right - left }
  /// From the upper to the lower edge.
  public var height: Float { bottom - top }
  /// Width times height.
  public var area: Float { width * height }
}
