import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// Files in a folder; paths ending in "/" are folders.
func makeFiles(_ files: [String: Data], in folder: URL) throws {
  for (path, content) in files {
    let url = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: path.hasSuffix("/") ? url : url.deletingLastPathComponent(),
      withIntermediateDirectories: true)
    if !path.hasSuffix("/") { try content.write(to: url) }
  }
}

/// A 2 x 2 image with one value, as a file that needs no codec. The name does not matter: content
/// decides.
func tinyImage(_ value: UInt8, channels: Int = 3) -> Data {
  PixelImage(width: 2, height: 2, channels: channels, repeating: value).npyData
}

/// Task 4.1.
@Suite(.watched) struct ImageFolderTests {
  // MARK: The task, one thing after the other: what is wrong is told by the first of these

  static let steps: FirstSteps = FirstSteps(
    of: "ImageFolder.index",
    [
      ("classesAndPathsAreSorted()", areSorted), ("classesStayTogether()", stayTogether),
      ("theOrderIsThatOfBytes()", isThatOfBytes), ("whatIsWrongIsHandedOn()", isHandedOn),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ImageFolderTests.steps.tryAndExit()
    }
  }

  @Test func classesAndPathsAreSorted() async throws { try await Self.steps.run(0) }
  @Test func classesStayTogether() async throws { try await Self.steps.run(1) }
  @Test func theOrderIsThatOfBytes() async throws { try await Self.steps.run(2) }
  @Test func whatIsWrongIsHandedOn() async throws { try await Self.steps.run(3) }

  /// What `index` gives for files of one value each; paths are those below the folder.
  private static func index(
    _ files: [String]
  ) throws -> (classNames: [String], labels: [Int], paths: [String]) {
    try withTemporaryFolder { folder in
      let images = files.map { ($0, $0.hasSuffix("/") ? Data() : tinyImage(1)) }
      try makeFiles(Dictionary(uniqueKeysWithValues: images), in: folder)
      let found: (classNames: [String], entries: [ImageFolder.Entry])
      do {
        found = try ImageFolder.index(FolderListing(of: folder.path)) { throw $0 }
      } catch {
        fail("ImageFolder.index asks for what is no class: \(error)")
        throw error
      }
      return (
        found.classNames, found.entries.map(\.label),
        found.entries.map { String($0.path.dropFirst(folder.path.count + 1)) }
      )
    }
  }

  private static func areSorted() throws {
    let (classNames, labels, paths) = try index([
      "tulip/8.jpg", "tulip/red/7.JPEG", "daisy/2.png", "daisy/10.jpg", "daisy/.hidden.png",
      "daisy/notes.txt", ".git/x.png", "readme.png",
    ])
    func say(_ what: String, _ expected: some Any, _ received: some Any) -> String {
      "ImageFolder.index: \(what)\n  expected \(expected)\n  got      \(received)"
    }
    try require(
      classNames.count == 2, say("not every class is listed", ["daisy", "tulip"], classNames))
    try require(
      classNames == ["daisy", "tulip"],
      say(
        classNames.contains("daisy")
          ? "the classes are the sorted folders; root.folders has no order"
          : "the classes are the names of the folders", ["daisy", "tulip"], classNames))
    let right = ["daisy/10.jpg", "daisy/2.png", "tulip/8.jpg", "tulip/red/7.JPEG"]
    try require(
      paths.sorted() == right,
      say(
        paths.isEmpty ? "no image is listed" : "every image is listed once, also further down",
        right,
        paths))
    let names = zip(paths, labels).map { path, label in
      classNames.indices.contains(label) && path.hasPrefix(classNames[label] + "/")
    }
    try require(
      !names.contains(false),
      say("a label is the place of its class, class by class", "0 for daisy, 1 for tulip", labels))
    try require(
      labels == [0, 0, 1, 1],
      say("the images of class 0 come first, then those of class 1", [0, 0, 1, 1], labels))
    try require(
      paths == right,
      say("the images of a class are sorted by their paths, 10.jpg before 2.png", right, paths))
  }

  /// A blank comes before a slash, so "red tulip/1.png" comes before "red/1.png", but class "red" first.
  private static func stayTogether() throws {
    let (classNames, labels, paths) = try index([
      "red/1.png", "red/2.png", "red tulip/1.png", "red tulip/2.png",
    ])
    try require(
      classNames == ["red", "red tulip"] && labels == [0, 0, 1, 1]
        && paths == ["red/1.png", "red/2.png", "red tulip/1.png", "red tulip/2.png"],
      "ImageFolder.index: the images come class by class; it looks as if all paths were sorted together\n  "
        + "got \(paths) with the labels \(labels)")
  }

  /// Upper case before lower case, and no language's rules.
  private static func isThatOfBytes() throws {
    // The last but one is an e and an accent, which Swift's texts take for one letter.
    let right = ["B", "Z10", "Z9", "a", "b", "e\u{301}t", "z", "é"]
    for name in right {
      let classNames = try index(right.map { "\($0)/1.png" } + ["\(name)/2.png"]).classNames
      try require(
        classNames == right,
        "ImageFolder.index: the order is that of bytes (precedes), not that of letters or of a language\n"
          + "  expected \(right)\n  got      \(classNames)")
    }
    let paths = try index(right.map { "a/\($0).png" }).paths
    try require(
      paths == right.map { "a/\($0).png" },
      "ImageFolder.index: the order of the images is that of bytes (precedes)\n  got \(paths)")
  }

