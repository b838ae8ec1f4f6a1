import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: BatchOrderTests.steps), .watched)
struct ContactSheetTests {
  @Test func imagesStandInRowsAboveTheirTexts() {
    let tiles = (0..<3).map { number in
      (
        image: PixelImage(width: 4, height: 2, channels: 1, repeating: UInt8(40 * (number + 1))),
        text: "I"
      )
    }
    let sheet = ContactSheet(columns: 2, scale: 3, margin: 1).image(of: tiles)
    // Tiles of 12 x 6, lines of 12 pixels below them, margins of 1.
    #expect(sheet.width == 27 && sheet.height == 39 && sheet.channels == 3)
    #expect(sheet[1, 1, 0] == 40 && sheet[6, 12, 2] == 40 && sheet[1, 14, 0] == 80)
    #expect(sheet[20, 1, 0] == 120 && sheet[20, 14, 0] == 255 && sheet[0, 0, 0] == 255)
    // The letter I: its upper bar is three pixels wide and begins at the second.
    #expect((1...5).map { sheet[10, $0, 0] == 0 } == [false, true, true, true, false])
  }

  @Test func longTextsAreCutOff() {
    let image = PixelImage(width: 20, height: 4, channels: 3, repeating: 200)
    let short = ContactSheet(scale: 1).image(of: [(image, "abc")])
    let long = ContactSheet(scale: 1).image(of: [(image, "abcdefghijklmnopqrstuvwxyz")])
    #expect(short.width == long.width && long == short)
  }

  #if ImageCodecs
    @Test func sheetsShowImagesAsTheyWereBeforeNormalizing() throws {
      try withTemporaryFolder { folder in
        func generator(_ augmentation: [Augmentation]) throws -> ImageGenerator {
          try ImageGenerator(
            CountedImages(9), batchSize: 9, augmentation: augmentation, shuffle: false)
        }
        let normalize = Augmentation.normalize(mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1])
        let (plain, normalized) = (
          folder.appending(path: "plain.png"), folder.appending(path: "normalized.png")
        )
        let batch = try generator([]).show(in: plain)
        #expect(batch.count == 9)
        try generator([normalize]).show(in: normalized)
        let sheet = try PixelImage(png: plain)
        #expect(try PixelImage(png: normalized) == sheet)
        #expect(sheet.width == 3 * (96 + 6) + 6)
      }
    }
  #endif

  @Test func textsMayHaveSeveralLines() {
    let image = PixelImage(width: 40, height: 4, channels: 1, repeating: 200)
    let sheet = ContactSheet(scale: 1, margin: 2)
    let (one, two) = (sheet.image(of: [(image, "II")]), sheet.image(of: [(image, "II\nII")]))
    #expect(two.width == one.width && two.height > one.height)
    let rows = two.height - one.height
    // The second line looks as the first.
    for row in 8..<(one.height - 2) {
      for column in 0..<one.width {
        #expect(two[row + rows, column, 0] == one[row, column, 0])
      }
    }
  }

  @Test func copiesStandSideBySide() throws {
    let generator = try ImageGenerator(
      CountedImages(3), batchSize: 3, augmentation: [.brightness(0.5)], shuffle: false)
    let batches = try (0..<2).map { _ in try generator.next() }
    let sheet = generator.contactSheet(of: batches, sheet: ContactSheet(scale: 1, margin: 0))
    #expect(sheet.width == 16)
    let rows = sheet.height / 3
    for number in 0..<3 {
      for copy in 0..<2 {
        let first = batches[copy].images[number, 1, 0, 0] * 255
        #expect(abs(Float(sheet[number * rows, copy * 8, 1]) - first) < 0.51)
      }
    }
  }

  @Test func masksDarkenTheBackground() {
    var image = PixelImage(width: 2, height: 1, channels: 3, repeating: 90)
    image.darken(where: [0, 4])
    #expect(image.pixels == [30, 30, 30, 90, 90, 90])
  }

  @Test func boxesAreDrawn() {
    var image = PixelImage(width: 6, height: 5, channels: 3)
    image.outline(ImageBox(left: 1, top: 1, right: 4, bottom: 9, label: 0))
    let red = (0..<5).map { row in (0..<6).map { image[row, $0, 0] == 255 ? "#" : "." }.joined() }
    #expect(red == ["......", ".###..", ".#.#..", ".#.#..", ".###.."])
    // A file may say that something is anywhere.
    let before = image
    for (left, top) in [(-9, 1), (7, 1), (1, -9), (1, 99), (-1_000_000, 1_000_000)]
      as [(Float, Float)]
    {
      image.outline(ImageBox(left: left, top: top, right: left + 2, bottom: top + 2, label: 0))
    }
    #expect(image == before)
  }

  @Test func boxesAreLabelled() {
    func rows(_ box: ImageBox, _ label: String, width: Int = 16, height: Int = 14) -> [String] {
      var image = PixelImage(width: width, height: height, channels: 3)
      image.outline(box, color: [200, 0, 0], label: label)
      return (0..<height).map { row in
        (0..<width).map { column in
          image[row, column, 1] == 255 ? "o" : image[row, column, 0] == 200 ? "#" : "."
        }.joined()
      }
    }
    // Above the box: "I", five pixels wide.
    let above = rows(ImageBox(left: 2, top: 10, right: 12, bottom: 13, label: 0), "I")
    #expect(above[1] == "..#######.......")
    #expect(above[2] == "..##ooo##......." || above[2] == "..#.ooo.#.......")
    #expect(above[10] == "..##########...." && above[0] == "................")
    // No room above, or beside it, or anywhere.
    let inside = rows(ImageBox(left: 12, top: 0, right: 16, bottom: 13, label: 0), "I")
    #expect(inside[1].contains("ooo") && inside[1].hasPrefix(".........#"))
    let small = rows(
      ImageBox(left: 0, top: 0, right: 3, bottom: 3, label: 0), "a long name", width: 4, height: 4)
    #expect(small == ["###.", "#.#.", "###.", "...."])
    let narrow = rows(
      ImageBox(left: 0, top: 9, right: 3, bottom: 12, label: 0), "a long name", width: 4)
    #expect(narrow[0] == "####" && narrow.joined().contains("o"))
  }
}

