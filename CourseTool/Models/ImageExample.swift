import Networks

/// An image file as an example for a network.
enum ImageExample {
  /// Whether a file is taken for an image: one that can be read, or one to say that it cannot.
  static func isImage(_ path: String) -> Bool { PixelImage.looksLikeImage(path) }

  /// The image as the network takes it, `[1] + inputShape`: brought to the number of channels, from 0 to what
  /// white is in the data that the network was trained on.
  ///
  /// Networks that see rows of pixels (dense ones), or each row as a step (recurrent ones), take a grey image of
  /// as many pixels.
  /// - Parameter brightest: what white is
  /// - Throws: when the size does not fit.
  static func tensor(_ path: String, for network: NeuralNetwork, brightest: Float) throws -> Tensor
  {
    let image = try PixelImage(contentsOf: path)
    let wanted = try size(for: network.inputShape, path: path, image: image)
    guard image.width == wanted.width, image.height == wanted.height else {
      throw CourseError(
        .shapeMismatch, "the image does not fit the network",
        expected: "\(wanted.width) x \(wanted.height) pixels",
        received: "\(image.width) x \(image.height)", location: path,
        remedy: "Resize it to \(wanted.width) x \(wanted.height) first.")
    }
    return image.converted(toChannels: wanted.channels).tensor
      .reshaped([1] + network.inputShape) * brightest
  }

  /// The size of the images that an input shape stands for.
  private static func size(
    for shape: [Int], path: String, image: PixelImage
  ) throws -> (channels: Int, height: Int, width: Int) {
    switch shape.count {
    case 3 where [1, 3, 4].contains(shape[0]): return (shape[0], shape[1], shape[2])
    case 2: return (1, shape[0], shape[1])
    case 1:
      // Rows of pixels do not say how long they are: the image does, where its number of pixels fits.
      for channels in [1, 3] where image.width * image.height * channels == shape[0] {
        return (channels, image.height, image.width)
      }
      let side = Int(Double(shape[0]).squareRoot())
      if side * side == shape[0] { return (1, side, side) }
    default: break
    }
    throw CourseError(
      .invalidArgument, "the network does not take images",
      expected: "an input of the shape [C, H, W]", received: "\(shape)", location: path)
  }
}
