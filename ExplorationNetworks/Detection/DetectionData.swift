import Shared
import Synchronization

/// Images with the boxes of the things in them, and proposals where to look: the data of a detector.
///
///     let scenes = SyntheticScenes(count: 100, seed: 1)
///     let data = try DetectionData(
///       name: "scenes", images: (0..<100).map { scenes.scene(at: $0) }, classNames: scenes.classNames)
///     data.proposalRecall()       // the share of the things that a proposal overlaps by half
///
/// - Errors: images of different sizes or below 8 x 8 pixels, boxes without an area or beyond the image, unknown classes, no boxes at all.
public struct DetectionData: Sendable {
  /// The name of the data in messages.
  public let name: String
  /// The images, `[3, H, W]` each.
  public let images: ByteFeatures
  /// The things in each image.
  public let truth: [[LabelledBox]]
  /// The names of the classes, without the background.
  public let classNames: [String]
  /// Where to look in each image.
  public let proposals: [[Box]]
  /// How the proposals were made.
  public let method: ProposalMethod
  /// The file of each image; empty where they were made by a program.
  public internal(set) var files: [String] = []

  /// The ways to propose boxes.
  public enum ProposalMethod: String, Codable, Sendable, CaseIterable {
    /// Sliding windows of several sizes and forms.
    case windows
    /// A small selective search.
    case selective
    /// Both.
    case both
  }

  /// Hears of each image that was read or searched, one after the other; an error ends the work.
  public typealias Progress = (_ work: Work, _ done: Int, _ count: Int) throws -> Void

  /// The kinds of long work.
  public enum Work: String, Sendable {
    case reading = "decoding"
    case proposing = "proposing boxes"
  }

  /// The number of images.
  public var count: Int { images.count }
  /// Height and width of an image.
  public var imageSize: [Int] { Array(images.inputShape.dropFirst()) }

  /// Takes over annotated images, and looks for proposals.
  /// - Parameters:
  ///   - name: the name of the data in messages
  ///   - images: at least one, all of one size
  ///   - classNames: the names of the classes, without the background
  ///   - method: how proposals are made
  ///   - progress: hears of each image in which proposals were made, from several threads
  public init(
    name: String, images: [AnnotatedImage], classNames: [String],
    proposals method: ProposalMethod = .both, progress: Progress = { _, _, _ in }
  ) throws {
    guard !classNames.isEmpty else {
      throw CourseError(
        .invalidArgument, "no classes", expected: "the name of at least one", received: "none",
        location: name)
    }
    guard let first = images.first?.image else {
      throw CourseError(
        .invalidData, "no images", expected: "at least one", received: "none", location: name)
    }
    let truth = try images.enumerated().map { number, image in
      let place = "\(name), image \(number)"
      guard image.image.width == first.width, image.image.height == first.height else {
        throw CourseError(
          .shapeMismatch, "images of different sizes",
          expected: "\(first.width) x \(first.height) pixels",
          received: "\(image.image.width) x \(image.image.height)", location: place)
      }
      return try image.boxes.enumerated().map { index, box in
        try Self.labelled(
          box, width: first.width, height: first.height, classNames: classNames,
          place: "\(place), box \(index)")
      }
    }
    let bytes = images.flatMap { PixelImage.planes(of: $0.image) }
    try self.init(
      name: name,
      images: ByteFeatures(shape: [images.count, 3, first.height, first.width], bytes: bytes),
      truth: truth, classNames: classNames, method: method, progress: progress)
  }

  private init(
    name: String, images: ByteFeatures, truth: [[LabelledBox]], classNames: [String],
    method: ProposalMethod, progress: Progress
  ) throws {
    guard truth.contains(where: { !$0.isEmpty }) else {
      throw CourseError(
        .invalidData, "no boxes in any image", expected: "things to find", received: "none",
        location: name)
    }
    guard images.inputShape.dropFirst().allSatisfy({ $0 >= 8 }) else {
      throw CourseError(
        .shapeMismatch, "images that are too small to look for things in",
        expected: "at least 8 x 8 pixels (height x width)",
        received: images.inputShape.dropFirst().map(String.init).joined(separator: " x "),
        location: name, remedy: "Use larger images, such as 64 x 64.")
    }
    (self.name, self.images, self.truth) = (name, images, truth)
    (self.classNames, self.method) = (classNames, method)
    proposals = try method.proposals(in: images) { try progress(.proposing, $0, images.count) }
  }

  private init(_ other: DetectionData, _ indices: [Int]) {
    (name, classNames, method) = (other.name, other.classNames, other.method)
    images = other.images.subset(indices)
    truth = indices.map { other.truth[$0] }
    proposals = indices.map { other.proposals[$0] }
    files = other.files.isEmpty ? [] : indices.map { other.files[$0] }
  }

