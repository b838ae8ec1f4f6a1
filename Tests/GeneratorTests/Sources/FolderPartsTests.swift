import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: ImageFolderTests.steps), .watched)
struct FolderPartsTests {
  /// Folders with an image in each; names that end in "/" are empty.
  private func withFolders(_ paths: [String], _ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      for path in paths {
        try makeFiles(
          [path.hasSuffix("/") ? path : "\(path)/1.png": tinyImage(1)], in: folder)
      }
      try body(folder.path)
    }
  }

  @Test(arguments: [
    ("train", "val", "test"), ("Train", "VALID", "Testing"), ("training", "validation", "eval"),
    ("TRAIN", "dev", "evaluation"),
  ])
  func theUsualNamesAreParts(train: String, validation: String, test: String) throws {
    let paths = [train, validation, test].flatMap { ["\($0)/cat", "\($0)/dog"] }
    try withFolders(paths) { path throws in
      let parts = try FolderParts(of: path)
      #expect(parts.folders == [.train: train, .validation: validation, .test: test])
      #expect(
        parts.notes == [
          "Of \(path), \(train) is the part for training, \(validation) is the part for validation, "
            + "\(test) is the part for testing."
        ])
      for (part, name) in [(DatasetPart.train, train), (.validation, validation), (.test, test)] {
        let folder = try ImageFolder(path, part: part)
        #expect(folder.name == "\(path)/\(name)" && folder.classNames == ["cat", "dog"])
        #expect(folder.notes == parts.notes)
      }
      #expect(try ImageSources.open(path).name == "\(path)/\(train)")
      expectCourseError(.invalidData, "parts, not classes", "Name one: \(path)/\(train)") {
        try ImageFolder(path)
      }
    }
  }

  /// This was two classes "train" and "valid".
  @Test func trainAndValidAreNoClasses() throws {
    try withFolders(["train/cat", "train/dog", "valid/cat", "valid/dog"]) { path throws in
      #expect(try FolderParts(of: path).folders == [.train: "train", .validation: "valid"])
      #expect(try ImageSources.open(path).classNames == ["cat", "dog"])
      expectCourseError(.invalidData, "no part for testing", "train, valid", "\(path)/train") {
        try ImageFolder(path, part: .test)
      }
    }
  }

  @Test func whatIsNoPartIsNamed() throws {
    let paths = ["train/cat", "train/dog", "val/dog", "extra/x", "test/", "unlabelled", "dev"]
    try withFolders(paths) { path throws in
      let parts = try FolderParts(of: path)
      #expect(parts.folders == [.train: "train", .validation: "val"])
      #expect(
        parts.notes.dropFirst() == [
          "\(path)/dev has 1 image without classes and is not used.",
          "\(path)/test has no class folders and is not used.",
          "\(path)/extra is not a part and is not used.",
          "\(path)/unlabelled is not a part and is not used.",
        ])
    }
  }

  @Test func classesMayBeCalledLikeParts() throws {
    try withFolders(["train", "boat"]) { path throws in
      let folder = try ImageFolder(path)
      #expect(folder.classNames == ["boat", "train"])
      #expect(folder.notes == ["train in \(path) is taken as classes, like boat."])
      #expect(try ImageSources.open(path).classNames == ["boat", "train"])
    }
    // Other folders in each are kinds of a class.
    try withFolders(["train/steam", "train/diesel", "boat/sail", "test"]) { path throws in
      #expect(try ImageFolder(path).classNames == ["boat", "test", "train"])
    }
  }

  @Test func whatMayBeBothIsAsked() throws {
    try withFolders(["train/cat", "train/dog", "fold2/cat", "fold2/dog"]) { path throws in
      expectCourseError(
        .invalidData, "parts or classes?", "train and fold2, and cat, dog in both",
        "Name the one to use: \(path)/train", "rename fold2"
      ) { try ImageFolder(path) }
      #expect(try ImageFolder("\(path)/train").classNames == ["cat", "dog"])
    }
    try withFolders(["train", "test"]) { path throws in
      expectCourseError(
        .invalidData, "no classes in them", "1 image in test, 1 image in train", "test-class"
      ) { try ImageSources.open(path) }
    }
    try withTemporaryFolder { folder in
      try makeFiles(["train/1.bmp": Data(), "train/2.bmp": Data()], in: folder)
      expectCourseError(.invalidData, "no classes in them", "2 images in train") {
        try ImageSources.open(folder.path)
      }
    }
    try withFolders(["train/cat", "val/cat", "valid/cat"]) { path throws in
      expectCourseError(.invalidData, "two folders are the same part", "val and valid") {
        try ImageSources.open(path)
      }
    }
    try withFolders(["val/cat", "test/cat"]) { path throws in
      expectCourseError(.invalidData, "no part for training", "val, test", "use: \(path)/val") {
        try ImageSources.open(path)
      }
      #expect(try ImageFolder(path, part: .test).count == 1)
    }
  }

  @Test func foldersWithNothingButFoldersAreNoted() throws {
    try withFolders(["2023/cat", "2023/dog", "2024/cat", "2024/dog"]) { path throws in
      let folder = try ImageFolder(path)
      #expect(folder.classNames == ["2023", "2024"])
      #expect(
        folder.notes == [
          "The folders in \(path) are taken as classes: 2023, 2024. All have the same folders in them "
            + "(cat, dog): if they are parts of the data, name one of them: \(path)/2023."
        ])
    }
    // One folder around everything, as archives have it.
    try withFolders(["flowers/daisy", "flowers/tulip"]) { path throws in
      #expect(
        try ImageFolder(path).notes == [
          "The folders in \(path) are taken as classes: flowers. Their images lie in folders in them "
            + "(daisy, tulip): if those are the classes, name it: \(path)/flowers."
        ])
    }
    try withFolders(["cat/young", "dog/old", "cow"]) { path throws in
      #expect(try ImageFolder(path).notes == [])
    }
  }

  @Test(arguments: [
    ("train_set", DatasetPart.train), ("TrainingSet", .train), ("Train Data", .train),
    ("train2017", .train), ("val2017", .validation), ("test-images", .test),
    ("dev_set", .validation),
  ])
  func namesMayHaveASuffix(name: String, part: DatasetPart) {
    #expect(DatasetPart(folderName: name) == part)
  }

  @Test(arguments: ["trains", "test tube", "train station", "device", "set", "data", "trainé", ""])
  func otherNamesAreNoParts(name: String) {
    #expect(DatasetPart(folderName: name) == nil)
  }

  @Test func partsOfNumberedImagesAreNamed() throws {
    try withTemporaryFolder { folder in
      for part in ["train", "test"] {
        try makeFiles(
          ["\(part)/0.npy": tinyImage(1), "\(part)/Labels.json": Data("{\"0\": 0}".utf8)],
          in: folder)
      }
      expectCourseError(
        .invalidData, "numbered images in them", "got test, train", "Name one: \(folder.path)/test"
      ) { try ImageSources.open(folder.path) }
    }
  }

  @Test func publishedDataHaveNoPartToValidateOn() {
    expectCourseError(.invalidArgument, "mnist has no validation part", "split(") {
      try Dataset.mnist(.validation)
    }
    expectCourseError(.invalidArgument, "CIFAR-10 has no validation part") {
      try Dataset.cifar10(.validation)
    }
    expectCourseError(.invalidArgument, "CIFAR-100 has no validation part") {
      try Dataset.cifar100(.validation, in: URL(filePath: "x"))
    }
  }
}
