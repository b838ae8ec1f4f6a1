import Foundation
import Shared

/// The header of a JPEG file, read before the pixels are decoded: size, channels and orientation.
///
/// Walks from marker to marker up to the first frame, so that a file that claims an absurd size is refused
/// before memory is taken for it.
struct JPEGHeader {
  let width: Int
  let height: Int
  /// 1 or 3.
  let channels: Int
  /// The turn that shows the stored image upright, as EXIF has it: 1 (none) to 8.
  let orientation: Int

  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

  /// The shape `[C, H, W]` of the upright image.
  var uprightShape: [Int] {
    orientation >= 5 ? [channels, width, height] : [channels, height, width]
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    var cursor = ByteCursor(
      UnsafeRawBufferPointer(bytes), path: path, remedy: PixelImage.damageRemedy)
    guard cursor.starts(with: JPEGHeader.signature) else {
      throw cursor.refuse(
        "this is not a JPEG image", expected: "the bytes FF D8 FF", received: beginning(bytes),
        remedy: "")
    }
    try cursor.skip(2)
    var orientation = 1
    while true {
      let (marker, start, content) = try JPEGHeader.segment(&cursor)
      switch marker {
      case 0xE1: orientation = EXIF.orientation(content) ?? orientation
      // All frames (SOF0 to SOF15), without DHT, JPG and DAC, whose numbers lie in between.
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        let frame = ByteCursor(content, path: path, from: start, remedy: cursor.remedy)
        (width, height, channels) = try JPEGHeader.size(frame, fileSize: bytes.count)
        self.orientation = orientation
        return
      default: break
      }
    }
  }

  /// The next segment that has content: its marker, and the offset and the bytes of its content.
  private static func segment(
    _ cursor: inout ByteCursor
  ) throws -> (marker: Int, start: Int, content: UnsafeRawBufferPointer) {
    while cursor.remaining >= 4 {
      let place = cursor.offset
      let byte = try cursor.number(bytes: 1, .big)
      guard byte == 0xFF else {
        throw cursor.refuse(
          "damaged JPEG image", expected: "a marker, FF", received: String(format: "%02X", byte),
          at: place)
      }
      // Any number of FF may stand before a marker.
      if cursor.next == 0xFF { continue }
      let marker = try cursor.number(bytes: 1, .big)
      switch marker {
      case 0x01, 0xD0...0xD7: continue
      case 0xD9, 0xDA:
        throw cursor.refuse(
          "damaged JPEG image", expected: "the header of the image",
          received: "pixels or the end", at: place)
      default: break
      }
      let available = cursor.remaining
      let length = try cursor.number(bytes: 2, .big)
      guard length >= 2, length <= available else {
        throw cursor.refuse(
          "the image is truncated", expected: "a segment of \(length) bytes",
          received: "\(available)", at: place)
      }
      let start = cursor.offset
      return (marker, start, try cursor.take(length - 2, of: "a segment"))
    }
    throw cursor.refuse(
      "the image is truncated", expected: "the header of the image",
      received: "the end of the file", at: cursor.offset + cursor.remaining)
  }

  /// Size and channels of the image.
  private static func size(
    _ frame: ByteCursor, fileSize: Int
  ) throws -> (width: Int, height: Int, channels: Int) {
    var cursor = frame
    let start = frame.offset
    guard frame.remaining >= 6 else {
      throw frame.refuse(
        "damaged JPEG image", expected: "a frame of at least 8 bytes", at: start - 4)
    }
    let depth = try cursor.number(bytes: 1, .big)
    let (height, width) = (try cursor.number(bytes: 2, .big), try cursor.number(bytes: 2, .big))
    let channels = try cursor.number(bytes: 1, .big)
    guard depth == 8 else {
      throw frame.refuse(
        "an unsupported kind of JPEG image", expected: "8 bits a sample", received: "\(depth)")
    }
    guard [1, 3].contains(channels) else {
      throw frame.refuse(
        "an unsupported kind of JPEG image", expected: "grey or RGB colours",
        received: channels == 4 ? "CMYK, colours for printing" : "\(channels) channels",
        at: start + 5, remedy: "Convert it to RGB.")
    }
    guard width >= 1, height >= 1, width * height <= PixelImage.maximumPixels else {
      throw frame.refuse(
        "the size of the image makes no sense", expected: "1 to \(PixelImage.maximumPixels) pixels",
        received: "\(width) x \(height)", at: start + 1)
    }
    // A block of 8 x 8 pixels takes at least one bit; twice that, to be on the safe side.
    guard width * height <= 1024 * fileSize else {
      throw frame.refuse(
        "the image is smaller than its header says", expected: "pixels for \(width) x \(height)",
        received: "a file of \(fileSize) bytes", at: start + 1)
    }
    return (width, height, channels)
  }
}

/// The only entry of a camera's notes that is read: its orientation.
enum EXIF {
  /// The orientation, 1 to 8; `nil` when there is none, or when the notes cannot be understood.
  /// - Parameter content: an APP1 segment: `Exif 0 0`, then a TIFF file
  static func orientation(_ content: UnsafeRawBufferPointer) -> Int? {
    guard content.count >= 14, content.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) else {
      return nil
    }
    let tiff = ByteCursor(UnsafeRawBufferPointer(rebasing: content[6...]), path: "EXIF")
    let endian: Endian
    switch (content[6], content[7]) {
    case (0x4D, 0x4D): endian = .big
    case (0x49, 0x49): endian = .little
    default: return nil
    }
    // Damaged notes are no notes.
    func number(at place: Int, bytes count: Int) -> Int? {
      var cursor = tiff
      return try? {
        try cursor.seek(to: place, of: "an entry")
        return try cursor.number(bytes: count, endian)
      }()
    }
    guard number(at: 2, bytes: 2) == 42, let start = number(at: 4, bytes: 4),
      let entries = number(at: start, bytes: 2)
    else { return nil }
    for entry in 0..<entries {
      let place = start + 2 + 12 * entry
      guard let tag = number(at: place, bytes: 2) else { return nil }
      // Tag 0x0112, one 16-bit number, which stands where a longer value would have its offset.
      if tag == 0x0112, number(at: place + 2, bytes: 2) == 3 {
        return number(at: place + 8, bytes: 2).flatMap { (1...8).contains($0) ? $0 : nil }
      }
    }
    return nil
  }
}
