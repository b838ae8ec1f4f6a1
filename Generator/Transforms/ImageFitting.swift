import Shared

/// The treatment of an image whose size or channels differ from those of the batch.
///
/// The image is resized (bilinear, antialiased); grey becomes colour and colour grey.
public enum ImageFitting: String, Sendable, CaseIterable, Codable {
  /// Resized until it covers the size of the batch; the excess is cut off on both sides. Keeps the proportions.
  case crop
  /// Resized until all of it lies within the size of the batch, with black borders beside it. Keeps the
  /// proportions.
  case pad
  /// Resized to the size of the batch, whatever its proportions.
  case stretch
  /// An error that names the image.
  case refuse
}

extension ImageSample {
  /// Brings an image to the size of a batch; `.refuse` is the caller's business, and stretches here.
  mutating func fit(height: Int, width: Int, _ fitting: ImageFitting) {
    guard (self.height, self.width) != (height, width) else { return }
    switch fitting {
    case .crop:
      cropLongSides(height: height, width: width)
      let scale = max(
        Double(height) / Double(self.height), Double(width) / Double(self.width))
      resizeAndCrop(
        to: (max(height, scaled(self.height, scale)), max(width, scaled(self.width, scale))),
        height: height, width: width)
    case .pad:
      let scale = min(
        Double(height) / Double(self.height), Double(width) / Double(self.width))
      resizeAndCrop(
        to: (min(height, scaled(self.height, scale)), min(width, scaled(self.width, scale))),
        height: height, width: width)
    case .stretch, .refuse: resize(height: height, width: width)
    }
  }

  /// A side in another scale, at least one pixel.
  private func scaled(_ side: Int, _ scale: Double) -> Int {
    max(1, Int((Double(side) * scale).rounded()))
  }

  /// Resizes the image, and takes the middle of it; what lies beyond its edges is 0.
  private mutating func resizeAndCrop(
    to size: (height: Int, width: Int), height: Int, width: Int
  ) {
    resize(height: size.height, width: size.width)
    // The same rounding on both sides of 0: a border of three pixels is one above and two below.
    func middle(_ inner: Int, _ outer: Int) -> Int {
      inner >= outer ? (inner - outer) / 2 : -((outer - inner) / 2)
    }
    crop(
      top: middle(size.height, height), left: middle(size.width, width), height: height,
      width: width)
  }

  /// Cuts off the certain excess of an image that is far longer than the batch: covering a square of 100
  /// pixels with a line of a million would take 40 GB.
  private mutating func cropLongSides(height: Int, width: Int) {
    let maximumHeight = 16 * (self.width * height / width + 1)
    let maximumWidth = 16 * (self.height * width / height + 1)
    let (newHeight, newWidth) = (min(self.height, maximumHeight), min(self.width, maximumWidth))
    guard newHeight < self.height || newWidth < self.width else { return }
    crop(
      top: (self.height - newHeight) / 2, left: (self.width - newWidth) / 2, height: newHeight,
      width: newWidth)
  }
}
