import Foundation

/// The text of a file, without the byte order mark that some editors put in front.
/// - Parameter path: names the file in errors
/// - Throws: a `CourseError` for UTF-16 and for bytes that are not UTF-8
package func utf8Text(_ data: Data, path: String) throws -> String {
  let bytes = [UInt8](data)
  let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
  guard !isUTF16, let text = String(validating: withoutByteOrderMark(bytes), as: UTF8.self) else {
    throw CourseError(
      .format, "this is not a text file", expected: "UTF-8 text",
      received: isUTF16 ? "UTF-16 text" : "bytes that are not UTF-8", location: path,
      remedy: "Save it as text in UTF-8.")
  }
  return text
}

/// Text without the byte order mark (EF BB BF) that some programs write in front of UTF-8: it belongs to no word
/// of the text.
package func withoutByteOrderMark<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
  bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
}
