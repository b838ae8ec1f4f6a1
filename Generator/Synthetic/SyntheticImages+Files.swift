import Foundation
import Shared
import Synchronization

/// How single images are written.
public enum ImageFileFormat: String, Sendable, CaseIterable {
  /// Bytes `[H, W, C]` as NumPy writes them; needs no codec.
  case npy
  /// Much smaller; needs the trait `ImageCodecs`.
  case png

  /// The bytes of a file.
  func data(of image: PixelImage) throws -> Data {
    switch self {
    case .npy: image.npyData
    case .png: try image.pngData()
    }
  }
}

extension SyntheticImages {
  /// The files that are written in addition to the images.
  public struct FileOptions: OptionSet, Sendable {
    /// The sum of the options.
    public let rawValue: Int
    /// Options from their sum.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// `masks/N.npy`, or .png.
    public static let masks = FileOptions(rawValue: 1)
    /// `Boxes.json`.
    public static let boxes = FileOptions(rawValue: 2)
    /// A folder for each class, with nothing beside the images.
    public static let classFolders = FileOptions(rawValue: 4)
  }

  /// Draws all images into a folder, on all threads: in the form that `NumberedFolder` reads, or, with
  /// `.classFolders`, in that of `ImageFolder`.
  /// - Parameter isCancelled: asked before each image
  /// - Throws: when the folder has something in it already, or cannot be written, and `.interrupted` when it was
  ///   cancelled; the files written until then are removed
  public func write(
    toFolder folder: String, format: ImageFileFormat = .npy, _ options: FileOptions = [],
    isCancelled: @Sendable () -> Bool = { false }
  ) throws {
    let subfolders =
      options.contains(.classFolders) ? classNames : options.contains(.masks) ? ["masks"] : []
    try NewFolder.write(folder, subfolders: subfolders) { files in
      try writeFiles(to: files, format: format, options, isCancelled)
    }
  }

  private func writeFiles(
    to files: NewFolder, format: ImageFileFormat, _ options: FileOptions,
    _ isCancelled: @Sendable () -> Bool
  ) throws {
    let boxes = Mutex<[String: JSONValue]>([:])
    try files.draw(count, isCancelled) { index in
      let drawing = drawing(index)
      let place =
        options.contains(.classFolders) ? "\(classNames[label(at: index)])/\(index)" : "\(index)"
      try files.write(format.data(of: drawing.image), "\(place).\(format.rawValue)")
      if options.contains(.masks) {
        try files.write(format.data(of: drawing.mask), "masks/\(index).\(format.rawValue)")
      }
      if options.contains(.boxes) {
        let found = drawing.mask.boxes { $0 - 1 }
        boxes.withLock { $0["\(index)"] = .array(found.map(\.json)) }
      }
    }
    if options.contains(.classFolders) { return }
    let labels = (0..<count).map { "\"\($0)\": \(label(at: $0))" }
    // Last, so that a folder with a label file is complete.
    try files.write(Data((classNames.joined(separator: "\n") + "\n").utf8), "Classes.txt")
    if options.contains(.boxes) {
      let lines = boxes.withLock { boxes in
        (0..<count).map { "\"\($0)\": \(boxes["\($0)"] ?? .array([]))" }
      }
      try files.write(Data(("{" + lines.joined(separator: ",\n") + "}\n").utf8), "Boxes.json")
    }
    try files.write(Data(("{" + labels.joined(separator: ",\n") + "}\n").utf8), "Labels.json")
  }
}
