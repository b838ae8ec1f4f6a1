import Foundation
import Shared

/// A data set that can be downloaded: its files and their mirrors.
public struct RemoteDataset: Sendable, Equatable {
  /// The name on the command line, and of the folder with the files.
  public let name: String
  /// A description of one line.
  public let abstract: String
  /// The files, which belong together.
  public let files: [RemoteFile]

  /// Describes a data set.
  public init(name: String, abstract: String, files: [RemoteFile]) {
    self.name = name
    self.abstract = abstract
    self.files = files
  }

  /// The folder of this data set.
  public func folder(in data: URL = DataFolder.standard) -> URL {
    data.appending(path: name, directoryHint: .isDirectory)
  }

  /// The path of a file that has been fetched. People unpack files, so the name without `.gz` will do.
  /// - Parameter folder: where to look; `nil` for the folder of this data set
  /// - Throws: an error that says how to get the file
  func path(of file: String, in folder: URL? = nil) throws -> String {
    let place = folder ?? self.folder()
    var names = [file]
    if file.hasSuffix("-ubyte.gz") {
      let plain = String(file.dropLast(3))
      names += [plain, plain.replacing("-idx", with: ".idx")]
    }
    for name in names {
      let path = place.appending(path: name).path
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw CourseError(
      .file, "the data are not here", expected: file, received: "no such file",
      location: place.path,
      remedy: folder == nil
        ? "'course data fetch \(name)' downloads them. Or put the file there yourself; "
          + "COURSE_DATA=FOLDER names another place." : "Put the file there.")
  }
}

extension RemoteDataset {
  /// The data sets that can be downloaded.
  public static let all = [mnist, fashionMNIST, cifar10]

  /// MNIST.
  public static let mnist = RemoteDataset(
    name: "mnist", abstract: "handwritten digits, 28 x 28 pixels, 60 000 + 10 000",
    files: idxFiles(
      mirrors: [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
      ],
      [
        IDXParts(
          images: 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873",
          "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
          labels: 28_881, "d53e105ee54ea40749a09fcbcd1e9432",
          "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        IDXParts(
          images: 1_648_877, "9fb629c4189551a2d022fa330f9573f3",
          "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
          labels: 4_542, "ec29112dd5afa0611ce80d1b7f02629c",
          "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
      ]))

  /// Fashion-MNIST. Its authors publish MD5 sums only.
  public static let fashionMNIST = RemoteDataset(
    name: "fashion-mnist", abstract: "ten kinds of clothing, 28 x 28 pixels, 60 000 + 10 000",
    files: idxFiles(
      mirrors: [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
      ],
      [
        IDXParts(
          images: 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", nil,
          labels: 29_515, "25c81989df183df01b3e8a0aad5dffbe", nil),
        IDXParts(
          images: 4_422_102, "bef4ecab320f06d8554ea6380940ec79", nil,
          labels: 5_148, "bb300cfdad3c16e7a12a480ee83cd310", nil),
      ]))

  /// CIFAR-10, the binary version.
  public static let cifar10 = RemoteDataset(
    name: "cifar10", abstract: "ten kinds of things, 32 x 32 pixels in colour, 50 000 + 10 000",
    files: [
      RemoteFile(
        name: "cifar-10-binary.tar.gz", size: 170_052_171, md5: "c32a1d4ab5d03f1284b67883e8d87530",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        mirrors: [
          "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
          "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
        ])
    ])

  /// Sizes and checksums of images and labels of one part.
  private struct IDXParts {
    var images: (size: Int, md5: String, sha256: String?)
    var labels: (size: Int, md5: String, sha256: String?)

    init(
      images: Int, _ imagesMD5: String, _ imagesSHA256: String?, labels: Int, _ labelsMD5: String,
      _ labelsSHA256: String?
    ) {
      self.images = (images, imagesMD5, imagesSHA256)
      self.labels = (labels, labelsMD5, labelsSHA256)
    }
  }

  private static func idxFiles(mirrors: [String], _ parts: [IDXParts]) -> [RemoteFile] {
    zip(["train", "t10k"], parts).flatMap { prefix, part in
      [("images-idx3", part.images), ("labels-idx1", part.labels)].map { kind, facts in
        let name = "\(prefix)-\(kind)-ubyte.gz"
        return RemoteFile(
          name: name, size: facts.size, md5: facts.md5, sha256: facts.sha256,
          mirrors: mirrors.map { $0 + name })
      }
    }
  }
}
