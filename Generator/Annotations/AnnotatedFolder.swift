import Foundation
import Shared
import Synchronization

/// A folder of images with a mask for each: one's own data for segmentation.
///
///     data/images/17.jpg     a photograph
///     data/masks/17.png      as large, grey or with a palette: the class of each pixel
///     data/classes.txt       background, cat, dog: the names of the values 0, 1, 2, one a line
///
///     let pets = try AnnotatedFolder("data")
///     pets.classNames                                      // ["cat", "dog"]
///     try Dataset(pets, as: ImageInput(channels: 3, height: 64, width: 64))
///
/// A mask has the name of its image, with another ending and, if wanted, `_mask` behind it: `17_mask.png`. Pixels of
/// value 255 do not count, as in Pascal VOC, unless 0 and 255 are the only values of two classes: then 255 is an object.
/// Without `classes.txt`, the values themselves are the names of the classes; the smallest one is the background.
public struct AnnotatedFolder: AnnotatedImageSource {
  /// The path of the folder.
  public let name: String
  /// The names of the classes of objects; the background is none of them.
  public let classNames: [String]
  /// The name of the background.
  private let background: String
  /// The value of a pixel of each class in the masks, the background first.
  public let pixelValues: [UInt8]
  /// Remarks, in sentences.
  public private(set) var notes: [String] = []
  /// The path of each image and of its mask.
  private let pairs: [(image: String, mask: String)]
  /// The class of each value of a pixel; `nil` for an unknown one.
  private let classes: [UInt8?]

  /// The number of images.
  public var count: Int { pairs.count }
  /// The names of the classes of pixels.
  public var pixelClassNames: [String] { [background] + classNames }

