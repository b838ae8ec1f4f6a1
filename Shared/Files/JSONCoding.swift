import Foundation

/// The encoding of values as JSON and back: one way for checkpoints and for the output of commands.
///
/// JSON has no word for a number that is not finite. It is written as the text `"nan"`, `"inf"` or
/// `"-inf"`, which Python's `float` reads as well: a validation loss that overflowed must not cost the
/// network that was trained.
package enum JSONCoding {
  private static let (infinity, negativeInfinity, nan) = ("inf", "-inf", "nan")

  /// An encoder with sorted keys, so that equal values give equal texts.
  package static func encoder(isPretty: Bool = false) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    return encoder
  }

  /// A decoder for the encoder's texts.
  package static func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    return decoder
  }

  /// The value as a JSON text in UTF-8.
  package static func text(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    String(decoding: try encoder(isPretty: isPretty).encode(value), as: UTF8.self)
  }
}
