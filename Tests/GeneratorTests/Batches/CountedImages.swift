import Foundation
import Generator
import Shared
import Synchronization

/// Images that say who they are: the first pixel is the number of the image, and so is its label modulo
/// the number of classes; the rest is random.
final class CountedImages: ImageSource {
  let name = "counted"
  let count: Int
  let classNames: [String]
  private let sizes: [(height: Int, width: Int)]
  private let channels: Int
  private let brokenImage: Int?
  /// How many images have been read.
  let reads = Mutex(0)

  init(
    _ count: Int = 100, classCount: Int = 10, sizes: [(height: Int, width: Int)] = [(8, 8)],
    channels: Int = 3, brokenImage: Int? = nil
  ) {
    self.count = count
    classNames = (0..<classCount).map { "class \($0)" }
    self.sizes = sizes
    self.channels = channels
    self.brokenImage = brokenImage
  }

  func label(at index: Int) -> Int { index % classNames.count }
  func location(at index: Int) -> String { "counted/\(index).png" }

  func image(at index: Int) throws -> PixelImage {
    reads.withLock { $0 += 1 }
    if index == brokenImage {
      throw CourseError(.format, "damaged PNG image", location: location(at: index))
    }
    let (height, width) = sizes[index % sizes.count]
    var draws = RandomKey(seed: 1).folded(index).generator
    var image = PixelImage(
      width: width, height: height, channels: channels,
      pixels: (0..<(width * height * channels)).map { _ in UInt8(draws.next() % 256) })
    image[0, 0, 0] = UInt8(index)
    return image
  }
}

extension Batch {
  /// The numbers of the images, read off their first pixels.
  var numbers: [Int] { (0..<count).map { Int((images[$0, 0, 0, 0] * 255).rounded()) } }
}
