import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// What is in a folder of images and cannot be used is counted and named.
@Suite(
  .watched,
  .waits(for: ImageFolderTests.steps), .waits(for: NumberedFolderTests.steps),
  .waits(for: BatchOrderTests.steps))
struct PassedOverTests {
  @Test func imagesOfOtherFormatsAreCounted() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "a/1.png": tinyImage(1), "a/2.bmp": Data(), "a/deep/3.BMP": Data(),
          "b/1.png": tinyImage(2),
          "b/4.gif": Data(), "b/notes.txt": Data(), "b/.5.gif": Data(),
        ], in: folder)
      let source = try ImageFolder(folder.path)
      #expect(source.count == 2)
      #expect(
        source.notes == [
          "3 images passed over, because only PNG, JPEG\(WebP.isAvailable ? ", WebP" : "") and npy "
            + "are read: 2 BMP, 1 GIF; "
            + "the first is \(folder.path)/a/2.bmp. Convert them to PNG or JPEG."
        ])
      try makeFiles(["c/1.gif": Data(), "c/2.tiff": Data()], in: folder)
      expectCourseError(.invalidData, "/c: this class is empty", "got 1 GIF, 1 TIFF", "Convert") {
        try ImageFolder(folder.path)
      }
    }
  }

  @Test func numberedImagesOfOtherFormatsAreCounted() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "0.npy": tinyImage(1), "1.bmp": Data(), "Labels.json": Data("{\"0\": 0, \"1\": 0}".utf8),
        ], in: folder)
      expectCourseError(.invalidData, "a label without an image", "got 1.bmp", "Convert") {
        try NumberedFolder(folder.path)
      }
      let source = try NumberedFolder(folder.path, skipBroken: true)
      #expect(source.count == 1 && source.notes.count == 1)
      #expect(source.notes[0].contains("1 image passed over") && source.notes[0].contains("1 BMP"))
    }
  }

  @Test func anImageBesideTheClassesIsNoNumberedOne() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        ["a/1.png": tinyImage(1), "b/1.png": tinyImage(2), "7.png": tinyImage(3)], in: folder)
      #expect(ImageSources.kind(of: folder.path) == .imageFolder)
      let source = try ImageFolder(folder.path)
      #expect(source.count == 2 && source.notes.count == 1)
      #expect(source.notes[0].contains("1 image in \(folder.path) passed over"))
      #expect(source.notes[0].contains("7.png"))
      // With labels it is one, and so it is in a folder of its own.
      try makeFiles(["Labels.json": Data("{\"7\": 0}".utf8)], in: folder)
      #expect(ImageSources.kind(of: folder.path) == .numberedFolder)
      try makeFiles(["flat/-7.png": tinyImage(3)], in: folder)
      #expect(ImageSources.kind(of: folder.appending(path: "flat").path) == .imageFolder)
      try makeFiles(["flat/7.png": tinyImage(3)], in: folder)
      #expect(ImageSources.kind(of: folder.appending(path: "flat").path) == .numberedFolder)
    }
  }

  // The first bytes as Pillow 11 writes them.
  @Test(arguments: [
    ("BM\u{36}\u{0C}\0\0\0\0\0\0\u{36}\0\0\0\u{28}\0", "a BMP image"),
    ("GIF89a \0 \0\u{7F}\0\0\0\0\0", "a GIF image"),
    ("II*\0\u{8}\0\0\0\u{A}\0\0\u{1}\u{4}\0\u{1}\0", "a TIFF image"),
    ("\0\0\0\u{1C}ftypavif\0\0\0\0", "an AVIF image"),
    ("\0\0\0\u{18}ftypheic\0\0\0\0", "a HEIC image"), ("P6\n2 2\n255\n", "a PPM image"),
  ])
  func otherFormatsAreNamed(start: String, name: String) throws {
    try withTemporaryFolder { folder in
      let data = Data(start.utf8) + Data(repeating: 0, count: 20)
      try makeFiles(["x": data, "x.bmp": data], in: folder)
      for file in ["x", "x.bmp"] {
        let path = folder.appending(path: file).path
        #expect(PixelImage.looksLikeImage(path))
        expectCourseError(.format, path, PixelImage.formats, "got \(name)", "Convert it to PNG") {
          try PixelImage(contentsOf: path)
        }
      }
    }
  }

  @Test func oneImageIsNoSource() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["x.bmp": Data("BM".utf8), "y.png": tinyImage(1)], in: folder)
      for name in ["x.bmp", "y.png"] {
        expectCourseError(.format, name, "one image is not a data set", "the folder") {
          try ImageSources.open(folder.appending(path: name).path)
        }
      }
    }
  }

  @Test func twoLettersMakeNoImage() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["x": Data("BMI,age,label\n20,3,a\n".utf8)], in: folder)
      #expect(!PixelImage.looksLikeImage(folder.appending(path: "x").path))
      #expect(!PixelImage.looksLikeImage(folder.appending(path: "nothing").path))
      #expect(!PixelImage.looksLikeImage(folder.path))
    }
  }

  @Test func namesThatAreNotUTF8AreNamed() throws {
    #if !os(macOS)
      try withTemporaryFolder { folder in
        try makeFiles(["a/1.png": tinyImage(1), "b/1.png": tinyImage(2)], in: folder)
        let name = Array("\(folder.path)/a/caf".utf8CString.dropLast())
        for ending in [".png", ".txt"] {
          let path = name + [CChar(bitPattern: 0xE9)] + Array(ending.utf8CString)
          let descriptor = path.withUnsafeBufferPointer { creat($0.baseAddress!, 0o666) }
          try #require(descriptor >= 0)
          close(descriptor)
        }
        expectCourseError(.file, "\(folder.path)/a", "not UTF-8", "caf\u{FFFD}.png", "Rename") {
          try ImageFolder(folder.path)
        }
        let source = try ImageFolder(folder.path, skipBroken: true)
        #expect(source.count == 2 && source.skipped.count == 1)
        let wrong =
          Array("\(folder.path)/".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
        try #require(wrong.withUnsafeBufferPointer { mkdir($0.baseAddress!, 0o777) } == 0)
        expectCourseError(.file, folder.path, "not UTF-8", "got \u{FFFD}") {
          try ImageFolder(folder.path)
        }
      }
    #endif
  }

  /// One grey image among coloured ones makes no grey data of them, wherever it stands.
  @Test(arguments: ["a/0.png", "a/5.png", "b/9.png"]) func oneGreyImage(place: String) throws {
    try withTemporaryFolder { folder in
      var files = ["a/1.png": tinyImage(1), "a/2.png": tinyImage(2), "b/1.png": tinyImage(3)]
      files[place] = tinyImage(7, channels: 1)
      try makeFiles(files, in: folder)
      let source = try ImageFolder(folder.path)
      #expect(try source.commonChannels() == 3)
      #expect(try Dataset(source).inputShape == [3, 2, 2])
      #expect(try ImageGenerator(source, batchSize: 2).imageSize == [3, 2, 2])
    }
  }

  @Test func whatAllHaveIsKept() throws {
    for (channels, expected) in [
      ([1, 1], 1), ([4, 4], 4), ([4, 3], 3), ([4, 1], 3), ([3, 4], 3),
    ] {
      try withTemporaryFolder { folder in
        try makeFiles(
          [
            "a/1.png": tinyImage(1, channels: channels[0]),
            "a/2.png": tinyImage(1, channels: channels[1]),
          ], in: folder)
        #expect(try ImageFolder(folder.path).commonChannels() == expected, "\(channels)")
      }
    }
  }

  #if ImageCodecs

    @Test func headersSayTheChannels() throws {
      let samples = (PNGSample.all + JPEGSamples.all).map(\.png)
      try withTemporaryFolder { folder in
        for (number, sample) in samples.enumerated() {
          try makeFiles(["a/\(number).png": bytes(sample)], in: folder)
        }
        let source = try ImageFolder(folder.path)
        try #require(source.count == samples.count)
        for index in 0..<source.count {
          #expect(try source.channels(at: index) == source.image(at: index).channels)
        }
        let found = try Set((0..<source.count).map { try source.channels(at: $0) })
        #expect(found == [1, 3, 4])
      }
    }

  #endif

  /// `numpy.save` of `image.T` and the like; numpy.asfortranarray(arange(24).reshape(2, 4, 3)).
  @Test func FortransOrderIsRead() throws {
    var stored: [UInt8] = []
    for c in 0..<3 {
      for x in 0..<4 {
        for y in 0..<2 { stored.append(UInt8(12 * y + 3 * x + c)) }
      }
    }
    func fortran(_ shape: [Int]) throws -> Data {
      let rows = NpyBytes.encoded(shape: shape, bytes: stored)
      let place = try #require(rows.range(of: Data("False".utf8)))
      return rows[..<place.lowerBound] + Data("True ".utf8) + rows[place.upperBound...]
    }
    let image = try PixelImage(npyData: fortran([2, 4, 3]), path: "f.npy")
    #expect(image.pixels == Array(0..<24) && image.width == 4 && image.channels == 3)
  }
}
