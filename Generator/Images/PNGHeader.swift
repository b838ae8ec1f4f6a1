import Foundation
import Shared

/// The header of a PNG file, read before the pixels are decoded: size and channels, with the structure of
/// the file checked.
///
/// libpng would find most damage too; but only after memory has been taken for the size that the header
/// claims, and without the offset.
struct PNGHeader {
  let width: Int
  let height: Int
  /// The channels that the image is read with: 1, 3 or 4.
  let channels: Int
  /// The file without the chunks that would make the decoder change colours: as Pillow and torchvision do,
  /// the stored bytes are read.
  let stripped: [UInt8]

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let colorChunks = ["gAMA", "cHRM", "sRGB", "iCCP", "cICP", "bKGD", "sBIT"]

  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    var cursor = ByteCursor(
      UnsafeRawBufferPointer(bytes), path: path, remedy: PixelImage.damageRemedy)
    guard cursor.starts(with: PNGHeader.signature) else {
      throw cursor.refuse(
        "this is not a PNG image", expected: "the bytes 89 50 4E 47 0D 0A 1A 0A",
        received: beginning(bytes), remedy: "")
    }
    try cursor.skip(PNGHeader.signature.count)
    let header = try PNGHeader.chunk(&cursor)
    guard header.name == "IHDR", header.content.count == 13 else {
      throw cursor.refuse(
        "the image has no header", expected: "a chunk IHDR of 13 bytes",
        received: "\(header.name) of \(header.content.count)", at: header.start)
    }
    var kept = PNGHeader.signature
    kept.reserveCapacity(bytes.count)
    kept += header.bytes
    var (packedSize, hasTransparency) = (0, false)
    var name = ""
    while name != "IEND" {
      let chunk = try PNGHeader.chunk(&cursor)
      name = chunk.name
      if name == "IDAT" { packedSize += chunk.content.count }
      if name == "tRNS" { hasTransparency = true }
      if !PNGHeader.colorChunks.contains(name) { kept += chunk.bytes }
    }
    let fields = ByteCursor(
      header.content, path: path, from: header.start + 8, remedy: cursor.remedy)
    let stored: Int
    (width, height, stored) = try PNGHeader.size(fields, packedSize: packedSize)
    channels = hasTransparency ? 4 : stored
    stripped = kept
  }

  private struct Chunk {
    var name: String
    /// The offset of the chunk.
    var start: Int
    /// All bytes of it: length, name, content and checksum.
    var bytes: UnsafeRawBufferPointer
    var content: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[8..<(bytes.count - 4)])
    }
  }

  private static func chunk(_ cursor: inout ByteCursor) throws -> Chunk {
    let start = cursor.offset
    guard cursor.remaining >= 12 else {
      throw cursor.refuse(
        "the image is truncated", expected: "a chunk of at least 12 bytes",
        received: "\(cursor.remaining)")
    }
    var head = cursor
    let length = try head.number(bytes: 4, .big)
    let name = String(decoding: try head.take(4, of: "the name of a chunk"), as: UTF8.self)
    guard length <= head.remaining - 4 else {
      throw cursor.refuse(
        "the image is truncated", expected: "\(length) bytes in the chunk \(name)",
        received: "\(head.remaining - 4)")
    }
    return Chunk(name: name, start: start, bytes: try cursor.take(12 + length, of: "a chunk"))
  }

  /// Size and channels of the image.
  private static func size(
    _ header: ByteCursor, packedSize: Int
  ) throws -> (width: Int, height: Int, channels: Int) {
    var cursor = header
    let (width, height) = (try cursor.number(bytes: 4, .big), try cursor.number(bytes: 4, .big))
    let place = cursor.offset
    let (depth, kind) = (try cursor.number(bytes: 1, .big), try cursor.number(bytes: 1, .big))
    guard let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind], (1...16).contains(depth) else {
      throw header.refuse(
        "an unknown kind of PNG image", expected: "colour type 0, 2, 3, 4 or 6 of 1 to 16 bits",
        received: "colour type \(kind) of \(depth) bits", at: place)
    }
    // No decoder takes more than a million of rows or columns.
    guard width >= 1, height >= 1, width <= 1_000_000, height <= 1_000_000,
      width * height <= PixelImage.maximumPixels
    else {
      throw header.refuse(
        "the size of the image makes no sense",
        expected: "1 to \(PixelImage.maximumPixels) pixels, at most 1000000 in a row or column",
        received: "\(width) x \(height)")
    }
    // Deflate packs 1032 to 1 at best.
    guard width * height * samples * depth / 8 <= packedSize * 1032 else {
      throw header.refuse(
        "the image is smaller than its header says", expected: "pixels for \(width) x \(height)",
        received: "\(packedSize) bytes packed")
    }
    return (width, height, kind >= 4 ? 4 : kind == 0 ? 1 : 3)
  }
}
