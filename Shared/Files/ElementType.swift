import Foundation

/// The number formats that tensor files hold. All become `Float` when they are read.
enum ElementType: String, CaseIterable {
  // The names of safetensors.
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case uint16 = "U16"
  case int16 = "I16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case uint32 = "U32"
  case int32 = "I32"
  case float32 = "F32"
  case uint64 = "U64"
  case int64 = "I64"
  case float64 = "F64"

  /// The type that NumPy calls "f4", "i8", "b1" ...
  init?(numpyName: String) {
    switch numpyName {
    case "b1": self = .bool
    case "u1": self = .uint8
    case "i1": self = .int8
    case "u2": self = .uint16
    case "i2": self = .int16
    case "f2": self = .float16
    case "u4": self = .uint32
    case "i4": self = .int32
    case "f4": self = .float32
    case "u8": self = .uint64
    case "i8": self = .int64
    case "f8": self = .float64
    default: return nil
    }
  }

  /// Bytes an element.
  var size: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Converts elements to `Float`, rounding to the nearest. Returns the position of the first finite
  /// element that is too large to be one.
  ///
  /// `bytes` holds exactly `count` elements and need not be aligned.
  func convert(
    _ bytes: UnsafeRawBufferPointer, isBigEndian: Bool, to out: UnsafeMutablePointer<Float>
  ) -> Int? {
    let count = bytes.count / size
    func each<Bits: FixedWidthInteger>(_: Bits.Type, _ value: (Bits) -> Float) {
      for index in 0..<count {
        let bits = bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        out[index] = value(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
      }
    }
    switch self {
    case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .uint8: each(UInt8.self) { Float($0) }
    case .int8: each(Int8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    case .float16: each(UInt16.self) { Float(halfBits: $0) }
    case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32:
      let isNative = isBigEndian == (UInt16(1).bigEndian == 1)
      guard isNative else {
        each(UInt32.self) { Float(bitPattern: $0) }
        break
      }
      if let source = bytes.baseAddress {
        UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: bytes.count)
      }
    case .float64:
      var tooLarge: Int?
      var index = 0
      each(UInt64.self) { bits in
        let value = Double(bitPattern: bits)
        if value.isFinite && !Float(value).isFinite && tooLarge == nil { tooLarge = index }
        index += 1
        return Float(value)
      }
      return tooLarge
    }
    return nil
  }
}

extension Float {
  /// The value of a half-precision number (IEEE 754 binary16). `Float16` itself is missing on macOS
  /// with Intel processors.
  init(halfBits: UInt16) {
    let exponent = Int(halfBits >> 10 & 0x1F)
    let fraction = UInt32(halfBits & 0x3FF)
    let magnitude: Float
    switch exponent {
    case 0: magnitude = Float(fraction) * 0x1p-24
    case 31: magnitude = Float(bitPattern: 0x7F80_0000 | fraction << 13)
    default: magnitude = Float(bitPattern: UInt32(exponent + 112) << 23 | fraction << 13)
    }
    self = halfBits >> 15 == 1 ? -magnitude : magnitude
  }
}

/// The product of the sizes; `nil` when it, or the product of all sizes that are not 0, is too large
/// for an `Int`: strides of such a shape would overflow even when it has no elements.
func checkedElementCount(_ shape: [Int]) -> Int? {
  var product = 1
  for size in shape where size != 0 {
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    guard size > 0, !overflow else { return nil }
    product = next
  }
  return shape.contains(0) ? 0 : product
}

/// The kind of a file, from its first bytes; `nil` when they do not tell.
package func contentHint(_ data: Data) -> String? {
  let kinds: [(start: [UInt8], name: String)] = [
    ([0x50, 0x4B], "a ZIP archive (.npz, .pt or .keras file?)"),
    ([0x1F, 0x8B], "gzip data"),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file (.h5)"),
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a NumPy array (.npy)"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
    ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    ([0x47, 0x47, 0x55, 0x46], "a GGUF file"),
    ([0x80, 0x02], "a Python pickle"), ([0x80, 0x03], "a Python pickle"),
    ([0x80, 0x04], "a Python pickle"), ([0x80, 0x05], "a Python pickle"),
    ([0x7B], "JSON text"),
    ([0x25, 0x50, 0x44, 0x46], "a PDF document"),
    ([0x47, 0x49, 0x46, 0x38], "a GIF image"),
    ([0x49, 0x49, 0x2A, 0x00], "a TIFF image"), ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF image"),
    ([0x38, 0x42, 0x50, 0x53], "a Photoshop image"), ([0x00, 0x00, 0x01, 0x00], "an icon (.ico)"),
    ([0x50, 0x35, 0x0A], "a PGM image"), ([0x50, 0x36, 0x0A], "a PPM image"),
    ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000 image"),
    ([0xFF, 0x0A], "a JPEG XL image"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file"), ([0x42, 0x5A, 0x68], "a bzip2 file"),
    ([0x3C], "a web page or XML text"),
  ]
  if data.isEmpty { return "an empty file" }
  if let image = boxedImage(data) { return image }
  if data.count > 9, data[data.startIndex + 8] == UInt8(ascii: "{") {
    return "a safetensors file"
  }
  return kinds.first { data.starts(with: $0.start) }?.name
}

/// Images that a longer signature tells, which does not stand at the beginning.
private func boxedImage(_ data: Data) -> String? {
  let bytes = [UInt8](data.prefix(16))
  func text(_ range: Range<Int>) -> String {
    range.upperBound <= bytes.count ? String(decoding: bytes[range], as: UTF8.self) : ""
  }
  // Two letters are too little: "BM" may begin a table.
  if text(0..<2) == "BM", text(6..<10) == "\0\0\0\0" { return "a BMP image" }
  if text(0..<4) == "RIFF", text(8..<12) == "WEBP" { return "a WebP image" }
  switch text(4..<12) {
  case "ftypavif", "ftypavis": return "an AVIF image"
  case "ftypheic", "ftypheix", "ftypmif1", "ftypheif", "ftypmsf1": return "a HEIC image"
  default: return nil
  }
}
