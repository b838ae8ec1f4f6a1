import Generator
import Shared
import TestSupport
import Testing

@Suite struct PixelImageTests {
  @Test func pixelsLieRowByRow() {
    var image = PixelImage(width: 3, height: 2, channels: 3)
    image[1, 2, 0] = 7
    #expect(image.pixels.count == 18 && image.pixels[15] == 7 && image[1, 2, 0] == 7)
  }
}
