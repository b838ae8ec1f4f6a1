import Foundation
import Shared
import TestSupport
import Testing

@testable import Generator

@Suite struct NumberedFolderTests {
  private func labels(_ text: String) -> Data { Data(text.utf8) }

  @Test func imagesComeInTheOrderOfTheirNumbers() throws {
    try withTemporaryFolder { folder in
      var files = Dictionary(
        uniqueKeysWithValues: (0..<12).map { ("\($0).npy", tinyImage(UInt8($0))) })
      files["Labels.json"] = labels(
        "{" + (0..<12).reversed().map { "\"\($0)\": \($0 % 5)" }.joined(separator: ", ") + "}")
      files["sheet.png"] = Data()
      try makeFiles(files, in: folder)
      let source = try NumberedFolder(folder.path)
      try #require(source.count == 12, "task 4.2: not every image is listed")
      let values = try (0..<12).map { Int(try source.image(at: $0)[0, 0, 0]) }
      #expect(
        values == Array(0..<12),
        "task 4.2: by name, 10 comes before 2; the order is that of the numbers")
      #expect(source.labels == (0..<12).map { $0 % 5 }, "task 4.2: image and label were parted")
      #expect(source.classNames == ["0", "1", "2", "3", "4"])
      let named = try NumberedFolder(folder.path, classNames: Dataset.cifar10Classes)
      #expect(named.classNames[named.label(at: 4)] == "deer")
      expectCourseError(.invalidData, "key \"3\"", "out of range", "0 to 2", "got 3") {
        try NumberedFolder(folder.path, classNames: ["a", "b", "c"])
      }
    }
  }

  @Test func theLabelFileIsFound() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["data/0.npy": tinyImage(1), "Labels.json": labels("{\"0\": 1}")], in: folder)
      let data = folder.appending(path: "data").path
      #expect(try NumberedFolder(data).labels == [1])
      try makeFiles(
        ["data/mine.json": labels("{\"0\": 2}"), "data/Classes.txt": labels("x\ny\nz\n")],
        in: folder)
      let source = try NumberedFolder(data)
      #expect(source.labels == [2] && source.classNames == ["x", "y", "z"])
      #expect(try NumberedFolder(data, labels: "\(folder.path)/Labels.json").labels == [1])
      try makeFiles(["data/other.json": labels("{}")], in: folder)
      expectCourseError(.file, data, "no label file", "mine.json, other.json") {
        try NumberedFolder(data)
      }
    }
  }

  @Test(arguments: [
    ("{\"0\": 1, \"1\": 0, \"2\": 0}", "a label without an image", "key \"2\"", "2.npy"),
    ("{\"0\": 1}", "an image without a label", "1.npy", "the key \"1\""),
    ("{\"0\": 1, \"0\": 2, \"1\": 0}", "twice", "\"0\"", "Labels.json"),
    ("{\"0\": 1, \"00\": 2, \"1\": 0}", "two keys are the same number", "image 0", "Labels.json"),
    ("{\"0\": 1.5, \"1\": 0}", "not a label", "1.5", "key \"0\""),
    ("{\"0\": -1, \"1\": 0}", "not a label", "-1", "key \"0\""),
    ("{\"0\": 99999999999, \"1\": 0}", "not a label", "99999999999", "65535"),
    ("{\"zero\": 1}", "not the number of an image", "\"zero\"", "Labels.json"),
    ("[1, 2]", "not labels", "a JSON object", "Labels.json"),
    ("{}", "no labels in this file", "at least one", "Labels.json"),
    ("{\"0\": 1", "Labels.json", "line 1", ""),
  ])
  func wrongLabelsAreRefused(text: String, first: String, second: String, third: String) throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        ["0.npy": tinyImage(1), "1.npy": tinyImage(2), "Labels.json": labels(text)], in: folder)
      do {
        _ = try NumberedFolder(folder.path)
        Issue.record("nothing was thrown")
      } catch let error as CourseError {
        for part in [first, second, third] where !part.isEmpty {
          #expect("\(error)".contains(part), "\(error)")
        }
      }
    }
  }

  @Test func twoImagesOfOneNumberAreRefused() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        ["3.npy": tinyImage(1), "03.png": tinyImage(2), "Labels.json": labels("{\"3\": 0}")],
        in: folder)
      expectCourseError(.invalidData, "same number", "one image 3", "03.png and 3.npy") {
        try NumberedFolder(folder.path)
      }
      let source = try NumberedFolder(folder.path, skipBroken: true)
      #expect(source.count == 1 && source.skipped.count == 1)
    }
  }

  @Test func whatIsBrokenIsCountedAndListed() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "0.npy": tinyImage(1), "1.npy": Data(), "2.npy": tinyImage(2).dropLast(),
          "3.npy": tinyImage(3), "Labels.json": labels("{\"0\": 1, \"1\": 0, \"2\": 0, \"7\": 0}"),
        ], in: folder)
      let source = try NumberedFolder(folder.path, skipBroken: true)
      #expect(source.labels == [1])
      #expect(
        source.skipped.map(\.what) == [
          "a label without an image", "an image without a label",
          "this is not an image that can be read",
          "the data does not fit the header of this NumPy file",
        ])
    }
  }

  @Test func masksAndBoxesAreRead() throws {
    try withTemporaryFolder { folder in
      let box = ImageBox(left: 0.5, top: 0, right: 2, bottom: 1, label: 1)
      try makeFiles(
        [
          "0.npy": tinyImage(1), "1.npy": tinyImage(1), "masks/1.npy": tinyImage(1, channels: 1),
          "Boxes.json": labels("{\"0\": [\(box.json)]}"),
          "Labels.json": labels("{\"0\": 0, \"1\": 1}"),
        ], in: folder)
      let source = try NumberedFolder(folder.path)
      #expect(source.boxes(at: 0) == [box] && source.boxes(at: 1).isEmpty)
      #expect(try source.mask(at: 0) == nil && source.mask(at: 1)?.pixels == [1, 1, 1, 1])
      try makeFiles(
        [
          "Boxes.json": labels(
            "{\"0\": [{\"left\": 3, \"top\": 0, \"right\": 2, \"bottom\": 1, \"label\": 1}]}")
        ], in: folder)
      expectCourseError(.format, "Boxes.json, key \"0\"", "not boxes", "left <= right") {
        try NumberedFolder(folder.path)
      }
    }
  }

  /// Made by numpy.save: uint8 [2, 1], "<U1" and Fortran's order.
  @Test func arraysThatAreNoImagesAreRefused() throws {
    let grey = try PixelImage(npyData: tinyImage(7, channels: 1), path: "grey.npy")
    #expect(grey.channels == 1 && grey.pixels == [7, 7, 7, 7])
    expectCourseError(.format, "float.npy", "not bytes", "uint8", "astype") {
      try PixelImage(npyData: Tensor(zeros: [2, 2]).npyData, path: "float.npy")
    }
    let planar = NpyBytes.encoded(shape: [3, 5, 5], bytes: [UInt8](repeating: 0, count: 75))
    expectCourseError(.format, "chw.npy", "[H, W, C]", "[3, 5, 5]", "transpose") {
      try PixelImage(npyData: planar, path: "chw.npy")
    }
    expectCourseError(.format, "cut.npy", "does not fit", "10 bytes") {
      try PixelImage(npyData: tinyImage(1).dropLast(2), path: "cut.npy")
    }
  }
}
