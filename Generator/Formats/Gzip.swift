import CCourseCodecs
import Foundation
import Shared

/// The format gzip (RFC 1952): several compressed members, one after the other, make one file.
///
///     let text = try Gzip.decompressed(Data(contentsOf: url), path: url.path, limit: 1 << 20)
package enum Gzip {
  /// Whether this build reads gzip (the package trait `ImageCodecs`).
  package static var isAvailable: Bool {
    #if ImageCodecs
      true
    #else
      false
    #endif
  }

  /// The advice for damaged data.
  static let damageRemedy = "Download the file again."

  /// Whether bytes begin as gzip data do. File names do not tell: browsers unpack silently.
  package static func isGzip(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: [0x1F, 0x8B])
  }

  /// The content of gzip data; checks every member's CRC and length.
  /// - Parameters:
  ///   - path: names the data in errors
  ///   - limit: the maximum size of the content in bytes; more is an error
  package static func decompressed(_ data: Data, path: String, limit: Int) throws -> [UInt8] {
    guard isGzip(data) else {
      throw CourseError(
        .format, "this is not gzip data", expected: "the bytes 1F 8B at offset 0",
        received: beginning(data), location: path)
    }
    let source = try ByteSource(data: data, path: path)
    let content = try source.read(atMost: limit)
    try source.requireEnd(expected: "at most \(limit) bytes")
    return content
  }
}

/// Unpacks gzip data that arrive piece by piece.
final class GzipDecoder {
  private let inflater: OpaquePointer
  private let path: String
  /// How many bytes have been taken.
  private(set) var offset = 0
  /// Whether the next bytes belong to a member, and do not follow one.
  private var isWithinMember = true
  /// Once zeros follow a member, only zeros may follow: tapes and some tools pad with them.
  private var isPadding = false

  init(path: String) throws {
    guard let inflater = codec_inflater_create() else {
      guard Gzip.isAvailable else { throw missingCodec("gzip", path: path) }
      throw outOfMemory(path: path)
    }
    self.inflater = inflater
    self.path = path
  }

  deinit { codec_inflater_destroy(inflater) }

  /// Takes bytes from the front of `input` and puts content at the front of `output`, until one of them
  /// is used up.
  /// - Returns: how many bytes were put
  func decode(
    _ input: inout ArraySlice<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws -> Int {
    var filled = 0
    while !input.isEmpty && filled < output.count {
      guard isWithinMember else {
        try beginMember(&input)
        continue
      }
      let room = UnsafeMutableBufferPointer(rebasing: output[filled...])
      var (taken, put) = (input.count, room.count)
      var message = [CChar](repeating: 0, count: 64)
      let status = input.withUnsafeBufferPointer {
        codec_inflate(inflater, $0.baseAddress, &taken, room.baseAddress, &put, &message)
      }
      input = input.dropFirst(taken)
      offset += taken
      filled += put
      switch status {
      case codecOK:
        guard taken > 0 || put > 0 else { return filled }
      case codecMemberEnd:
        isWithinMember = false
      case codecNoMemory:
        throw outOfMemory(path: path)
      default:
        let text = String(
          decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw CourseError(
          .format, "damaged gzip data", received: text,
          location: "\(path), offset \(offset) of the packed data",
          remedy: Gzip.damageRemedy)
      }
    }
    return filled
  }

  /// Decides whether another member or padding follows. The two bytes of a signature may come one by one.
  private func beginMember(_ input: inout ArraySlice<UInt8>) throws {
    guard let byte = input.first else { return }
    if byte == 0 {
      isPadding = true
      let zeros = input.prefix { $0 == 0 }.count
      input = input.dropFirst(zeros)
      offset += zeros
      return
    }
    guard byte == 0x1F, !isPadding else {
      throw CourseError(
        .format, "unexpected data after the gzip data",
        expected: "the end of the file, or the next member (1F 8B)",
        received: String(format: "the byte %02X", byte), location: "\(path), offset \(offset)",
        remedy: Gzip.damageRemedy)
    }
    codec_inflater_reset(inflater)
    isWithinMember = true
  }

  /// Throws unless the input may end here.
  func finish() throws {
    guard isWithinMember else { return }
    throw CourseError(
      .format, "the gzip data are truncated", expected: "the end of a member",
      received: "the end of the file", location: "\(path), offset \(offset) of the packed data",
      remedy: Gzip.damageRemedy)
  }
}

// MARK: - Errors that all formats share

/// The error for a format that this build cannot read or write.
func missingCodec(_ format: String, path: String) -> CourseError {
  CourseError(
    .file, "\(format) is off in this build", expected: "a build with the trait ImageCodecs",
    received: "one without", location: path,
    remedy:
      "Install zlib1g-dev, libpng-dev and libturbojpeg0-dev and build without "
      + "--disable-default-traits (as a dependency: without traits: []).")
}

/// The error that a codec reports.
func decodingError(
  _ status: CourseCodecStatus, _ message: some Sequence<UInt8>, _ problem: String, format: String,
  path: String
) -> CourseError {
  switch status {
  case codecUnavailable: missingCodec(format, path: path)
  case codecNoMemory: outOfMemory(path: path)
  default:
    CourseError(
      .format, problem, received: String(decoding: Array(message), as: UTF8.self), location: path,
      remedy: PixelImage.damageRemedy)
  }
}

func outOfMemory(path: String) -> CourseError {
  CourseError(.file, "there is no memory left", location: path)
}

/// A description of the first bytes of a file, for messages.
func beginning(_ bytes: some Collection<UInt8>) -> String {
  contentHint(Data(bytes.prefix(16)))
    ?? "the bytes " + bytes.prefix(4).map { String(format: "%02X", $0) }.joined(separator: " ")
}
