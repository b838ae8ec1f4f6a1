import Foundation
import Shared

/// Recognizes the kind of a path with images.
public enum ImageSources {
  /// The kinds of sources.
  public enum Kind: String, Sendable, CaseIterable {
    /// A folder with one folder for each class.
    case imageFolder = "an image folder"
    /// A folder of numbered images with a JSON file of labels.
    case numberedFolder = "a folder of numbered images"
    /// A NumPy archive.
    case npz = "a NumPy archive"
    /// A file of images in MNIST's format.
    case idx = "an IDX file"
    /// A folder, an archive or a file in CIFAR-10's binary format.
    case cifar = "CIFAR-10's files"
  }

  /// The kind that a path seems to be; `nil` when it does not look like a source of images.
  public static func kind(of path: String) -> Kind? {
    let url = URL(filePath: path)
    let name = url.lastPathComponent
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else {
      return kind(ofFile: path, name: name.lowercased())
    }
    guard let listing = try? FolderListing(of: path) else { return .imageFolder }
    let files = listing.files
    if files.contains("data_batch_1.bin") { return .cifar }
    let numbers = ["npy"] + PixelImage.fileExtensions
    let hasNumbers = files.contains { file in
      let parts = file.split(separator: ".")
      return parts.count == 2 && wholeNumber(parts[0].utf8) != nil
        && numbers.contains(parts[1].lowercased())
    }
    // A single image beside class folders makes no numbered ones of them.
    let hasLabels = files.contains { $0.lowercased() == "labels.json" }
    let isFlat = listing.folders.allSatisfy { $0 == "masks" }
    return hasNumbers && (hasLabels || isFlat) ? .numberedFolder : .imageFolder
  }

  /// The kind of a file: by the ending of its name if that decides, then by its first bytes, then by its name.
  private static func kind(ofFile path: String, name: String) -> Kind? {
    let ending = name.split(separator: ".").last.map(String.init) ?? ""
    if ending == "npz" { return .npz }
    if ending == "bin" || name.hasSuffix(".tar.gz") || ending == "tgz" { return .cifar }
    let others = ["csv", "tsv", "txt", "json", "md", "xls", "xlsx", "npy", "safetensors"]
    guard !others.contains(ending) else { return nil }
    let beginning = beginning(of: path)
    if beginning.starts(with: [0, 0, 8]), beginning.count == 4, (1...4).contains(beginning[3]) {
      return .idx
    }
    // Text begins with neither of the two; a file that cannot be read says so by itself.
    let isText = beginning.first.map { $0 != 0 && $0 != 0x1F } ?? false
    return !isText && (name.contains("idx") || name.contains("-images")) ? .idx : nil
  }

  /// The first four bytes of a file; fewer where it has no more, is none, or cannot be read.
  private static func beginning(of path: String) -> [UInt8] {
    (try? InputFile(path, content: "images", allowsPipes: false).read(atMost: 4)) ?? []
  }

  /// The images at a path of any kind.
  ///
  ///     let source = try ImageSources.open("flowers")
  ///
  /// - Parameters:
  ///   - part: the part to take, where there are several; `nil` for the training part
  ///   - skipBroken: leaves out broken images, in folders
  /// - Throws: a `CourseError` that names the problem
  public static func open(
    _ path: String, part: DatasetPart? = nil, skipBroken: Bool = false
  ) throws -> any ImageSource {
    switch kind(of: path) {
    case .imageFolder:
      let parts = try FolderParts(of: path)
      return try ImageFolder(
        path, part: part ?? (parts.isEmpty ? nil : .train), skipBroken: skipBroken)
    case .numberedFolder:
      return try NumberedFolder(path, skipBroken: skipBroken)
    case .npz:
      let parts = try Dataset.npzParts(path)
      return try DatasetSource(Dataset(npz: path, part: part ?? parts.first))
    case .idx:
      return try DatasetSource(Dataset(idxImages: path, labels: labelFile(ofIDX: path)))
    case .cifar:
      let isFile = URL(filePath: path).pathExtension == "bin"
      return try DatasetSource(
        isFile
          ? Dataset(cifarFile: path, classNames: Dataset.cifar10Classes)
          : .cifar10(part ?? .train, in: URL(filePath: path)))
    case nil:
      try requireReadable(path, content: "images")
      if PixelImage.looksLikeImage(path) {
        throw CourseError(
          .format, "one image is not a data set", expected: "a folder of images",
          received: "an image",
          location: path, remedy: "Give the folder that it lies in.")
      }
      throw CourseError(
        .format, "these are not images that can be read",
        expected: Kind.allCases.map(\.rawValue).joined(separator: ", "), received: "a file",
        location: path, remedy: "Give the folder that the images lie in.")
    }
  }

  /// The labels that belong to a file of images, by the names that MNIST's files have.
  public static func labelFile(ofIDX images: String) throws -> String {
    let name = URL(filePath: images).lastPathComponent
    let labels = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
    guard labels != name else {
      throw CourseError(
        .invalidArgument, "no labels are known for these images",
        expected: "a name such as train-images-idx3-ubyte.gz", received: name, location: images,
        remedy: "Give the file that name, and train-labels-idx1-ubyte.gz to its labels.")
    }
    return images.dropLast(name.count) + labels
  }
}
