import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: ImageFolderTests.steps), .waits(for: NumberedFolderTests.steps), .watched)
struct SyntheticImagesTests {
  /// The images that are part of the project.
  private var sampleData: String {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Generator/SampleData").standardized.path
  }

  @Test func anImageDependsOnSeedAndNumberOnly() {
    let (few, many) = (SyntheticImages(count: 3, seed: 1), SyntheticImages(count: 9, seed: 1))
    #expect(few.image(at: 2) == many.image(at: 2))
    #expect(few.image(at: 2) != few.image(at: 1))
    #expect(SyntheticImages(count: 3, seed: 2).image(at: 2) != few.image(at: 2))
  }

  @Test func everyClassComesEquallyOften() {
    let images = SyntheticImages(count: 100, seed: 7)
    let counts = Dictionary(images.labels.map { ($0, 1) }, uniquingKeysWith: +)
    #expect(counts == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, 10) }))
    #expect(Array(images.labels.prefix(10)) != Array(images.labels[10..<20]))
  }

  @Test func masksAndBoxesFitTheFigure() throws {
    let images = SyntheticImages(count: 20, seed: 3, size: 24)
    for index in 0..<20 {
      let mask = try #require(images.mask(at: index))
      let label = images.label(at: index)
      #expect(Set(mask.pixels) == [0, UInt8(label + 1)])
      let inside = mask.pixels.count { $0 > 0 }
      #expect((20...400).contains(inside), "image \(index), \(images.classNames[label])")
      let box = try #require(images.boxes(at: index).first)
      #expect(box.label == label && box.left >= 0 && box.right <= 24 && box.area >= Float(inside))
      // The box is tight: its first and last rows and columns have pixels of the figure.
      let columns = Set(mask.pixels.indices.filter { mask.pixels[$0] > 0 }.map { $0 % 24 })
      #expect(columns.contains(Int(box.left)) && columns.contains(Int(box.right) - 1))
    }
  }

  /// The library of another system may round a sine differently.
  @Test func theSampleDataAreWhatTheCommandDraws() throws {
    let files = try NumberedFolder(sampleData)
    let drawn = SyntheticImages(count: 100, seed: 1)
    #expect(files.count == 100 && files.classNames == drawn.classNames)
    #expect(files.labels == drawn.labels)
    for index in stride(from: 0, to: 100, by: 9) {
      let (file, image) = (try files.image(at: index), drawn.image(at: index))
      try #require(file.width == 32 && file.height == 32 && file.channels == 3)
      let far = zip(file.pixels, image.pixels).count { abs(Int($0) - Int($1)) > 2 }
      #expect(far < 20, "image \(index): \(far) bytes differ")
    }
    #expect(Set(try (0..<100).map { try files.image(at: $0).pixels }).count == 100)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let images = SyntheticImages(count: 12, seed: 5, size: 16)
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "new").path
      try images.write(toFolder: path, [.masks, .boxes])
      let read = try NumberedFolder(path)
      #expect(read.classNames == images.classNames && read.labels == images.labels)
      for index in 0..<12 {
        #expect(try read.image(at: index) == images.image(at: index))
        #expect(try read.mask(at: index) == images.mask(at: index))
        #expect(read.boxes(at: index) == images.boxes(at: index))
      }
      expectCourseError(.file, path, "not empty", "Name another folder") {
        try images.write(toFolder: path)
      }
    }
  }

  #if ImageCodecs

    @Test func foldersOfClassesAreReadBack() throws {
      let images = SyntheticImages(count: 20, seed: 5, size: 16)
      try withTemporaryFolder { folder in
        let path = folder.appending(path: "new").path
        try images.write(toFolder: path, format: .png, .classFolders)
        let read = try ImageFolder(path)
        #expect(read.classNames == images.classNames && read.count == 20)
        for index in 0..<20 {
          let number = try #require(
            Int(
              URL(filePath: read.location(at: index)).deletingPathExtension().lastPathComponent))
          #expect(read.label(at: index) == images.label(at: number))
          #expect(try read.image(at: index) == images.image(at: number))
        }
      }
    }

  #endif
}
