import Foundation
import Shared

/// The images in a folder whose formats are not supported: a search for images skips them, and has to say so.
struct OtherImages {
  /// The format of files, by the ending of their name.
  static let kinds = [
    "avif": "AVIF", "bmp": "BMP", "dib": "BMP", "gif": "GIF", "heic": "HEIC", "heif": "HEIC",
    "ico": "ICO", "jfif": "JPEG named .jfif", "jpe": "JPEG named .jpe", "jp2": "JPEG 2000",
    "jxl": "JPEG XL", "pbm": "PBM", "pgm": "PGM", "ppm": "PPM", "psd": "Photoshop", "svg": "SVG",
    "tga": "TGA", "tif": "TIFF", "tiff": "TIFF", "webp": "WebP",
  ]

  /// The number of images of each kind.
  private(set) var counts: [String: Int] = [:]
  /// The first path, by its bytes.
  private(set) var first: String?

  init(_ paths: some Sequence<String>) {
    for path in paths {
      guard let kind = OtherImages.kind(of: path) else { continue }
      counts[kind, default: 0] += 1
      if first.map({ precedes(path, $0) }) ?? true { first = path }
    }
  }

  /// The kind of an image whose format is not read, by the ending of its name.
  static func kind(of path: String) -> String? {
    fileExtension(of: path).flatMap { ending in
      PixelImage.fileExtensions.contains(ending) ? nil : kinds[ending]
    }
  }

  /// "12 BMP, 3 GIF"; `nil` when there are none.
  var summary: String? {
    counts.isEmpty
      ? nil
      : counts.sorted { precedes($0.key, $1.key) }.map { "\($0.value) \($0.key)" }
        .joined(separator: ", ")
  }

  /// A sentence about them; `nil` when there are none.
  var note: String? {
    guard let summary, let first else { return nil }
    let count = counts.values.reduce(0, +)
    let formats = WebP.isAvailable ? "PNG, JPEG, WebP and npy" : "PNG, JPEG and npy"
    // One of them needs no conversion.
    let isWebP = counts["WebP"] != nil && Gzip.isAvailable
    return "\(counted(count, "image")) passed over, because only \(formats) are read: "
      + "\(summary); the first is \(first). Convert them to PNG or JPEG."
      + (isWebP ? " For WebP: \(WebP.remedy)" : "")
  }
}

/// The ending of a file name in lower case, without its dot; `nil` without a dot.
func fileExtension(of path: String) -> String? {
  let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
  return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
}
