import Shared

/// Pictures of ten figures that this code draws, for training and tests without a data set at hand.
///
///     let images = SyntheticImages(count: 10_000, seed: 1)
///     images.classNames                    // ["arrow", "circle", "crescent", ...]
///     let picture = images.image(at: 17)   // drawn now, the same at every call
///     images.boxes(at: 17)                 // where the figure is
///
/// Each figure has a place, a size and an angle of its own, and a colour and a texture drawn in the same way as
/// those of its background, from which it differs in brightness, in either direction. Strokes and noise lie over
/// both. No single pixel says anything about the class: a linear model is left with guessing (0.14 right
/// of 1500, learned from 7000), while a small convolutional network learns the figures (0.86).
///
/// Image i of a seed is a function of the seed and of i alone (`RandomKey`).
public struct SyntheticImages: ImageSource {
  /// The number of images.
  public let count: Int
  /// The seed of the drawings.
  public let seed: UInt64
  /// Height and width in pixels.
  public let size: Int
  /// The name of the images in messages.
  public var name: String { "synthetic images" }

  /// - Parameters:
  ///   - count: how many; the first ones are the same for every number
  ///   - size: height and width in pixels, 16 to 1024
  public init(count: Int, seed: UInt64, size: Int = 32) {
    guard count >= 1, (16...1024).contains(size) else {
      stop(
        "SyntheticImages", expected: "at least 1 image of 16 to 1024 pixels",
        received: "\(count) of \(size)")
    }
    (self.count, self.seed, self.size) = (count, seed, size)
  }

  /// The names of the figures.
  public var classNames: [String] { ShapeOutline.allCases.map(\.rawValue) }

  /// The class: each comes once in ten images, in random order.
  public func label(at index: Int) -> Int {
    requireIndex(index)
    let order = RandomKey(seed: seed).folded("class").folded(index / 10).permutation(of: 10)
    return order[index % 10]
  }

  /// The number and seed of the image, as there is no file.
  public func location(at index: Int) -> String { "synthetic image \(index) of seed \(seed)" }

  /// The picture.
  public func image(at index: Int) -> PixelImage { drawing(index).image }

  /// 0 for the background and 1 plus the class for the figure, which has the pixels that it covers by more than
  /// half.
  public func mask(at index: Int) -> PixelImage? { drawing(index).mask }

  /// The smallest box around the pixels of the figure.
  public func boxes(at index: Int) -> [ImageBox] {
    drawing(index).mask.boxes { $0 - 1 }
  }

  /// Picture and mask at once.
  func drawing(_ index: Int) -> (image: PixelImage, mask: PixelImage) {
    let label = label(at: index)
    var draws = SceneDraws(RandomKey(seed: seed).folded("image").folded(index))
    let scene = SyntheticScene(ShapeOutline.allCases[label], &draws)
    let (image, figures) = scene.rendered(
      size: size, noise: RandomKey(seed: seed).folded("noise").folded(index))
    let mask = PixelImage(
      width: size, height: size, channels: 1,
      pixels: figures.map { $0 == 0 ? 0 : UInt8(label + 1) })
    return (image, mask)
  }
}

extension PixelImage {
  /// The smallest box around the pixels of each value but 0, in the order of the values.
  /// - Parameter label: the class of the object with a value
  func boxes(label: (_ value: Int) -> Int) -> [ImageBox] {
    var edges: [Int: ImageBox] = [:]
    for (place, value) in pixels.enumerated() where value > 0 {
      let (x, y) = (Float(place % width), Float(place / width))
      var box =
        edges[Int(value)]
        ?? ImageBox(left: x, top: y, right: x + 1, bottom: y + 1, label: label(Int(value)))
      (box.left, box.right) = (min(box.left, x), max(box.right, x + 1))
      box.bottom = y + 1
      edges[Int(value)] = box
    }
    return edges.sorted { $0.key < $1.key }.map(\.value)
  }
}
