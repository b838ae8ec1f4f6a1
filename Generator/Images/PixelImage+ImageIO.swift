#if canImport(ImageIO)

  // PNG, JPEG and WebP on Apple's systems, which bring their own codecs.

  import Foundation
  import ImageIO
  import Shared
  import UniformTypeIdentifiers

  extension PixelImage {
    /// The colours of files without a profile: nothing is converted.
    private static func colorSpace(channels: Int) -> CGColorSpace? {
      CGColorSpace(name: channels == 1 ? CGColorSpace.genericGrayGamma2_2 : CGColorSpace.sRGB)
    }

    static func decode(_ header: PNGHeader, path: String) throws -> [UInt8] {
      try decode(
        Data(header.stripped), width: header.width, height: header.height,
        channels: header.channels, format: "PNG", path: path)
    }

    static func decode(
      _ header: JPEGHeader, _ bytes: UnsafeBufferPointer<UInt8>, path: String
    ) throws -> [UInt8] {
      try decode(
        Data(buffer: bytes), width: header.width, height: header.height,
        channels: header.channels, format: "JPEG", path: path)
    }

    static func decode(
      _ header: WebPHeader, _ bytes: UnsafeBufferPointer<UInt8>, path: String
    ) throws -> [UInt8] {
      try decode(
        Data(buffer: bytes), width: header.width, height: header.height,
        channels: header.channels, format: "WebP", path: path)
    }

    private static func decode(
      _ data: Data, width: Int, height: Int, channels: Int, format: String, path: String
    ) throws -> [UInt8] {
      guard Gzip.isAvailable else { throw missingCodec(format, path: path) }
      guard
        let source = CGImageSourceCreateWithData(data as CFData, nil),
        let image = CGImageSourceCreateImageAtIndex(source, 0, nil),
        CGImageSourceGetStatusAtIndex(source, 0) == .statusComplete,
        let space = colorSpace(channels: channels), image.width == width, image.height == height
      else {
        throw CourseError(
          .format, "damaged \(format) image", location: path,
          remedy: PixelImage.damageRemedy)
      }
      // Colours are drawn with opacity multiplied into them; that is undone below.
      let (isGrey, area) = (channels == 1, width * height)
      var drawn = [UInt8](repeating: 0, count: area * (isGrey ? 1 : 4))
      let isDrawn = drawn.withUnsafeMutableBytes { buffer in
        guard
          let context = CGContext(
            data: buffer.baseAddress, width: width, height: height,
            bitsPerComponent: 8, bytesPerRow: buffer.count / height, space: space,
            bitmapInfo: (isGrey ? CGImageAlphaInfo.none : .premultipliedLast).rawValue)
        else { return false }
        context.setBlendMode(.copy)
        context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
        return true
      }
      guard isDrawn else { throw outOfMemory(path: path) }
      if isGrey { return drawn }
      var pixels: [UInt8] = []
      pixels.reserveCapacity(area * channels)
      for place in stride(from: 0, to: drawn.count, by: 4) {
        let alpha = Int(drawn[place + 3])
        for value in drawn[place..<(place + 3)] {
          pixels.append(
            alpha == 0 || alpha == 255
              ? value : UInt8(min(255, (Int(value) * 255 + alpha / 2) / alpha)))
        }
        if channels == 4 { pixels.append(UInt8(alpha)) }
      }
      return pixels
    }

    /// The bytes of a PNG file.
    public func pngData() throws -> Data {
      guard Gzip.isAvailable else { throw missingCodec("PNG", path: "PNG image") }
      let result = NSMutableData()
      guard
        let space = PixelImage.colorSpace(channels: channels),
        let provider = CGDataProvider(data: Data(pixels) as CFData),
        let image = CGImage(
          width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 8 * channels,
          bytesPerRow: width * channels, space: space,
          bitmapInfo: CGBitmapInfo(
            rawValue: (channels == 4 ? CGImageAlphaInfo.last : .none).rawValue),
          provider: provider, decode: nil, shouldInterpolate: false, intent: .defaultIntent),
        let destination = CGImageDestinationCreateWithData(
          result, UTType.png.identifier as CFString, 1, nil)
      else { throw CourseError(.file, "cannot make a PNG image") }
      CGImageDestinationAddImage(destination, image, nil)
      guard CGImageDestinationFinalize(destination) else {
        throw CourseError(.file, "cannot make a PNG image")
      }
      return result as Data
    }
  }

#endif
