import Foundation
import Shared

/// What there is to know of a JPEG file before it is decoded: how large it is, grey or coloured, and which
/// way up.
///
/// Walks from marker to marker up to the first frame, so that a file that claims an absurd size is refused
/// before memory is taken for it.
struct JPEGHeader {
  let width: Int
  let height: Int
  /// 1 or 3.
  let channels: Int
  /// How the stored image has to be turned, as EXIF says it: 1 (not at all) to 8.
  let orientation: Int

  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]
  static let mostPixels = PNGHeader.mostPixels

  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    func refuse(
      _ what: String, expected: String? = nil, received: String? = nil, offset: Int
    ) -> CourseError {
      CourseError(
        .format, what, expected: expected, received: received,
        location: "\(path), offset \(offset)", remedy: "Get or make the image anew.")
    }
    func number(at place: Int) -> Int { Int(bytes[place]) << 8 | Int(bytes[place + 1]) }

    guard bytes.count >= 3, bytes[0] == 0xFF, bytes[1] == 0xD8, bytes[2] == 0xFF else {
      throw CourseError(
        .format, "this is not a JPEG image", expected: "the bytes FF D8 FF",
        received: beginning(bytes), location: "\(path), offset 0")
    }
    var orientation = 1
    var place = 2
    while true {
      guard place + 4 <= bytes.count else {
        throw refuse(
          "the image is truncated", expected: "the header of the image",
          received: "the end of the file", offset: bytes.count)
      }
      guard bytes[place] == 0xFF else {
        throw refuse(
          "damaged JPEG image", expected: "a marker, FF",
          received: String(format: "%02X", bytes[place]), offset: place)
      }
      let marker = bytes[place + 1]
      switch marker {
      case 0xFF:
        // Any number of FF may stand before a marker.
        place += 1
        continue
      case 0x01, 0xD0...0xD7:
        place += 2
        continue
      case 0xD9, 0xDA:
        throw refuse(
          "damaged JPEG image", expected: "the header of the image",
          received: "pixels or the end", offset: place)
      default: break
      }
      let length = number(at: place + 2)
      guard length >= 2, place + 2 + length <= bytes.count else {
        throw refuse(
          "the image is truncated", expected: "a segment of \(length) bytes",
          received: "\(bytes.count - place - 2)", offset: place)
      }
      if marker == 0xE1 {
        let content = UnsafeBufferPointer(rebasing: bytes[(place + 4)..<(place + 2 + length)])
        orientation = EXIF.orientation(content) ?? orientation
      }
      // All frames (SOF0 to SOF15), but not what has its number in between: DHT, JPG and DAC.
      if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) { break }
      place += 2 + length
    }
    guard number(at: place + 2) >= 8 else {
      throw refuse("damaged JPEG image", expected: "a frame of at least 8 bytes", offset: place)
    }
    let (depth, components) = (bytes[place + 4], bytes[place + 9])
    (height, width) = (number(at: place + 5), number(at: place + 7))
    guard depth == 8 else {
      throw refuse(
        "a kind of JPEG image that cannot be read", expected: "8 bits a sample",
        received: "\(depth)", offset: place + 4)
    }
    guard [1, 3].contains(components) else {
      throw CourseError(
        .format, "a kind of JPEG image that cannot be read", expected: "grey or RGB colours",
        received: components == 4 ? "CMYK, colours for printing" : "\(components) channels",
        location: "\(path), offset \(place + 9)", remedy: "Convert it to RGB.")
    }
    guard width >= 1, height >= 1, width * height <= JPEGHeader.mostPixels else {
      throw refuse(
        "the size of the image makes no sense", expected: "1 to \(JPEGHeader.mostPixels) pixels",
        received: "\(width) x \(height)", offset: place + 5)
    }
    // A block of 8 x 8 pixels takes at least one bit; twice that for what nobody thought of.
    guard width * height <= 1024 * bytes.count else {
      throw refuse(
        "the image is smaller than its header says", expected: "pixels for \(width) x \(height)",
        received: "a file of \(bytes.count) bytes", offset: place + 5)
    }
    channels = Int(components)
    self.orientation = orientation
  }
}

/// The one thing that is read of a camera's notes: which way up it was held.
enum EXIF {
  /// The orientation, 1 to 8; `nil` when there is none, or when the notes cannot be understood.
  /// - Parameter content: an APP1 segment: `Exif 0 0`, then a TIFF file
  static func orientation(_ content: UnsafeBufferPointer<UInt8>) -> Int? {
    guard content.count >= 14, content.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) else {
      return nil
    }
    let tiff = UnsafeBufferPointer(rebasing: content[6...])
    let isBigEndian: Bool
    switch (tiff[0], tiff[1]) {
    case (0x4D, 0x4D): isBigEndian = true
    case (0x49, 0x49): isBigEndian = false
    default: return nil
    }
    func number(at place: Int, bytes count: Int) -> Int? {
      guard place >= 0, place + count <= tiff.count else { return nil }
      let bytes = tiff[place..<(place + count)]
      return isBigEndian
        ? bytes.reduce(0) { $0 << 8 | Int($1) } : bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
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