  private static func isHandedOn() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.png": tinyImage(1)], in: folder)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "a/loop"), withDestinationURL: folder.appending(path: "a"))
      var errors: [CourseError] = []
      _ = try ImageFolder.index(FolderListing(of: folder.path)) { errors.append($0) }
      try require(
        errors.count == 1,
        "ImageFolder.index: what cannot be read is told to the failed that index was given")
    }
  }

  // MARK: What is given

  @Test(.waits(for: steps)) func partsAreTakenByName() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "train/a/1.png": tinyImage(1), "train/b/1.png": tinyImage(2),
          "test/a/1.png": tinyImage(3),
        ],
        in: folder)
      #expect(try ImageFolder(folder.path, part: .train).classNames == ["a", "b"])
      #expect(try ImageFolder(folder.path, part: .test).image(at: 0)[0, 0, 0] == 3)
      expectCourseError(.invalidData, folder.path, "parts, not classes", "/train") {
        try ImageFolder(folder.path)
      }
    }
  }

  @Test(.waits(for: steps)) func foldersThatAreNoneAreRefused() throws {
    try withTemporaryFolder { folder in
      expectCourseError(.file, "\(folder.path)/none", "cannot open the folder", "no such file") {
        try ImageFolder("\(folder.path)/none")
      }
      expectCourseError(.invalidData, "no classes", "0 files and no folders") {
        try ImageFolder(folder.path)
      }
      try makeFiles(["1.png": tinyImage(1)], in: folder)
      expectCourseError(.invalidData, "no classes", "1 image and no folders", "Sort") {
        try ImageFolder(folder.path)
      }
      expectCourseError(.file, "1.png", "cannot open the folder", "a file") {
        try ImageFolder("\(folder.path)/1.png")
      }
      try makeFiles(["full/1.png": tinyImage(1), "void/": Data()], in: folder)
      expectCourseError(.invalidData, "\(folder.path)/void", "class is empty", "remove the folder")
      {
        try ImageFolder(folder.path)
      }
    }
  }

  @Test(.waits(for: steps)) func linksThatLeadInACircleAreFound() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.png": tinyImage(1), "a/more/2.png": tinyImage(2)], in: folder)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "a/more/loop"),
        withDestinationURL: folder.appending(path: "a"))
      expectCourseError(.file, "a/more/loop", "contains itself", "Remove the link") {
        try ImageFolder(folder.path)
      }
      let source = try ImageFolder(folder.path, skipBroken: true)
      #expect(source.count == 2 && source.skipped.count == 1)
      // A link that leads elsewhere is fine.
      try FileManager.default.removeItem(at: folder.appending(path: "a/more/loop"))
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "b"), withDestinationURL: folder.appending(path: "a/more"))
      #expect(try ImageFolder(folder.path).labels == [0, 0, 1])
    }
  }

  @Test(.waits(for: steps)) func brokenImagesAreCountedAndListed() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "a/1.png": tinyImage(1), "a/2.png": Data("no image".utf8), "b/1.png": tinyImage(2),
          "b/2.png": Data(), "b/3.png": tinyImage(3),
        ], in: folder)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "b/4.png"), withDestinationURL: folder.appending(path: "gone"))
      let lazy = try ImageFolder(folder.path)
      #expect(lazy.count == 6)
      expectCourseError(.format, "a/2.png", "not an image", PixelImage.formats) {
        try lazy.image(at: 1)
      }
      let source = try ImageFolder(folder.path, skipBroken: true)
      #expect(source.labels == [0, 1, 1])
      let places = source.skipped.map { String(($0.location ?? "").suffix(7)) }
      #expect(places == ["a/2.png", "b/2.png", "b/4.png"])
    }
  }

  @Test(.waits(for: steps)) func aDatasetIsMadeOfItsImages() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        ["a/1.png": tinyImage(1), "b/1.png": tinyImage(2, channels: 1), "b/2.png": tinyImage(3)],
        in: folder)
      let source = try ImageFolder(folder.path)
      let data = try Dataset(source)
      #expect(data.inputShape == [3, 2, 2] && data.targets == .classes([0, 1, 1]))
      #expect(data.bytes?.bytes(at: 1).elementsEqual(Array(repeating: 2, count: 12)) == true)
      #expect(try Dataset(source, channels: 1).inputShape == [1, 2, 2])
      try makeFiles(["b/3.png": Data("x".utf8)], in: folder)
      expectCourseError(.format, "b/3.png") {
        try Dataset(ImageFolder(folder.path), channels: 3)
      }
    }
  }

  #if ImageCodecs

    @Test(.waits(for: steps)) func pngAndJpegAreToldApartByContent() throws {
      try withTemporaryFolder { folder in
        let jpeg = try bytes(JPEGSamples.all[1].png)
        let png = try PixelImage(jpegData: jpeg, path: "x").pngData()
        try makeFiles(["a/1.png": jpeg, "a/2.jpg": png], in: folder)
        let source = try ImageFolder(folder.path)
        #expect(try source.image(at: 0) == source.image(at: 1))
      }
    }

  #endif
}
