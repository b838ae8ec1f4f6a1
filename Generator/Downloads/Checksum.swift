import Foundation
import Shared

/// SHA-256 (FIPS 180-4) and MD5 (RFC 1321) of data that come piece by piece.
///
///     Checksum.hex(.sha256, of: Array("abc".utf8))     // "ba7816bf..."
///
/// They tell whether a download is complete. MD5 does not protect against manipulation; it is here because
/// some data sets publish nothing else.
package struct Checksum: Sendable {
  /// A way to compute a checksum.
  package enum Method: String, Sendable, CaseIterable {
    /// 256 bits.
    case sha256 = "SHA-256"
    /// 128 bits.
    case md5 = "MD5"
  }

  private let method: Method
  private var state: [UInt32]
  /// The bytes that do not fill a block yet.
  private var rest: [UInt8] = []
  private var length: UInt64 = 0
  private static let blockSize = 64

  /// The checksum of nothing so far.
  package init(_ method: Method) {
    self.method = method
    state = method == .sha256 ? SHA256.start : MD5.start
  }

  /// The checksum of some bytes in hexadecimal.
  package static func hex(_ method: Method, of bytes: [UInt8]) -> String {
    var checksum = Checksum(method)
    checksum.update(bytes)
    return checksum.hex()
  }

  /// The checksum of a file in hexadecimal.
  package static func hex(_ method: Method, ofFile path: String) throws -> String {
    let file = try InputFile(path, content: "a file")
    var checksum = Checksum(method)
    while case let piece = try file.read(atMost: 1 << 20), !piece.isEmpty {
      checksum.update(piece)
    }
    return checksum.hex()
  }

  /// Takes more bytes into account.
  package mutating func update(_ bytes: [UInt8]) {
    length += UInt64(bytes.count)
    var start = 0
    if !rest.isEmpty {
      start = min(bytes.count, Checksum.blockSize - rest.count)
      rest += bytes[..<start]
      guard rest.count == Checksum.blockSize else { return }
      process(rest, from: 0, blocks: 1)
      rest.removeAll(keepingCapacity: true)
    }
    let blocks = (bytes.count - start) / Checksum.blockSize
    process(bytes, from: start, blocks: blocks)
    rest += bytes[(start + blocks * Checksum.blockSize)...]
  }

  /// The checksum of all bytes so far in hexadecimal.
  package func hex() -> String {
    var copy = self
    // A single 1 bit, zeros, and the length in bits, so that a block is full.
    var padding: [UInt8] = [0x80]
    padding += [UInt8](repeating: 0, count: (119 - Int(length % 64)) % 64)
    let bits = length &* 8
    withUnsafeBytes(of: method == .sha256 ? bits.bigEndian : bits.littleEndian) { padding += $0 }
    copy.update(padding)
    return copy.state.map { word in
      String(format: "%08x", method == .sha256 ? word : word.byteSwapped)
    }.joined()
  }

  private mutating func process(_ bytes: [UInt8], from start: Int, blocks: Int) {
    guard blocks > 0 else { return }
    bytes.withUnsafeBytes { bytes in
      state.withUnsafeMutableBufferPointer { state in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
          for block in 0..<blocks {
            let place = start + block * Checksum.blockSize
            for i in 0..<16 {
              words[i] = bytes.loadUnaligned(fromByteOffset: place + i * 4, as: UInt32.self)
            }
            switch method {
            case .sha256: SHA256.process(words, state)
            case .md5: MD5.process(words, state)
            }
          }
        }
      }
    }
  }
}

/// The round function and the constants of FIPS 180-4, with its names.
private enum SHA256 {
  static let start: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static let k: [UInt32] = (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }
    .map { UInt32(truncatingIfNeeded: UInt64(cbrt(Double($0)) * 4_294_967_296)) }

  static func process(
    _ w: UnsafeMutableBufferPointer<UInt32>, _ state: UnsafeMutableBufferPointer<UInt32>
  ) {
    let k = k
    for i in 0..<16 { w[i] = w[i].bigEndian }
    for i in 16..<64 {
      let s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3
      let s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10
      w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for i in 0..<64 {
      let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let t1 = h &+ s1 &+ (e & f ^ ~e & g) &+ k[i] &+ w[i]
      let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let t2 = s0 &+ (a & b ^ a & c ^ b & c)
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
    }
    for (i, value) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= value }
  }

  @inline(__always)
  private static func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
}

/// The round function and the constants of RFC 1321.
private enum MD5 {
  static let start: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]

  /// The first 32 bits of |sin(i + 1)|.
  static let k: [UInt32] = (1...64).map { UInt32(abs(sin(Double($0))) * 4_294_967_296) }

  /// How far each step rotates: four steps of each round, again and again.
  static let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

  static func process(
    _ w: UnsafeMutableBufferPointer<UInt32>, _ state: UnsafeMutableBufferPointer<UInt32>
  ) {
    let (k, shifts) = (k, shifts)
    for i in 0..<16 { w[i] = w[i].littleEndian }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for i in 0..<64 {
      let (f, word): (UInt32, Int) =
        switch i / 16 {
        case 0: (b & c | ~b & d, i)
        case 1: (d & b | ~d & c, (5 * i + 1) % 16)
        case 2: (b ^ c ^ d, (3 * i + 5) % 16)
        default: (c ^ (b | ~d), 7 * i % 16)
        }
      let sum = a &+ f &+ k[i] &+ w[word]
      let shift = shifts[i / 16 * 4 + i % 4]
      (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
    }
    for (i, value) in [a, b, c, d].enumerated() { state[i] &+= value }
  }
}
