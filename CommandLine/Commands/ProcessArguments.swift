import Foundation

/// The arguments of the process, or the problem with one of them.
///
/// A file name is a sequence of bytes; a `String` would repair one that is not UTF-8, and then name another file.
package func commandLineArguments() -> (words: [String], problem: String?) {
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
          + "  File names must be UTF-8: rename the file."
      )
    }
    words.append(word)
  }
  return (words, nil)
}

/// Occupies closed standard streams (`course train ... >&-`), so that the next opened file does not become
/// one of them and receive the tool's output. They are opened for reading, so that writing to them fails.
package func occupyClosedDescriptors() {
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
  where fcntl(descriptor, F_GETFD) == -1 {
    // The lowest number that is free, which is this one.
    _ = open("/dev/null", O_RDONLY)
  }
}

/// A path quoted for a shell where necessary.
package func shellQuoted(_ path: String) -> String {
  let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "-_./+:@%,".contains($0) }
  return isPlain && !path.isEmpty ? path : "'\(path.replacing("'", with: #"'\''"#))'"
}

/// Whether the program was built without optimisation, which makes it many times slower.
package var isDebugBuild: Bool {
  #if DEBUG
    true
  #else
    false
  #endif
}
