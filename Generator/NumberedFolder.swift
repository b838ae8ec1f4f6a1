import Foundation
import Shared

/// A folder of numbered images and a JSON file with their labels: the form of the original course.
///
///     data/0.npy  data/1.npy  data/2.png  data/Labels.json      {"0": 6, "1": 9, "2": 6}
///
///     let images = try NumberedFolder("data", classNames: Dataset.cifar10Classes)
///     images.labels                          // [6, 9, 6]
///     images.classNames[images.label(at: 1)] // "truck"
///
/// Images are .npy (bytes, `[H, W, C]`), .png, .jpg or .jpeg, in the order of their numbers; files with other
/// names are passed over. What `course data synthesize` adds is read too: `masks/N.npy` and `Boxes.json`.
///
/// Task: Protocols/Generator.md, 4.2.
public struct NumberedFolder: ImageSource {
  /// One image.
  public struct Entry: Sendable, Equatable {
    /// The number that is its name.
    public var number: Int
    /// Where the file lies.
    public var path: String
    /// The index of its class.
    public var label: Int

    /// An image and its class.
    public init(number: Int, path: String, label: Int) {
      (self.number, self.path, self.label) = (number, path, label)
    }
  }

  /// The path of the folder.
  public let name: String
  /// The names of the classes.
  public let classNames: [String]
  /// The images in the order of their numbers.
  public private(set) var entries: [Entry]
  /// What was passed over because of `skipBroken`: an error for each, which names the file.
  public private(set) var skipped: [CourseError]
  /// What was passed over without being wrong, in sentences: images in formats that are not read.
  public private(set) var notes: [String]

  private var masks: [Int: String]
  private var boxes: [Int: [ImageBox]]

  /// The images in a folder.
  /// - Parameters:
  ///   - folder: where the images are
  ///   - labels: the JSON file; `nil` for `Labels.json` in the folder or beside it, or the only JSON file
  ///     in the folder
  ///   - classNames: what the labels are indices of; `nil` for the lines of `Classes.txt` beside the
  ///     labels, or else the numbers
  ///   - skipBroken: decodes every image once and leaves out, and lists in `skipped`, what cannot be
  ///     read and what has no counterpart
  /// - Throws: a `CourseError` for a label without an image, an image without a label, two images with
  ///   one number, a label that is no class
  public init(
    _ folder: String, labels: String? = nil, classNames: [String]? = nil, skipBroken: Bool = false
  ) throws {
    name = folder
    let listing = try FolderListing(of: folder)
    let labelFile = try labels ?? LabelMap.find(in: listing)
    var map = try LabelMap(contentsOf: labelFile)
    var problems: [CourseError] = []
    var files = try NumberedFolder.files(in: listing, extensions: NumberedFolder.extensions) {
      guard skipBroken else { throw $0 }
      problems.append($0)
    }
    let lonely = NumberedFolder.withoutCounterpart(map, files, in: listing)
    if let first = lonely.first, !skipBroken { throw first }
    problems += lonely
    map.labels = map.labels.filter { files[$0.key] != nil }
    files = files.filter { map.labels[$0.key] != nil }
    guard !files.isEmpty else {
      throw CourseError(
        .invalidData, "there are no numbered images in this folder",
        expected: "0.npy, 1.npy, ... (or .png, .jpg, .jpeg)",
        received: "\(listing.files.count) other files", location: folder,
        remedy: problems.isEmpty ? nil : "First of the problems: \(problems[0].what).")
    }
    self.classNames = try map.classNames(given: classNames)
    entries = NumberedFolder.paired(files: files, labels: map.labels)
    guard entries.count == files.count else {
      throw CourseError(
        .invalidData, "not every image is listed", expected: "\(files.count) images",
        received: "\(entries.count)", location: folder,
        remedy: "NumberedFolder.paired lists them: task 4.2 in Protocols/Generator.md.")
    }
    skipped = problems
    notes = [OtherImages(listing.files.map { "\(folder)/\($0)" }).note].compactMap { $0 }
    masks = [:]
    if listing.folders.contains("masks") {
      masks = try NumberedFolder.files(
        in: FolderListing(of: "\(folder)/masks"), extensions: ["npy", "png"]
      ) { throw $0 }
    }
    boxes =
      listing.files.contains("Boxes.json")
      ? try LabelMap.boxes(
        contentsOf: "\(folder)/Boxes.json", classCount: self.classNames.count) : [:]
    if skipBroken {
      let broken = brokenImages()
      skipped += broken.sorted { $0.key < $1.key }.map(\.value)
      entries = entries.indices.filter { broken[$0] == nil }.map { entries[$0] }
      if entries.isEmpty, let first = skipped.first { throw first }
    }
  }

