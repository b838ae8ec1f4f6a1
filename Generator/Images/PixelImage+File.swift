import Foundation
import Shared

extension PixelImage {
  /// No image has more pixels.
  static let maximumPixels = 100_000_000
  /// The advice for a damaged image.
  static let damageRemedy = "Download or export the image again."

  /// The endings of file names that folders of images are searched for, without the dot: png, jpg, jpeg, and
  /// webp where the system can read it.
  public static let fileExtensions = ["png", "jpg", "jpeg"] + (WebP.isAvailable ? ["webp"] : [])

  /// The formats that can be read, in words.
  static let formats = WebP.isAvailable ? "PNG, JPEG, WebP or npy" : "PNG, JPEG or npy"

  /// Reads an image file: PNG, JPEG, WebP (with libwebp), or a NumPy array of bytes.
  ///
  ///     let photo = try PixelImage(contentsOf: "photo.jpg")
  ///
  /// The first bytes decide on the format, not the name: browsers save PNG as .jpg and the reverse.
  /// - Throws: a `CourseError` that names the file when it cannot be read, is damaged, or is something
  ///   else
  public init(contentsOf path: String) throws {
    try self.init(imageData: PixelImage.read(path), path: path)
  }

  /// The bytes of an image file.
  static func read(
    _ path: String, content: String = "an image (\(formats))"
  ) throws -> Data {
    try readFile(at: path, content: content, allowsPipes: false, maximumSize: 1 << 30)
  }

  /// Whether a file seems to be an image, readable or not: by the ending of its name, and where that says
  /// nothing, by its first bytes.
  public static func looksLikeImage(_ path: String) -> Bool {
    if let ending = fileExtension(of: path), !ending.isEmpty {
      return fileExtensions.contains(ending) || OtherImages.kind(of: path) != nil
    }
    // Bytes that are read from a pipe are gone.
    let start = try? InputFile(path, content: "an image", allowsPipes: false).read(atMost: 16)
    return contentHint(Data(start ?? []))?.hasSuffix(" image") ?? false
  }

  /// The shape `[C, H, W]` that reading an image file gives; its header is read and no pixels.
  static func shape(ofFile path: String) throws -> [Int] {
    // The header of a photograph lies at the beginning of a long file.
    let beginning = try InputFile(path, content: "an image", allowsPipes: false)
      .read(atMost: 1 << 16)
    if let shape = beginning.withUnsafeBufferPointer({
      try? JPEGHeader($0, path: path).uprightShape
    }) {
      return shape
    }
    return try read(path).withUnsafeBytes {
      let bytes = $0.bindMemory(to: UInt8.self)
      if bytes.starts(with: JPEGHeader.signature) {
        return try JPEGHeader(bytes, path: path).uprightShape
      }
      if bytes.starts(with: PNGHeader.signature) {
        let header = try PNGHeader(bytes, path: path)
        return [header.channels, header.height, header.width]
      }
      if WebPHeader.begins(bytes) {
        let header = try WebPHeader(bytes, path: path)
        return [header.channels, header.height, header.width]
      }
      // An array is its own header, and anything else has an error of its own.
      return try PixelImage(imageBytes: bytes, path: path).tensorShape
    }
  }

  /// Reads the bytes of an image file; `path` names it in errors.
  public init(imageData: Data, path: String) throws {
    self = try imageData.withUnsafeBytes {
      try PixelImage(imageBytes: $0.bindMemory(to: UInt8.self), path: path)
    }
  }

  init(imageBytes bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    if bytes.starts(with: JPEGHeader.signature) {
      try self.init(jpegBytes: bytes, path: path)
    } else if bytes.starts(with: PNGHeader.signature) {
      try self.init(pngBytes: bytes, path: path)
    } else if bytes.starts(with: NpyBytes.signature) {
      try self.init(npyBytes: bytes, path: path)
    } else if WebPHeader.begins(bytes) {
      try self.init(webPBytes: bytes, path: path)
    } else {
      throw CourseError(
        .format, "this is not an image that can be read", expected: PixelImage.formats,
        received: bytes.isEmpty ? "an empty file" : beginning(bytes), location: path,
        remedy: "Convert it to PNG or JPEG, or leave it out.")
    }
  }

  /// Reads the bytes of a `.npy` file with an image as Python keeps them: `[H, W]`, or `[H, W, C]` with 1, 3
  /// or 4 channels, of type `uint8`.
  public init(npyData: Data, path: String) throws {
    self = try npyData.withUnsafeBytes {
      try PixelImage(npyBytes: $0.bindMemory(to: UInt8.self), path: path)
    }
  }

  private init(npyBytes bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    let array = try NpyBytes(bytes, path: path)
    let shape = array.shape.count == 2 ? array.shape + [1] : array.shape
    guard shape.count == 3, [1, 3, 4].contains(shape[2]), shape[0] >= 1, shape[1] >= 1,
      shape[0] * shape[1] <= PixelImage.maximumPixels
    else {
      let isPlanar = array.shape.count == 3 && [1, 3, 4].contains(array.shape[0])
      throw CourseError(
        .format, "this array is not an image", expected: "the shape [H, W] or [H, W, C]",
        received: "\(array.shape)", location: path,
        remedy: isPlanar
          ? "Channels come last: numpy.transpose(array, (1, 2, 0))."
          : "Save one image a file, with 1, 3 or 4 channels.")
    }
    self.init(
      width: shape[1], height: shape[0], channels: shape[2], pixels: array.rowMajor(bytes))
  }

  /// The bytes of a `.npy` file with the image as an array `[H, W, C]` of type `uint8`; `[H, W]` when it is grey.
  public var npyData: Data {
    NpyBytes.encoded(
      shape: channels == 1 ? [height, width] : [height, width, channels], bytes: pixels)
  }
}