  /// Opens the folder: pairs images with masks, compares their sizes, and reads the masks once to find their values.
  /// - Parameters:
  ///   - folder: the folder with `images` and `masks`; with `masks`, that of the images
  ///   - masks: the folder of the masks; `nil` for `masks` in the folder
  ///   - classNames: the names of the classes of pixels that a trained network knows; `nil` for those of the data
  /// - Throws: a `CourseError` that names the file for an image without a mask, a mask of another size, an unknown class,
  ///   and a file that cannot be read
  public init(_ folder: String, masks: String? = nil, classNames: [String]? = nil) throws {
    name = folder
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw CourseError(
        .file, "there is no folder of images with masks", expected: "a folder",
        received: FileManager.default.fileExists(atPath: folder) ? "a file" : "no such folder",
        location: folder, remedy: "Give a folder that holds the folders images and masks.")
    }
    let images =
      FileManager.default.fileExists(atPath: "\(folder)/images") ? "\(folder)/images" : folder
    if let masks, !FileManager.default.fileExists(atPath: masks) {
      throw CourseError(
        .file, "there is no folder of masks", expected: "a folder with a mask for each image",
        received: "no such folder", location: masks,
        remedy: "Correct the path; the folder \(folder)/masks is found without one.")
    }
    let masks = masks ?? "\(folder)/masks"
    guard FileManager.default.fileExists(atPath: masks) else {
      // Of the folder `images` itself, that around it.
      let isOfImages = images == folder && URL(filePath: folder).lastPathComponent == "images"
      let around = (folder as NSString).deletingLastPathComponent
      let root = isOfImages ? around.isEmpty ? "." : around : folder
      throw CourseError(
        .file, "there is no folder of masks", expected: masks, received: "no such folder",
        location: folder,
        remedy: "Put the images into \(root)/images and a mask for each into \(root)/masks"
          + (isOfImages ? ", and give \(root)." : "."))
    }
    var unused: [String]
    (pairs, unused) = try AnnotatedFolder.pairs(images: images, masks: masks)
    if !unused.isEmpty {
      notes.append("masks without an image, such as \(unused[0]), are not used: \(unused.count)")
    }
    let values = try AnnotatedFolder.values(of: pairs)
    let listed = try [folder, "\(masks)/.."].lazy.compactMap {
      try AnnotatedFolder.listedNames("\($0)/classes.txt")
    }.first
    let known: [(value: UInt8, name: String)]
    let isBinary =
      values.keys.max() == 255 && values.count <= 2 && values[0] != nil && listed?.count ?? 2 == 2
    if let listed, isBinary {
      known = [(0, listed[0]), (255, listed[1])]
    } else if let listed {
      known = listed.enumerated().map { (UInt8($0.offset), $0.element) }
    } else if isBinary {
      known = [(0, "background"), (255, "object")]
      notes.append("the masks have the values 0 and 255: background and object")
    } else {
      known = try AnnotatedFolder.named(values)
    }
    if !isBinary, let path = values[AnnotatedImage.ignored] {
      notes.append("pixels of the value 255 do not count, as in \(path)")
    }
    let names = classNames ?? known.map(\.name)
    let counted = values.keys.filter { isBinary || $0 != AnnotatedImage.ignored }
    guard names.count >= 2, counted.count >= (classNames == nil ? 2 : 1) else {
      throw CourseError(
        .invalidData,
        counted.isEmpty ? "no pixel of the masks counts" : "the masks have one class only",
        expected: "a background and an object",
        received: counted.first.map { "the value \($0) everywhere" }
          ?? "the value 255 everywhere, which does not count",
        location: masks, remedy: "Give the objects values of their own: 1, 2, ...")
    }
    var classes = [UInt8?](repeating: nil, count: 256)
    if !isBinary { classes[255] = AnnotatedImage.ignored }
    for (value, name) in known {
      guard let index = names.firstIndex(of: name) else { continue }
      classes[Int(value)] = UInt8(index)
    }
    self.classes = classes
    (background, self.classNames) = (names[0], Array(names.dropFirst()))
    pixelValues = names.enumerated().map { index, name in
      known.first { $0.name == name }?.value ?? UInt8(index)
    }
    if let (value, path) = values.filter({ classes[Int($0.key)] == nil }).min(by: {
      $0.key < $1.key
    }) {
      let isListed = Int(value) < known.count && known.contains { $0.value == value }
      throw CourseError(
        .invalidData, "a mask has an unknown class",
        expected: classNames != nil && isListed
          ? "the classes of the network: \(names.prefix(20).joined(separator: ", "))"
          : "values from 0 to \(known.count - 1), or 255 for pixels that do not count",
        received: isListed ? known.first { $0.value == value }!.name : "the value \(value)",
        location: path,
        remedy: classNames != nil && isListed
          ? "Use masks of these classes, or train a network that knows the others."
          : listed == nil
            ? "Name the classes in \(folder)/classes.txt, one a line."
            : "Correct the mask, or add the class to classes.txt.")
    }
  }

  /// The path of an image.
  public func location(at index: Int) -> String { pairs[index].image }
  /// The path of an image.
  public func file(at index: Int) -> String? { pairs[index].image }

  /// The shape `[C, H, W]` of each image, from its header.
  public var imageShapes: ImageShapes {
    get throws {
      var counts: [[Int]: Int] = [:]
      for pair in pairs { counts[try PixelImage.shape(ofFile: pair.image), default: 0] += 1 }
      return ImageShapes(counts: counts)
    }
  }

  /// Reads an image and its mask.
  public func annotatedImage(at index: Int) throws -> AnnotatedImage {
    guard pairs.indices.contains(index) else {
      stop("AnnotatedFolder", expected: "a number from 0 to \(count - 1)", received: "\(index)")
    }
    let image = try PixelImage(contentsOf: pairs[index].image)
    let mask = try PixelImage(maskFile: pairs[index].mask)
    try AnnotatedFolder.requireSize(
      of: mask.tensorShape, as: image.tensorShape, pair: pairs[index])
    let pixels = try mask.pixels.map { value in
      guard let known = classes[Int(value)] else {
        throw CourseError(
          .invalidData, "the mask has changed", expected: "the classes that it had",
          received: "the value \(value)", location: pairs[index].mask)
      }
      return known
    }
    return AnnotatedImage(
      image: image,
      mask: PixelImage(width: mask.width, height: mask.height, channels: 1, pixels: pixels))
  }

  // MARK: Files

  /// Each image with its mask, in the order of their names, and the masks that are left.
  private static func pairs(
    images: String, masks: String
  ) throws -> (pairs: [(image: String, mask: String)], unused: [String]) {
    let (pictures, others) = (try FolderListing(of: images), try FolderListing(of: masks))
    let files = pictures.files.filter(isReadable).sorted(by: precedes)
    guard !files.isEmpty else {
      throw CourseError(
        .invalidData, "there are no images in this folder",
        expected: (PixelImage.fileExtensions + ["npy"]).map { ".\($0)" }.joined(separator: ", "),
        received: pictures.folders.isEmpty
          ? counted(pictures.files.count, "other file")
          : "the folders \(pictures.folders.sorted().prefix(5).joined(separator: ", "))",
        location: images,
        remedy: pictures.folders.isEmpty
          ? "Put the images into this folder."
          : "Put the images into this folder itself, not into folders in it.")
    }
    func stem(_ name: String) -> String {
      URL(filePath: name).deletingPathExtension().lastPathComponent
    }
    func refuse(_ what: String, _ first: String, _ second: String) -> CourseError {
      CourseError(
        .invalidData, what, expected: "a name of its own, apart from the ending",
        received: second, location: first, remedy: "Rename or remove one of them.")
    }
    var stems: [String: String] = [:]
    for name in files {
      if let other = stems.updateValue(name, forKey: stem(name)) {
        throw refuse("two images of one name", "\(images)/\(other)", "\(images)/\(name)")
      }
    }
    var byStem: [String: String] = [:]
    var unused: [String] = []
    for name in others.files.filter(isReadable).sorted(by: precedes) {
      let own = stem(name)
      let image = stems[own] == nil && own.hasSuffix("_mask") ? String(own.dropLast(5)) : own
      guard stems[image] != nil else {
        unused.append(name)
        continue
      }
      if let other = byStem.updateValue(name, forKey: image) {
        throw refuse("two masks of one image", "\(masks)/\(other)", "\(masks)/\(name)")
      }
    }
    var pairs: [(image: String, mask: String)] = []
    var missing: [String] = []
    for name in files {
      if let mask = byStem[stem(name)] {
        pairs.append(("\(images)/\(name)", "\(masks)/\(mask)"))
      } else {
        missing.append(name)
      }
    }
    if let first = missing.first {
      throw CourseError(
        .invalidData, "an image without a mask", expected: "\(masks)/\(stem(first)).png",
        received: missing.count == 1 ? "no such file" : "none for \(missing.count) images",
        location: "\(images)/\(first)", remedy: "Add the mask, or remove the image.")
    }
    return (pairs, unused)
  }

  private static func isReadable(_ name: String) -> Bool {
    FolderListing.isImage(name) || name.lowercased().hasSuffix(".npy")
  }

  private static func requireSize(
    of mask: [Int], as image: [Int], pair: (image: String, mask: String)
  ) throws {
    guard mask[1...] != image[1...] else { return }
    throw CourseError(
      .shapeMismatch, "the mask has another size than its image",
      expected: "\(image[1]) x \(image[2]) (height x width), as \(pair.image)",
      received: "\(mask[1]) x \(mask[2])", location: pair.mask,
      remedy: "Save the mask in the size of the image.")
  }

  /// The values of all masks, each with the first file that has it.
  private static func values(
    of pairs: [(image: String, mask: String)]
  ) throws -> [UInt8: String] {
    let found = Mutex<[UInt8: Int]>([:])
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    parallelFor(pairs.count) { index in
      do {
        let mask = try PixelImage(maskFile: pairs[index].mask)
        try requireSize(
          of: mask.tensorShape, as: PixelImage.shape(ofFile: pairs[index].image),
          pair: pairs[index])
        let values = Set(mask.pixels)
        found.withLock { found in
          for value in values { found[value] = min(found[value] ?? index, index) }
        }
      } catch {
        failure.withLock { known in
          if known.map({ index < $0.index }) ?? true { known = (index, error) }
        }
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
    return found.withLock { $0.mapValues { pairs[$0].mask } }
  }

  /// The lines of a list of classes; `nil` where there is none.
  private static func listedNames(_ path: String) throws -> [String]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let data = try readFile(at: path, content: "the names of classes", allowsPipes: false)
    let lines = try utf8Text(data, path: path)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let names = Array(lines.prefix((lines.lastIndex { !$0.isEmpty } ?? -1) + 1))
    if let empty = names.firstIndex(of: "") {
      throw CourseError(
        .format, "a class without a name", expected: "the name of the value \(empty)",
        received: "an empty line", location: "\(path), line \(empty + 1)",
        remedy: "Give each value from 0 on a line, also one that no mask has.")
    }
    guard (2...255).contains(names.count), Set(names).count == names.count else {
      throw CourseError(
        .format, "these are not names of classes",
        expected: "2 to 255 different names, one a line: the background first",
        received: names.indices.first { names[..<$0].contains(names[$0]) }.map {
          "\"\(names[$0])\" twice"
        } ?? counted(names.count, "name"),
        location: path, remedy: "Give each value from 0 on a name of its own.")
    }
    return names
  }

  /// Classes named after their values.
  private static func named(
    _ values: [UInt8: String]
  ) throws -> [(value: UInt8, name: String)] {
    let sorted = values.keys.filter { $0 != AnnotatedImage.ignored }.sorted()
    guard sorted.count <= 64 else {
      throw CourseError(
        .invalidData, "the masks have \(sorted.count) different values",
        expected: "a value for each class",
        received: "values such as "
          + sorted.prefix(8).map { "\($0)" }.joined(separator: ", "),
        location: values[sorted[0]],
        remedy:
          "Save masks as PNG, which JPEG and smooth resizing blur; or name the classes in classes.txt."
      )
    }
    return sorted.enumerated().map { ($0.element, $0.offset == 0 ? "background" : "\($0.element)") }
  }
}
