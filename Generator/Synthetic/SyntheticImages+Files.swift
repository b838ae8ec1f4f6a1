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
    let wasThere = FileManager.default.fileExists(atPath: folder)
    if wasThere { try requireEmpty(folder) }
    do {
      try writeFiles(toFolder: folder, format: format, options, isCancelled)
    } catch {
      let written = wasThere ? try? FileManager.default.contentsOfDirectory(atPath: folder) : [""]
      for name in written ?? [] {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
      throw error
    }
  }

  private func writeFiles(
    toFolder folder: String, format: ImageFileFormat, _ options: FileOptions,
    _ isCancelled: @Sendable () -> Bool
  ) throws {
    try makeFolders(folder, options)
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    let boxes = Mutex<[String: JSONValue]>([:])
    parallelFor((count + 15) / 16) { piece in
      for index in (piece * 16)..<min(count, (piece + 1) * 16) {
        guard failure.withLock({ $0 == nil }) else { return }
        do {
          guard !isCancelled() else {
            throw CourseError(.interrupted, "drawing images was cancelled", location: folder)
          }
          let drawing = drawing(index)
          let place =
            options.contains(.classFolders)
            ? "\(classNames[label(at: index)])/\(index)" : "\(index)"
          try write(format.data(of: drawing.image), "\(folder)/\(place).\(format.rawValue)")
          if options.contains(.masks) {
            try write(format.data(of: drawing.mask), "\(folder)/masks/\(index).\(format.rawValue)")
          }
          if options.contains(.boxes) {
            let found = drawing.mask.boxes { $0 - 1 }
            boxes.withLock { $0["\(index)"] = .array(found.map(\.json)) }
          }
        } catch {
          failure.withLock { if $0 == nil { $0 = (index, error) } }
        }
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
    if options.contains(.classFolders) { return }
    let labels = (0..<count).map { "\"\($0)\": \(label(at: $0))" }
    // Last, so that a folder with a label file is complete.
    try write(
      Data((classNames.joined(separator: "\n") + "\n").utf8), "\(folder)/Classes.txt")
    if options.contains(.boxes) {
      let lines = boxes.withLock { boxes in
        (0..<count).map { "\"\($0)\": \(boxes["\($0)"] ?? .array([]))" }
      }
      try write(Data(("{" + lines.joined(separator: ",\n") + "}\n").utf8), "\(folder)/Boxes.json")
    }
    try write(Data(("{" + labels.joined(separator: ",\n") + "}\n").utf8), "\(folder)/Labels.json")
  }

  private func requireEmpty(_ folder: String) throws {
    // Hidden files, too: whatever is there afterwards is ours.
    _ = try FolderListing(of: folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard names.isEmpty else {
      throw CourseError(
        .file, "the folder is not empty", expected: "a new or empty folder",
        received: "\(names.count) entries", location: folder,
        remedy: "Name another folder, or remove this one.")
    }
  }

  private func makeFolders(_ folder: String, _ options: FileOptions) throws {
    var names = [""]
    if options.contains(.masks) { names.append("/masks") }
    if options.contains(.classFolders) { names = classNames.map { "/\($0)" } }
    for name in names {
      do {
        try FileManager.default.createDirectory(
          atPath: folder + name, withIntermediateDirectories: true)
      } catch {
        throw CourseError(
          .file, "cannot make the folder", received: error.localizedDescription,
          location: folder + name, remedy: "Check the permissions of the folder above it.")
      }
    }
  }

  /// Not atomically: the folder is new, and thousands of small files would each wait for the disk.
  private func write(_ data: Data, _ path: String) throws {
    do {
      try data.write(to: URL(filePath: path))
    } catch {
      throw CourseError(
        .file, "cannot write the file", received: error.localizedDescription, location: path,
        remedy: "Free some space, or write to another disk.")
    }
  }
}
