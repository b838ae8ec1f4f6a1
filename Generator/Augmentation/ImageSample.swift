import Shared

/// An image on its way through the augmentations, with the mask and the boxes that belong to it.
///
/// Every function that moves the pixels moves mask and boxes as well, so augmentations call `mirror()`,
/// `crop(...)` and the like, and need not consider them.
///
///     var sample = ImageSample(image, boxes: [ImageBox(left: 0, top: 0, right: 4, bottom: 2, label: 1)])
///     sample.mirror()
///     sample.image = sample.image.brightened(by: 1.2)
///     sample.boxes[0].right == Float(sample.width)       // true
///
/// Mirroring, quarter turns, cropping and normalising bytes cost nothing until `image` is asked for; then
/// one pass does them all, with the same numbers as one after the other.
public struct ImageSample: Sendable {
  private enum Pixels: Sendable {
    case bytes(PixelView)
    case numbers(Tensor)
  }
  private var pixels: Pixels
  private let bodies: ImageBodies
  /// The class of each pixel, `[1, H, W]`, if it is known.
  public private(set) var mask: Tensor?
  /// The objects in the image.
  public private(set) var boxes: [ImageBox]

  /// An image of bytes.
  /// - Parameter mask: an image of one channel and the same size, whose bytes are classes
  public init(_ image: PixelImage, mask: PixelImage? = nil, boxes: [ImageBox] = []) {
    self.init(image, mask: mask, boxes: boxes, bodies: .standard)
  }

  init(_ image: PixelImage, mask: PixelImage?, boxes: [ImageBox], bodies: ImageBodies) {
    if let mask, mask.channels != 1 || mask.width != image.width || mask.height != image.height {
      stop(
        "ImageSample", expected: "a mask of \(image.height) x \(image.width) and 1 channel",
        received: "\(mask.height) x \(mask.width) of \(mask.channels)")
    }
    pixels = .bytes(PixelView(image))
    self.bodies = bodies
    self.mask = mask.map { mask in
      ByteFeatures(shape: [1, mask.height, mask.width], bytes: mask.pixels, divisor: 1).rows(at: [0]
      )
    }
    self.boxes = boxes
  }

  /// The number of rows.
  public var height: Int {
    switch pixels {
    case .bytes(let view): view.height
    case .numbers(let image): image.imageHeight
    }
  }
  /// The number of columns.
  public var width: Int {
    switch pixels {
    case .bytes(let view): view.width
    case .numbers(let image): image.imageWidth
    }
  }
  /// The number of channels.
  public var channels: Int {
    switch pixels {
    case .bytes(let view): view.channels
    case .numbers(let image): image.shape[0]
    }
  }

  /// The pixels, `[C, H, W]`: from 0 to 1 until they are normalised. Must be set to the same shape;
  /// sizes are changed by the functions below.
  public var image: Tensor {
    get {
      switch pixels {
      case .bytes(let view): view.tensor
      case .numbers(let image): image
      }
    }
    set {
      guard newValue.shape == [channels, height, width] else {
        stop(
          "ImageSample.image", expected: "shape \([channels, height, width])",
          received: "\(newValue.shape)")
      }
      pixels = .numbers(newValue)
    }
  }

  /// Writes the pixels to a place of a batch.
  func write(to out: UnsafeMutablePointer<Float>) {
    switch pixels {
    case .bytes(let view): view.write(to: out)
    case .numbers(let image): image.read { out.update(from: $0, count: image.count) }
    }
  }

  // MARK: Geometry

  /// Mirrors from left to right.
  public mutating func mirror() {
    let width = Float(width)
    if bodies.mirrorsByKernel, case .bytes(var view) = pixels {
      view.mirror()
      pixels = .bytes(view)
    } else {
      pixels = .numbers(bodies.mirrored(image))
    }
    mask = mask.map { bodies.mirrored($0) }
    boxes = boxes.map { $0.withEdges(width - $0.right, $0.top, width - $0.left, $0.bottom) }
  }

  /// Turns by quarters of a circle, counter-clockwise; height and width change places when the number is
  /// odd.
  public mutating func rotate90(turns: Int = 1) {
    let turns = ((turns % 4) + 4) % 4
    for _ in 0..<turns {
      let width = Float(width)
      boxes = boxes.map { $0.withEdges($0.top, width - $0.right, $0.bottom, width - $0.left) }
      if bodies.turnsByKernel, case .bytes(var view) = pixels {
        view.rotate90()
        pixels = .bytes(view)
      } else {
        pixels = .numbers(bodies.rotated90(image, turns: 1))
      }
    }
    mask = mask.map { bodies.rotated90($0, turns: turns) }
  }

