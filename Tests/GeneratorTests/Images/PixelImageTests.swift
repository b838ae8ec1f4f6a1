import CourseTestSupport
import Generator
import Shared
import Testing

@Suite(.watched) struct PixelImageTests {
  @Test func pixelsLieRowByRow() {
    var image = PixelImage(width: 3, height: 2, channels: 3)
    image[1, 2, 0] = 7
    #expect(image.pixels.count == 18 && image.pixels[15] == 7 && image[1, 2, 0] == 7)
  }

  @Test func tensorsHaveChannelsFirst() {
    let image = PixelImage(width: 2, height: 1, channels: 3, pixels: [0, 51, 102, 255, 204, 153])
    expectClose(image.tensor, [[[0, 1]], [[0.2, 0.8]], [[0.4, 0.6]]], "tensor")
    #expect(PixelImage(image.tensor) == image)
    let all = PixelImage(width: 256, height: 1, channels: 1, pixels: (0...255).map { UInt8($0) })
    #expect(PixelImage(all.tensor) == all)
  }

  @Test func valuesBeyondTheRangeAreCutOff() {
    let nan = TensorLiteral.scalar(.nan)
    let infinity = TensorLiteral.scalar(.infinity)
    let tensor: Tensor = [[-3, -1, 0], [1, 9, nan], [0.5, infinity, -0.5]]
    let image = PixelImage(tensor, range: -1...1)
    #expect(image.pixels == [0, 0, 128, 255, 255, 0, 191, 255, 64])
    #expect(PixelImage(Tensor(ones: [1, 1]), range: 1...1).pixels == [0])
  }

  @Test func channelsAreConverted() {
    let image = PixelImage(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 10, 200, 30])
    // Pillow: image.convert("L").tobytes()
    #expect(image.converted(toChannels: 1).pixels == [76, 124])
    #expect(image.converted(toChannels: 4).pixels == [255, 0, 0, 255, 10, 200, 30, 255])
    #expect(image.converted(toChannels: 4).converted(toChannels: 3) == image)
    let grey = PixelImage(width: 1, height: 1, channels: 1, pixels: [9])
    #expect(grey.converted(toChannels: 3).pixels == [9, 9, 9])
  }
}

@Suite(.watched) struct ImageGridTests {
  @Test func tilesLieInRowsBetweenMargins() {
    let tiles = Tensor(arange: 0, to: 3).reshaped(to: [3, 1, 1, 1])
    let image = ImageGrid(columns: 2, background: 9, normalization: .range(0...2)).image(of: tiles)
    #expect(image.width == 5 && image.height == 5 && image.channels == 1)
    #expect(
      image.pixels == [
        9, 9, 9, 9, 9, 9, 0, 9, 128, 9, 9, 9, 9, 9, 9, 9, 255, 9, 9, 9, 9, 9, 9, 9, 9,
      ])
  }

  @Test func tilesAreNormalisedAloneOrTogether() {
    let tiles = Tensor([[0, 1], [0, 4]]).reshaped(to: [2, 1, 1, 2])
    let grid = ImageGrid(columns: 1, margin: 0)
    #expect(grid.image(of: tiles).pixels == [0, 255, 0, 255])
    var common = grid
    common.normalization = .allTiles
    #expect(common.image(of: tiles).pixels == [0, 64, 0, 255])
    #expect(
      grid.image(of: Tensor(ones: [1, 1, 1, 2])).pixels == [0, 0], "a flat tile is no error")
  }

  @Test func everyFeatureMapIsATileOfItsOwn() {
    let maps = Tensor(zeros: [1, 20, 4, 6])
    let image = ImageGrid(margin: 2, scale: 3).image(of: maps)
    #expect(image.channels == 1 && image.width == 5 * 20 + 2 && image.height == 4 * 14 + 2)
    #expect(ImageGrid().image(of: Tensor(zeros: [4, 3, 5, 5])).channels == 3)
  }

  @Test func scalingRepeatsPixels() {
    let tile = PixelImage(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    let image = ImageGrid(margin: 0, scale: 2).image(of: [tile])
    let row: [UInt8] = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]
    #expect(image.pixels == row + row && image.width == 4 && image.height == 2)
  }
}
