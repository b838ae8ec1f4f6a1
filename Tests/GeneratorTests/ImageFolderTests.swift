import Foundation
import Shared
import TestSupport
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

@Suite struct ImageFolderTests {
  private let flowers: [String: Data] = [
    "tulip/8.jpg": tinyImage(4), "tulip/red/7.JPEG": tinyImage(3), "daisy/2.png": tinyImage(2),
    "daisy/10.jpg": tinyImage(1), "daisy/.hidden.png": tinyImage(9), "daisy/notes.txt": Data(),
    ".git/x.png": tinyImage(9), "readme.png": tinyImage(9),
  ]

  @Test func classesAndPathsAreSorted() throws {
    try withTemporaryFolder { folder in
      try makeFiles(flowers, in: folder)
      let source = try ImageFolder(folder.path)
      #expect(
        source.classNames == ["daisy", "tulip"], "task 4.1: the classes are the sorted folders")
      try #require(source.count == 4, "task 4.1: every image is listed, also further down")
      #expect(
        source.labels == [0, 0, 1, 1], "task 4.1: a label is the place of its class, class by class"
      )
      let paths = (0..<4).map { source.location(at: $0).dropFirst(folder.path.count + 1) }
      #expect(
        paths == ["daisy/10.jpg", "daisy/2.png", "tulip/8.jpg", "tulip/red/7.JPEG"],
        "task 4.1: the images of a class are sorted by their paths")
      #expect(try (0..<4).map { try source.image(at: $0)[1, 1, 2] } == [1, 2, 4, 3])
    }
  }

  /// Upper case before lower case, and no language's rules.
  @Test func theOrderIsThatOfBytes() throws {
    try withTemporaryFolder { folder in
      let names = ["b", "B", "a", "é", "z", "Z10", "Z9"]
      try makeFiles(
        Dictionary(uniqueKeysWithValues: names.map { ("\($0)/1.png", tinyImage(0)) }), in: folder)
      let source = try ImageFolder(folder.path)
      #expect(source.classNames == ["B", "Z10", "Z9", "a", "b", "z", "é"])
    }
  }

  @Test func partsAreTakenByName() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "train/a/1.png": tinyImage(1), "train/b/1.png": tinyImage(2),
          "test/a/1.png": tinyImage(3),
        ],
        in: folder)
      #expect(try ImageFolder(folder.path, part: .train).classNames == ["a", "b"])
      #expect(try ImageFolder(folder.path, part: .test).image(at: 0)[0, 0, 0] == 3)
      expectCourseError(.invalidData, folder.path, "parts and no classes", "/train") {
        try ImageFolder(folder.path)
      }
    }
  }

  @Test func foldersThatAreNoneAreRefused() throws {
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

  @Test func linksThatLeadInACircleAreFound() throws {
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

  @Test func brokenImagesAreCountedAndListed() throws {
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
      expectCourseError(.format, "a/2.png", "not an image", "PNG, JPEG or npy") {
        try lazy.image(at: 1)
      }
      let source = try ImageFolder(folder.path, skipBroken: true)
      #expect(source.labels == [0, 1, 1])
      let places = source.skipped.map { String(($0.location ?? "").suffix(7)) }
      #expect(places == ["a/2.png", "b/2.png", "b/4.png"])
    }
  }

  @Test func aDatasetIsMadeOfItsImages() throws {
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

    @Test func pngAndJpegAreToldApartByContent() throws {
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
