import CCourseKernels
import Foundation
import Shared

/// The names of the arrays in a NumPy archive.
public struct NpzNames: Sendable, Equatable {
  /// The array of the inputs, `[N, ...]`.
  public var inputs: String
  /// The array of the labels, `[N]`.
  public var labels: String

  /// Two arrays by name, without ".npy".
  public init(inputs: String, labels: String) {
    self.inputs = inputs
    self.labels = labels
  }

  /// The usual names, as in `numpy.savez(path, x_train=..., y_train=...)`, for the whole data or a part
  /// (x_val, x_valid, ... for validation).
  static func usual(_ part: DatasetPart?) -> [NpzNames] {
    let pairs = [
      ("x", "y"), ("images", "labels"), ("data", "labels"), ("arr_0", "arr_1"),
      ("features", "labels"),
    ]
    guard let part else { return pairs.map { NpzNames(inputs: $0.0, labels: $0.1) } }
    return part.folderNames.flatMap { name in
      pairs.flatMap { x, y in
        [
          NpzNames(inputs: "\(x)_\(name)", labels: "\(y)_\(name)"),
          NpzNames(inputs: "\(name)_\(x)", labels: "\(name)_\(y)"),
        ]
      }
    }
  }
}

extension Dataset {
  /// Examples from an archive that `numpy.savez` or `numpy.savez_compressed` wrote.
  ///
  ///     let digits = try Dataset(npz: "mnist.npz", part: .train)     // x_train and y_train
  ///     digits.inputShape                                            // [1, 28, 28]
  ///
  /// Bytes stay bytes. Images are `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`, and become
  /// `[C, H, W]` each; other arrays keep their shape.
  ///
  /// - Parameters:
  ///   - part: which part, where the archive has several
  ///   - names: how the arrays are called; `nil` for the usual names
  ///   - classNames: the names of the classes, by label
  /// - Throws: a `CourseError` that names the file and the array
  public init(
    npz path: String, part: DatasetPart? = nil, names: NpzNames? = nil, classNames: [String] = []
  ) throws {
    try self.init(
      npzData: mapFile(at: path, content: "a NumPy archive (.npz)"), path: path, part: part,
      names: names, classNames: classNames)
  }

  /// Reads the bytes of an archive; `path` names it in errors.
  public init(
    npzData: Data, path: String, part: DatasetPart? = nil, names: NpzNames? = nil,
    classNames: [String] = []
  ) throws {
    let archive = try ZipArchive(data: npzData, path: path)
    let found = Dictionary(
      archive.members.map { (Dataset.arrayName($0.name), $0) },
      uniquingKeysWith: { first, _ in first })
    let candidates = names.map { [$0] } ?? NpzNames.usual(part)
    // Case does not matter: X and y are common.
    func member(_ name: String) -> ZipArchive.Member? {
      found[name]
        ?? found.filter { $0.key.lowercased() == name.lowercased() }
        .min { precedes($0.key, $1.key) }?.value
    }
    guard
      let (inputs, labels) = candidates.lazy.compactMap({ names in
        member(names.inputs).flatMap { x in member(names.labels).map { (x, $0) } }
      }).first
    else {
      throw CourseError(
        .format, "the arrays are not in this archive",
        expected: candidates.prefix(4).map { "\($0.inputs) and \($0.labels)" }
          .joined(separator: ", or "),
        received: found.keys.sorted(by: precedes).joined(separator: ", "), location: path,
        remedy: "Save them by such names: numpy.savez(path, \(candidates[0].inputs)=..., "
          + "\(candidates[0].labels)=...).")
    }
    let targets = try Dataset.labels(
      archive.content(of: labels), path: "\(path), \(labels.name)")
    let place = "\(path), \(inputs.name)"
    var bytes = try archive.content(of: inputs)
    let name = URL(filePath: path).lastPathComponent + (part.map { " (\($0.rawValue))" } ?? "")
    guard try NpyBytes.areBytes(bytes, path: place) else {
      try self.init(
        name: name, features: Dataset.numbers(Tensor(npyData: Data(bytes), path: place)),
        targets: .classes(targets), classNames: classNames)
      return
    }
    let shape = try Dataset.planes(&bytes, path: place)
    guard shape[0] == targets.count else {
      throw CourseError(
        .invalidData, "the numbers of labels and images differ",
        expected: counted(shape[0], "label"),
        received: "\(targets.count)", location: path, remedy: "Do the two arrays belong together?")
    }
    try self.init(
      name: name, bytes: ByteFeatures(shape: shape, bytes: bytes), targets: .classes(targets),
      classNames: classNames)
  }