@Suite(.watched) struct AugmentationTextTests {
  @Test func listsAreRead() throws {
    let list = try Augmentation.list(
      from: "mirror,crop:4@0.3,rotate90,rotate:15,zoom:0.2,elastic:1.5,shear:20,resize:8:9,"
        + "brightness:0.2,contrast:0.2,thickness:1,saturation:0.2,hue:0.1,noise:0.05,"
        + "cutout:8,normalize:0.5:0.4:0.3:0.2:0.2:0.2,mixup:0.2")
    #expect(
      list.map(\.description) == [
        "mirror@0.5", "crop:4@0.3", "rotate90@0.75", "rotate:15", "zoom:0.2", "elastic:1.5",
        "shear:20", "resize:8:9", "brightness:0.2", "contrast:0.2", "thickness:1", "saturation:0.2",
        "hue:0.1", "noise:0.05", "cutout:8",
        "normalize:0.5:0.4:0.3:0.2:0.2:0.2", "mixup:0.2",
      ])
    #expect(list.count == Augmentation.texts.count)
    // What is written can be read again, also where another probability would be the usual one.
    for text in ["mirror@1", "rotate90@1", "mirror@0.5", "crop:4", "crop:4@0", "hue:0.1@0.25"] {
      #expect(try Augmentation.list(from: text).map(\.description) == [text])
    }
    #expect(try Augmentation.list(from: "none").isEmpty)
  }

  @Test(arguments: [
    ("miror", "mirror, rotate90"), ("crop", "crop:PIXELS"), ("crop:1.5", "whole number from 0"),
    ("rotate:x", "a number from 0 to 180"), ("mirror@2", "a probability from 0 to 1"),
    ("mirror,,crop:1", "got nothing"), ("normalize:0.5:0", "above 0"),
    ("normalize:1:2:3", "normalize:MEAN:STD"), ("mirror:1", "expected mirror, got"),
  ])
  func mistakesAreNamed(text: String, words: String) {
    expectCourseError(.invalidArgument, words) { try Augmentation.list(from: text) }
  }
}
