import Foundation

/// The words behind the program's name, or what is wrong with one of them.
///
/// A file name is bytes, a `String` is not: one that is not UTF-8 would be repaired on the way, and then
/// name another file or none.
func commandLineArguments() -> (words: [String], problem: String?) {
  var words: [String] = []
  for place in 1..<max(1, Int(CommandLine.argc)) {
    guard let bytes = CommandLine.unsafeArgv[place] else { break }
    guard let word = String(validatingCString: bytes) else {
      let shown = UnsafeBufferPointer(start: bytes, count: strlen(bytes)).map { byte in
        (0x20..<0x7F).contains(byte)
          ? String(UnicodeScalar(UInt8(bitPattern: byte)))
          : "\\x" + String(UInt8(bitPattern: byte), radix: 16)
      }.joined()
      return (
        [],
        "error: course: argument \(place) is not UTF-8: \"\(shown)\"\n"
          + "  The tool takes file names in UTF-8 only: rename the file."
      )
    }
    words.append(word)
  }
  return (words, nil)
}

/// Occupies the standard streams that are closed (`course train ... >&-`), so that the next file that is
/// opened does not become one of them and receive the tool's texts. What is written to them fails, as it
/// should: they are opened for reading.
func occupyClosedDescriptors() {
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
  where fcntl(descriptor, F_GETFD) == -1 {
    // The lowest number that is free, which is this one.
    _ = open("/dev/null", O_RDONLY)
  }
}
