import Shared

/// The treatment of an image whose size or channels differ from those of the batch.
public enum ImageFitting: String, Sendable, CaseIterable, Codable {
  /// It is resized to the size of the batch, whatever its proportions (bilinear, antialiased); grey becomes
  /// colour and colour grey.
  case stretch
  /// It is resized until it covers the size of the batch, and the excess is cut off on both sides, so that
  /// proportions stay. Channels as above.
  case cover
  /// It is an error that names the image.
  case refuse
}

extension ImageSample {
  /// Brings an image to the size of a batch.
  mutating func fit(height: Int, width: Int, cover: Bool) {
    guard (self.height, self.width) != (height, width) else { return }
    if cover {
      cropLongSides(height: height, width: width)
      let scale = max(
        Double(height) / Double(self.height), Double(width) / Double(self.width))
      let (coverHeight, coverWidth) = (
        max(height, Int((Double(self.height) * scale).rounded())),
        max(width, Int((Double(self.width) * scale).rounded()))
      )
      resize(height: coverHeight, width: coverWidth)
      crop(
        top: (coverHeight - height) / 2, left: (coverWidth - width) / 2, height: height,
        width: width)
    } else {
      resize(height: height, width: width)
    }
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