  /// Keeps a rectangle; pixels beyond the edges are 0. Boxes are cut off, and removed when nothing of them is
  /// left.
  public mutating func crop(top: Int, left: Int, height: Int, width: Int) {
    if case .bytes(var view) = pixels, view.crop(top: top, left: left, height: height, width: width)
    {
      pixels = .bytes(view)
    } else {
      pixels = .numbers(image.cropped(top: top, left: left, height: height, width: width))
    }
    mask = mask?.cropped(top: top, left: left, height: height, width: width)
    boxes = boxes.map {
      $0.withEdges(
        $0.left - Float(left), $0.top - Float(top), $0.right - Float(left), $0.bottom - Float(top))
    }
    cutBoxes()
  }

  /// Resizes the image; the mask takes the nearest pixel.
  public mutating func resize(
    height: Int, width: Int, interpolation: Interpolation = .bilinear, antialias: Bool = true
  ) {
    guard (height, width) != (self.height, self.width) else { return }
    let (y, x) = (Float(height) / Float(self.height), Float(width) / Float(self.width))
    pixels = .numbers(
      interpolation == .bilinear
        ? bodies.resized(image, height: height, width: width, antialias: antialias)
        : image.resized(
          height: height, width: width, interpolation: interpolation, antialias: antialias))
    mask = mask?.resized(height: height, width: width, interpolation: .nearest)
    boxes = boxes.map { $0.withEdges($0.left * x, $0.top * y, $0.right * x, $0.bottom * y) }
  }

  /// Turns about the centre by any angle, counter-clockwise, in the same size. A box becomes the smallest
  /// upright one around its turned corners, cut off at the edges.
  public mutating func rotate(degrees: Float) {
    let (sine, cosine) = sineAndCosine(degrees: degrees)
    let (middleX, middleY) = (Double(width) / 2, Double(height) / 2)
    pixels = .numbers(image.rotated(degrees: degrees))
    mask = mask?.rotated(degrees: degrees, interpolation: .nearest)
    boxes = boxes.map { box in
      let corners = [box.left, box.right].flatMap { x in [box.top, box.bottom].map { (x, $0) } }
      let turned = corners.map { x, y in
        let (dx, dy) = (Double(x) - middleX, Double(y) - middleY)
        return (
          x: Float(middleX + cosine * dx + sine * dy), y: Float(middleY - sine * dx + cosine * dy)
        )
      }
      return box.withEdges(
        turned.map(\.x).min()!, turned.map(\.y).min()!, turned.map(\.x).max()!,
        turned.map(\.y).max()!)
    }
    cutBoxes()
  }

  /// Takes each pixel from a place of its own. A box becomes the smallest one around the pixels that come from within
  /// it, and is removed where there are none.
  /// - Parameter shifts: the places in pixels, counted from the pixel: dx and dy, `[2, H, W]`
  public mutating func displace(by shifts: Tensor) {
    pixels = .numbers(image.displaced(by: shifts))
    mask = mask?.displaced(by: shifts, interpolation: .nearest)
    let (height, width) = (height, width)
    shifts.read { shifts in
      boxes = boxes.compactMap { box in
        var (left, top, right, bottom) = (width, height, 0, 0)
        for row in 0..<height {
          for column in 0..<width {
            let pixel = row * width + column
            let x = Float(column) + 0.5 + shifts[pixel]
            let y = Float(row) + 0.5 + shifts[height * width + pixel]
            guard x >= box.left, x < box.right, y >= box.top, y < box.bottom else { continue }
            (left, right) = (min(left, column), max(right, column + 1))
            (top, bottom) = (min(top, row), max(bottom, row + 1))
          }
        }
        guard left < right else { return nil }
        return box.withEdges(Float(left), Float(top), Float(right), Float(bottom))
      }
    }
  }

  /// Shifts and scales each channel: `(X[c] - mean[c]) / std[c]`.
  public mutating func normalize(mean: [Float], std: [Float]) {
    if case .bytes(var view) = pixels, view.normalize(mean: mean, std: std) {
      pixels = .bytes(view)
    } else {
      pixels = .numbers(image.normalized(mean: mean, std: std))
    }
  }

  /// Cuts boxes off at the edges and removes those of which nothing is left.
  private mutating func cutBoxes() {
    let (width, height) = (Float(width), Float(height))
    boxes = boxes.map {
      $0.withEdges(
        max($0.left, 0), max($0.top, 0), min($0.right, width), min($0.bottom, height))
    }.filter { $0.left < $0.right && $0.top < $0.bottom }
  }
}

extension ImageBox {
  /// The same object with other edges.
  fileprivate func withEdges(
    _ left: Float, _ top: Float, _ right: Float, _ bottom: Float
  ) -> ImageBox {
    var box = self
    (box.left, box.top, box.right, box.bottom) = (left, top, right, bottom)
    return box
  }
}
