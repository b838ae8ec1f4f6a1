import Foundation
import Shared

extension NumberedFolder {
  /// The images in a folder.
  /// - Parameters:
  ///   - folder: the folder with the images
  ///   - labels: the JSON file; `nil` for `Labels.json` in the folder or beside it, or the only JSON file
  ///     in the folder
  ///   - classNames: the names of the classes, by label; `nil` for the lines of `Classes.txt` beside the
  ///     labels, or else the numbers
  ///   - skipBroken: decodes every image once, leaves out images that cannot be read and images and labels
  ///     without a counterpart, and lists them in `skipped`
  /// - Throws: a `CourseError` for a label without an image, an image without a label, two images with
  ///   one number, and a label that is no class index
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
        .invalidData, "not every image is listed", expected: counted(files.count, "image"),
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

  /// The path of an image.
  public func file(at index: Int) -> String? { location(at: index) }

  /// Reads and decodes an image.
  public func image(at index: Int) throws -> PixelImage {
    try PixelImage(contentsOf: location(at: index))
  }

  /// The shape of an image, from its header.
  public func shape(at index: Int) throws -> [Int] {
    try PixelImage.shape(ofFile: location(at: index))
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
