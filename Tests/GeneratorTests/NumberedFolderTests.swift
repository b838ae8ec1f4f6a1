import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// Task 4.2.
@Suite(.watched) struct NumberedFolderTests {
  // MARK: The task, in a process of its own

  static let steps: FirstSteps = FirstSteps(
    of: "NumberedFolder.paired", [("pairsComeByNumber()", comeByNumber)],
    hints: [
      "nil while unwrapping":
        "labels has the keys of files; there may be gaps, so 0, 1, 2, ... are not among them",
      "out of range": "files and labels are looked up by number, not by place",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      NumberedFolderTests.steps.tryAndExit()
    }
  }

  @Test func pairsComeByNumber() async throws { try await Self.steps.run(0) }

  private static func comeByNumber() throws {
    // So many that a dictionary has them in order by chance in one of 40 320 runs.
    let files = [
      10: "10.npy", 2: "2.npy", 0: "0.npy", 7: "07.png", 1: "1.npy", 20: "20.npy", 13: "13.npy",
      5: "5.npy",
    ]
    let labels = [0: 4, 10: 1, 2: 6, 7: 0, 1: 9, 20: 3, 13: 8, 5: 2]
    let entries = NumberedFolder.paired(files: files, labels: labels)
    let (numbers, paths) = (entries.map(\.number), entries.map(\.path))
    func say(_ what: String) -> String {
      "NumberedFolder.paired: \(what)\n  expected "
        + [0, 1, 2, 5, 7, 10, 13, 20].map { "\($0): \(files[$0] ?? "") is \(labels[$0] ?? 0)" }
        .joined(separator: ", ") + "\n  got      "
        + entries.map { "\($0.number): \($0.path) is \($0.label)" }.joined(separator: ", ")
    }
    try require(
      entries.count == files.count, say("not every image is listed: \(entries.count) of 8"))
    try require(Set(paths) == Set(files.values), say("each image is listed once"))
    let right = [
      "0.npy", "1.npy", "2.npy", "5.npy", "07.png", "10.npy", "13.npy", "20.npy",
    ]
    try require(
      paths != paths.sorted(),
      say("by name, 10 comes before 2; the order is that of the numbers"))
    try require(
      paths == right,
      say(
        paths == right.reversed()
          ? "the smallest number comes first"
          : "a dictionary has no order: sort by the numbers"))
    try require(
      numbers == [0, 1, 2, 5, 7, 10, 13, 20],
      say(
        numbers == Array(0..<8)
          ? "the number of an entry is the key of its file, not its place in the list; there may be gaps"
          : "the number of an entry is the key of its file"))
    let found = entries.map(\.label)
    try require(
      found == [4, 9, 6, 2, 0, 1, 8, 3],
      say(
        found == numbers
          ? "the label of an entry is labels[number], not the number"
          : "image and label were parted: the label of an entry is labels[number]"))
  }

  // MARK: What is given

  private func labels(_ text: String) -> Data { Data(text.utf8) }

  @Test func imagesComeInTheOrderOfTheirNumbers() async throws {
    try await Self.steps.require()
    try withTemporaryFolder { folder in
      var files = Dictionary(
        uniqueKeysWithValues: (0..<12).map { ("\($0).npy", tinyImage(UInt8($0))) })
      files["Labels.json"] = labels(
        "{" + (0..<12).reversed().map { "\"\($0)\": \($0 % 5)" }.joined(separator: ", ") + "}")
      files["sheet.png"] = Data()
      try makeFiles(files, in: folder)
      let source = try NumberedFolder(folder.path)
      try #require(source.count == 12)
      let values = try (0..<12).map { Int(try source.image(at: $0)[0, 0, 0]) }
      #expect(values == Array(0..<12))
      #expect(source.labels == (0..<12).map { $0 % 5 })
      #expect(source.classNames == ["0", "1", "2", "3", "4"])
      let named = try NumberedFolder(folder.path, classNames: Dataset.cifar10Classes)
      #expect(named.classNames[named.label(at: 4)] == "deer")
      expectCourseError(.invalidData, "key \"3\"", "out of range", "0 to 2", "got 3") {
        try NumberedFolder(folder.path, classNames: ["a", "b", "c"])
      }
    }
  }

  @Test(.waits(for: steps)) func theLabelFileIsFound() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["data/0.npy": tinyImage(1), "Labels.json": labels("{\"0\": 1}")], in: folder)
      let data = folder.appending(path: "data").path
      try makeFiles(["lonely/a/0.npy": tinyImage(1)], in: folder)
      expectCourseError(.file, "no label file", "no .json file", "Write one, or sort the images") {
        try NumberedFolder(folder.appending(path: "lonely/a").path)
      }
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

  @Test(.waits(for: steps)) func twoImagesOfOneNumberAreRefused() throws {
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

  @Test(.waits(for: steps)) func whatIsBrokenIsCountedAndListed() throws {
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

  @Test(.waits(for: steps)) func masksAndBoxesAreRead() throws {
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
