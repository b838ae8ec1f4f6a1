import Foundation
import Shared

/// The files of one part of CIFAR-10 or CIFAR-100: records of one or two labels and 3 x 32 x 32 bytes (red,
/// green and blue plane), in one or more files.
struct CIFARFormat {
  static let archive10 = "cifar-10-binary.tar.gz"

  /// The archive with all files.
  var archive: String
  /// The files that make up the part, in order.
  var files: [String]
  /// The file with the names of the classes.
  var namesFile: String
  /// The number of labels before the pixels, and the place of the one that counts.
  var labelCount: Int
  var labelPlace: Int
  var classCount: Int
  /// The names of the classes where the file with them is missing.
  var classNames: [String]
  /// The number of records in each file; `nil` for as many as there are.
  var imagesInAFile: Int?

  static let pixelCount = 3 * 32 * 32
  var recordSize: Int { labelCount + CIFARFormat.pixelCount }
}

/// Collects images from the files of one part, in a folder or in an archive.
struct CIFARReader {
  private let format: CIFARFormat
  private var pixels: [UInt8] = []
  private var labels: [Int] = []
  private var classNames: [String]?

  init(_ format: CIFARFormat) {
    self.format = format
  }

  /// At once, because an array that grows lies in memory twice for a moment.
  private mutating func makeRoom(for count: Int) {
    pixels = [UInt8](repeating: 0, count: count * CIFARFormat.pixelCount)
    labels = [Int](repeating: 0, count: count)
  }

  /// Reads a folder or an archive.
  static func dataset(_ format: CIFARFormat, name: String, in place: URL) throws -> Dataset {
    // Only one variable may hold the pixels, or writing them would copy all.
    var reader = CIFARReader(format)
    if let count = format.imagesInAFile { reader.makeRoom(for: count * format.files.count) }
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    if exists, isFolder.boolValue {
      try reader.readFolder(place)
    } else {
      try reader.readArchive(place)
    }
    return try reader.dataset(name: name)
  }

  /// The images that have been read.
  func dataset(name: String) throws -> Dataset {
    try Dataset(
      name: name, bytes: ByteFeatures(shape: [labels.count, 3, 32, 32], bytes: pixels),
      targets: .classes(labels), classNames: classNames ?? format.classNames)
  }

  // MARK: Places

  private mutating func readFolder(_ folder: URL) throws {
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    // The archive unpacks to a folder of its own within the one that people name.
    let inner = ["cifar-10-batches-bin", "cifar-100-binary"].map { folder.appending(path: $0) }
    let places = [folder] + inner
    guard
      let place = places.first(where: { place in
        format.files.contains { exists(place.appending(path: $0)) }
      })
    else {
      let archive = folder.appending(path: format.archive)
      guard exists(archive) else {
        throw CourseError(
          .file, "CIFAR's files are not in this folder",
          expected: "\(format.files.joined(separator: ", ")) or \(format.archive)",
          received: "neither", location: folder.path)
      }
      return try readArchive(archive)
    }
    for (number, file) in format.files.enumerated() {
      try read(file: place.appending(path: file).path, number: number)
    }
    let names = place.appending(path: format.namesFile)
    if exists(names) {
      let source = try ByteSource(path: names.path, content: "class names")
      try readNames(source.read(atMost: 1 << 16), path: names.path)
    }
  }

  private mutating func readArchive(_ url: URL) throws {
    let source = try ByteSource(
      path: url.path, content: "CIFAR's archive, or a folder with its files")
    var archive = TarReader(source)
    var missing = Set(format.files)
    while let entry = try archive.next() {
      let file = entry.name.split(separator: "/").last.map(String.init) ?? ""
      let path = "\(url.path), \(file)"
      var bytes: [UInt8] = []
      if file == format.namesFile, entry.size <= 1 << 16 {
        try archive.append(entry, to: &bytes)
        try readNames(bytes, path: path)
      } else if let number = format.files.firstIndex(of: file) {
        guard missing.remove(file) != nil else {
          throw CourseError(.format, "the file is in the archive twice", location: path)
        }
        try requireSize(entry.size, path: path)
        bytes.reserveCapacity(entry.size)
        try archive.append(entry, to: &bytes)
        try add(bytes, number: number, path: path)
      }
    }
    guard missing.isEmpty else {
      throw CourseError(
        .format, "the archive is not complete", expected: format.files.joined(separator: ", "),
        received: "none of \(missing.sorted().joined(separator: ", "))", location: url.path,
        remedy: "Download the binary version: \(format.archive).")
    }
  }

  // MARK: Files

  /// Reads the file that holds the images from `number` times `imagesInAFile` on.
  mutating func read(file path: String, number: Int) throws {
    try read(ByteSource(path: path, content: "images in CIFAR's binary format"), number: number)
  }

  mutating func read(_ source: ByteSource, number: Int) throws {
    let path = source.path
    let size = format.imagesInAFile.map { $0 * format.recordSize } ?? source.maximumContent
    let bytes = try source.read(atMost: size)
    try requireSize(bytes.count, path: path)
    try source.requireEnd(expected: "\(size) bytes")
    try add(bytes, number: number, path: path)
  }

  private func requireSize(_ size: Int, path: String) throws {
    let recordSize = format.recordSize
    let isRight =
      format.imagesInAFile.map { size == $0 * recordSize }
      ?? (size > 0 && size.isMultiple(of: recordSize))
    guard !isRight else { return }
    throw CourseError(
      .format, "the file has the wrong length",
      expected: format.imagesInAFile.map { "\($0 * recordSize) bytes, \($0) images" }
        ?? "one or more images of \(recordSize) bytes",
      received: "\(size) bytes", location: "\(path), offset \(size / recordSize * recordSize)",
      remedy: "Download the file again: the binary version, not Python's or Matlab's.")
  }

  private mutating func add(_ bytes: [UInt8], number: Int, path: String) throws {
    let (size, pixelCount) = (format.recordSize, CIFARFormat.pixelCount)
    let count = bytes.count / size
    if labels.isEmpty { makeRoom(for: count) }
    let found = (0..<count).map { bytes[$0 * size + format.labelPlace] }
    try requireLabels(
      found, below: format.classCount, path: path, header: format.labelPlace, recordSize: size)
    let first = number * count
    labels.replaceSubrange(first..<(first + count), with: found.map { Int($0) })
    pixels.withUnsafeMutableBufferPointer { pixels in
      bytes.withUnsafeBufferPointer { bytes in
        for record in 0..<count {
          let start = record * size + format.labelCount
          _ = pixels[((first + record) * pixelCount)...].update(
            fromContentsOf: bytes[start..<(start + pixelCount)])
        }
      }
    }
  }

  /// Class names, one a line; blank lines do not count.
  private mutating func readNames(_ bytes: [UInt8], path: String) throws {
    let names = try utf8Text(Data(bytes), path: path).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == format.classCount else {
      throw CourseError(
        .format, "the class names do not fit", expected: counted(format.classCount, "line"),
        received: "\(names.count)", location: path)
    }
    classNames = names
  }
}
