import Foundation
import Shared

/// The two kinds of labels in CIFAR-100.
public enum CIFAR100Labels: String, Sendable, CaseIterable {
  /// The 100 classes.
  case fine
  /// The 20 groups of five classes each.
  case coarse
}

extension Dataset {
  /// The classes of CIFAR-10, in the order of their labels.
  public static let cifar10Classes = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// CIFAR-10: colour images of 32 x 32 pixels, 50 000 for training and 10 000 for testing (Krizhevsky
  /// 2009).
  ///
  ///     let images = try Dataset.cifar10(.train)
  ///     images.inputShape                           // [3, 32, 32]
  ///     try FeatureScaler.standardizingChannels(images)
  ///
  /// The pixels stay bytes (154 MB); a batch has numbers from 0 to 1.
  ///
  /// - Parameter place: the archive `cifar-10-binary.tar.gz`, or a folder with its files; `nil` for
  ///   the archive of `course data fetch cifar10`
  public static func cifar10(_ part: DatasetPart, in place: URL? = nil) throws -> Dataset {
    try cifar10(part, in: place, imagesInAFile: 10_000)
  }

  /// CIFAR-100: like CIFAR-10, with 100 classes in 20 groups.
  /// - Parameter place: the archive `cifar-100-binary.tar.gz`, or a folder with its files
  public static func cifar100(
    _ part: DatasetPart, labels: CIFAR100Labels = .fine, in place: URL
  ) throws -> Dataset {
    try cifar100(
      part, labels: labels, in: place, imagesInAFile: part == .train ? 50_000 : 10_000)
  }

  static func cifar10(
    _ part: DatasetPart, in place: URL?, imagesInAFile count: Int
  ) throws -> Dataset {
    try part.requirePublished(by: "CIFAR-10")
    let place = try place ?? URL(filePath: RemoteDataset.cifar10.path(of: CIFARFormat.archive10))
    let format = CIFARFormat(
      archive: CIFARFormat.archive10,
      files: part == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"],
      namesFile: "batches.meta.txt", labelCount: 1, labelPlace: 0, classCount: 10,
      classNames: cifar10Classes, imagesInAFile: count)
    return try CIFARReader.dataset(format, name: "CIFAR-10 (\(part.rawValue))", in: place)
  }

  static func cifar100(
    _ part: DatasetPart, labels: CIFAR100Labels, in place: URL, imagesInAFile count: Int
  ) throws -> Dataset {
    try part.requirePublished(by: "CIFAR-100")
    let format = CIFARFormat(
      archive: "cifar-100-binary.tar.gz", files: ["\(part.rawValue).bin"],
      namesFile: "\(labels.rawValue)_label_names.txt", labelCount: 2,
      labelPlace: labels == .coarse ? 0 : 1, classCount: labels == .coarse ? 20 : 100,
      classNames: [], imagesInAFile: count)
    return try CIFARReader.dataset(format, name: "CIFAR-100 (\(part.rawValue))", in: place)
  }

  /// Images in one file of CIFAR-10's binary format, as many as there are: records of one label and
  /// 3 x 32 x 32 bytes. The file may be packed with gzip.
  public init(cifarFile path: String, classNames: [String]) throws {
    let name = URL(filePath: path).lastPathComponent
    let format = CIFARFormat(
      archive: "", files: [name], namesFile: "", labelCount: 1, labelPlace: 0,
      classCount: classNames.count, classNames: classNames, imagesInAFile: nil)
    var reader = CIFARReader(format)
    try reader.read(file: path, number: 0)
    self = try reader.dataset(name: name)
  }
}
