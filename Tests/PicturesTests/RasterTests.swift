import CourseTestSupport
import Foundation
import Generator
import Networks
import Testing

@testable import Pictures

/// PNG and GIF files, where the package is built with the libraries that make them.
@Suite(.watched) struct RasterTests {
  /// The pixels of a figure, or `nil` after a test of the error where there is no Cairo.
  private func canvas(
    _ figure: Figure, theme: Theme = .light, scale: Double = 1
  ) throws -> (width: Int, height: Int, pixels: [UInt8])? {
    do {
      let canvas = try Canvas(figure.drawing, theme: theme, scale: scale)
      return (canvas.width, canvas.height, canvas.pixels())
    } catch let error as CourseError {
      #expect(error.description.contains("a build with the trait ImageCodecs on Linux"))
      #expect(error.remedy == "Write an SVG file, which needs no library.")
      return nil
    }
  }

  private func pixel(
    _ picture: (width: Int, height: Int, pixels: [UInt8]), _ x: Int, _ y: Int
  ) -> [Int] {
    let start = 3 * (y * picture.width + x)
    return picture.pixels[start..<(start + 3)].map(Int.init)
  }

  @Test func colorsLandWhereTheyBelong() throws {
    var figure = Figure(title: "", x: .init(range: 0...2), y: .init(range: 0...2))
    figure.size = .init(width: 300, height: 200)
    // Red, green over blue, white.
    figure.marks = [
      .image(
        .init(
          columns: 2, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255], x: 0...2, y: 0...2))
    ]
    guard let picture = try canvas(figure) else { return }
    #expect((picture.width, picture.height) == (300, 200))
    let drawing = figure.drawing
    guard
      case .image(_, let place, let width, let height) = try #require(
        drawing.shapes.first { if case .image = $0 { true } else { false } })
    else { return }
    for (column, row, color) in [
      (0, 0, [255, 0, 0]), (1, 0, [0, 255, 0]), (0, 1, [0, 0, 255]), (1, 1, [255, 255, 255]),
    ] {
      let x = Int(place.x + width * (0.25 + 0.5 * Double(column)))
      let y = Int(place.y + height * (0.25 + 0.5 * Double(row)))
      #expect(pixel(picture, x, y) == color)
    }
    // The panel of each theme, near a corner.
    #expect(pixel(picture, 10, 100) == [255, 255, 255])
    let dark = try #require(try canvas(figure, theme: .dark))
    #expect(pixel(dark, 10, 100) == [0x16, 0x1b, 0x22])
  }

  /// A photograph's name may be in any language.
  @Test func textIsDrawnAndACharacterWithoutGlyphIsABox() throws {
    var figure = Figure(title: "Verlust und Güte: α → β")
    guard let picture = try canvas(figure) else { return }
    let empty = try #require(try canvas(Figure(title: "")))
    #expect(picture.pixels != empty.pixels)
    figure.title = "猫.png"
    let boxed = try #require(try canvas(figure))
    figure.title = ".png"
    let rest = try #require(try canvas(figure))
    #expect(boxed.pixels != rest.pixels && boxed.pixels != empty.pixels)
  }

  @Test func aPNGFileHoldsTheCanvas() throws {
    guard let picture = try canvas(FigureTests.everything, scale: 2) else { return }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "p.png")
      try FigureTests.everything.write(to: url, scale: 2)
      let image: PixelImage
      do { image = try PixelImage(png: url) } catch { return }  // built without ImageCodecs
      #expect((image.width, image.height) == (picture.width, picture.height))
      #expect(image.pixels == picture.pixels)
    }
  }

  @Test func theSameFiguresMakeTheSameFile() throws {
    guard try canvas(FigureTests.everything) != nil else { return }
    let frames = (0..<3).map { step in
      var figure = FigureTests.everything
      figure.title = "step \(step)"
      return figure
    }
    let first = try Animation(frames).gif()
    #expect(try Animation(frames).gif() == first)
    #expect(first.starts(with: Data("GIF89a".utf8)))
    #expect(first.last == 0x3b)
    // Each frame has a control block, and the loop is named.
    #expect(first.ranges(of: Data([0x21, 0xf9, 0x04])).count == 3)
    #expect(first.ranges(of: Data("NETSCAPE2.0".utf8)).count == 1)
    // A frame that differs by a digit takes a small part of the first one's bytes.
    let one = try Animation([frames[0]]).gif()
    #expect(first.count < one.count + one.count / 4)
  }

  @Test func framesThatDoNotFitAreRefused() {
    var small = FigureTests.everything
    small.size = .init(width: 100, height: 100)
    expectCourseError(
      .invalidArgument, "frames of an animation: expected at least one, all of one size, got none"
    ) {
      _ = try Animation([]).gif()
    }
    expectCourseError(
      .invalidArgument, "frames of an animation: expected at least one, all of one size"
    ) {
      _ = try Animation([small, FigureTests.everything]).gif()
    }
    expectCourseError(
      .invalidArgument, "unknown animation format: expected a name that ends in .gif"
    ) {
      try Animation([small]).write(to: URL(filePath: "a.png"))
    }
  }
}
