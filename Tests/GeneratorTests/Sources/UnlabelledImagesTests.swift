#if ImageCodecs
  import CourseTestSupport
  import Foundation
  import Shared
  import Testing

  @testable import Generator

  /// Images in a folder without labels.
  @Suite(.watched) struct UnlabelledImagesTests {
    /// Writes images, each of one grey value.
    private func write(_ names: [String: UInt8], to folder: URL) throws {
      for (name, value) in names {
        let url = folder.appending(path: name)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try PixelImage(
          width: 2, height: 2, channels: 1, pixels: [UInt8](repeating: value, count: 4)
        )
        .write(to: url)
      }
    }

    @Test func imagesComeInTheOrderOfTheirPaths() throws {
      try withTemporaryFolder { folder in
        try write(["b.png": 2, "a.png": 1, "c.png": 3], to: folder)
        try Data("notes".utf8).write(to: folder.appending(path: "notes.txt"))
        #expect(UnlabelledImages.areThere(in: folder.path))
        let images = try UnlabelledImages(folder.path + "/")
        #expect(images.count == 3 && images.classNames.isEmpty && images.labels == [0, 0, 0])
        #expect(try (0..<3).map { try images.image(at: $0).pixels[0] } == [1, 2, 3])
        #expect(images.location(at: 1) == folder.path + "/b.png")
        let data = try Dataset(images)
        #expect(data.count == 3 && data.inputShape == [1, 2, 2] && data.classNames.isEmpty)
        #expect(data.subset([2, 0]).files == [folder.path + "/c.png", folder.path + "/a.png"])
        let again = try Dataset(ImageSubset(of: DatasetSource(data), indices: [1]))
        #expect(again.files == [folder.path + "/b.png"])
        #expect(try Dataset(SyntheticImages(count: 2, seed: 1)).files.isEmpty)
      }
    }

    @Test func foldersWithClassesAreOthers() throws {
      try withTemporaryFolder { folder in
        #expect(!UnlabelledImages.areThere(in: folder.path))
        #expect(!UnlabelledImages.areThere(in: folder.appending(path: "nowhere").path))
        // One folder tells no classes apart, unless it is a part of which it holds those.
        try write(["cats/1.png": 1], to: folder)
        #expect(UnlabelledImages.areThere(in: folder.path))
        try write(["one/train/cats/1.png": 1], to: folder)
        #expect(!UnlabelledImages.areThere(in: folder.appending(path: "one").path))
        try write(["two/train/1.png": 1], to: folder)
        #expect(UnlabelledImages.areThere(in: folder.appending(path: "two").path))
        for name in ["one", "two"] {
          try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        try write(["cats/1.png": 1, "dogs/1.png": 2], to: folder)
        #expect(!UnlabelledImages.areThere(in: folder.path))
        // At any depth they can be taken nevertheless.
        #expect(try UnlabelledImages(folder.path).count == 2)
        try write(["stray.png": 3], to: folder)
        #expect(!UnlabelledImages.areThere(in: folder.path))
      }
    }

    @Test func brokenImagesAreSkippedOnRequest() throws {
      try withTemporaryFolder { folder in
        try write(["a.png": 1, "c.png": 3], to: folder)
        try Data("no image".utf8).write(to: folder.appending(path: "b.png"))
        let all = try UnlabelledImages(folder.path)
        expectCourseError(.format, "b.png") { _ = try all.image(at: 1) }
        let images = try UnlabelledImages(folder.path, skipBroken: true)
        #expect(images.count == 2 && images.skipped.count == 1)
        #expect(images.location(at: 1).hasSuffix("c.png"))
        let empty = folder.appending(path: "empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        expectCourseError(.invalidData, "no images in this folder") {
          _ = try UnlabelledImages(empty.path)
        }
      }
    }
  }
#endif
