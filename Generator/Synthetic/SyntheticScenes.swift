import Shared

/// Pictures of several figures that this code draws, with the class of each pixel and the box of each figure: for
/// segmentation and detection.
///
///     let scenes = SyntheticScenes(count: 1000, seed: 1)
///     scenes.classNames                     // ["circle", "cross", "ring", "square", "triangle"]
///     let scene = scenes.scene(at: 17)      // drawn now, the same at every call
///     scene.image                           // 64 x 64 pixels in colours
///     scene.mask[32, 32, 0]                 // 0: background, 2: a cross
///     scene.boxes                           // [(left 3, top 20, right 24, bottom 41, label 1), ...]
///
/// A scene has 1 to `figures` figures of any class, place, size and angle. The nearer ones cover the farther ones, of
/// which at least about half stays visible; where there is no room, a scene has fewer figures. Colours and textures are
/// drawn as in `SyntheticImages`; strokes and noise lie over all, and belong to no class: a pixel under a stroke has
/// the class of the figure below.
///
/// A box is the smallest one around the *visible* pixels of a figure, as in most data sets of photographs; boxes are
/// listed from the farthest figure to the nearest. The hole of a ring belongs to that which is seen through it.
///
/// Scene i of a seed is a function of the seed, the size, `figures` and i alone (`RandomKey`).
public struct SyntheticScenes: AnnotatedImageSource {
  /// The number of scenes.
  public let count: Int
  /// The seed of the drawings.
  public let seed: UInt64
  /// Height and width in pixels.
  public let size: Int
  /// The largest number of figures of a scene.
  public let figures: Int

  /// The figures that scenes are made of.
  private static let outlines: [ShapeOutline] = [.circle, .cross, .ring, .square, .triangle]

  /// - Parameters:
  ///   - size: height and width in pixels, 32 to 1024
  ///   - count: how many; the first ones are the same for every number
  ///   - figures: the largest number of figures of a scene, 1 to 8
  public init(size: Int = 64, count: Int, seed: UInt64, figures: Int = 4) {
    guard count >= 1, (32...1024).contains(size), (1...8).contains(figures) else {
      stop(
        "SyntheticScenes", expected: "at least 1 scene of 32 to 1024 pixels and 1 to 8 figures",
        received: "\(count) of \(size) pixels and \(figures) figures")
    }
    (self.size, self.count, self.seed, self.figures) = (size, count, seed, figures)
  }

  /// The name of the scenes in messages.
  public var name: String { "synthetic scenes" }
  /// The names of the figures, by class; the background is none of them.
  public var classNames: [String] { SyntheticScenes.outlines.map(\.rawValue) }

  /// The number and seed of the scene, as there is no file.
  public func location(at index: Int) -> String { "synthetic scene \(index) of seed \(seed)" }

  /// The scene.
  public func annotatedImage(at index: Int) -> AnnotatedImage { scene(at: index) }

  /// A scene.
  public func scene(at index: Int) -> AnnotatedImage { drawing(index).scene }

  /// A scene, and the number of its visible pixels for each box.
  func drawing(_ index: Int) -> (scene: AnnotatedImage, areas: [Int]) {
    guard (0..<count).contains(index) else {
      stop(
        "SyntheticScenes", expected: "a number from 0 to \(count - 1)", received: "\(index)")
    }
    let key = RandomKey(seed: seed).folded("scene").folded(index)
    var draws = SceneDraws(key)
    let classes = (0...draws.choice(figures)).map { _ in
      draws.choice(SyntheticScenes.outlines.count)
    }
    let scene = SyntheticScene(classes.map { SyntheticScenes.outlines[$0] }, &draws)
    let (image, owners) = scene.rendered(size: size, noise: key.folded("noise"))
    // A figure without a place may be missing among them.
    let labels = scene.figures.map { SyntheticScenes.outlines.firstIndex(of: $0.outline)! }
    func channel(_ pixels: [UInt8]) -> PixelImage {
      PixelImage(width: size, height: size, channels: 1, pixels: pixels)
    }
    var areas = [Int](repeating: 0, count: labels.count)
    for owner in owners where owner > 0 { areas[Int(owner) - 1] += 1 }
    return (
      AnnotatedImage(
        image: image,
        mask: channel(owners.map { $0 == 0 ? 0 : UInt8(labels[Int($0) - 1] + 1) }),
        boxes: channel(owners).boxes { labels[$0 - 1] }),
      areas.filter { $0 > 0 }
    )
  }
}