  /// Which parts an archive has, by the usual names; empty when it is not divided.
  public static func npzParts(_ path: String) throws -> [DatasetPart] {
    let data = try mapFile(at: path, content: "a NumPy archive (.npz)")
    let found = Set(
      try ZipArchive(data: data, path: path).members.map { arrayName($0.name).lowercased() })
    return DatasetPart.allCases.filter { part in
      NpzNames.usual(part).contains { found.contains($0.inputs) && found.contains($0.labels) }
    }
  }

  private static func arrayName(_ member: String) -> String {
    member.hasSuffix(".npy") ? String(member.dropLast(4)) : member
  }

  private static func labels(_ bytes: [UInt8], path: String) throws -> [Int] {
    let values = try Tensor(npyData: Data(bytes), path: path)
    guard values.rank == 1 || values.rank == 2 && values.shape[1] == 1 else {
      throw CourseError(
        .format, "these are not labels", expected: "the shape [N]", received: "\(values.shape)",
        location: path)
    }
    let limit = Float(LabelMap.maximumClasses)
    return try values.scalars.enumerated().map { index, value in
      guard value >= 0, value < limit, value == value.rounded(.down) else {
        throw CourseError(
          .invalidData, "a label is not a class index",
          expected: "0 to \(LabelMap.maximumClasses - 1)",
          received: "\(value)", location: "\(path), element \(index)")
      }
      return Int(value)
    }
  }

  /// Whether images have their channels last, as Python has them.
  private static func hasChannelsLast(_ shape: [Int]) -> Bool {
    shape.count == 4 && [1, 3, 4].contains(shape[3])
  }

  /// Images as `[N, C, H, W]`; everything else as it is.
  private static func numbers(_ features: Tensor) -> Tensor {
    let shape = features.shape
    if shape.count == 3 { return features.reshaped(to: [shape[0], 1, shape[1], shape[2]]) }
    return hasChannelsLast(shape) ? features.transposed(axes: [0, 3, 1, 2]) : features
  }

  /// The same for the bytes of a `.npy` file, whose header is taken away.
  /// - Returns: the shape
  private static func planes(_ bytes: inout [UInt8], path: String) throws -> [Int] {
    let array = try bytes.withUnsafeBufferPointer { try NpyBytes($0, path: path) }
    let shape = array.shape
    guard shape.count >= 2, !shape.contains(0), shape[0] <= Int32.max else {
      throw CourseError(
        .format, "this array has no examples", expected: "the shape [N, ...]",
        received: "\(shape)", location: path)
    }
    if array.isColumnMajor {
      let rows = bytes.withUnsafeBufferPointer { array.rowMajor($0) }
      bytes.replaceSubrange(array.range, with: rows)
    }
    guard hasChannelsLast(shape) else {
      bytes.removeFirst(array.range.lowerBound)
      return shape.count == 3 ? [shape[0], 1, shape[1], shape[2]] : shape
    }
    let (area, channels) = (shape[1] * shape[2], shape[3])
    bytes = [UInt8](unsafeUninitializedCapacity: array.range.count) { out, count in
      bytes.withUnsafeBufferPointer { from in
        for place in stride(from: 0, to: array.range.count, by: area * channels) {
          kernels_deinterleave_bytes(
            from.baseAddress! + array.range.lowerBound + place, area, channels,
            out.baseAddress! + place)
        }
      }
      count = array.range.count
    }
    return [shape[0], channels, shape[1], shape[2]]
  }
}
