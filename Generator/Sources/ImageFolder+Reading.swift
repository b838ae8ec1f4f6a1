import Foundation
import Shared

extension ImageFolder {
  /// The images below a folder.
  /// - Parameters:
  ///   - root: the folder that has a folder for each class
  ///   - part: the part to take of a folder that is divided into parts (`FolderParts`)
  ///   - skipBroken: decodes every image once, leaves out those that cannot be read, and lists them in
  ///     `skipped`, along with classes without images, which keep their index. Otherwise a broken image is
  ///     an error when it is asked for.
  /// - Throws: a `CourseError` that names the folder when there are no classes, when a class has no
  ///   images, when links lead in a circle, when a folder may not be read
  public init(_ root: String, part: DatasetPart? = nil, skipBroken: Bool = false) throws {
    let parts = try FolderParts(of: root)
    name = try part.map(parts.path) ?? root
    let listing = try FolderListing(of: name)
    try ImageFolder.requireClasses(in: listing, parts: part == nil ? parts : nil)
    var skipped: [CourseError] = []
    for error in listing.nameErrors {
      guard skipBroken else { throw error }
      skipped.append(error)
    }
    (classNames, entries) = try ImageFolder.index(listing) { error in
      guard skipBroken else { throw error }
      skipped.append(error)
    }
    self.skipped = skipped
    guard classNames.count == listing.folders.count else {
      throw CourseError(
        .invalidData, "not every class is listed",
        expected: counted(listing.folders.count, "class"),
        received: "\(classNames.count)", location: name,
        remedy: "ImageFolder.index lists them: task 4.1 in Protocols/Generator.md.")
    }
    try requireImages(skipBroken: skipBroken)
    if skipBroken { try removeBroken() }
    notes = parts.notes
    let beside = listing.files.filter(FolderListing.isImage)
    if !beside.isEmpty {
      notes.append(
        "\(counted(beside.count, "image")) in \(name) passed over, because only those in the class "
          + "folders have a class: \(beside.min(by: precedes) ?? "")\(beside.count > 1 ? ", ..." : "")"
      )
    }
    notes += [ImageFolder.otherImages(below: name).note].compactMap { $0 }
  }

  /// The images below a folder whose formats are not read.
  private static func otherImages(below path: String) -> OtherImages {
    // A folder that cannot be listed has been an error already.
    OtherImages(
      (try? FolderListing.images(
        below: path, failed: { _ in }, where: { OtherImages.kind(of: $0) != nil })) ?? [])
  }

  /// The paths of a class, at any depth, in no particular order.
  static func images(
    ofClass name: String, in root: FolderListing, failed: (CourseError) throws -> Void
  ) throws -> [String] {
    var errors: [CourseError] = []
    var paths: [String] = []
    do {
      paths = try FolderListing.images(below: "\(root.path)/\(name)") { errors.append($0) }
    } catch let error as CourseError {
      errors.append(error)
    }
    for error in errors { try failed(error) }
    return paths
  }

  // MARK: Checks

  /// - Parameter parts: those of the folder, when none of them was asked for
  private static func requireClasses(in listing: FolderListing, parts: FolderParts?) throws {
    if listing.folders.isEmpty {
      let images = listing.files.count {
        FolderListing.isImage($0) || OtherImages.kind(of: $0) != nil
      }
      throw CourseError(
        .invalidData, "there are no classes in this folder", expected: "a folder for each class",
        received: images > 0
          ? "\(counted(images, "image")) and no folders"
          : "\(counted(listing.files.count, "file")) and no folders",
        location: listing.path, remedy: "Sort the images into folders named after their class.")
    }
    if let parts, !parts.isEmpty {
      let names = DatasetPart.allCases.compactMap { parts.folders[$0] }
      throw CourseError(
        .invalidData, "these folders are parts, not classes", expected: "one of them",
        received: names.joined(separator: ", "), location: listing.path,
        remedy: "Name one: \(listing.path)/\(names[0]).")
    }
  }

  private mutating func requireImages(skipBroken: Bool) throws {
    var counts = [Int](repeating: 0, count: classNames.count)
    for entry in entries { counts[entry.label] += 1 }
    for (name, count) in zip(classNames, counts) where count == 0 {
      let others = ImageFolder.otherImages(below: "\(self.name)/\(name)").summary
      let error = CourseError(
        .invalidData, "this class is empty",
        expected: "at least one image: "
          + PixelImage.fileExtensions.map { ".\($0)" }.joined(separator: ", "),
        received: others ?? "none", location: "\(self.name)/\(name)",
        remedy: others == nil
          ? "Add images, or remove the folder." : "Convert the images to PNG or JPEG.")
      guard skipBroken else { throw error }
      if !skipped.contains(error) { skipped.append(error) }
    }
    guard !entries.isEmpty else {
      throw CourseError(
        .invalidData, "there are no images in this folder", expected: "at least one",
        received: skipped.isEmpty ? "none" : "none that can be read", location: name,
        remedy: skipped.first.map { "First of the problems: \($0.what) (\($0.location ?? name))." })
    }
  }

  private mutating func removeBroken() throws {
    let broken = brokenImages()
    guard !broken.isEmpty else { return }
    entries = entries.indices.filter { broken[$0] == nil }.map { entries[$0] }
    skipped += broken.sorted { $0.key < $1.key }.map(\.value)
    try requireImages(skipBroken: true)
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
}
