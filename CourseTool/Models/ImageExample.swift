import Networks

/// An image file as an example for a network.
enum ImageExample {
  /// Whether a file is an image, of a format that can be read or not.
  static func isImage(_ path: String) -> Bool { PixelImage.looksLikeImage(path) }

  /// The image as a network input, `[1] + inputShape`: in the form that the network was trained on and in the range of
  /// its training data.
  ///
  /// A network that was trained on images of one size, by the name of a data set, takes only those.
  /// Dense networks, which take rows of pixels, and recurrent ones, which take a row per step, accept a grey image with
  /// the right number of pixels.
  /// - Parameter brightest: the value of white
  /// - Throws: if the size does not fit.
  static func tensor(
    _ image: PixelImage, path: String, for network: NeuralNetwork, brightest: Float
  ) throws -> Tensor {
    if let input = network.imageInput, input.fitting != .refuse {
      return try input.fitted(image).tensor.reshaped(to: [1] + network.inputShape) * brightest
    }
    let wanted = try size(for: network.inputShape, path: path, image: image)
    guard image.width == wanted.width, image.height == wanted.height else {
      throw CourseError(
        .shapeMismatch, "wrong image size",
        expected: "\(wanted.width) x \(wanted.height) pixels",
        received: "\(image.width) x \(image.height)", location: path,
        remedy: "Resize it to \(wanted.width) x \(wanted.height) first.")
    }
    return image.converted(toChannels: wanted.channels).tensor
      .reshaped(to: [1] + network.inputShape) * brightest
  }

  /// The image size for an input shape.
  private static func size(
    for shape: [Int], path: String, image: PixelImage
  ) throws -> (channels: Int, height: Int, width: Int) {
    switch shape.count {
    case 3 where [1, 3, 4].contains(shape[0]): return (shape[0], shape[1], shape[2])
    case 2: return (1, shape[0], shape[1])
    case 1:
      // A row of pixels fits any image with their number.
      for channels in [1, 3] where image.width * image.height * channels == shape[0] {
        return (channels, image.height, image.width)
      }
      let side = Int(Double(shape[0]).squareRoot())
      if side * side == shape[0] { return (1, side, side) }
    default: break
    }
    throw CourseError(
      .invalidArgument, "the network does not take images",
      expected: "an input of shape [C, H, W]", received: "\(shape)", location: path)
  }
}