  // MARK: Task 4.2

  /// The images in the order of their numbers, each with its label.
  /// - Parameters:
  ///   - files: the path of each image by its number
  ///   - labels: the class of each image by its number, for the same numbers
  static func paired(files: [Int: String], labels: [Int: Int]) -> [Entry] {
    // TODO(4.2): In the order of their numbers, not of their names: 10.npy comes after 9.npy.
    // BEGIN SOLUTION
    var entries: [Entry] = []
    for (number, path) in files.sorted(by: { $0.key < $1.key }) {
      guard let label = labels[number] else { continue }
      entries.append(Entry(number: number, path: path, label: label))
    }
    return entries
    // END SOLUTION
  }

  // MARK: Files

  static let extensions = ["npy"] + PixelImage.fileExtensions

  /// The files whose name is a number, by that number.
  private static func files(
    in listing: FolderListing, extensions: [String], failed: (CourseError) throws -> Void
  ) throws -> [Int: String] {
    var files: [Int: String] = [:]
    for name in listing.files.sorted(by: precedes) {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, extensions.contains(parts[1].lowercased()),
        let number = wholeNumber(parts[0].utf8)
      else { continue }
      if let other = files[number] {
        try failed(
          CourseError(
            .invalidData, "two images have the same number", expected: "one image \(number)",
            received: "\(URL(filePath: other).lastPathComponent) and \(name)",
            location: "\(listing.path)/\(name)", remedy: "Remove or rename one of them."))
        continue
      }
      files[number] = "\(listing.path)/\(name)"
    }
    return files
  }

  /// Labels without an image and images without a label, the smallest numbers first.
  private static func withoutCounterpart(
    _ map: LabelMap, _ files: [Int: String], in listing: FolderListing
  ) -> [CourseError] {
    let others = Dictionary(
      listing.files.filter { OtherImages.kind(of: $0) != nil }.compactMap { name in
        wholeNumber(name.utf8.prefix { $0 != 0x2E }).map { ($0, name) }
      }, uniquingKeysWith: { _, first in first })
    let labels = map.labels.keys.filter { files[$0] == nil }.sorted().map { number in
      CourseError(
        .invalidData, "a label without an image",
        expected: "\(listing.path)/\(number).npy (or .png, .jpg, .jpeg)",
        received: others[number] ?? "no such file", location: "\(map.path), key \"\(number)\"",
        remedy: others[number] == nil
          ? "Add the image, or remove the label." : "Convert the image to PNG or JPEG.")
    }
    let images = files.filter { map.labels[$0.key] == nil }.sorted { $0.key < $1.key }.map {
      CourseError(
        .invalidData, "an image without a label", expected: "the key \"\($0.key)\" in \(map.path)",
        received: "none", location: $0.value, remedy: "Add the label, or remove the image.")
    }
    return labels + images
  }

  // MARK: As a source

  /// The number of images.
  public var count: Int { entries.count }

  /// The class of an image.
  public func label(at index: Int) -> Int {
    requireIndex(index)
    return entries[index].label
  }

  /// The path of an image.
  public func location(at index: Int) -> String {
    requireIndex(index)
    return entries[index].path
  }

  /// Reads and decodes an image.
  public func image(at index: Int) throws -> PixelImage {
    try PixelImage(contentsOf: location(at: index))
  }

  /// The channels of an image, from its header.
  public func channels(at index: Int) throws -> Int {
    try PixelImage.channelCount(ofFile: location(at: index))
  }

  /// The mask of an image, when there is a folder `masks`.
  public func mask(at index: Int) throws -> PixelImage? {
    requireIndex(index)
    guard let path = masks[entries[index].number] else { return nil }
    let mask = try PixelImage(contentsOf: path)
    guard mask.channels == 1 else {
      throw CourseError(
        .format, "a mask has one channel, the class of each pixel", expected: "1",
        received: "\(mask.channels)", location: path,
        remedy: "Save it as an array [H, W] of 0 (background) and 1 + the class.")
    }
    return mask
  }

  /// The objects in an image, when there is a file `Boxes.json`.
  public func boxes(at index: Int) -> [ImageBox] {
    requireIndex(index)
    return boxes[entries[index].number] ?? []
  }
}
