import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// What is wrong with folders of images is named with its place and what to do about it; and with
/// `skipBroken` it is left out and listed. (Tests of each reader have its own mistakes.)
@Suite(
  .watched,
  .waits(for: ImageFolderTests.steps), .waits(for: NumberedFolderTests.steps),
  .waits(for: BatchOrderTests.steps))
struct BadInputTests {
  private func text(_ text: String) -> Data { Data(text.utf8) }

  /// Files of 1 KB that claim 60 000 x 60 000 pixels, 3.6 billion.
  private func bombs() throws -> [(name: String, data: Data, words: [String])] {
    func filled(_ data: Data) -> Data { data + Data(repeating: 0, count: 1024 - data.count) }
    let size = [0, 0, 0xEA, 0x60] as [UInt8]
    var png = try bytes(PNGSample.all[0].png)
    png.replaceSubrange(16..<24, with: size + size)
    var jpeg = try bytes(JPEGSamples.all[0].png)
    let frame = try #require(jpeg.firstRange(of: Data([0xFF, 0xC0]))).lowerBound
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: size[2...] + size[2...])
    let npy = NpyBytes.encoded(shape: [60_000, 60_000, 3], bytes: [])
    return [
      ("npy.png", filled(npy), ["does not fit the header", "[60000, 60000, 3]", "again"]),
      ("png.png", filled(png), ["makes no sense", "60000 x 60000", "again"]),
      ("jpeg.jpg", filled(jpeg), ["makes no sense", "60000 x 60000", "again"]),
    ]
  }

  @Test func absurdSizesAreRefused() throws {
    try withTemporaryFolder { folder in
      for (name, data, words) in try bombs() {
        #expect(data.count == 1024)
        let file = folder.appending(path: "a/\(name)")
        try makeFiles(["a/\(name)": data, "a/0.png": tinyImage(1)], in: folder)
        do {
          _ = try PixelImage(contentsOf: file.path)
          Issue.record("\(name) was read")
        } catch let error as CourseError {
          #expect(error.kind == .format && error.remedy != nil)
          for word in [file.path] + words {
            #expect(error.description.contains(word), "\(error)")
          }
        }
        #expect(try ImageFolder(folder.path, skipBroken: true).skipped.count == 1)
        try FileManager.default.removeItem(at: file)
      }
    }
  }

  @Test func filesThatAreNoneAreNamed() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.png": tinyImage(1), "b/1.png": tinyImage(2)], in: folder)
      let (pipe, link) = (folder.appending(path: "a/2.png"), folder.appending(path: "b/2.png"))
      try #require(mkfifo(pipe.path, 0o600) == 0)
      try FileManager.default.createSymbolicLink(
        at: link, withDestinationURL: folder.appending(path: "gone"))
      let lazy = try ImageFolder(folder.path)
      expectCourseError(.file, pipe.path, "a pipe or device", "Name a file") {
        try lazy.image(at: 1)
      }
      expectCourseError(.file, link.path, "no such file", "Check the spelling") {
        try lazy.image(at: 3)
      }
      let source = try ImageFolder(folder.path, skipBroken: true)
      #expect(source.count == 2 && source.skipped.map(\.location) == [pipe.path, link.path])
    }
  }

  /// The administrator may read everything.
  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func whatMayNotBeReadIsNamed() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        ["a/1.png": tinyImage(1), "a/2.png": tinyImage(2), "a/more/3.png": tinyImage(3)],
        in: folder)
      let (file, inner) = ("\(folder.path)/a/1.png", "\(folder.path)/a/more")
      chmod(file, 0)
      expectCourseError(.file, file, "permission denied", "Check the permissions") {
        try ImageFolder(folder.path).image(at: 0)
      }
      chmod(inner, 0)
      defer { chmod(inner, 0o700) }
      expectCourseError(.file, inner, "cannot open the folder", "Check the permissions") {
        try ImageFolder(folder.path)
      }
      let source = try ImageFolder(folder.path, skipBroken: true)
      #expect(source.count == 1 && Set(source.skipped.map(\.location)) == [file, inner])
    }
  }

  @Test func emptyClassesAreSkippedAndListed() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.png": tinyImage(1), "b/": Data(), "c/1.png": Data()], in: folder)
      let source = try ImageFolder(folder.path, skipBroken: true)
      // The indices of the other classes stay as they are.
      #expect(source.classNames == ["a", "b", "c"] && source.labels == [0])
      let problems = source.skipped.map { "\(($0.location ?? "").suffix(7)) \($0.what)" }
      #expect(problems.count == 3 && problems[0].contains("/b this class is empty"))
      #expect(problems[1].hasPrefix("c/1.png") && problems[2].contains("/c this class is empty"))
      try FileManager.default.removeItem(at: folder.appending(path: "a"))
      expectCourseError(.invalidData, folder.path, "no images", "First of the problems: this class")
      {
        try ImageFolder(folder.path, skipBroken: true)
      }
    }
  }

  @Test(arguments: [
    ("3.npy", "3.png", "3.npy and 3.png"), ("3.jpg", "3.jpeg", "3.jpeg and 3.jpg"),
    ("7.png", "007.png", "007.png and 7.png"),
  ])
  func numbersAreGivenOnce(first: String, second: String, words: String) throws {
    try withTemporaryFolder { folder in
      let number = try #require(Int(first.prefix(1)))
      try makeFiles(
        [
          first: tinyImage(1), second: tinyImage(2), "0.npy": tinyImage(0),
          "Labels.json": text("{\"0\": 1, \"\(number)\": 0}"),
        ], in: folder)
      expectCourseError(
        .invalidData, "same number", "one image \(number)", words, "Remove or rename one"
      ) { try NumberedFolder(folder.path) }
      let source = try NumberedFolder(folder.path, skipBroken: true)
      #expect(source.count == 2 && source.skipped.count == 1)
    }
  }

  @Test(arguments: [
    ("{\"0\": \"cat\"}", "key \"0\": this is not a label", "\"cat\"", "Classes.txt"),
    ("{\"0\": -1}", "key \"0\": this is not a label", "got -1", "class indices"),
    ("{\"0\": true}", "not a label", "got true", "class indices"),
    ("{\"0\": [1]}", "not a label", "got [1]", "class indices"),
    ("{\"0\": 1, \"0\": 1}", "twice", "\"0\"", ""),
    ("{\"0\": 1,}", "Labels.json", "line 1", ""),
    ("", "Labels.json", "line 1", ""),
    ("[4, 2]", "these are not labels", "a JSON object", "by its number"),
    ("{}", "no labels in this file", "at least one", "{\"0\": 6, \"1\": 9}"),
  ])
  func labelsAreWholeNumbers(labels: String, what: String, detail: String, remedy: String) throws {
    try withTemporaryFolder { folder in
      try makeFiles(["0.npy": tinyImage(1), "Labels.json": text(labels)], in: folder)
      // Without labels there is nothing that could be left out.
      for skipBroken in [false, true] {
        do {
          _ = try NumberedFolder(folder.path, skipBroken: skipBroken)
          Issue.record("\(labels) was read")
        } catch let error as CourseError {
          for word in ["\(folder.path)/Labels.json", what, detail, remedy] where !word.isEmpty {
            #expect(error.description.contains(word), "\(error)")
          }
        }
      }
    }
  }

  @Test func masksHaveTheSizeOfTheirImages() throws {
    try withTemporaryFolder { folder in
      let wide = PixelImage(width: 3, height: 2, channels: 1, repeating: 1).npyData
      try makeFiles(
        [
          "0.npy": tinyImage(1), "1.npy": tinyImage(2), "masks/0.npy": tinyImage(1, channels: 1),
          "masks/1.npy": wide, "Labels.json": text("{\"0\": 0, \"1\": 0}"),
        ], in: folder)
      let source = try NumberedFolder(folder.path)
      let generator = try ImageGenerator(source, batchSize: 2, threads: 0)
      expectCourseError(
        .shapeMismatch, "1.npy", "does not fit its image", "[1, 2, 2], [C, H, W], got [1, 2, 3]"
      ) { try generator.next() }
      try makeFiles(["masks/1.npy": tinyImage(1)], in: folder)
      expectCourseError(.format, "masks/1.npy", "one channel", "got 3", "[H, W]") {
        try generator.next()
      }
      #expect(try NumberedFolder(folder.path, skipBroken: true).count == 1)
    }
  }

  @Test func aLinkToTheRootIsACircle() throws {
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.png": tinyImage(1), "b/": Data()], in: folder)
      let loop = folder.appending(path: "b/up")
      try FileManager.default.createSymbolicLink(at: loop, withDestinationURL: folder)
      expectCourseError(.file, "contains itself", "Remove the link") {
        try ImageFolder(folder.path)
      }
      // A link to itself leads nowhere, and is no folder.
      try FileManager.default.removeItem(at: loop)
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: "b/self.png").path, withDestinationPath: "self.png")
      let source = try ImageFolder(folder.path)
      expectCourseError(.file, "b/self.png", "symbolic links") { try source.image(at: 1) }
    }
  }
}
