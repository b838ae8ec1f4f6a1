import CCourseCodecs
import Foundation
import Shared

extension PixelImage {
  /// Reads a mask: an image whose pixels are classes, of one channel.
  ///
  /// Of a PNG image with a palette, the pixels are its indices, as Pillow reads them; of one with less than 8 bits a
  /// pixel, its values, from 0. Other files are read as images, which must be grey.
  /// - Throws: a `CourseError` that names the file when it cannot be read, has colours or more than 8 bits a pixel, or is a
  ///   JPEG image, whose values are not those that were saved
  public init(maskFile path: String) throws {
    let data = try PixelImage.read(path, content: "a mask (PNG or npy)")
    let kind =
      data.starts(with: [0xFF, 0xD8])
      ? "a JPEG image, which changes values"
      : data.starts(with: PNGHeader.signature) && data.count > 24 && data[data.startIndex + 24] > 8
        ? "a PNG image of 16 bits" : nil
    if let kind {
      throw CourseError(
        .format, "a mask needs the exact value of each pixel",
        expected: "a PNG image of at most 8 bits, grey or with a palette", received: kind,
        location: path, remedy: "Save it as a grey PNG image of 8 bits.")
    }
    guard data.starts(with: PNGHeader.signature), let (depth, file) = try PNGHeader.indexed(data)
    else {
      let image = try PixelImage(imageData: data, path: path)
      guard image.channels == 1 else {
        throw CourseError(
          .format, "a mask has one channel, the class of each pixel",
          expected: "a grey image, or one with a palette", received: "an image in colours",
          location: path,
          remedy: "Save it as a grey PNG image whose values are classes: 0 for the background.")
      }
      self = image
      return
    }
    let image = try PixelImage(pngData: file, path: path)
    // Fewer bits are spread from 0 to 255.
    let step = UInt8(255 / ((1 << depth) - 1))
    self.init(
      width: image.width, height: image.height, channels: 1,
      pixels: step == 1 ? image.pixels : image.pixels.map { $0 / step })
  }

  /// Colours for classes: black for the background, then as different as possible.
  public static func classColors(_ count: Int) -> [[UInt8]] {
    let colors: [[UInt8]] = [
      [230, 75, 53], [77, 187, 213], [0, 160, 135], [242, 183, 1], [145, 90, 190], [240, 130, 160],
      [90, 120, 200], [150, 180, 60],
    ]
    return (0..<count).map { index in
      if index == 0 { return [0, 0, 0] }
      let color = colors[(index - 1) % colors.count]
      // A further round is darker.
      let shade = max(3, 6 - (index - 1) / colors.count)
      return color.map { UInt8(Int($0) * shade / 6) }
    }
  }

  /// The colour of pixels that do not count: a grey.
  public static let ignoredColor: [UInt8] = [128, 128, 128]

  /// A mask in colours, those of `classColors`, and `ignoredColor`.
  public var coloredMask: PixelImage {
    let colors = PixelImage.classColors(255) + [PixelImage.ignoredColor]
    return PixelImage(
      width: width, height: height, channels: 3, pixels: pixels.flatMap { colors[Int($0)] })
  }

  /// The image with the colours of a mask over its objects; the background stays as it is, and pixels that do not count.
  /// - Parameter mask: a mask of the same size
  public func overlaid(with mask: PixelImage) -> PixelImage {
    guard mask.width == width, mask.height == height, mask.channels == 1 else {
      stop(
        "PixelImage.overlaid", expected: "a mask of \(height) x \(width)",
        received: "\(mask.height) x \(mask.width) of \(mask.channels)")
    }
    var result = converted(toChannels: 3)
    let colors = mask.coloredMask
    for (place, value) in mask.pixels.enumerated()
    where value > 0 && value != AnnotatedImage.ignored {
      for index in (3 * place)..<(3 * place + 3) {
        result.pixels[index] = UInt8((Int(result.pixels[index]) + Int(colors.pixels[index])) / 2)
      }
    }
    return result
  }
}

extension PNGHeader {
  /// A PNG file of at most 8 bits a pixel, with a palette or grey, as a grey one without a palette; `nil` for another
  /// kind, and where the file is too short to tell.
  fileprivate static func indexed(_ data: Data) throws -> (depth: Int, file: Data)? {
    var bytes = [UInt8](data)
    // The header is the first chunk: length, name, width, height, depth, colour type, ..., checksum.
    let (depthPlace, kindPlace, checksum) = (24, 25, 29..<33)
    guard bytes.count > 33, Array(bytes[12..<16]) == Array("IHDR".utf8) else { return nil }
    let (depth, kind) = (Int(bytes[depthPlace]), bytes[kindPlace])
    guard [1, 2, 4, 8].contains(depth), kind == 3 || kind == 0 && depth < 8 else { return nil }
    bytes[kindPlace] = 0
    var sum: UInt32 = 0
    guard
      bytes.withUnsafeBufferPointer({
        codec_crc32($0.baseAddress! + 12, 17, &sum)
      }) == codecOK
    else { return nil }
    for (shift, place) in zip([24, 16, 8, 0], checksum) {
      bytes[place] = UInt8(truncatingIfNeeded: sum >> shift)
    }
    // A grey image has no palette.
    var (kept, place) = (Array(bytes[..<33]), 33)
    while place + 12 <= bytes.count {
      let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      let end = place + 12 + length
      let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
      guard end <= bytes.count else { break }
      if !["PLTE", "tRNS"].contains(name) { kept += bytes[place..<end] }
      place = end
    }
    // What is left of a damaged file, for the message about it.
    kept += bytes[min(place, bytes.count)...]
    return (depth, Data(kept))
  }
}