  /// The images with the given indices, in that order.
  public func subset(_ indices: [Int]) -> DetectionData { DetectionData(self, indices) }

  /// How many proposals there are, and how much they miss, in one line.
  public var remark: String {
    let count = proposals.reduce(0) { $0 + $1.count } / max(self.count, 1)
    guard let recall = proposalRecall() else { return "\(count) proposals an image" }
    return
      "\(count) proposals an image; they overlap \((recall * 1000).rounded() / 10) % of the objects by half"
  }

  /// Throws unless a box has an area, lies in the image, and has a class.
  static func labelled(
    _ box: ImageBox, width: Int, height: Int, classNames: [String], place: String
  ) throws -> LabelledBox {
    let text = "(\(box.left), \(box.top)) to (\(box.right), \(box.bottom))"
    // Written so that NaN fails.
    guard box.left < box.right, box.top < box.bottom else {
      throw CourseError(
        .invalidData, "a box without an area", expected: "left < right and top < bottom",
        received: text, location: place, remedy: "Correct the box, or leave it out.")
    }
    guard box.left >= 0, box.top >= 0, box.right <= Float(width), box.bottom <= Float(height) else {
      throw CourseError(
        .invalidData, "a box beyond its image", expected: "(0, 0) to (\(width), \(height))",
        received: text, location: place, remedy: "Cut the box to the image.")
    }
    guard classNames.indices.contains(box.label) else {
      throw CourseError(
        .invalidData, "unknown class", expected: "0 to \(classNames.count - 1)",
        received: "\(box.label)", location: place)
    }
    return LabelledBox(
      box: Box(x1: box.left, y1: box.top, x2: box.right, y2: box.bottom), label: box.label)
  }

  /// The share of the objects that a proposal overlaps enough: a detector without box regression finds no more.
  /// - Returns: `nil` where there is no object
  public func proposalRecall(overlap: Float = 0.5) -> Double? {
    DetectionScores.recall(of: truth, among: proposals, overlap: overlap)
  }
}

extension DetectionData.ProposalMethod {
  /// The proposals in images that are kept as bytes, `[3, H, W]` each.
  /// - Parameter progress: hears how many images were searched, from several threads
  func proposals(
    in images: ByteFeatures, progress: (_ done: Int) throws -> Void
  ) throws -> [[Box]] {
    try proposals(count: images.count, shape: images.inputShape, progress: progress) {
      images.rows(at: [$0]).reshaped(to: images.inputShape)
    }
  }

  /// The proposals in images `[N, 3, H, W]`, from 0 to 1.
  public func proposals(in images: Tensor) -> [[Box]] {
    guard images.rank == 4, images.shape[1] == 3 else {
      stop(
        "ProposalMethod.proposals", expected: "images [N, 3, H, W]", received: "\(images.shape)")
    }
    return orStop {
      try proposals(
        count: images.shape[0], shape: Array(images.shape.dropFirst()), progress: { _ in }
      ) { images.slice(axis: 0, at: $0) }
    }
  }

  private func proposals(
    count: Int, shape: [Int], progress: (_ done: Int) throws -> Void,
    image: (_ index: Int) -> Tensor
  ) throws -> [[Box]] {
    let (height, width) = (shape[1], shape[2])
    let sizes = [0.26, 0.37, 0.52].map { $0 * Float(min(height, width)) }
    let windows =
      self == .selective ? [] : Box.slidingWindows(width: width, height: height, sizes: sizes)
    guard self != .windows else { return [[Box]](repeating: windows, count: count) }
    // An image in which nothing is large enough still needs a region.
    let whole = Box(x1: 0, y1: 0, x2: Float(width), y2: Float(height))
    var found = [[Box]](repeating: [], count: count)
    let state = Mutex<(done: Int, failure: (any Error)?)>((0, nil))
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      parallelFor(count) { index in
        guard state.withLock({ $0.failure == nil }) else { return }
        let boxes = windows + Box.selectiveSearch(image(index))
        found[index] = boxes.isEmpty ? [whole] : boxes
        state.withLock { state in
          state.done += 1
          guard state.failure == nil else { return }
          do { try progress(state.done) } catch { state.failure = error }
        }
      }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
    return found
  }
}

extension PixelImage {
  /// The bytes of an image in colours, plane by plane.
  static func planes(of image: PixelImage) -> [UInt8] {
    let (area, channels) = (image.width * image.height, image.channels)
    return (0..<3).flatMap { c in
      (0..<area).map { image.pixels[$0 * channels + (channels < 3 ? 0 : c)] }
    }
  }
}
