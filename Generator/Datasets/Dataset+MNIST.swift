import Foundation
import Shared

/// A part of a data set, as its authors divided it.
public enum DatasetPart: String, Sendable, CaseIterable {
  /// For training.
  case train
  /// For measurements during training.
  case validation
  /// For the measurement at the end.
  case test
}

extension Dataset {
  /// Images and labels from two IDX files, packed with gzip or not.
  ///
  ///     let digits = try Dataset(idxImages: "t10k-images-idx3-ubyte.gz",
  ///                              labels: "t10k-labels-idx1-ubyte.gz")
  ///     digits.inputShape                  // [1, 28, 28]
  ///
  /// The pixels stay bytes; a batch has numbers from 0 to 1.
  ///
  /// - Parameters:
  ///   - idxImages: bytes `[N, H, W]` (which become `[N, 1, H, W]`) or `[N, C, H, W]`
  ///   - labels: bytes `[N]`
  ///   - classNames: the classes that the labels are indices of; `nil` for as many as there are labels
  /// - Throws: a `CourseError` with file, offset, expected and received values, when a file has another
  ///   content, when the counts disagree, or when a label is out of range
  public init(
    idxImages: String, labels: String, classNames: [String]? = nil, name: String? = nil
  ) throws {
    let images = try IDXFile(contentsOf: URL(filePath: idxImages))
    let labelFile = try IDXFile(contentsOf: URL(filePath: labels))
    guard images.type == .uint8, [3, 4].contains(images.shape.count),
      images.shape.allSatisfy({ $0 > 0 })
    else {
      throw CourseError(
        .format, "these are not images", expected: "bytes [N, H, W] (00 00 08 03)",
        received: "\(images.type) of shape \(images.shape)", location: "\(idxImages), offset 0",
        remedy: labelFile.shape.count > 1 ? "Are images and labels exchanged?" : nil)
    }
    guard labelFile.type == .uint8, labelFile.shape.count == 1 else {
      throw CourseError(
        .format, "these are not labels", expected: "bytes [N] (00 00 08 01)",
        received: "\(labelFile.type) of shape \(labelFile.shape)", location: "\(labels), offset 0")
    }
    guard images.shape[0] == labelFile.shape[0] else {
      throw CourseError(
        .invalidData, "the numbers of labels and images differ",
        expected: "\(counted(images.shape[0], "label")) for \(idxImages)",
        received: "\(labelFile.shape[0])",
        location: "\(labels), offset 4", remedy: "Do the two files belong together?")
    }
    if let classNames {
      try requireLabels(
        labelFile.bytes, below: classNames.count, path: labels, header: 8, recordSize: 1)
    }
    var shape = images.shape
    if shape.count == 3 { shape.insert(1, at: 1) }
    try self.init(
      name: name ?? URL(filePath: idxImages).lastPathComponent,
      bytes: ByteFeatures(shape: shape, bytes: images.bytes),
      targets: .classes(labelFile.bytes.map { Int($0) }), classNames: classNames ?? [])
  }

  /// MNIST: handwritten digits of 28 x 28 pixels, 60 000 for training and 10 000 for testing (LeCun,
  /// Cortes and Burges 1998).
  /// - Parameter folder: the folder with the four files; `nil` for the one of `course data fetch mnist`
  public static func mnist(_ part: DatasetPart, in folder: URL? = nil) throws -> Dataset {
    try idx(.mnist, part, in: folder, classNames: (0...9).map(String.init))
  }

  /// Fashion-MNIST: ten kinds of clothing in the format of MNIST (Xiao, Rasul and Vollgraf 2017).
  /// - Parameter folder: the folder with the four files; `nil` for the one of
  ///   `course data fetch fashion-mnist`
  public static func fashionMNIST(_ part: DatasetPart, in folder: URL? = nil) throws -> Dataset {
    try idx(
      .fashionMNIST, part, in: folder,
      classNames: [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
      ])
  }

  private static func idx(
    _ source: RemoteDataset, _ part: DatasetPart, in folder: URL?, classNames: [String]
  ) throws -> Dataset {
    try part.requirePublished(by: source.name)
    let prefix = part == .train ? "train" : "t10k"
    return try Dataset(
      idxImages: source.path(of: "\(prefix)-images-idx3-ubyte.gz", in: folder),
      labels: source.path(of: "\(prefix)-labels-idx1-ubyte.gz", in: folder),
      classNames: classNames, name: "\(source.name) (\(part.rawValue))")
  }
}

/// Throws when a label is not the index of a class.
func requireLabels(
  _ labels: some Collection<UInt8>, below classCount: Int, path: String, header: Int,
  recordSize: Int
) throws {
  guard let (example, label) = labels.enumerated().first(where: { $0.element >= classCount })
  else { return }
  throw CourseError(
    .invalidData, "a label is out of range", expected: "0 to \(classCount - 1)",
    received: "\(label)",
    location: "\(path), offset \(header + example * recordSize) (example \(example))",
    remedy: "The file is damaged, or it has other classes.")
}
