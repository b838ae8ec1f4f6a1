import Foundation
import Shared

/// The images of a folder without labels, at any depth, in the order of their paths: to learn a representation from.
///
///     let photographs = try UnlabelledImages("photographs")
///     photographs.classNames              // []
///
/// Every image has the label 0, which means nothing.
public struct UnlabelledImages: ImageSource {
  /// The folder.
  public let name: String
  private let paths: [String]
  /// The errors of images that were left out.
  public let skipped: [CourseError]

  /// Whether a folder has images that no folders divide into classes or parts: images of its own, or all of them in one
  /// folder.
  public static func areThere(in path: String) -> Bool {
    guard let listing = try? FolderListing(of: path) else { return false }
    let groups = listing.folders.filter { folder in
      (try? !FolderListing.images(below: "\(path)/\(folder)").isEmpty) ?? false
    }
    guard groups.count < 2 else { return false }
    return listing.files.contains(where: FolderListing.isImage)
      || groups.count == 1 && ((try? FolderParts(of: path).isEmpty) ?? true)
  }

  /// The images of a folder.
  /// - Parameter skipBroken: reads each image, and leaves out those that cannot be read
  /// - Throws: a `CourseError` when the folder cannot be read, or has no images
  public init(_ path: String, skipBroken: Bool = false) throws {
    name = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    var paths = try FolderListing.images(below: name).sorted(by: precedes)
    var skipped: [CourseError] = []
    if skipBroken, !paths.isEmpty {
      let broken = UnlabelledImages(name: name, paths: paths).brokenImages()
      skipped = broken.sorted { $0.key < $1.key }.map(\.value)
      paths = paths.indices.filter { broken[$0] == nil }.map { paths[$0] }
    }
    guard !paths.isEmpty else {
      throw CourseError(
        .invalidData, "there are no images in this folder",
        expected: PixelImage.fileExtensions.map { ".\($0)" }.joined(separator: ", "),
        received: skipped.isEmpty ? "none" : "none that can be read", location: path)
    }
    (self.paths, self.skipped) = (paths, skipped)
  }

  private init(name: String, paths: [String]) {
    (self.name, self.paths, skipped) = (name, paths, [])
  }

  /// The number of images.
  public var count: Int { paths.count }
  /// None.
  public var classNames: [String] { [] }
  /// 0.
  public func label(at index: Int) -> Int { 0 }
  /// The pixels of an image.
  public func image(at index: Int) throws -> PixelImage {
    requireIndex(index)
    return try PixelImage(contentsOf: paths[index])
  }
  /// The path of an image.
  public func location(at index: Int) -> String {
    requireIndex(index)
    return paths[index]
  }
  /// The path of an image.
  public func file(at index: Int) -> String? { location(at: index) }
}
