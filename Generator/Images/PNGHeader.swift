import Foundation
import Shared

/// What there is to know of a PNG file before it is decoded: its structure is whole, how large it is, how
/// many channels.
///
/// libpng would find most of it too; but only after memory has been taken for what the header claims,
/// and without saying where.
struct PNGHeader {
  let width: Int
  let height: Int
  /// The channels that the image is read with: 1, 3 or 4.
  let channels: Int
  /// The file without what would make the decoder change colours: like Pillow and torchvision, we want
  /// the bytes that are stored.
  let stripped: [UInt8]

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let colorChunks = ["gAMA", "cHRM", "sRGB", "iCCP", "cICP", "bKGD", "sBIT"]
  static let mostPixels = 100_000_000

  init(_ data: Data, path: String) throws {
    func refuse(
      _ what: String, expected: String? = nil, received: String? = nil, offset: Int
    ) -> CourseError {
      CourseError(
        .format, what, expected: expected, received: received,
        location: "\(path), offset \(offset)", remedy: "Get or make the image anew.")
    }
    let bytes = [UInt8](data)
    guard bytes.starts(with: PNGHeader.signature) else {
      throw CourseError(
        .format, "this is not a PNG image", expected: "the bytes 89 50 4E 47 0D 0A 1A 0A",
        received: beginning(bytes), location: "\(path), offset 0")
    }
    func number(at place: Int) -> Int { bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }

    var kept = PNGHeader.signature
    kept.reserveCapacity(bytes.count)
    var header: [UInt8]?
    var (packedSize, hasTransparency, isComplete) = (0, false, false)
    var place = kept.count
    while !isComplete {
      guard place + 12 <= bytes.count else {
        throw refuse(
          "the image is truncated", expected: "a chunk of at least 12 bytes",
          received: "\(bytes.count - place)", offset: place)
      }
      let length = number(at: place)
      let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
      guard length <= bytes.count - place - 12 else {
        throw refuse(
          "the image is truncated", expected: "\(length) bytes in the chunk \(name)",
          received: "\(bytes.count - place - 12)", offset: place)
      }
      let content = bytes[(place + 8)..<(place + 8 + length)]
      switch name {
      case "IHDR" where header == nil && place == 8 && length == 13: header = Array(content)
      case "IDAT": packedSize += length
      case "tRNS": hasTransparency = true
      case "IEND": isComplete = true
      default: break
      }
      if header == nil {
        throw refuse(
          "the image has no header", expected: "a chunk IHDR of 13 bytes",
          received: "\(name) of \(length)", offset: place)
      }
      let end = place + 12 + length
      if !PNGHeader.colorChunks.contains(name) { kept += bytes[place..<end] }
      place = end
    }
    (width, height) = (number(at: 16), number(at: 20))
    let (depth, color) = (Int(bytes[24]), bytes[25])
    guard let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color], (1...16).contains(depth) else {
      throw refuse(
        "an unknown kind of PNG image", expected: "colour type 0, 2, 3, 4 or 6 of 1 to 16 bits",
        received: "colour type \(color) of \(depth) bits", offset: 24)
    }
    // No decoder takes more than a million of rows or columns.
    guard width >= 1, height >= 1, width <= 1_000_000, height <= 1_000_000,
      width * height <= PNGHeader.mostPixels
    else {
      throw refuse(
        "the size of the image makes no sense",
        expected: "1 to \(PNGHeader.mostPixels) pixels, at most 1000000 in a row or column",
        received: "\(width) x \(height)", offset: 16)
    }
    // Deflate packs 1032 to 1 at best.
    guard width * height * samples * depth / 8 <= packedSize * 1032 else {
      throw refuse(
        "the image is smaller than its header says",
        expected: "pixels for \(width) x \(height)", received: "\(packedSize) bytes packed",
        offset: 16)
    }
    channels = hasTransparency || color >= 4 ? 4 : color == 0 ? 1 : 3
    stripped = kept
  }
}
